//! An account's chain, ready to be asked: the built-in filter, then its installations in order, each with its sandboxed plugin.
//!
//! What the answers amount to is decided in `sluice_domain::verdict` and `sluice_domain::access`.

use std::{
    collections::BTreeSet,
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Instant,
};

use sluice_domain::{
    access::{self, AccessCall, AccessDecision, AccessRequest},
    content::Category,
    digest::Digest,
    filter::{self, FilterRule},
    id::{AccountId, AttachmentId},
    import::Exchange,
    installation::{Budget, FailurePolicy, Mode, Percent, Scope},
    language::Language,
    list::Lists,
    message::{Attachment, Direction, Message},
    plugin::{Hook, PluginName},
    review::MessagingSettings,
    time::Timestamp,
    verdict::{Cost, Decision, Failure, FilterRef, Fold, PluginRef, Reason, RuleCall, RuleRef, State, Verdict},
};
use sluice_sandbox::{Allowance, Call, Configured, Content, Recorded};
use sluice_storage::{Blobs, FilterRuleRow};

use crate::{
    evaluators::Share,
    health::Health,
    imports::{Answers, Granted, Subject},
    repeated::Repeated,
};

/// One installation, ready to be asked.
#[derive(Clone)]
pub(crate) struct Rule {
    pub(crate) rule: PluginRef,
    pub(crate) component: Digest,
    pub(crate) config: Digest,
    pub(crate) hooks: BTreeSet<Hook>,
    pub(crate) mode: Mode,
    pub(crate) scope: Scope,
    pub(crate) on_failure: FailurePolicy,
    pub(crate) budget: Budget,
    pub(crate) percent: Percent,
    /// When somebody changed it last.
    pub(crate) changed_at: Timestamp,
    pub(crate) health: Arc<Health>,
    /// What it may ask of the host.
    pub(crate) granted: Arc<Granted>,
    /// `None` when its artefact could not be made ready: each call then counts as a failure.
    pub(crate) ready: Option<Configured>,
}

/// Instructions of all rules together that may run at once, where the request is served: less than half a millisecond.
const AT_ONCE_FUEL: u64 = 500_000;
/// How much text is looked at there, in bytes, by all rules of the built-in filter together.
const AT_ONCE_TEXT: usize = 4_096;
/// Why no rule can run out of what all of them together may use.
const ENOUGH: &str = "no rule has as many instructions";
/// How many messages are not tried there after one that took too long.
const PAUSE: u32 = 255;

/// A rule of the built-in content filter.
#[derive(Clone)]
pub(crate) struct BuiltIn {
    pub(crate) rule: FilterRef,
    pub(crate) mode: Mode,
    pub(crate) filter: FilterRule,
}

/// What a message is decided about for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// It was sent: a rule that fails is told of.
    Traffic,
    /// To see what would happen: nothing but the decision comes of it.
    Rehearsal,
}

/// An account's rules in order, as of one version of the chain.
pub(crate) struct Chain {
    pub(crate) account: AccountId,
    pub(crate) version: i64,
    /// They come first.
    built_in: Arc<[BuiltIn]>,
    pub(crate) rules: Vec<Rule>,
    pub(crate) messaging: MessagingSettings,
    /// How the processor time of its plugins is weighed.
    pub(crate) share: Share,
    /// What plugins look into.
    pub(crate) lists: Arc<Lists>,
    /// Where contents of attachments are.
    blobs: Blobs,
    /// How many more messages are not tried at once.
    pause: AtomicU32,
}

impl Chain {
    pub(crate) fn new(
        account: AccountId,
        version: i64,
        mut built_in: Vec<BuiltIn>,
        rules: Vec<Rule>,
        messaging: MessagingSettings,
        blobs: Blobs,
    ) -> Self {
        built_in.sort_by_key(|rule| rule.filter.action.place());
        let (share, lists) = (Share::USUAL, Arc::default());
        Self {
            account,
            version,
            built_in: built_in.into(),
            rules,
            messaging,
            share,
            lists,
            blobs,
            pause: AtomicU32::new(0),
        }
    }

    /// The same, whose plugins look into these lists.
    pub(crate) fn with_lists(self, lists: Arc<Lists>) -> Self {
        Self { lists, ..self }
    }

    /// The same with other installations.
    pub(crate) fn with_rules(&self, rules: Vec<Rule>) -> Self {
        let (messaging, blobs) = (self.messaging.clone(), self.blobs.clone());
        let chain = Self::new(self.account, self.version, Vec::new(), rules, messaging, blobs);
        Self { built_in: self.built_in.clone(), share: self.share, lists: self.lists.clone(), ..chain }
    }

    /// Whether all of its plugins are in memory, but for those that could not be made ready.
    pub(crate) fn is_loaded(&self) -> bool {
        self.plugins().all(Configured::is_loaded)
    }

    /// Loads the plugins that are not in memory; `false` when one of them must be made ready again.
    pub(crate) fn load(&self) -> bool {
        self.plugins().all(|plugin| plugin.load().is_ok())
    }

    fn plugins(&self) -> impl Iterator<Item = &Configured> {
        self.rules.iter().filter_map(|rule| rule.ready.as_ref())
    }

    /// The same rules for a trial: how they answer there suspends nobody, and who is suspended is asked.
    pub(crate) fn apart(&self) -> Self {
        self.with_rules(self.rules.iter().map(|rule| Rule { health: Arc::default(), ..rule.clone() }).collect())
    }

    /// Whether any rule in `mode` is asked about `message`.
    pub(crate) fn filters(&self, mode: Mode, message: &Message) -> bool {
        self.built_in(mode).any(|rule| rule.filter.scope.covers_message(message))
            || self.message_rules(mode).any(|rule| rule.covers(message))
    }

    /// Like [`Chain::decide`], if that takes no longer than handing it to another thread would; else nothing has happened. A call
    /// that ends within fewer instructions than it may use ends the same with all of them, so both ways give one answer.
    pub(crate) fn decide_at_once(&self, mode: Mode, message: &Message) -> Option<(Message, Decision)> {
        let paused = self.pause.try_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok();
        // To look into attachments is to wait for the disk.
        let reads = message.text.len().saturating_mul(self.built_in.len());
        // To ask a rule that counts, or waits for others, is done once and elsewhere.
        let waits = self.message_rules(mode).any(|rule| rule.granted.waits() && rule.covers(message));
        if waits || paused || message.text.len().max(reads) > AT_ONCE_TEXT || !message.attachments.is_empty() {
            return None;
        }
        let decided = self.decide_within(mode, Fold::new(message.clone()), AT_ONCE_FUEL, Purpose::Traffic, None);
        if decided.is_none() {
            self.pause.store(PAUSE, Ordering::Relaxed);
        }
        decided
    }

    /// Asks the rules in `mode` about `message`, in order, until one blocks. Gives the message as they left it. What rules ask is
    /// answered from `answers`.
    pub(crate) fn decide(&self, mode: Mode, message: Message, answers: &Answers) -> (Message, Decision) {
        self.decide_within(mode, Fold::new(message), u64::MAX, Purpose::Traffic, Some(answers)).expect(ENOUGH)
    }

    /// What the rules in force would make of `message`, whose links were found. Nobody is told of failures, and nothing else comes of it.
    pub(crate) fn rehearse(&self, message: Message, answers: &Answers) -> (Message, Decision) {
        let fold = Fold::with_links_found(message);
        self.decide_within(Mode::Enforce, fold, u64::MAX, Purpose::Rehearsal, Some(answers)).expect(ENOUGH)
    }

    /// `None` when a rule would need more than what is left of `fuel`, and has a budget for more.
    fn decide_within(
        &self,
        mode: Mode,
        mut fold: Fold,
        mut fuel: u64,
        purpose: Purpose,
        answers: Option<&Answers>,
    ) -> Option<(Message, Decision)> {
        let (at, subject) = (fold.message().sent_at, Subject::message(fold.message()));
        self.ask_built_in(mode, &mut fold);
        for rule in self.message_rules(mode) {
            if fold.is_settled() || !rule.covers(fold.message()) {
                continue;
            }
            if rule.hooks.contains(&Hook::MessageFilter) {
                let call = rule.ask_about_message(fold.message(), rule.allowance(fuel, subject, &self.lists, answers));
                rule.take(call, at, &mut fuel, &mut fold, purpose)?;
            }
            if rule.hooks.contains(&Hook::AttachmentFilter) {
                for attachment in fold.message().attachments.clone() {
                    let allowed = rule.allowance(fuel, subject, &self.lists, answers);
                    let call = rule.ask_about_attachment(&attachment, at, self.account, &self.blobs, allowed);
                    rule.take(call, at, &mut fuel, &mut fold, purpose)?;
                }
            }
        }
        Some(fold.finish())
    }

    /// Asks the rules of the built-in filter in `mode`, until one blocks.
    pub(crate) fn ask_built_in(&self, mode: Mode, fold: &mut Fold) {
        for rule in self.built_in(mode) {
            if fold.is_settled() {
                break;
            }
            if let Some(call) = rule.ask(fold.message(), self.messaging.language) {
                fold.push(call);
            }
        }
    }

    /// Whether the built-in filter blocks a file, whichever of `categories` it turns out to be of, in a message like `message`. Gives
    /// what it says then.
    pub(crate) fn refuses_upload(
        &self,
        message: &Message,
        categories: &BTreeSet<Category>,
        size: u64,
    ) -> Option<Reason> {
        let blocks = |rule: &&BuiltIn, category| rule.filter.blocks_upload(message, category, size);
        let by = |category: &Category| self.built_in(Mode::Enforce).find(|rule| blocks(rule, *category));
        let rules = categories.iter().map(by).collect::<Option<Vec<_>>>()?;
        let (rule, category) = (rules.first()?, categories.first()?);
        Some(rule.filter.upload_reason(*category, self.messaging.language))
    }

    /// What the client is told whose message came to this decision; `None` when it reaches the account.
    pub(crate) fn notice(&self, direction: Direction, decision: &Decision) -> Option<String> {
        if direction == Direction::Outgoing || decision.state() != State::Blocked {
            return None;
        }
        let code = &decision.reason.as_ref()?.code;
        let own = match decision.rules.last().map(|trail| &trail.rule) {
            Some(RuleRef::Filter(by)) => self.built_in.iter().find(|rule| rule.rule == *by),
            Some(RuleRef::Plugin(_)) | None => None,
        };
        let own = own.and_then(|rule| rule.filter.notice_for(code, self.messaging.language));
        Some(own.unwrap_or_else(|| notice(&self.messaging)))
    }

    fn built_in(&self, mode: Mode) -> impl Iterator<Item = &BuiltIn> {
        self.built_in.iter().filter(move |rule| rule.mode == mode)
    }

    /// Asks the rules in force about someone who wants to be let in.
    pub(crate) fn admit(&self, request: &AccessRequest, answers: &Answers) -> AccessDecision {
        let asked = self.rules.iter().filter(|rule| {
            rule.mode == Mode::Enforce
                && rule.hooks.contains(&Hook::AccessRule)
                && rule.scope.covers_access(request.who.role)
        });
        access::fold(asked.map(|rule| {
            let allowed = rule.allowance(u64::MAX, Subject::access(request), &self.lists, Some(answers));
            rule.ask_about_access(request, allowed)
        }))
    }

    /// The installations in `mode` that decide about messages or their attachments, in order.
    pub(crate) fn message_rules(&self, mode: Mode) -> impl Iterator<Item = &Rule> {
        let asked = [Hook::MessageFilter, Hook::AttachmentFilter];
        self.rules.iter().filter(move |rule| rule.mode == mode && asked.iter().any(|hook| rule.hooks.contains(hook)))
    }
}

/// What clients are told when no rule says it better.
pub(crate) fn notice(messaging: &MessagingSettings) -> String {
    messaging.client_notice.clone().unwrap_or_else(|| filter::general_notice(messaging.language).to_owned())
}

impl BuiltIn {
    pub(crate) fn of(row: FilterRuleRow) -> Self {
        let name = PluginName::try_from(PluginName::CONTENT_FILTER.to_owned()).expect("a name");
        let rule = FilterRef { filter: row.id, rule: name, version: env!("CARGO_PKG_VERSION").to_owned() };
        Self { rule, mode: row.mode, filter: row.rule }
    }

    /// What it has to say; `None` for nothing: then it leaves no trail either.
    fn ask(&self, message: &Message, language: Language) -> Option<RuleCall> {
        let start = Instant::now();
        let verdict = self.filter.verdict(message, language);
        if verdict == Verdict::Allow {
            return None;
        }
        Some(RuleCall {
            rule: RuleRef::Filter(self.rule.clone()),
            attachment: None,
            on_failure: FailurePolicy::Closed,
            answer: Ok(verdict),
            cost: Cost { micros: micros(start), fuel: 0 },
            log: Vec::new(),
            exchanges: Vec::new(),
        })
    }
}

impl Rule {
    fn covers(&self, message: &Message) -> bool {
        self.scope.covers_message(message) && self.percent.covers(self.rule.installation, message.conversation)
    }

    pub(crate) fn ask_about_message(&self, message: &Message, allowed: Allowance) -> RuleCall {
        let call = self.ask(message.sent_at, |ready| ready.check_message(message, allowed));
        self.answered(call, None)
    }

    pub(crate) fn ask_about_attachment(
        &self,
        attachment: &Attachment,
        at: Timestamp,
        account: AccountId,
        blobs: &Blobs,
        allowed: Allowance,
    ) -> RuleCall {
        let call = self.ask(at, |ready| match AttachmentContent::open(account, blobs, attachment) {
            Ok(content) => ready.check_attachment(attachment, content, allowed),
            Err(error) => {
                tracing::error!(attachment = %attachment.id, %error, "an attachment cannot be read");
                failed(Failure::Host)
            }
        });
        self.answered(call, Some(attachment.id))
    }

    fn allowance(&self, fuel: u64, subject: Subject, lists: &Arc<Lists>, answers: Option<&Answers>) -> Allowance {
        let budget = Budget { fuel: self.budget.fuel.min(fuel), ..self.budget };
        self.granted.allowance(budget, subject, lists, answers)
    }

    /// What a call may use that is made again: what it was told then is what it is told now.
    pub(crate) fn as_recorded(&self, exchanges: Vec<Exchange>) -> Allowance {
        Allowance { budget: self.budget, imports: Some(Box::new(Recorded::new(exchanges))) }
    }

    fn answered(&self, call: Call<Verdict>, attachment: Option<AttachmentId>) -> RuleCall {
        let (rule, on_failure) = (RuleRef::Plugin(self.rule.clone()), self.on_failure);
        let Call { answer, cost, log, exchanges, detail: _ } = call;
        RuleCall { rule, attachment, on_failure, answer, cost, log, exchanges }
    }

    /// Takes an answer into the chain; `None` when it stands for want of instructions that it may have.
    fn take(&self, call: RuleCall, at: Timestamp, fuel: &mut u64, fold: &mut Fold, purpose: Purpose) -> Option<()> {
        if *fuel < self.budget.fuel && call.answer == Err(Failure::OutOfFuel) {
            return None;
        }
        match purpose {
            Purpose::Traffic => self.tell_of(&call.answer, at),
            Purpose::Rehearsal => {}
        }
        *fuel = fuel.saturating_sub(call.cost.fuel);
        fold.push(call);
        Some(())
    }

    pub(crate) fn ask_about_access(&self, request: &AccessRequest, allowed: Allowance) -> AccessCall {
        let call = self.ask(request.at, |ready| ready.check_access(request, allowed));
        self.tell_of(&call.answer, request.at);
        let (rule, on_failure) = (self.rule.clone(), self.on_failure);
        let Call { answer, cost, log, exchanges, detail: _ } = call;
        AccessCall { rule, on_failure, answer, cost, log, exchanges }
    }

    /// The time of a call is taken here, around everything that the sandbox does for it.
    fn ask<T>(&self, at: Timestamp, call: impl FnOnce(&Configured) -> Call<T>) -> Call<T> {
        if !self.health.is_asked(at) {
            return failed(Failure::Suspended);
        }
        let start = Instant::now();
        let mut call = self.ready.as_ref().map_or_else(|| failed(Failure::Unavailable), call);
        call.cost.micros = micros(start);
        call
    }

    fn tell_of<T>(&self, answer: &Result<T, Failure>, at: Timestamp) {
        self.health.note(answer.as_ref().err().copied(), at);
        if let Err(failure) = answer
            && *failure != Failure::Suspended
        {
            static FAILED: Repeated = Repeated::at_most(60);
            if let Some(before) = FAILED.tell() {
                let failure = failure.as_str();
                tracing::warn!(installation = %self.rule.installation, failure, before, "a rule failed");
            }
        }
    }
}

fn failed<T>(failure: Failure) -> Call<T> {
    Call { answer: Err(failure), cost: Cost::default(), log: Vec::new(), exchanges: Vec::new(), detail: None }
}

fn micros(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX)
}

/// The content of an attachment, as a plugin reads it.
struct AttachmentContent {
    file: File,
    size: u64,
}

impl AttachmentContent {
    fn open(account: AccountId, blobs: &Blobs, attachment: &Attachment) -> io::Result<Self> {
        let found = blobs.attachment(account, attachment.id).map_err(io::Error::other)?;
        Ok(Self { file: found.ok_or(io::ErrorKind::NotFound)?, size: attachment.size })
    }
}

impl Content for AttachmentContent {
    fn size(&self) -> u64 {
        self.size
    }

    fn read(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.seek(SeekFrom::Start(offset))?;
        self.file.read(buffer)
    }
}
