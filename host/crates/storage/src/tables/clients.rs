//! Clients: the people outside an account who write to it.

use sluice_domain::{
    id::{ClientId, TagId},
    permission::Reach,
    time::Timestamp,
};

use crate::{
    error::StorageError,
    page::Before,
    row::Row,
    sql::{Sql, values},
    tables::{
        reach::{self, Reader, reached},
        tags::tag_ids,
    },
    tx::Account,
};

/// A client of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientRow {
    /// The client's own.
    pub id: ClientId,
    /// The name that operators see.
    pub name: String,
    /// What another system calls this client; unique within the account.
    pub external_id: Option<String>,
    /// When the client was added.
    pub created_at: Timestamp,
    /// What operators know of the client.
    pub known: ClientUpdate,
    /// In the order of their identifiers. Not written with the rest.
    pub tags: Vec<TagId>,
}

/// What operators write down of a client, beside the name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClientUpdate {
    /// As they write it.
    pub phone: Option<String>,
    /// As they write it.
    pub email: Option<String>,
    /// Anything else.
    pub comment: Option<String>,
}

/// Which clients are listed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClientFilter {
    /// The one that another system calls this.
    pub external_id: Option<String>,
    /// Those that have this tag.
    pub tag: Option<TagId>,
}

fn client(row: &mut Row<'_>) -> Result<ClientRow, StorageError> {
    Ok(ClientRow {
        id: row.parsed("client id")?,
        name: row.text("client name")?,
        external_id: row.maybe_text("external id")?,
        created_at: row.time("client time")?,
        known: ClientUpdate {
            phone: row.maybe_text("phone")?,
            email: row.maybe_text("e-mail address")?,
            comment: row.maybe_text("comment")?,
        },
        tags: tag_ids(row)?,
    })
}

/// A statement over clients with their tags; what follows the columns is given in pieces.
macro_rules! clients {
    ($($rest:expr),*) => {
        Sql::new(concat!(
            "SELECT c.id, c.name, c.external_id, c.created_at, c.phone, c.email, c.comment,
                    (SELECT string_agg(t.tag_id, ' ' ORDER BY t.tag_id) FROM client_tags t
                     WHERE t.account_id = c.account_id AND t.client_id = c.id)
             FROM clients c ",
            $($rest),*
        ))
    };
}

/// A page of clients on a further condition. `$1` is the account, `$2` where the page begins, `$3` the tag or nothing, `$4` the
/// reader.
macro_rules! list {
    ($condition:literal) => {
        clients!(
            "WHERE c.account_id = $1 AND c.id < $2
               AND ($3 = '' OR EXISTS (SELECT 1 FROM client_tags g
                    WHERE g.account_id = $1 AND g.client_id = c.id AND g.tag_id = $3)) AND ",
            $condition,
            " ORDER BY c.id DESC LIMIT $5"
        )
    };
}

const INSERT: Sql = Sql::new(
    "INSERT INTO clients (account_id, id, name, external_id, created_at, phone, email, comment)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
);
const UPDATE: Sql =
    Sql::new("UPDATE clients SET name = $1, phone = $2, email = $3, comment = $4 WHERE account_id = $5 AND id = $6");
/// Whether the client `c` is reached: by who reaches all conversations, or one with this client.
macro_rules! client_reached {
    () => {
        concat!(
            "($3 = 'all' OR EXISTS (SELECT 1 FROM conversations v WHERE v.account_id = $1 AND v.client_id = c.id AND ",
            reached!("$1", "$3", "$4"),
            "))"
        )
    };
}
const GET: Sql = clients!("WHERE c.account_id = $1 AND c.id = $2 AND ", client_reached!());
const BY_EXTERNAL_ID: Sql = clients!("WHERE c.account_id = $1 AND c.external_id = $2 AND ", client_reached!());
const LIST: Sql = list!("$4 <> ''");
const LIST_OF_GROUPS: Sql = list!(
    "EXISTS (SELECT 1 FROM conversations v WHERE v.account_id = $1 AND v.client_id = c.id
       AND (v.assignee_id = $4 OR v.group_id IN
         (SELECT m.group_id FROM group_members m WHERE m.account_id = $1 AND m.person_id = $4)))"
);
const LIST_OWN: Sql = list!(
    "EXISTS (SELECT 1 FROM conversations v
       WHERE v.account_id = $1 AND v.client_id = c.id AND v.assignee_id = $4)"
);

impl Account<'_> {
    /// Adds a client, without tags.
    ///
    /// # Errors
    /// [`StorageError::Conflict`] when the account has a client with this external id.
    pub fn insert_client(&mut self, row: &ClientRow) -> Result<(), StorageError> {
        let ClientUpdate { phone, email, comment } = &row.known;
        self.tx.execute(
            INSERT,
            values![
                self.id,
                row.id,
                &row.name,
                row.external_id.as_deref(),
                row.created_at,
                phone.as_deref(),
                email.as_deref(),
                comment.as_deref()
            ],
        )?;
        Ok(())
    }

    /// Changes what is known of a client. Gives whether there is one.
    ///
    /// # Errors
    /// Those of the database.
    pub fn update_client(&mut self, id: ClientId, name: &str, known: &ClientUpdate) -> Result<bool, StorageError> {
        let ClientUpdate { phone, email, comment } = known;
        let values = values![name, phone.as_deref(), email.as_deref(), comment.as_deref(), self.id, id];
        Ok(self.tx.execute(UPDATE, values)? > 0)
    }

    /// One client; `None` when the account has no such client, or the reader reaches no conversation with this client.
    ///
    /// # Errors
    /// Those of the database.
    pub fn client(&mut self, id: ClientId, reader: Reader) -> Result<Option<ClientRow>, StorageError> {
        self.tx.first(GET, values![self.id, id, reach::word(Some(reader)), reader.person], client)
    }

    /// The client that another system calls `external_id`; `None` as of [`Account::client`].
    ///
    /// # Errors
    /// Those of the database.
    pub fn client_by_external_id(
        &mut self,
        external_id: &str,
        reader: Reader,
    ) -> Result<Option<ClientRow>, StorageError> {
        let values = values![self.id, external_id, reach::word(Some(reader)), reader.person];
        self.tx.first(BY_EXTERNAL_ID, values, client)
    }

    /// The account's clients with whom the reader reaches a conversation, newest first; who reaches all of them sees all clients.
    ///
    /// # Errors
    /// Those of the database.
    pub fn clients(
        &mut self,
        reader: Reader,
        filter: &ClientFilter,
        page: Before<ClientId>,
    ) -> Result<Vec<ClientRow>, StorageError> {
        let sql = match reader.reach {
            Reach::All => LIST,
            Reach::Groups => LIST_OF_GROUPS,
            Reach::Own => LIST_OWN,
        };
        if let Some(external_id) = &filter.external_id {
            let Some(found) = self.client_by_external_id(external_id, reader)? else { return Ok(Vec::new()) };
            let listed = page.before.is_none_or(|before| found.id < before)
                && page.limit > 0
                && filter.tag.is_none_or(|tag| found.tags.contains(&tag));
            return Ok(if listed { vec![found] } else { Vec::new() });
        }
        let tag = filter.tag.map(|tag| tag.to_string()).unwrap_or_default();
        self.tx.all(sql, values![self.id, page.bound(), tag, reader.person, page.limit], client)
    }
}
