//! Finding messages by their words.

use sluice_domain::search::{QUERY_BYTES, QUERY_WORDS, Query};
use sluice_storage::Before;

use crate::{App, AppError, caller::Caller, messages::MessageView};

/// Entries that one look into the index takes.
const LOOK: u32 = 200;
/// Most looks for one page: who reaches little in a large account gets a page that is not full, and goes on from there.
const LOOKS: usize = 25;

/// A page of what was found, newest first.
#[derive(Debug, Clone)]
pub struct Found {
    /// Messages that the caller sees in full.
    pub messages: Vec<MessageView>,
    /// Where the next page begins; `None` when nothing is left. There may be a next page although this one is not full.
    pub next: Option<i64>,
}

impl App {
    /// The messages that have all words of `text`, of which the last may be a beginning, in conversations that the caller reaches.
    /// Only messages that the caller sees in full: that a word stands in one that is withheld would tell of it.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::Invalid`] for the text.
    pub async fn search(&self, caller: &Caller, text: &str, page: Before<i64>) -> Result<Found, AppError> {
        let (account, viewer, reader) = (caller.account, caller.permissions, caller.reader()?);
        let words = if text.len() <= QUERY_BYTES { Query::new(text).len() } else { 0 };
        if !(1..=QUERY_WORDS).contains(&words) {
            let problem = format!("1 to {QUERY_WORDS} words of letters and digits, in at most {QUERY_BYTES} bytes");
            return Err(AppError::invalid("q", problem));
        }
        let wanted = usize::try_from(page.limit).unwrap_or(usize::MAX);
        let mut found = Found { messages: Vec::new(), next: page.before };
        for _ in 0..LOOKS {
            let (text, look) = (text.to_owned(), Before { before: found.next, limit: LOOK });
            let read = self.read(account, move |tx| Ok(tx.account(account).search_messages(&text, reader, look)?));
            let part = read.await?;
            found.next = part.seen;
            for hit in part.hits {
                let message = MessageView::of(hit.message, viewer);
                if message.text.is_none() {
                    continue;
                }
                found.messages.push(message);
                if found.messages.len() == wanted {
                    // What this look saw behind it is looked at again.
                    found.next = Some(hit.doc);
                    return Ok(found);
                }
            }
            if found.next.is_none() {
                break;
            }
        }
        Ok(found)
    }
}
