//! An account with everything in it that people change, made once; and for each run a copy of it, with an application of its own.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use argon2::{Argon2, PasswordVerifier as _, password_hash::phc::PasswordHash};
use secrecy::{ExposeSecret as _, SecretBox, SecretString};
use serde_json::{Value, json};
use sluice_app::{
    App, AttachmentLimits, Clock, FetchSettings, Parts, Rng, ServerKey,
    accounts::PersonDraft,
    authenticate::{Credentials, Request},
    caller::Caller,
    conversations::NewClient,
    groups::GroupView,
    installations::Install,
    lists::{EntryDraft, ListDraft},
    messages::Draft,
    plugins::Upload,
    second_factor::Proof,
    sessions::LogIn,
    tokens::TokenDraft,
};
use sluice_domain::{
    digest::Digest,
    id::{
        AccountId, ConversationId, FilterRuleId, GroupId, InstallationId, ListId, MessageId, PersonId, PluginId,
        SessionId, TokenId,
    },
    installation::Mode,
    list::ListKind,
    message::Role,
    permission::{Permission, Permissions, Reach},
    time::Timestamp,
};
use sluice_sandbox::{ArtefactKey, Sandbox, SandboxConfig, WorkerCommand};
use sluice_storage::{
    Account, AuditFilter, AuditPage, Before, Blobs, Database, DatabaseConfig, Page, PersonRow, Reader, StorageError, Tx,
};
use tempfile::TempDir;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::ring};

use crate::gate::Gate;

/// What time it is, always.
const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
/// From where everybody comes.
const ADDRESS: &str = "192.0.2.1";
/// Everybody's password at first.
pub(crate) const FIRST: &str = "unrelated saucer Tuesday frost";
/// What people change it to.
pub(crate) const OWN: &str = "another pelican under the marble stairs";
/// What whoever has the link chooses.
pub(crate) const LINKED: &str = "seven quiet lanterns beyond Tromso";

/// Where copies are made.
pub(crate) struct Lab {
    folder: TempDir,
    sandbox: Sandbox,
    facts: Arc<Facts>,
    copies: AtomicU64,
}

/// What is in the account at first.
#[derive(Clone)]
pub(crate) struct Facts {
    pub(crate) account: AccountId,
    pub(crate) ada: Caller,
    /// An administrator too, with a second factor; what is changed of a person is changed of Ben.
    pub(crate) ben: Caller,
    pub(crate) ben_email: String,
    pub(crate) recovery_codes: Vec<String>,
    pub(crate) bens_other_session: SessionId,
    pub(crate) bens_link: SecretString,
    pub(crate) bens_token: TokenId,
    pub(crate) by_bens_token: Caller,
    /// Reviews, and reaches all conversations.
    pub(crate) sue: Caller,
    /// Answers what is assigned to him.
    pub(crate) oli: Caller,
    pub(crate) words: PluginId,
    pub(crate) installation: InstallationId,
    pub(crate) other_installation: InstallationId,
    pub(crate) chain_version: i64,
    pub(crate) filter: FilterRuleId,
    pub(crate) list: ListId,
    pub(crate) group: GroupId,
    pub(crate) conversation: ConversationId,
    pub(crate) held: MessageId,
    secrets: Vec<(&'static str, Digest)>,
}

/// One copy of the account, and an application over it.
pub(crate) struct World {
    pub(crate) app: App,
    pub(crate) facts: Arc<Facts>,
    /// Links that use cases made.
    links: Mutex<Vec<SecretString>>,
    file: PathBuf,
}

impl Lab {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let program = PathBuf::from(env!("CARGO_BIN_EXE_pairs-worker"));
        let worker = WorkerCommand { program, args: Vec::new() };
        let key = ArtefactKey::new(Box::new([1; 32]).into());
        let config = SandboxConfig { slots: 8, ..SandboxConfig::new(folder.path().join("artefacts"), key, worker) };
        let sandbox = Sandbox::new(config).unwrap();
        let app = application(folder.path(), &folder.path().join("first.db"), &sandbox, 0).await;
        let facts = Arc::new(furnish(&app).await);
        app.close().await;
        Self { folder, sandbox, facts, copies: AtomicU64::new(1) }
    }

    /// A copy, as it is at first.
    pub(crate) async fn world(&self) -> Arc<World> {
        let number = self.copies.fetch_add(1, Ordering::SeqCst);
        let file = self.folder.path().join(format!("{number}.db"));
        fs::copy(self.folder.path().join("first.db"), &file).unwrap();
        let app = application(self.folder.path(), &file, &self.sandbox, number).await;
        Arc::new(World { app, facts: self.facts.clone(), links: Mutex::default(), file })
    }
}

impl World {
    /// Notes a link that was made: whether it is good is a part of what is left.
    pub(crate) fn made(&self, link: SecretString) {
        self.links.lock().unwrap().push(link);
    }

    /// All that is left, without what only says that somebody was refused; the application ends.
    pub(crate) async fn left(&self) -> Value {
        self.app.clone().close().await;
        let facts = self.facts.clone();
        let links = self.links.lock().unwrap().clone();
        let database = Database::open(&DatabaseConfig::Sqlite { path: self.file.clone() }).await.unwrap();
        let read = database.read(move |tx| Ok::<_, StorageError>(dump(tx, &facts, &links)));
        let left = read.await.unwrap();
        database.close().await;
        fs::remove_file(&self.file).unwrap();
        left
    }
}

async fn application(folder: &Path, file: &Path, sandbox: &Sandbox, seed: u64) -> App {
    let config = DatabaseConfig::Sqlite { path: file.to_owned() };
    let database = Database::open(&config).await.unwrap();
    let drawn = AtomicU64::new(0);
    let fill = move |bytes: &mut [u8]| {
        let number = drawn.fetch_add(1, Ordering::SeqCst);
        let digest = Digest::of(format!("{seed} {number}").as_bytes()).to_string();
        bytes.iter_mut().zip(digest.bytes()).for_each(|(byte, drawn)| *byte = drawn);
    };
    let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    App::new(Parts {
        database,
        blobs: Blobs::local(folder.join("blobs")).unwrap(),
        sandbox: sandbox.clone(),
        key: ServerKey::new(SecretBox::new(Box::new([7; 32]))),
        clock: Clock::new(|| {
            Gate::pass();
            NOW
        }),
        rng: Rng::new(fill),
        public_url: "http://localhost:8080".parse().unwrap(),
        cores: 2,
        attachment_limits: AttachmentLimits::default(),
        budget_ceiling: sluice_domain::installation::Budget::CALL,
        limits: sluice_domain::server_limits::ServerLimits::default(),
        fetch: FetchSettings { networks: Vec::new(), tls },
    })
}

pub(crate) fn log_in(email: &str, password: &str, code: Option<String>) -> LogIn {
    LogIn {
        email: email.to_owned(),
        password: password.into(),
        proof: code.map(Proof::Code),
        address: ADDRESS.to_owned(),
        user_agent: String::new(),
    }
}

/// The caller whom a secret shows.
async fn enter(app: &App, credentials: Credentials) -> Caller {
    let request = Request { address: ADDRESS.to_owned(), user_agent: "", method: "POST", path: "/" };
    app.authenticate(credentials, request).await.unwrap()
}

pub(crate) fn install(plugin: PluginId, word: &str) -> Install {
    Install {
        plugin,
        config: words(word),
        mode: Mode::Enforce,
        scope: sluice_domain::installation::Scope::default(),
        failure: sluice_domain::installation::FailurePolicy::default(),
        grants: serde_json::from_value(json!(["http"])).unwrap(),
        budget: None,
        percent: sluice_domain::installation::Percent::ALL,
        http_hosts: serde_json::from_value(json!(["api.example.com"])).unwrap(),
    }
}

pub(crate) fn words(word: &str) -> Value {
    json!({"lists": [{"name": "words", "words": [word], "action": "block"}]})
}

pub(crate) fn draft(text: &str) -> Draft {
    Draft { text: text.to_owned(), attachments: Vec::new(), direction: None, idempotency_key: None }
}

async fn furnish(app: &App) -> Facts {
    use Permission as P;
    let account = app.create_account("Acme").await.unwrap();
    let mut secrets = Vec::new();
    let mut callers = Vec::new();
    for (name, role, given) in [
        ("ada", Role::Administrator, &[][..]),
        ("ben", Role::Administrator, &[]),
        ("sue", Role::Supervisor, &[P::AnswerAll, P::ReviewMessages, P::Assign]),
        ("oli", Role::Operator, &[P::AnswerOwn]),
    ] {
        let email = format!("{name}@acme.example");
        let permissions: Permissions = given.iter().copied().collect();
        let draft =
            PersonDraft { email: email.clone(), name: name.to_owned(), role, permissions, password: FIRST.into() };
        app.create_person(account, draft).await.unwrap();
        let session = app.log_in(log_in(&email, FIRST, None)).await.unwrap();
        secrets.push((name, digest(&session.secret)));
        callers.push(enter(app, Credentials::Session(session.secret)).await);
    }
    let [ada, ben, sue, oli] = <[Caller; 4]>::try_from(callers).unwrap();
    let recovery_codes = enrol(app, &ben).await;
    let other = app.log_in(log_in("ben@acme.example", FIRST, Some(recovery_codes[0].clone()))).await.unwrap();
    let bens_other_session = other.caller.session_id().unwrap();
    secrets.push(("ben again", digest(&other.secret)));
    let draft_of_token = TokenDraft {
        name: "ben's".to_owned(),
        scopes: [P::EditLists, P::AnswerAll, P::ManagePlugins].into_iter().collect(),
        expires_at: None,
    };
    let (token, secret) = app.make_token(&ben, draft_of_token).await.unwrap();
    secrets.push(("ben's token", digest(&secret)));
    let by_bens_token = enter(app, Credentials::Bearer(secret)).await;
    let bens_link = app.make_password_link(&ada, ben.person).await.unwrap().secret;

    let place = app.begin_upload(&ada).unwrap();
    let upload = Upload { component: component("blocked-words"), notes: String::new() };
    let words = app.upload_plugin(&ada, place, upload).await.unwrap().row.id;
    let installation = app.install(&ada, install(words, "alpha")).await.unwrap().id;
    let other_installation = app.install(&ada, install(words, "omega")).await.unwrap().id;
    let chain_version = app.chain_overview(&ada).await.unwrap().version;
    let rule = serde_json::from_value(json!({"what": ["links"], "action": "hold"})).unwrap();
    let filter = app.make_filter_rule(&ada, Mode::Enforce, rule).await.unwrap().0.id;
    let list = ListDraft {
        name: "partners".to_owned().try_into().unwrap(),
        kind: ListKind::Exact,
        description: String::new(),
    };
    let list = app.make_list(&ada, list, None).await.unwrap().id;
    let entry = EntryDraft { value: "one".to_owned(), note: String::new() };
    app.add_list_entries(&ada, list, vec![entry]).await.unwrap();
    let GroupView { group, .. } = app.make_group(&ada, "desk".to_owned(), vec![sue.person]).await.unwrap();
    let client = NewClient { name: "Carla".to_owned(), external_id: None };
    let conversation = app.start_conversation(&oli, client, None).await.unwrap().row.id;
    let held = app.post_message(&oli, conversation, draft("see https://example.com")).await.unwrap().id;
    Facts {
        account,
        ada,
        ben,
        ben_email: "ben@acme.example".to_owned(),
        recovery_codes,
        bens_other_session,
        bens_link,
        bens_token: token.id,
        by_bens_token,
        sue,
        oli,
        words,
        installation,
        other_installation,
        chain_version,
        filter,
        list,
        group: group.id,
        conversation,
        held,
        secrets,
    }
}

/// Gives a person a second factor; what is left of their recovery codes.
async fn enrol(app: &App, caller: &Caller) -> Vec<String> {
    let made = app.begin_totp(caller, FIRST.into(), None).await.unwrap();
    let secret = totp_rs::Secret::try_from_base32(made.secret.expose_secret()).unwrap();
    let totp = totp_rs::Builder::new().with_secret(secret).with_account_name("x").build().unwrap();
    let code = totp.generate(NOW.millis().unsigned_abs() / 1_000).to_string();
    let codes = app.confirm_totp(caller, &code).await.unwrap();
    codes.iter().map(|code| code.expose_secret().to_owned()).collect()
}

/// One of the built plugins.
fn component(name: &str) -> Vec<u8> {
    let own = std::env::current_exe().unwrap();
    let release = own.ancestors().find(|folder| folder.ends_with("release")).expect("a folder `release`");
    let path = release.with_file_name("plugins").join(name).with_extension("wasm");
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}: `make plugins` builds it", path.display()))
}

fn digest(secret: &SecretString) -> Digest {
    Digest::of(secret.expose_secret().as_bytes())
}

fn dump(tx: &mut Tx<'_>, facts: &Facts, links: &[SecretString]) -> Value {
    let links = links.iter().chain([&facts.bens_link]);
    let links: Vec<_> = links
        .map(|link| tx.link_by_secret(digest(link)).unwrap().map(|(_, row)| row.used_at.is_some()))
        .map(|used| used.map_or("gone", |used| if used { "used" } else { "open" }))
        .collect();
    let mut doors = Vec::new();
    for (name, secret) in &facts.secrets {
        let session = tx.session_by_token_hash(*secret, NOW).unwrap().map(|live| json!(live.session.ended));
        let token = tx.api_token_by_hash(*secret, NOW).unwrap().map(|live| json!(live.token.revoked_at.is_some()));
        doors.push(json!({"whose": name, "session": session, "token": token}));
    }
    let account = tx.account_row(facts.account).unwrap().unwrap();
    let mut rows = tx.account(facts.account);
    let people = [&facts.ada, &facts.ben, &facts.sue, &facts.oli].map(|caller| person(&mut rows, caller.person));
    json!({
        "people": people,
        "links": links, "doors": doors, "plugins_on": account.plugins_on,
        "tokens": plain(rows.api_tokens().unwrap().iter().map(|row| json!([row.name, row.scopes])).collect()),
        "installations": installations(&mut rows),
        "filters": plain(rows.filter_rules().unwrap().iter().map(|row| json!([row.mode, row.rule])).collect()),
        "messaging": rows.messaging().unwrap(),
        "lists": lists(&mut rows),
        "groups": plain(rows.groups().unwrap().iter().map(|row| json!(row.name)).collect()),
        "conversation": conversation(&mut rows, facts.conversation),
        "audit": audit(&mut rows),
    })
}

fn person(rows: &mut Account<'_>, id: PersonId) -> Value {
    let PersonRow { email, name, role, permissions, status, password_hash, .. } = rows.person(id).unwrap().unwrap();
    let password = password_hash.map(|hash| password(&hash));
    let factor = rows.second_factor(id).unwrap().map(|factor| factor.is_confirmed());
    json!({
        "email": without_ids(&email), "name": name, "role": role, "permissions": permissions, "status": status,
        "password": password, "factor": factor, "codes": rows.recovery_codes(id).unwrap(),
        "sessions": rows.sessions_of(id, NOW).unwrap().len(),
    })
}

/// Which password has this hash. Most hashes are those of the first account, and each look takes a core for some 20 ms.
fn password(hash: &str) -> Option<&'static str> {
    static KNOWN: Mutex<BTreeMap<String, Option<&'static str>>> = Mutex::new(BTreeMap::new());
    if let Some(password) = KNOWN.lock().unwrap().get(hash) {
        return *password;
    }
    let parsed = PasswordHash::new(hash).unwrap();
    let fits = |known: &&str| Argon2::default().verify_password(known.as_bytes(), &parsed).is_ok();
    let password = [FIRST, OWN, LINKED].into_iter().find(fits);
    KNOWN.lock().unwrap().insert(hash.to_owned(), password);
    password
}

fn installations(rows: &mut Account<'_>) -> Value {
    let all = rows.installations().unwrap();
    all.iter()
        .map(|row| json!([row.mode, row.config, row.grants, row.http_hosts, row.scope, row.percent, row.failure]))
        .collect()
}

fn lists(rows: &mut Account<'_>) -> Value {
    let mut found = Vec::new();
    for list in rows.lists(Before::newest(10)).unwrap() {
        let entries = rows.list_entries(list.id, "", 10).unwrap();
        let values: Vec<_> = entries.into_iter().map(|entry| entry.value).collect();
        found.push(json!([list.name, list.description, list.entries, values]));
    }
    plain(found)
}

fn conversation(rows: &mut Account<'_>, id: ConversationId) -> Value {
    let reader = Reader { person: PersonId::new(NOW, [0; 10]), reach: Reach::All };
    let overview = rows.conversation_overview(id, reader).unwrap().unwrap();
    let messages = rows.messages(id, Page::first(20)).unwrap();
    let messages: Vec<_> = messages
        .iter()
        .map(|row| json!([row.text, row.state, row.review.as_ref().map(|review| (review.outcome, review.edited))]))
        .collect();
    let comments: Vec<_> = rows.comments(id, Page::first(20)).unwrap().into_iter().map(|row| row.text).collect();
    json!({
        "state": overview.row.state, "assigned": [
            overview.row.assignment.person.map(|person| person.to_string()),
            overview.row.assignment.group.map(|group| group.to_string()),
        ],
        "messages": messages, "comments": comments,
    })
}

/// What was done, in its order, without who was refused or came in.
fn audit(rows: &mut Account<'_>) -> Value {
    let entries = rows.audit(&AuditFilter::default(), AuditPage::After(0), 500).unwrap();
    let done = entries.iter().map(|entry| &entry.row).filter(|row| !row.action.contains("refused"));
    done.map(|row| json!([row.action, without_ids(&row.details)])).collect()
}

/// In an order that does not come from identifiers, which are others in each run.
fn plain(mut rows: Vec<Value>) -> Value {
    rows.sort_by_key(Value::to_string);
    Value::Array(rows)
}

/// Identifiers and digests are others in each run.
fn without_ids(text: &str) -> String {
    let mut plain = String::new();
    for part in text.split_inclusive(|c: char| !c.is_ascii_hexdigit()) {
        let word = part.trim_end_matches(|c: char| !c.is_ascii_hexdigit());
        plain += if word.len() == 32 { "*" } else { word };
        plain += &part[word.len()..];
    }
    plain
}
