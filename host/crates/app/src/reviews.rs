//! Held messages: who waits, what a supervisor makes of them, what becomes of those that nobody looks at.

use serde_json::json;
use sluice_domain::{
    audit::Action,
    id::{AccountId, MessageId, PersonId, TokenId},
    keyed_digest::Kind,
    message::{Actor, Direction, Message},
    permission::Permission,
    review::{self, MessagingSettings, Outcome, Review},
    time::Timestamp,
    verdict::{Severity, State},
};
use sluice_storage::{Account, Before, Cursor, DecisionReader, DecisionRow, MessageRow, Page, Reader, Reviewed, Tx};

use crate::{
    App, AppError,
    caller::Caller,
    chain::notice,
    decisions::leave_out_exchanges,
    imports::Asked,
    messages::{MESSAGE_UPDATED_EVENT, MessageView, check_words},
    store::By,
};

/// How many held messages one look for expired ones takes.
const BATCH: u32 = 100;

/// What a supervisor decides about a held message.
#[derive(Debug, Clone)]
pub enum Judgement {
    /// Deliver it, with this text when there is one.
    Approve(Option<String>),
    /// Do not deliver it, for this reason when there is one.
    Reject(Option<String>),
}

/// A blocked message of a client, with its trail.
#[derive(Debug, Clone)]
pub struct Quarantined {
    /// The message.
    pub message: MessageView,
    /// What the chain made of it.
    pub decision: Option<DecisionRow>,
}

impl App {
    /// Whether the caller decides about held messages at all.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::NotForSupport`].
    pub fn may_review(&self, caller: &Caller) -> Result<(), AppError> {
        caller.require(Permission::ReviewMessages)?;
        caller.not_support()?;
        caller.reader().map(drop)
    }

    /// Messages that wait for a supervisor in conversations that the caller reaches, oldest first.
    ///
    /// # Errors
    /// [`AppError::Forbidden`].
    pub async fn held_messages(&self, caller: &Caller, page: Page<i64>) -> Result<Vec<MessageView>, AppError> {
        caller.require(Permission::ReviewMessages)?;
        let (account, viewer, reader) = (caller.account, caller.permissions, caller.reader()?);
        let (limit, after) = match page.cursor {
            Cursor::After(seq) => (page.limit, seq),
            Cursor::First | Cursor::Before(_) | Cursor::Last => (page.limit, 0),
        };
        self.read(account, move |tx| {
            let held = tx.account(account).held_messages(reader, after, limit)?;
            Ok(held.into_iter().map(|row| MessageView::of(row, viewer)).collect())
        })
        .await
    }

    /// Decides about a held message. Whoever waits for it learns that at once.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::NotForSupport`]; [`AppError::NotFound`] for the message; [`AppError::NotHeld`];
    /// [`AppError::OwnMessage`] for who would approve their own; [`AppError::Invalid`] for a text, [`AppError::EditRefused`] for one that a
    /// rule blocks or redacts.
    pub async fn review(&self, caller: &Caller, id: MessageId, judgement: Judgement) -> Result<MessageView, AppError> {
        self.may_review(caller)?;
        match &judgement {
            Judgement::Approve(Some(text)) => check_words(text)?,
            Judgement::Reject(Some(reason)) => {
                crate::names::check("reason", reason, sluice_domain::limits::REASON_TEXT_BYTES)?
            }
            Judgement::Approve(None) | Judgement::Reject(None) => {}
        }
        let (account, viewer, reader, now) = (caller.account, caller.permissions, caller.reader()?, self.now());
        let by = caller.actor().id;
        let (key, owner) = (self.inner.digest_key.clone(), [account.to_string(), id.to_string()]);
        let digest = move |text: &str| {
            let [account, message] = &owner;
            key.digest(Kind::ReviewedText, &[account, message], text.as_bytes()).to_string()
        };
        let outcome = match judgement {
            Judgement::Approve(_) => Outcome::Approved,
            Judgement::Reject(_) => Outcome::Rejected,
        };
        let trail = match &judgement {
            Judgement::Approve(Some(text)) => self.ask_about_edit(caller, reader, id, text).await?,
            Judgement::Approve(None) | Judgement::Reject(_) => None,
        };
        let person = caller.person;
        let entry = self.audit_row(caller, Action::MessageReviewed, id, json!({}));
        let view = self
            .inner
            .database
            .write(caller, move |tx| {
                let mut rows = tx.account(account);
                let row = rows.message_for(id, reader)?.ok_or(AppError::NotFound("message"))?;
                let settings = rows.messaging()?.ok_or(AppError::NotFound("account"))?;
                if outcome == Outcome::Approved && !settings.own_messages && is_of(&mut rows, &row.author, person)? {
                    return Err(AppError::OwnMessage);
                }
                let (text, said) = match judgement {
                    Judgement::Approve(text) => (text, None),
                    Judgement::Reject(said) => (None, said),
                };
                let original = text.as_ref().filter(|text| **text != row.text).map(|_| row.text.clone());
                let mut entry = entry;
                entry.row.details = json!({
                    "outcome": outcome,
                    "edited": original.is_some(),
                    // So that nobody can say later that it was another text.
                    "text_mac": digest(&row.text),
                    "delivered_mac": text.as_ref().map(|text| digest(text)),
                    // What the rules said of that text.
                    "decision": trail.as_ref().map(|trail| trail.id),
                })
                .to_string();
                let review = Review { outcome, by: Some(by), at: now, edited: original.is_some(), original };
                settle(&mut rows, &row, &settings, review, text, said)?;
                trail.map_or(Ok(()), |trail| rows.insert_decision(&trail))?;
                rows.insert_audit(&entry)?;
                let row = rows.message(id)?.ok_or(AppError::Internal("reading a message back"))?;
                Ok::<_, AppError>(MessageView::of(row, viewer))
            })
            .await?;
        self.inner.bus.wake(account);
        Ok(view)
    }

    /// Asks the rules about a text that a reviewer wrote in place of a held message's: what they block or redact is not delivered; that
    /// they would hold it again is why a reviewer decides. Gives the trail; `None` for the text that is there.
    async fn ask_about_edit(
        &self,
        caller: &Caller,
        reader: Reader,
        id: MessageId,
        text: &str,
    ) -> Result<Option<DecisionRow>, AppError> {
        let account = caller.account;
        let (row, place) = self
            .inner
            .database
            .read(move |tx| {
                let mut rows = tx.account(account);
                let row = rows.message_for(id, reader)?.ok_or(AppError::NotFound("message"))?;
                let place = rows.conversation(row.conversation_id, reader)?.ok_or(AppError::NotFound("message"))?;
                Ok::<_, AppError>((row, place))
            })
            .await?;
        if row.state != State::Held {
            return Err(AppError::NotHeld);
        }
        if row.text == text {
            return Ok(None);
        }
        let message = Message {
            id,
            direction: row.direction,
            transport: place.transport,
            channel: place.channel,
            conversation: Some(row.conversation_id),
            group: place.assignment.group,
            author: row.author,
            text: text.to_owned(),
            links: Vec::new(),
            attachments: row.attachments,
            sent_at: self.now(),
        };
        let chain = self.chain(account, caller.chain_version).await?;
        let (decided, decision) = self.decide(&chain, Asked::InForce, message.clone()).await?;
        self.tell_of_health(account, &chain);
        let is_let_through = decision.verdict != Severity::Block
            && (&decided.text, &decided.attachments) == (&message.text, &message.attachments);
        let reason = decision.reason.clone();
        let trail = self.trail_of_edit(&chain, &message, decided, decision)?;
        if is_let_through {
            return Ok(Some(trail));
        }
        let keep = move |tx: &mut Tx<'_>| Ok::<_, AppError>(tx.account(account).insert_decision(&trail)?);
        self.inner.database.write(caller, keep).await?;
        Err(AppError::EditRefused(reason))
    }

    /// Blocked messages of clients in conversations that the caller reaches, newest first, with their trails. That somebody looked is written down.
    ///
    /// # Errors
    /// [`AppError::Forbidden`].
    pub async fn quarantine(&self, caller: &Caller, page: Before<MessageId>) -> Result<Vec<Quarantined>, AppError> {
        caller.require(Permission::ReadQuarantine)?;
        let (account, viewer) = (caller.account, caller.permissions);
        let reader = DecisionReader { messages: caller.maybe_reader(), access: false };
        let found = self
            .read(account, move |tx| {
                let mut rows = tx.account(account);
                let messages = rows.quarantined_messages(reader.messages, page)?;
                let mut found = Vec::with_capacity(messages.len());
                for row in messages {
                    let mut decision = rows.decision(row.decision_id, reader)?;
                    decision.iter_mut().for_each(leave_out_exchanges);
                    found.push(Quarantined { message: MessageView::of(row, viewer), decision });
                }
                Ok::<_, AppError>(found)
            })
            .await?;
        if !found.is_empty() {
            let seen: Vec<_> = found.iter().map(|one| one.message.id).collect();
            self.record(caller, Action::QuarantineRead, json!({"messages": seen})).await?;
        }
        Ok(found)
    }

    /// Refuses what waited too long. Gives how many.
    pub(crate) async fn expire_held(&self) -> Result<u64, AppError> {
        let now = self.now();
        let mut expired = 0;
        loop {
            let waited =
                self.inner.database.read(move |tx| Ok::<_, AppError>(tx.expired_messages(now, BATCH)?)).await?;
            let mut progress = false;
            for (account, id) in waited {
                match self.expire(account, id, now).await {
                    Ok(done) => (progress, expired) = (true, expired + u64::from(done)),
                    Err(error) => tracing::warn!(message = %id, %error, "a held message could not expire"),
                }
            }
            if !progress {
                return Ok(expired);
            }
        }
    }

    async fn expire(&self, account: AccountId, id: MessageId, now: Timestamp) -> Result<bool, AppError> {
        let done = self
            .inner
            .database
            .write(By::server(account), move |tx| {
                let mut rows = tx.account(account);
                let row = rows.message(id)?.ok_or(AppError::NotFound("message"))?;
                let settings = rows.messaging()?.ok_or(AppError::NotFound("account"))?;
                let review = Review { outcome: Outcome::Expired, by: None, at: now, edited: false, original: None };
                settle(&mut rows, &row, &settings, review, None, None)
            })
            .await;
        match done {
            Ok(()) => {
                self.inner.bus.wake(account);
                Ok(true)
            }
            // A supervisor, or another server, was faster.
            Err(AppError::NotHeld) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// Whether a message was written by a person, or by a token of theirs.
fn is_of(rows: &mut Account<'_>, author: &Actor, person: PersonId) -> Result<bool, AppError> {
    match author.id.parse::<TokenId>() {
        Ok(token) => Ok(rows.api_token(token)?.is_some_and(|token| token.created_by == person)),
        Err(_) => Ok(author.id == person.to_string()),
    }
}

/// Writes down what becomes of a held message, and announces it.
fn settle(
    rows: &mut Account<'_>,
    row: &MessageRow,
    settings: &MessagingSettings,
    review: Review,
    text: Option<String>,
    said: Option<String>,
) -> Result<(), AppError> {
    if row.state != State::Held {
        return Err(AppError::NotHeld);
    }
    let (outcome, at) = (review.outcome, review.at);
    let event = json!({"message": row.id, "conversation": row.conversation_id});
    let seq = rows.append_event(MESSAGE_UPDATED_EVENT, &event, at)?;
    let reviewed = Reviewed {
        state: outcome.state(),
        text: text.unwrap_or_else(|| row.text.clone()),
        reason: match outcome {
            Outcome::Approved => row.reason.clone(),
            Outcome::Rejected => Some(review::rejection(settings.language, said)),
            Outcome::Expired => Some(review::expiry(settings.language)),
        },
        notice: match (outcome, row.direction) {
            (Outcome::Approved, _) | (_, Direction::Outgoing) => None,
            (Outcome::Rejected | Outcome::Expired, Direction::Incoming) => Some(notice(settings)),
        },
        delivered_seq: (outcome == Outcome::Approved).then_some(seq),
        review,
    };
    if !rows.review_message(row.id, &reviewed)? {
        return Err(AppError::NotHeld);
    }
    // It is found by what it says now.
    if reviewed.text == row.text { Ok(()) } else { Ok(rows.index_message(row.id, &reviewed.text)?) }
}
