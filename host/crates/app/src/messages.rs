//! Messages: through the account's chain, then stored with their decision, then announced.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::json;
use sluice_domain::{
    digest::Digest,
    id::{AccountId, ConversationId, DecisionId, MessageId, RequestId},
    installation::Mode,
    limits,
    message::{Actor, Direction, Message, Role},
    permission::{Permission, Permissions, Reach},
    time::Timestamp,
    verdict::{Decision, Reason, State},
    visibility::{self, Visibility},
};
use sluice_storage::{ConversationRow, DecisionRow, MessageRow, Outcome, Page, Reader};

use crate::{App, AppError, caller::Caller, chain::Chain, idempotency::IdempotencyKey, requests};

/// The kind of the event that announces a message.
pub(crate) const MESSAGE_EVENT: &str = "message";

/// What someone wants to send.
#[derive(Debug, Clone)]
pub struct Draft {
    /// 1 to [`limits::TEXT_BYTES`] bytes.
    pub text: String,
    /// To the client, when not said.
    pub direction: Option<Direction>,
    /// The same key again, from the same caller, gives the same answer and sends nothing.
    pub idempotency_key: Option<String>,
}

/// What became of a message.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Posted {
    /// The message's own. A blocked outgoing message is not kept, and its id names only its decision.
    pub id: MessageId,
    /// As the rules left it.
    pub text: String,
    /// Whether it reaches the other side.
    pub state: State,
    /// Where the decision can be read again.
    pub decision_id: DecisionId,
    /// What the chain made of it.
    pub decision: Decision,
}

/// A message as someone may see it.
#[derive(Debug, Clone)]
pub struct MessageView {
    /// The message's own.
    pub id: MessageId,
    /// Where it was written.
    pub conversation: ConversationId,
    /// Its place among the account's events: messages of a conversation are ordered by it.
    pub seq: i64,
    /// From the client or to the client.
    pub direction: Direction,
    /// Who wrote it.
    pub author: Actor,
    /// `None` when it is withheld from the one who asks.
    pub text: Option<String>,
    /// Whether it reached the other side.
    pub state: State,
    /// Why it was held or blocked.
    pub reason: Option<Reason>,
    /// When it was accepted.
    pub sent_at: Timestamp,
}

impl MessageView {
    pub(crate) fn of(row: MessageRow, viewer: Permissions) -> Self {
        let seen = visibility::of(viewer, row.direction, row.state);
        Self {
            id: row.id,
            conversation: row.conversation_id,
            seq: row.seq,
            direction: row.direction,
            author: row.author,
            text: match seen {
                Visibility::Full => Some(row.text),
                Visibility::Withheld => None,
            },
            state: row.state,
            reason: row.reason,
            sent_at: row.created_at,
        }
    }
}

impl App {
    /// Sends a message, if the account's rules let it.
    ///
    /// The answer is durable: when this returns, the message (or its refusal) and its decision survive a power cut.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::NotFound`] for the conversation, [`AppError::Invalid`] for the text or the key.
    pub async fn post_message(
        &self,
        caller: &Caller,
        conversation: ConversationId,
        draft: Draft,
    ) -> Result<Posted, AppError> {
        let direction = draft.direction.unwrap_or(Direction::Outgoing);
        let reader = match direction {
            Direction::Incoming => {
                caller.require(Permission::WriteAsClient)?;
                Reader { person: caller.person, reach: Reach::All }
            }
            Direction::Outgoing => caller.reader()?,
        };
        check_text(&draft.text)?;
        let key = draft
            .idempotency_key
            .map(|key| IdempotencyKey::new(key, caller, &format!("{conversation}\n{direction:?}\n{}", draft.text)))
            .transpose()?;

        let account = caller.account;
        let asked = key.clone();
        let (place, answered) = self
            .inner
            .database
            .read(move |tx| {
                let place = tx
                    .account(account)
                    .conversation(conversation, reader)?
                    .ok_or(AppError::NotFound("conversation"))?;
                let answered = asked.map_or(Ok(None), |key| key.answered(tx))?;
                Ok::<_, AppError>((place, answered))
            })
            .await?;
        if let Some(posted) = answered {
            return Ok(posted);
        }

        let message = self.message(caller, &place, direction, draft.text);
        let chain = self.chain(account, caller.chain_version).await?;
        let (decided, decision) = self.decide(&chain, Mode::Enforce, message.clone()).await?;
        let posted = self.keep(caller, conversation, &message, decided, decision, key).await?;
        self.inner.bus.wake(account);
        self.shadow(caller, &chain, message);
        Ok(posted)
    }

    /// The messages of a conversation that the caller may see, in the order of acceptance.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::NotFound`] for the conversation.
    pub async fn messages(
        &self,
        caller: &Caller,
        conversation: ConversationId,
        page: Page<i64>,
    ) -> Result<Vec<MessageView>, AppError> {
        let (account, viewer, reader) = (caller.account, caller.permissions, caller.reader()?);
        self.inner
            .database
            .read(move |tx| {
                let mut rows = tx.account(account);
                rows.conversation(conversation, reader)?.ok_or(AppError::NotFound("conversation"))?;
                let messages = rows.messages(conversation, page)?;
                Ok(messages.into_iter().map(|row| MessageView::of(row, viewer)).collect())
            })
            .await
    }

    /// The message as the chain's first rule sees it.
    fn message(&self, caller: &Caller, place: &ConversationRow, direction: Direction, text: String) -> Message {
        let now = self.now();
        let author = match direction {
            Direction::Outgoing => caller.actor(),
            Direction::Incoming => {
                Actor { id: place.client_id.to_string(), role: Role::Client, name: place.client_name.clone() }
            }
        };
        Message {
            id: MessageId::new(now, self.random()),
            direction,
            transport: place.transport.clone(),
            channel: place.channel.clone(),
            conversation: Some(place.id),
            author,
            text,
            links: Vec::new(),
            attachments: Vec::new(),
            sent_at: now,
        }
    }

    /// Asks the chain's rules in `mode`: at once where that is quick, else on a thread for plugins.
    pub(crate) async fn decide(
        &self,
        chain: &Arc<Chain>,
        mode: Mode,
        message: Message,
    ) -> Result<(Message, Decision), AppError> {
        if !chain.filters(mode, &message) {
            return Ok((message, Decision::unopposed()));
        }
        if let Some(decided) = chain.decide_at_once(mode, &message) {
            return Ok(decided);
        }
        let chain = chain.clone();
        self.inner.evaluators.run(move || chain.decide(mode, message)).await
    }

    /// One transaction: the message, its decision, the event that announces it, and the key that names the answer.
    async fn keep(
        &self,
        caller: &Caller,
        conversation: ConversationId,
        input: &Message,
        decided: Message,
        decision: Decision,
        key: Option<IdempotencyKey>,
    ) -> Result<Posted, AppError> {
        let account = caller.account;
        let posted = Posted {
            id: decided.id,
            state: decision.state(),
            text: decided.text.clone(),
            decision_id: DecisionId::new(decided.sent_at, self.random()),
            decision,
        };
        let trail = posted.decision_row(input, false)?;
        let request = RequestId::new(decided.sent_at, self.random());
        self.inner
            .database
            .write(Some(account), move |tx| {
                if let Some(key) = &key {
                    // Of two requests with one key at once, the second finds the first's answer here.
                    if let Some(earlier) = key.answered(tx)? {
                        return Ok(earlier);
                    }
                    key.keep(tx, &posted, decided.sent_at)?;
                }
                let mut rows = tx.account(account);
                rows.insert_decision(&trail)?;
                // A blocked outgoing message goes back to its author's composer and is not kept.
                if decided.direction == Direction::Incoming || posted.state != State::Blocked {
                    let event = json!({"message": decided.id, "conversation": decided.conversation});
                    let seq = rows.append_event(MESSAGE_EVENT, &event, decided.sent_at)?;
                    let row = message_row(decided, conversation, &posted, seq);
                    rows.insert_message(&row)?;
                    requests::note_message(&mut rows, &row, request)?;
                }
                Ok(posted)
            })
            .await
    }

    /// Asks the shadow rules after the answer was given. They only leave a trail.
    fn shadow(&self, caller: &Caller, chain: &Arc<Chain>, message: Message) {
        if !chain.filters(Mode::Shadow, &message) {
            return;
        }
        let Ok(place) = self.inner.shadows.clone().try_acquire_owned() else {
            tracing::warn!(message = %message.id, "too many shadow evaluations wait: this one is left out");
            return;
        };
        let (app, account, chain) = (self.clone(), caller.account, chain.clone());
        self.inner.background.spawn(async move {
            let _place = place;
            if let Err(error) = app.leave_shadow_trail(account, chain, message).await {
                tracing::error!(%error, "a shadow decision was not kept");
            }
        });
    }

    async fn leave_shadow_trail(
        &self,
        account: AccountId,
        chain: Arc<Chain>,
        message: Message,
    ) -> Result<(), AppError> {
        let (decided, decision) = self.decide(&chain, Mode::Shadow, message.clone()).await?;
        let decision_id = DecisionId::new(self.now(), self.random());
        let posted = Posted { id: message.id, text: decided.text, state: decision.state(), decision_id, decision };
        let trail = posted.decision_row(&message, true)?;
        self.inner.database.write(Some(account), move |tx| Ok(tx.account(account).insert_decision(&trail)?)).await
    }
}

impl Posted {
    fn decision_row(&self, input: &Message, shadow: bool) -> Result<DecisionRow, AppError> {
        let input_json = serde_json::to_vec(input).map_err(|_| AppError::Internal("writing a message as JSON"))?;
        Ok(DecisionRow {
            id: self.decision_id,
            outcome: Outcome::Message(self.decision.verdict),
            shadow,
            message_id: Some(input.id),
            conversation_id: input.conversation,
            rules: self
                .decision
                .rules
                .iter()
                .map(|rule| (rule.rule.rule.clone(), Outcome::Message(rule.verdict)))
                .collect(),
            input_sha256: Digest::of(&input_json),
            body: serde_json::to_string(&self.decision)
                .map_err(|_| AppError::Internal("writing a decision as JSON"))?,
            created_at: input.sent_at,
        })
    }
}

fn message_row(message: Message, conversation_id: ConversationId, posted: &Posted, seq: i64) -> MessageRow {
    MessageRow {
        id: message.id,
        conversation_id,
        seq,
        direction: message.direction,
        author: message.author,
        text: message.text,
        state: posted.state,
        reason: posted.decision.reason.clone(),
        decision_id: posted.decision_id,
        created_at: message.sent_at,
    }
}

pub(crate) fn check_text(text: &str) -> Result<(), AppError> {
    if text.is_empty() {
        Err(AppError::invalid("text", "a message needs a text"))
    } else if text.contains('\0') {
        Err(AppError::invalid("text", "the character U+0000 cannot be sent"))
    } else if text.len() > limits::TEXT_BYTES {
        Err(AppError::invalid(
            "text",
            format!("at most {} bytes of UTF-8; send a longer text in several messages", limits::TEXT_BYTES),
        ))
    } else {
        Ok(())
    }
}
