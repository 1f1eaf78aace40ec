//! Messages: through the account's chain, then stored with their decision, then announced.

use std::{collections::BTreeSet, sync::Arc};

use serde::{Deserialize, Serialize};
use serde_json::json;
use sluice_domain::{
    id::{AccountId, AttachmentId, ConversationId, DecisionId, MessageId, RequestId},
    installation::Mode,
    limits,
    message::{Actor, Attachment, Direction, Message},
    permission::{Permission, Permissions, Reach},
    review::Review,
    text::is_blank,
    time::Timestamp,
    verdict::{Decision, Reason, Severity, State},
    visibility::{self, Visibility},
};
use sluice_storage::{Account, ConversationRow, DecisionRow, MessageRow, Outcome, Page, Reader};

use crate::{
    App, AppError, attachments::client_of, caller::Caller, chain::Chain, comparison::shadow_verdicts,
    conversations::reached, evaluators::processor_time, idempotency::IdempotencyKey, imports::Asked,
    repeated::Repeated, requests, store::By,
};

/// The kind of the event that announces a message.
pub(crate) const MESSAGE_EVENT: &str = "message";
/// The kind of the event that tells what became of a message that was held.
pub(crate) const MESSAGE_UPDATED_EVENT: &str = "message-updated";

/// What someone wants to send.
#[derive(Debug, Clone)]
pub struct Draft {
    /// At most [`limits::TEXT_BYTES`] bytes; empty only beside attachments.
    pub text: String,
    /// At most [`limits::ATTACHMENTS`] files that the caller uploaded and has not sent.
    pub attachments: Vec<AttachmentId>,
    /// To the client, when not said.
    pub direction: Option<Direction>,
    /// The same key again, from the same caller, gives the same answer and sends nothing.
    pub idempotency_key: Option<String>,
}

impl Draft {
    /// What tells a request for it from other requests. Without attachments as it was before there were any: keys of then are good.
    fn request(&self, conversation: ConversationId, direction: Direction) -> String {
        let files: String = self.attachments.iter().map(|id| format!("{id}\n")).collect();
        format!("{files}{conversation}\n{direction:?}\n{}", self.text)
    }
}

/// What became of a message.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Posted {
    /// The message's own. A blocked outgoing message is not kept, and its id names only its decision.
    pub id: MessageId,
    /// As the rules left it.
    pub text: String,
    /// Files that go with it, as the rules left them.
    #[serde(default)]
    pub attachments: Vec<Attachment>,
    /// Whether it reaches the other side.
    pub state: State,
    /// What to tell the client, when the client's own message was blocked.
    #[serde(default)]
    pub notice: Option<String>,
    /// Where the decision can be read again.
    pub decision_id: DecisionId,
    /// What the chain made of it.
    pub decision: Decision,
}

/// Whose view of a conversation is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Audience {
    /// The account's people.
    People,
    /// The client, and whatever carries messages to it.
    Client,
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
    /// None when they are withheld.
    pub attachments: Vec<Attachment>,
    /// Whether it reached the other side.
    pub state: State,
    /// Why it was held or blocked; for the account's people only.
    pub reason: Option<Reason>,
    /// What the client is told in place of its message.
    pub notice: Option<String>,
    /// What a supervisor made of it; for the account's people only.
    pub review: Option<Review>,
    /// Until when it waits for that; for the account's people only.
    pub held_until: Option<Timestamp>,
    /// What the chain made of it; for the account's people only.
    pub decision: Option<DecisionId>,
    /// When it was accepted.
    pub sent_at: Timestamp,
}

impl MessageView {
    /// How much of texts it has, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.text.as_ref().map_or(0, String::len)
    }

    /// As one of the account's people sees it, who may do `viewer`.
    pub(crate) fn of(row: MessageRow, viewer: Permissions) -> Self {
        let seen = visibility::of(viewer, row.direction, row.state);
        let mut view = Self { decision: Some(row.decision_id), ..Self::with(seen, row) };
        if let Some(review) = view.review.as_mut().filter(|_| !viewer.contains(Permission::ReadQuarantine)) {
            review.original = None;
        }
        view
    }

    /// As the client sees it; `None` for what it sees nothing of.
    pub(crate) fn of_client(row: MessageRow) -> Option<Self> {
        let seen = visibility::of_client(row.direction, row.state);
        if seen == Visibility::Withheld && row.direction == Direction::Outgoing {
            return None;
        }
        Some(Self { reason: None, review: None, held_until: None, ..Self::with(seen, row) })
    }

    fn with(seen: Visibility, row: MessageRow) -> Self {
        let (text, attachments) = match seen {
            Visibility::Full => (Some(row.text), row.attachments),
            Visibility::Withheld => (None, Vec::new()),
        };
        Self {
            id: row.id,
            conversation: row.conversation_id,
            seq: row.seq,
            direction: row.direction,
            author: row.author,
            text,
            attachments,
            state: row.state,
            reason: row.reason,
            notice: row.notice,
            review: row.review,
            held_until: row.held_until,
            decision: None,
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
        let reader = self.sender(caller, direction)?;
        check_text(&draft.text, &draft.attachments)?;
        let request = draft.request(conversation, direction);
        let key = draft.idempotency_key.map(|key| self.idempotency_key(key, caller, &request)).transpose()?;

        let account = caller.account;
        let asked = key.clone();
        let (uploader, ids) = (caller.actor().id, draft.attachments);
        let read = self
            .inner
            .database
            .read(move |tx| {
                let place = tx
                    .account(account)
                    .conversation(conversation, reader)?
                    .ok_or(AppError::NotFound("conversation"))?;
                if let Some(answered) = asked.map_or(Ok(None), |key| key.answered(tx))? {
                    return Ok(Err(answered));
                }
                let mut rows = tx.account(account);
                let to_be_sent = |id| to_be_sent(&mut rows, id, &uploader, conversation, direction);
                let attachments = ids.into_iter().map(to_be_sent).collect::<Result<Vec<_>, _>>()?;
                Ok::<_, AppError>(Ok((place, attachments)))
            })
            .await?;
        let (place, attachments) = match read {
            Ok(read) => read,
            Err(answered) => return Ok(answered),
        };

        let message = self.message(caller, &place, direction, draft.text, attachments);
        let chain = self.chain(account, caller.chain_version).await?;
        let (decided, decision) = self.decide(&chain, Asked::InForce, message.clone()).await?;
        self.tell_of_health(account, &chain);
        let notice = chain.notice(direction, &decision);
        let held_until = chain.messaging.held_until(message.sent_at);
        let kept = Kept { conversation, decided, decision, notice, held_until };
        let posted = self.keep(caller, reader, &chain, &message, kept, key).await?;
        self.inner.bus.wake(account);
        self.shadow(caller, &chain, message, posted.decision.verdict);
        Ok(posted)
    }

    /// The messages of a conversation that the caller may see, in the order of acceptance; or those that its client sees, for whoever
    /// may write as the client.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::NotFound`] for the conversation.
    pub async fn messages(
        &self,
        caller: &Caller,
        conversation: ConversationId,
        audience: Audience,
        page: Page<i64>,
    ) -> Result<Vec<MessageView>, AppError> {
        let (account, viewer) = (caller.account, caller.permissions);
        let reader = self.reader_for(caller, audience)?;
        self.read(account, move |tx| {
            let mut rows = tx.account(account);
            rows.conversation(conversation, reader)?.ok_or(AppError::NotFound("conversation"))?;
            Ok(match audience {
                Audience::People => {
                    let messages = rows.messages(conversation, page)?;
                    messages.into_iter().map(|row| MessageView::of(row, viewer)).collect()
                }
                Audience::Client => {
                    let messages = rows.messages_of_client(conversation, page)?;
                    messages.into_iter().filter_map(MessageView::of_client).collect()
                }
            })
        })
        .await
    }

    /// Which conversations the caller reads, for themselves or for the clients.
    pub(crate) fn reader_for(&self, caller: &Caller, audience: Audience) -> Result<Reader, AppError> {
        match audience {
            Audience::People => caller.reader(),
            Audience::Client => self.sender(caller, Direction::Incoming),
        }
    }

    /// The message as the chain's first rule sees it.
    fn message(
        &self,
        caller: &Caller,
        place: &ConversationRow,
        direction: Direction,
        text: String,
        attachments: Vec<Attachment>,
    ) -> Message {
        let now = self.now();
        Message {
            id: MessageId::new(now, self.random()),
            direction,
            transport: place.transport.clone(),
            channel: place.channel.clone(),
            conversation: Some(place.id),
            group: place.assignment.group,
            author: match direction {
                Direction::Outgoing => caller.actor(),
                Direction::Incoming => client_of(place),
            },
            text,
            links: Vec::new(),
            attachments,
            sent_at: now,
        }
    }

    /// Asks the chain's rules: at once where that is quick, else on a thread for plugins.
    pub(crate) async fn decide(
        &self,
        chain: &Arc<Chain>,
        asked: Asked,
        message: Message,
    ) -> Result<(Message, Decision), AppError> {
        let mode = asked.mode();
        if !chain.filters(mode, &message) {
            return Ok((message, Decision::unopposed()));
        }
        let evaluators = &self.inner.evaluators;
        // Who used much lately takes turns with the others.
        if evaluators.is_light(chain.account) {
            let begun = processor_time();
            let decided = chain.decide_at_once(mode, &message);
            evaluators.charge(chain.account, chain.share, processor_time().saturating_sub(begun));
            if let Some(decided) = decided {
                return Ok(decided);
            }
        }
        let (answers, asks) = (self.answers(chain.account, asked), chain.clone());
        evaluators.run(chain.account, chain.share, move || asks.decide(mode, message, &answers)).await
    }

    /// One transaction: the message, its decision, the event that announces it, and the key that names the answer.
    async fn keep(
        &self,
        caller: &Caller,
        reader: Reader,
        chain: &Chain,
        input: &Message,
        kept: Kept,
        key: Option<IdempotencyKey>,
    ) -> Result<Posted, AppError> {
        let account = caller.account;
        let Kept { conversation, decided, decision, notice, held_until } = kept;
        let mut posted = Posted {
            id: decided.id,
            state: decision.state(),
            text: decided.text.clone(),
            attachments: decided.attachments.clone(),
            notice,
            decision_id: DecisionId::new(decided.sent_at, self.random()),
            decision,
        };
        let trail = self.decision_row(chain, &posted, input, false)?;
        // From here on it is an answer to somebody.
        posted.decision.forget_exchanges();
        let request = RequestId::new(decided.sent_at, self.random());
        self.inner
            .database
            .write(caller, move |tx| {
                if let Some(key) = &key {
                    // Of two requests with one key at once, the second finds the first's answer here.
                    if let Some(earlier) = key.answered(tx)? {
                        return Ok(earlier);
                    }
                    key.keep(tx, &posted, decided.sent_at)?;
                }
                let mut rows = tx.account(account);
                // Rules took their time: the conversation may be somebody else's by now. Who reaches all reaches it still.
                if reader.reach != Reach::All {
                    reached(&mut rows, conversation, reader)?;
                }
                rows.insert_decision(&trail)?;
                // A blocked outgoing message goes back to its author's composer, with its attachments, and is not kept.
                if decided.direction == Direction::Incoming || posted.state != State::Blocked {
                    for attachment in &decided.attachments {
                        if !rows.send_attachment(attachment.id, decided.id, conversation)? {
                            return Err(AppError::Conflict(
                                "an attachment was sent with another message: upload it again",
                            ));
                        }
                    }
                    let event = json!({"message": decided.id, "conversation": decided.conversation});
                    let seq = rows.append_event(MESSAGE_EVENT, &event, decided.sent_at)?;
                    let row = message_row(decided, conversation, &posted, seq, held_until);
                    rows.insert_message(&row)?;
                    requests::note_message(&mut rows, &row, request)?;
                }
                Ok(posted)
            })
            .await
    }

    /// Asks the shadow rules after the answer was given, which was `enforced`. They only leave a trail.
    fn shadow(&self, caller: &Caller, chain: &Arc<Chain>, message: Message, enforced: Severity) {
        if !chain.filters(Mode::Shadow, &message) {
            return;
        }
        let Ok(place) = self.inner.shadows.clone().try_acquire_owned() else {
            static LEFT_OUT: Repeated = Repeated::seldom();
            if let Some(before) = LEFT_OUT.tell() {
                tracing::warn!(message = %message.id, before, "too many shadow evaluations wait: this one is left out");
            }
            return;
        };
        let (app, account, chain) = (self.clone(), caller.account, chain.clone());
        self.inner.background.spawn(async move {
            let _place = place;
            if let Err(error) = app.leave_shadow_trail(account, chain, message, enforced).await {
                tracing::error!(%error, "a shadow decision was not kept");
            }
        });
    }

    async fn leave_shadow_trail(
        &self,
        account: AccountId,
        chain: Arc<Chain>,
        message: Message,
        enforced: Severity,
    ) -> Result<(), AppError> {
        let (decided, decision) = self.decide(&chain, Asked::InShadow, message.clone()).await?;
        self.tell_of_health(account, &chain);
        let now = self.now();
        let decision_id = DecisionId::new(now, self.random());
        let compared = shadow_verdicts(&chain, &message, decision_id, enforced, &decision);
        let posted = Posted {
            id: message.id,
            text: decided.text,
            attachments: decided.attachments,
            state: decision.state(),
            notice: None,
            decision_id,
            decision,
        };
        let trail = self.decision_row(&chain, &posted, &message, true)?;
        self.inner
            .database
            .write(By::server(account), move |tx| {
                let mut rows = tx.account(account);
                rows.insert_decision(&trail)?;
                Ok(compared.iter().try_for_each(|said| rows.count_shadow(said, now))?)
            })
            .await
    }

    /// What is kept of a decision about a text that a reviewer wrote.
    pub(crate) fn trail_of_edit(
        &self,
        chain: &Chain,
        input: &Message,
        decided: Message,
        decision: Decision,
    ) -> Result<DecisionRow, AppError> {
        let posted = Posted {
            id: input.id,
            text: decided.text,
            attachments: decided.attachments,
            state: decision.state(),
            notice: None,
            decision_id: DecisionId::new(input.sent_at, self.random()),
            decision,
        };
        self.decision_row(chain, &posted, input, false)
    }

    fn decision_row(
        &self,
        chain: &Chain,
        posted: &Posted,
        input: &Message,
        shadow: bool,
    ) -> Result<DecisionRow, AppError> {
        let input_json = serde_json::to_vec(input).map_err(|_| AppError::Internal("writing a message as JSON"))?;
        let Posted { decision, decision_id, .. } = posted;
        Ok(DecisionRow {
            id: *decision_id,
            outcome: Outcome::Message(decision.verdict),
            shadow,
            message_id: Some(input.id),
            conversation_id: input.conversation,
            rules: decision
                .rules
                .iter()
                .map(|rule| (rule.rule.name().clone(), Outcome::Message(rule.verdict)))
                .collect(),
            codes: decision.codes(),
            author_id: Some(input.author.id.clone()),
            input: Some(self.input_digest(chain.account, *decision_id, &input_json)),
            body: serde_json::to_string(decision).map_err(|_| AppError::Internal("writing a decision as JSON"))?,
            evidence: self.evidence(chain, *decision_id, !decision.rules.is_empty(), &input_json)?,
            created_at: input.sent_at,
        })
    }
}

/// What is to be kept of a message that the chain decided about.
struct Kept {
    conversation: ConversationId,
    decided: Message,
    decision: Decision,
    notice: Option<String>,
    /// Until when it waits, if it is held.
    held_until: Timestamp,
}

/// A file that its uploader may send now, there and in that direction.
fn to_be_sent(
    rows: &mut Account<'_>,
    id: AttachmentId,
    uploader: &str,
    conversation: ConversationId,
    direction: Direction,
) -> Result<Attachment, AppError> {
    let row = rows.attachment(id)?.filter(|row| {
        row.uploaded_by == uploader
            && row.direction == direction
            && row.conversation_id.is_none_or(|place| place == conversation)
    });
    let row = row.ok_or(AppError::NotFound("attachment"))?;
    match row.message_id {
        None => Ok(row.attachment),
        Some(_) => Err(AppError::Conflict("an attachment was sent with another message: upload it again")),
    }
}

fn message_row(
    message: Message,
    conversation_id: ConversationId,
    posted: &Posted,
    seq: i64,
    held_until: Timestamp,
) -> MessageRow {
    MessageRow {
        id: message.id,
        conversation_id,
        seq,
        direction: message.direction,
        author: message.author,
        text: message.text,
        state: posted.state,
        reason: posted.decision.reason.clone(),
        attachments: message.attachments,
        notice: posted.notice.clone(),
        review: None,
        held_until: (posted.state == State::Held).then_some(held_until),
        delivered_seq: (posted.state == State::Delivered).then_some(seq),
        decision_id: posted.decision_id,
        created_at: message.sent_at,
    }
}

/// Whether a message can have this text and so many attachments.
pub(crate) fn check_text(text: &str, attachments: &[AttachmentId]) -> Result<(), AppError> {
    let distinct: BTreeSet<_> = attachments.iter().collect();
    if attachments.len() > limits::ATTACHMENTS {
        return Err(AppError::invalid("attachments", "at most 32: send more in several messages"));
    } else if distinct.len() != attachments.len() {
        return Err(AppError::invalid("attachments", "each at most once"));
    }
    if is_blank(text) && !attachments.is_empty() { check_length(text) } else { check_words(text) }
}

/// Whether a text can be a message's.
pub(crate) fn check_words(text: &str) -> Result<(), AppError> {
    if is_blank(text) {
        return Err(AppError::invalid("text", "it shows nothing: write something"));
    }
    check_length(text)
}

fn check_length(text: &str) -> Result<(), AppError> {
    if text.contains('\0') {
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
