//! What stands behind the imports of rules: counters and earlier messages in the database, the account's lists, requests to other servers.
//!
//! The contract's limits are held by the sandbox before anything comes here. What an installation was granted is checked here.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use sluice_domain::{
    access::AccessRequest,
    id::{AccountId, ConversationId, MessageId},
    import::{Answer, HttpRequest, Question, Refusal},
    installation::{Budget, HostName, Mode},
    keyed_digest::{DigestKey, KeyedDigest, Kind},
    limits,
    list::Lists,
    message::Message,
    plugin::{Import, PluginName},
    time::Timestamp,
};
use sluice_sandbox::{Allowance, Imports, Unanswered};
use sluice_storage::{CounterKey, Realm};
use tokio::runtime::Handle;

use crate::{
    App, AppError,
    evaluators::without_core,
    fetch::Fetcher,
    store::{By, Store},
};

/// Most counters of a trial.
const TRIAL_COUNTERS: usize = 100_000;

/// What a rule may ask, and of whom.
pub(crate) struct Granted {
    plugin: PluginName,
    imports: BTreeSet<Import>,
    hosts: BTreeSet<HostName>,
}

impl Granted {
    /// What the plugin asks for and the installation grants.
    pub(crate) fn new(
        plugin: PluginName,
        wanted: &BTreeSet<Import>,
        granted: &BTreeSet<Import>,
        hosts: BTreeSet<HostName>,
    ) -> Arc<Self> {
        Arc::new(Self { plugin, imports: wanted.intersection(granted).copied().collect(), hosts })
    }

    /// Whether it may ask what takes time or has an effect, and so is asked once and off the threads that serve requests.
    pub(crate) fn waits(&self) -> bool {
        self.imports.iter().any(|import| import.is_waited_for())
    }

    /// What a call of the rule may use.
    pub(crate) fn allowance(
        self: &Arc<Self>,
        budget: Budget,
        subject: Subject,
        lists: &Arc<Lists>,
        answers: Option<&Answers>,
    ) -> Allowance {
        // Its log needs nobody to answer.
        if self.imports.iter().all(|import| *import == Import::Log) {
            return budget.into();
        }
        let live = LiveImports { granted: self.clone(), subject, lists: lists.clone(), answers: answers.cloned() };
        Allowance { budget, imports: Some(Box::new(live)) }
    }
}

/// What a rule is asked about, as far as answers depend on it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subject {
    conversation: Option<(ConversationId, MessageId)>,
    at: Timestamp,
}

impl Subject {
    pub(crate) fn message(message: &Message) -> Self {
        Self { conversation: message.conversation.map(|id| (id, message.id)), at: message.sent_at }
    }

    pub(crate) const fn access(request: &AccessRequest) -> Self {
        Self { conversation: None, at: request.at }
    }
}

/// As what a chain's rules are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Those in force, about what happens.
    InForce,
    /// Those in shadow, about what has happened.
    InShadow,
    /// Those in force, about what does not happen.
    OnTrial,
}

impl Asked {
    pub(crate) const fn mode(self) -> Mode {
        match self {
            Self::InForce | Self::OnTrial => Mode::Enforce,
            Self::InShadow => Mode::Shadow,
        }
    }
}

impl App {
    /// Where answers to what rules ask come from.
    pub(crate) fn answers(&self, account: AccountId, asked: Asked) -> Answers {
        let counting = match asked {
            Asked::InForce => Counting::Kept(Realm::Live),
            Asked::InShadow => Counting::Kept(Realm::Shadow),
            Asked::OnTrial => Counting::Trial(Arc::default()),
        };
        let (database, fetcher) = (self.inner.database.clone(), self.inner.fetcher.clone());
        let digest_key = self.inner.digest_key.clone();
        Answers { account, database, fetcher, digest_key, runtime: Handle::current(), counting }
    }
}

/// Where the answers to the rules of one decision come from.
#[derive(Clone)]
pub(crate) struct Answers {
    account: AccountId,
    database: Store,
    fetcher: Arc<Fetcher>,
    digest_key: DigestKey,
    /// That the database and the network answer on.
    runtime: Handle,
    counting: Counting,
}

/// What counters are, and whether anybody outside is asked.
#[derive(Clone)]
enum Counting {
    /// Kept.
    Kept(Realm),
    /// Of a trial: they begin with it and are gone with it.
    Trial(Arc<Mutex<HashMap<CounterKey, (u64, Timestamp)>>>),
}

/// Answers the questions of one call.
struct LiveImports {
    granted: Arc<Granted>,
    subject: Subject,
    lists: Arc<Lists>,
    /// Where the request is served there are none: nothing is asked there that takes time.
    answers: Option<Answers>,
}

impl Imports for LiveImports {
    fn answer(&mut self, question: &Question, patience: Duration) -> Result<Answer, Unanswered> {
        if !self.granted.imports.contains(&question.import()) {
            return Err(Unanswered::NotGranted);
        }
        match question {
            Question::FindInList { list, value } => Ok(self.find(list, value)),
            Question::AddToCounter { key, by, lives } => self.answers()?.count(self, key, *by, *lives, patience),
            Question::EarlierMessages { count } => self.answers()?.earlier(self.subject, *count, patience),
            Question::Fetch(request) => self.answers()?.fetch(&self.granted.hosts, request, patience),
        }
    }
}

impl LiveImports {
    fn answers(&self) -> Result<&Answers, Unanswered> {
        self.answers.as_ref().ok_or(Unanswered::Failed)
    }

    /// Never blocks.
    fn find(&self, list: &str, value: &str) -> Answer {
        match self.lists.find(list, value) {
            Ok(entry) => Answer::Found { entry: entry.map(str::to_owned) },
            Err(refusal) => Answer::Refused(refusal),
        }
    }
}

impl Answers {
    /// Plugins count by client, by telephone number, by address: nobody learns of whom from the rows.
    fn digest_of(&self, plugin: &PluginName, key: &str) -> KeyedDigest {
        self.digest_key.digest(Kind::Counter, &[&self.account.to_string(), plugin.as_str()], key.as_bytes())
    }

    fn count(
        &self,
        call: &LiveImports,
        key: &str,
        by: u32,
        lives: u32,
        patience: Duration,
    ) -> Result<Answer, Unanswered> {
        let (plugin, key) = (call.granted.plugin.clone(), self.digest_of(&call.granted.plugin, key));
        let realm = match &self.counting {
            Counting::Kept(realm) => *realm,
            Counting::Trial(counters) => {
                let mut counters = counters.lock().unwrap_or_else(PoisonError::into_inner);
                let key = CounterKey { plugin, realm: Realm::Shadow, key };
                if counters.len() >= TRIAL_COUNTERS && !counters.contains_key(&key) {
                    return Ok(Answer::Refused(Refusal::Full));
                }
                let at = call.subject.at;
                let (value, end) = counters.entry(key).or_insert((0, at));
                if *end <= at {
                    (*value, *end) = (0, at.plus_millis(i64::from(lives) * 1_000));
                }
                *value = value.saturating_add(by.into());
                return Ok(Answer::Counter { value: *value });
            }
        };
        let counter = CounterKey { plugin, realm, key };
        let (account, now) = (self.account, call.subject.at);
        let value = if by == 0 {
            let read =
                self.database.read(move |tx| Ok::<_, AppError>(Some(tx.account(account).counter(&counter, now)?)));
            self.wait(read, patience)?
        } else {
            let end = now.plus_millis(i64::from(lives) * 1_000);
            let add = self.database.write(By::server(account), move |tx| {
                Ok::<_, AppError>(tx.account(account).add_to_counter(&counter, by, now, end)?)
            });
            self.wait(add, patience)?
        };
        Ok(match value {
            None => Answer::Refused(Refusal::TimedOut),
            Some(None) => Answer::Refused(Refusal::Full),
            Some(Some(value)) => Answer::Counter { value },
        })
    }

    fn earlier(&self, subject: Subject, count: u32, patience: Duration) -> Result<Answer, Unanswered> {
        let Some((conversation, message)) = subject.conversation else {
            return Ok(Answer::Messages { messages: Vec::new() });
        };
        let (account, count) = (self.account, count.min(limits::HISTORY_MESSAGES));
        let read = self.database.read(move |tx| {
            let mut rows = tx.account(account);
            Ok::<_, AppError>(rows.earlier_messages(conversation, message, count, limits::HISTORY_BYTES)?)
        });
        let messages = self.wait(read, patience)?;
        Ok(messages.map_or(Answer::Refused(Refusal::TimedOut), |messages| Answer::Messages { messages }))
    }

    fn fetch(
        &self,
        hosts: &BTreeSet<HostName>,
        request: &HttpRequest,
        patience: Duration,
    ) -> Result<Answer, Unanswered> {
        match self.counting {
            Counting::Trial(_) => return Ok(Answer::Refused(Refusal::NotInPreview)),
            Counting::Kept(_) => {}
        }
        let hosts = hosts.iter().map(|host| host.as_str().to_owned()).collect();
        let fetched = self.fetcher.fetch(self.account, &hosts, request, patience);
        Ok(match without_core(|| self.runtime.block_on(fetched)) {
            Ok(response) => Answer::Fetched(response),
            Err(refusal) => Answer::Refused(refusal),
        })
    }

    /// Waits for an answer without keeping others from the core; `None` when it does not come in time.
    fn wait<T>(
        &self,
        answer: impl Future<Output = Result<T, AppError>>,
        patience: Duration,
    ) -> Result<Option<T>, Unanswered> {
        let answered = without_core(|| self.runtime.block_on(async { tokio::time::timeout(patience, answer).await }));
        match answered {
            Ok(Ok(value)) => Ok(Some(value)),
            Ok(Err(error)) => {
                tracing::error!(%error, "what a plugin asked cannot be answered");
                Err(Unanswered::Failed)
            }
            Err(_) => Ok(None),
        }
    }
}
