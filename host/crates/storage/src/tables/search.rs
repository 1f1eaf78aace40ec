//! The words of messages, and the messages that have them.
//!
//! What a word is is decided in the domain; the databases get words with spaces between them and take them as they are: FTS5 with a
//! tokenizer that knows nothing but the space (all but ASCII belongs to words, and words have no other ASCII than letters and digits),
//! PostgreSQL as lexemes, past its parser and its dictionaries. So both find the same, whatever their locale.

use sluice_domain::{
    id::{AccountId, MessageId},
    permission::Reach,
    search::{Query, Word, indexed},
};

use crate::{
    error::StorageError,
    page::Before,
    sql::{Sql, values},
    tables::{
        messages::{MessageRow, columns, message},
        reach::Reader,
    },
    tx::{Account, Tx},
};

/// The account and the message are words too (an id is one word: `_` belongs to it), so that the account is looked up in the index like
/// any other word. Positions are not kept: nobody searches for phrases. Beginnings of up to three characters are kept: without them, one
/// letter takes 40 ms in 20,000 messages instead of a third of one, on the thread of the one who asks. Words that begin with longer ones
/// are few.
pub(crate) const SQLITE_TABLE: &str = "CREATE VIRTUAL TABLE message_search USING fts5(account_id, message_id, text,
    tokenize = \"ascii tokenchars '_'\", detail = 'column', prefix = '1 2 3');";

/// The account is one of the words: an index on words alone would look through those of all accounts.
pub(crate) const POSTGRES_TABLE: &str = "CREATE TABLE message_search (
    account_id {text} NOT NULL,
    message_id {text} NOT NULL,
    doc BIGINT GENERATED ALWAYS AS IDENTITY,
    words TSVECTOR NOT NULL,
    PRIMARY KEY (account_id, message_id)
);
CREATE INDEX message_search_words ON message_search USING gin (words);";

/// Messages that are indexed at once when the table is made.
const BATCH: u32 = 500;

/// A message that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchHit {
    /// The place of its entry: larger ones were made later.
    pub doc: i64,
    /// The message.
    pub message: MessageRow,
}

/// What one look into the index found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchPart {
    /// The messages that the reader reaches, newest first.
    pub hits: Vec<SearchHit>,
    /// The last entry that was looked at; `None` when nothing is left behind it.
    pub seen: Option<i64>,
}

const SQLITE_REPLACE: Sql = Sql::new(
    "UPDATE message_search SET text = $1
     WHERE rowid IN (SELECT rowid FROM message_search WHERE message_search MATCH $2)",
);
const SQLITE_INSERT: Sql = Sql::new("INSERT INTO message_search (account_id, message_id, text) VALUES ($1, $2, $3)");
const POSTGRES_PUT: Sql = Sql::new(
    "INSERT INTO message_search (account_id, message_id, words)
     VALUES ($1, $2, array_to_tsvector(string_to_array($3::text, ' ')))
     ON CONFLICT (account_id, message_id) DO UPDATE SET words = excluded.words",
);
const ALL_MESSAGES: Sql = Sql::new(
    "SELECT account_id, id, text FROM messages WHERE (account_id, id) > ($1, $2) ORDER BY account_id, id LIMIT $3",
);

/// The entries of one look, with their messages; without a conversation where the reader does not reach it. `$1` is the query, `$2` and
/// `$3` where the look begins and how long it is, `$4` the account, `$5` the reader.
macro_rules! find {
    ($entries:literal, $reached:literal) => {
        Sql::new(concat!(
            "SELECT s.doc, v.id, ",
            columns!(),
            "FROM (",
            $entries,
            ") s
             LEFT JOIN messages m ON m.account_id = $4 AND m.id = s.message_id
             LEFT JOIN conversations v ON v.account_id = $4 AND v.id = m.conversation_id AND ",
            $reached,
            " ORDER BY s.doc DESC"
        ))
    };
}
macro_rules! find_on_both {
    ($reached:literal) => {
        (
            find!(
                "SELECT rowid AS doc, message_id FROM message_search
                 WHERE message_search MATCH $1 AND rowid < $2 ORDER BY rowid DESC LIMIT $3",
                $reached
            ),
            find!(
                "SELECT doc, message_id FROM message_search
                 WHERE words @@ CAST($1::text AS tsquery) AND doc < $2 ORDER BY doc DESC LIMIT $3",
                $reached
            ),
        )
    };
}
// The reader is named by all of them, so that the values are the same.
const FIND: (Sql, Sql) = find_on_both!("$5 <> ''");
const FIND_OF_GROUPS: (Sql, Sql) = find_on_both!(
    "(v.assignee_id = $5 OR v.group_id IN
       (SELECT g.group_id FROM group_members g WHERE g.account_id = $4 AND g.person_id = $5))"
);
const FIND_OWN: (Sql, Sql) = find_on_both!("v.assignee_id = $5");

impl Account<'_> {
    /// Says by which words a message is found: those of `text`, in place of others.
    ///
    /// # Errors
    /// Those of the database.
    pub fn index_message(&mut self, id: MessageId, text: &str) -> Result<(), StorageError> {
        if !self.tx.is_postgres() {
            let entry = format!("message_id : \"{id}\" AND account_id : \"{}\"", self.id);
            if self.tx.execute(SQLITE_REPLACE, values![indexed(text), entry])? > 0 {
                return Ok(());
            }
        }
        self.index_new_message(id, text)
    }

    /// The same for a message that was never indexed.
    pub(crate) fn index_new_message(&mut self, id: MessageId, text: &str) -> Result<(), StorageError> {
        index(&mut self.tx, self.id, id, text)
    }

    /// The messages that have all words of `text` and that the reader reaches, newest first. The last word may be the beginning of
    /// one. At most `page.limit` entries are looked at, and those in conversations that the reader does not reach are among them:
    /// go on from [`SearchPart::seen`]. Nothing is found by a text without words.
    ///
    /// # Errors
    /// Those of the database.
    pub fn search_messages(
        &mut self,
        text: &str,
        reader: Reader,
        page: Before<i64>,
    ) -> Result<SearchPart, StorageError> {
        let wanted = Query::new(text);
        if wanted.is_empty() {
            return Ok(SearchPart { hits: Vec::new(), seen: None });
        }
        let (sqlite, postgres) = match reader.reach {
            Reach::All => FIND,
            Reach::Groups => FIND_OF_GROUPS,
            Reach::Own => FIND_OWN,
        };
        let (sql, query) = if self.tx.is_postgres() {
            (postgres, postgres_query(self.id, &wanted))
        } else {
            (sqlite, sqlite_query(self.id, &wanted))
        };
        let mut seen = 0;
        let mut last = None;
        let found = self.tx.all(sql, values![query, page.below(), page.limit, self.id, reader.person], |row| {
            let doc = row.int("search entry")?;
            seen += 1;
            last = Some(doc);
            Ok(match row.maybe_text("conversation id")? {
                Some(_) => Some(SearchHit { doc, message: message(row)? }),
                None => None,
            })
        })?;
        Ok(SearchPart { hits: found.into_iter().flatten().collect(), seen: last.filter(|_| seen >= page.limit) })
    }
}

fn index(tx: &mut Tx<'_>, account: AccountId, id: MessageId, text: &str) -> Result<(), StorageError> {
    if tx.is_postgres() {
        let words = format!("{} {}", lexeme(account), indexed(text));
        tx.execute(POSTGRES_PUT, values![account, id, words.trim_end()])?;
    } else {
        tx.execute(SQLITE_INSERT, values![account, id, indexed(text)])?;
    }
    Ok(())
}

/// Indexes the messages that are there.
pub(crate) fn index_all(tx: &mut Tx<'_>) -> Result<(), StorageError> {
    let mut after = (String::new(), String::new());
    loop {
        let messages = tx.all(ALL_MESSAGES, values![&after.0, &after.1, BATCH], |row| {
            Ok((
                row.parsed::<AccountId>("account id")?,
                row.parsed::<MessageId>("message id")?,
                row.text("message text")?,
            ))
        })?;
        let Some((account, id, _)) = messages.last() else { return Ok(()) };
        after = (account.to_string(), id.to_string());
        messages.iter().try_for_each(|(account, id, text)| index(tx, *account, *id, text))?;
    }
}

/// In FTS5's language (its documentation, section 3). Words are letters, digits and marks, so that nothing in them can mean anything.
fn sqlite_query(account: AccountId, query: &Query) -> String {
    let wanted = |word: &Word| format!("text : \"{}\"{}", word.text, if word.is_beginning { "*" } else { "" });
    written(format!("account_id : \"{account}\""), query, [" AND ", " OR "], wanted)
}

/// An account among words: one that does not begin as any word does, of which a search may have the beginning.
fn lexeme(account: AccountId) -> String {
    format!("_{account}")
}

/// A `tsquery` as it is written (PostgreSQL, section 8.11.2).
fn postgres_query(account: AccountId, query: &Query) -> String {
    let wanted = |word: &Word| format!("'{}'{}", word.text, if word.is_beginning { ":*" } else { "" });
    written(format!("'{}'", lexeme(account)), query, [" & ", " | "], wanted)
}

/// All parts of a query behind what is written already; `and` and `or` join them, `and` first.
fn written(begin: String, query: &Query, [and, or]: [&str; 2], wanted: impl Fn(&Word) -> String) -> String {
    query.parts.iter().fold(begin, |written, choices| {
        let choices: Vec<String> =
            choices.iter().map(|words| words.iter().map(&wanted).collect::<Vec<_>>().join(and)).collect();
        format!("{written}{and}({})", choices.join(or))
    })
}
