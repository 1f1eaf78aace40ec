//! An empty database of either kind, and rows to put into it.

use std::{
    collections::BTreeSet,
    future::Future,
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
};

use sluice_domain::{
    address::{AddressAction, AddressRule, Door},
    audit::SealKey,
    content::{Category, Trait},
    digest::Digest,
    filter::{Action, FilterRule, Subject},
    id::{
        AccountId, AddressRuleId, AnswerTemplateId, AttachmentId, AuditId, CatalogueId, ChallengeId, ClientId,
        CommentId, ConversationId, DecisionId, FilterRuleId, GroupId, InstallationId, LinkId, ListId, MessageId,
        PasskeyId, PersonId, PluginId, RequestId, SessionId, SupportGrantId, SupportSessionId, TagId, TokenId,
    },
    installation::{Budget, FailurePolicy, HostName, Mode, Percent, Scope},
    keyed_digest::KeyedDigest,
    list::ListKind,
    message::{Actor, Attachment, Direction, Role},
    permission::{Permission, Permissions, Reach},
    plugin::{Hook, Import, PluginName, Source},
    signature::Signatures,
    time::{Period, Timestamp},
    verdict::{Code, Severity, State},
};
use sluice_storage::{
    AccountRow, AnswerTemplateRow, ApiTokenRow, Assignment, AttachmentRow, AuditRow, ClientRow, ClientUpdate,
    CommentRow, CounterKey, Database, DatabaseConfig, DecisionReader, DecisionRow, Evidence, FilterRuleRow, GroupRow,
    LinkRow, ListEntryRow, ListRow, MessageRow, NewAudit, NewConversation, NewInstallation, NewListEntry, Outcome,
    PersonRow, PersonStatus, PluginRow, Reader, Realm, SessionRow, ShadowVerdict, StorageError, TagRow, TextReader, Tx,
    test_support::{Durability, PostgresCluster},
};

pub(crate) struct Postgres(PostgresCluster);

impl Postgres {
    pub(crate) fn start() -> Self {
        Self(PostgresCluster::start(Durability::Fast))
    }

    pub(crate) fn execute(&self, config: &DatabaseConfig, sql: &str) {
        let DatabaseConfig::Postgres { url } = config else { panic!("not a database of this cluster") };
        self.0.execute(url, sql);
    }
}

pub(crate) struct Fixture<'p> {
    pub(crate) database: Database,
    pub(crate) config: DatabaseConfig,
    postgres: Option<&'p Postgres>,
}

impl<'p> Fixture<'p> {
    pub(crate) async fn sqlite(folder: &Path) -> Self {
        let config = DatabaseConfig::Sqlite { path: folder.join("sluice.db") };
        Self { database: Database::open(&config).await.unwrap(), config, postgres: None }
    }

    pub(crate) async fn postgres(postgres: &'p Postgres) -> Self {
        let config = DatabaseConfig::Postgres { url: postgres.0.database() };
        Self { database: Database::open(&config).await.unwrap(), config, postgres: Some(postgres) }
    }

    /// Does what the program never does.
    pub(crate) fn tamper(&self, sql: &str) {
        match (&self.config, self.postgres) {
            (DatabaseConfig::Sqlite { path }, _) => {
                rusqlite::Connection::open(path).unwrap().execute_batch(sql).unwrap();
            }
            (config @ DatabaseConfig::Postgres { .. }, Some(postgres)) => postgres.execute(config, sql),
            (DatabaseConfig::Postgres { .. }, None) => panic!("a cluster goes with its database"),
        }
    }

    pub(crate) async fn write<T: Send + 'static>(
        &self,
        account: AccountId,
        closure: impl FnOnce(&mut Tx<'_>) -> Result<T, StorageError> + Send + 'static,
    ) -> T {
        self.database.write(Some(account), closure).await.unwrap()
    }

    pub(crate) async fn read<T: Send + 'static>(
        &self,
        closure: impl FnOnce(&mut Tx<'_>) -> Result<T, StorageError> + Send + 'static,
    ) -> T {
        self.database.read(closure).await.unwrap()
    }

    /// An account with one row of everything.
    pub(crate) async fn world(&self) -> World {
        let world = World::new();
        let rows = world.clone();
        self.write(world.account.id, move |tx| rows.insert(tx)).await;
        world
    }
}

pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(future)
}

static NEXT: AtomicU64 = AtomicU64::new(1);

/// A number that was not given before: later ones make later identifiers.
pub(crate) fn number() -> u64 {
    NEXT.fetch_add(1, Ordering::Relaxed)
}

pub(crate) fn time(millis: u64) -> Timestamp {
    Timestamp::from_millis(i64::try_from(millis).unwrap())
}

macro_rules! fresh {
    ($($name:ident: $id:ident)*) => {$(
        pub(crate) fn $name() -> $id {
            $id::new(time(number()), [7; 10])
        }
    )*};
}
fresh! {
    account_id: AccountId
    address_rule_id: AddressRuleId
    attachment_id: AttachmentId
    answer_template_id: AnswerTemplateId
    audit_id: AuditId
    catalogue_id: CatalogueId
    challenge_id: ChallengeId
    client_id: ClientId
    comment_id: CommentId
    conversation_id: ConversationId
    decision_id: DecisionId
    filter_rule_id: FilterRuleId
    group_id: GroupId
    installation_id: InstallationId
    link_id: LinkId
    list_id: ListId
    message_id: MessageId
    passkey_id: PasskeyId
    person_id: PersonId
    plugin_id: PluginId
    request_id: RequestId
    session_id: SessionId
    support_grant_id: SupportGrantId
    support_session_id: SupportSessionId
    tag_id: TagId
    token_id: TokenId
}

pub(crate) fn digest() -> Digest {
    Digest::of(&number().to_le_bytes())
}

pub(crate) fn keyed_digest() -> KeyedDigest {
    digest().to_string().parse().unwrap()
}

pub(crate) fn host(text: &str) -> HostName {
    HostName::try_from(text.to_owned()).unwrap()
}

/// Who sees all decisions.
pub(crate) fn every_decision() -> DecisionReader {
    DecisionReader { messages: Some(reader_of_all()), access: true }
}

/// A counter in force.
pub(crate) fn counter(key: &str) -> CounterKey {
    CounterKey {
        plugin: name("rate-limit"),
        realm: Realm::Live,
        key: Digest::of(key.as_bytes()).to_string().parse().unwrap(),
    }
}

pub(crate) fn name(text: &str) -> PluginName {
    PluginName::try_from(text.to_owned()).unwrap()
}

/// From the beginning to the end.
pub(crate) const ALWAYS: Period = Period { from: Timestamp::from_millis(0), to: Timestamp::from_millis(i64::MAX) };

/// One row of everything that an account owns.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) account: AccountRow,
    pub(crate) person: PersonRow,
    pub(crate) session: SessionRow,
    pub(crate) token: ApiTokenRow,
    pub(crate) link: LinkRow,
    pub(crate) group: GroupRow,
    pub(crate) addresses: AddressRule,
    pub(crate) plugin: PluginRow,
    pub(crate) installation: NewInstallation,
    pub(crate) client: ClientRow,
    pub(crate) conversation: NewConversation,
    pub(crate) decision: DecisionRow,
    pub(crate) message: MessageRow,
    pub(crate) attachment: AttachmentRow,
    pub(crate) filter_rule: FilterRuleRow,
    pub(crate) audit: NewAudit,
    pub(crate) request: RequestId,
    pub(crate) comment: CommentRow,
    pub(crate) tag: TagRow,
    pub(crate) template: AnswerTemplateRow,
    pub(crate) list: ListRow,
    pub(crate) entry: ListEntryRow,
}

impl World {
    pub(crate) fn new() -> Self {
        let person = person();
        let client = ClientRow {
            id: client_id(),
            name: "Ünal".to_owned(),
            external_id: Some(format!("crm-{}", number())),
            created_at: time(2),
            known: ClientUpdate { phone: Some("+49 30 1".to_owned()), ..ClientUpdate::default() },
            tags: Vec::new(),
        };
        let conversation = NewConversation {
            id: conversation_id(),
            client_id: client.id,
            transport: "widget".to_owned(),
            channel: "site".to_owned(),
            assignment: Assignment::default(),
            created_at: time(3),
            activity: 0,
        };
        let decision = decision(conversation.id, Severity::Flag);
        let plugin = plugin(person.id);
        Self {
            account: AccountRow::new(account_id(), "Bakery".to_owned(), time(1)),
            session: SessionRow {
                id: session_id(),
                person_id: person.id,
                token_hash: digest(),
                created_at: time(1),
                expires_at: time(100),
                last_seen_at: time(1),
                address: "192.0.2.1".to_owned(),
                user_agent: "test".to_owned(),
                second_factor: true,
                ended: None,
            },
            token: ApiTokenRow {
                id: token_id(),
                name: "import".to_owned(),
                token_hash: digest(),
                created_by: person.id,
                created_at: time(1),
                scopes: Permissions::NONE.with(Permission::AnswerAll).with(Permission::WriteAsClient),
                expires_at: Some(time(100)),
                last_used_at: None,
                last_used_from: None,
                previous_until: None,
                revoked_at: None,
                made_by: None,
            },
            link: LinkRow {
                id: link_id(),
                person_id: person.id,
                secret_hash: digest(),
                created_at: time(1),
                expires_at: time(100),
                used_at: None,
            },
            addresses: AddressRule {
                id: address_rule_id(),
                net: "192.0.2.0/24".parse().unwrap(),
                action: AddressAction::Allow,
                roles: BTreeSet::from([Role::Operator]),
                doors: BTreeSet::from([Door::LogIn, Door::Token]),
                comment: "the office".to_owned(),
                expires_at: Some(time(9)),
            },
            group: GroupRow { id: group_id(), name: "Sales".to_owned(), created_at: time(2) },
            installation: installation(plugin.id),
            message: message(conversation.id, decision.id, 1),
            attachment: attachment(500),
            filter_rule: filter_rule(),
            audit: NewAudit {
                row: AuditRow {
                    id: audit_id(),
                    at: time(5),
                    actor_id: person.id.to_string(),
                    actor_role: Role::Administrator,
                    action: "plugin.uploaded".to_owned(),
                    target: plugin.id.to_string(),
                    address: "192.0.2.1".to_owned(),
                    details: r#"{"name":"blocked-words"}"#.to_owned(),
                },
                key: SealKey::new([7; 32]),
            },
            request: request_id(),
            comment: comment(conversation.id, person.id, 1),
            tag: tag("urgent"),
            template: template("greeting", Some("hi")),
            list: ListRow { version: 1, entries: 1, ..list("spammers") },
            entry: entry("Ünal"),
            plugin,
            person,
            client,
            conversation,
            decision,
        }
    }

    /// What the installation said of the message in shadow.
    pub(crate) fn shadow(&self) -> ShadowVerdict {
        ShadowVerdict {
            installation: self.installation.id,
            variant: self.installation.config_sha256,
            decision: self.decision.id,
            message: self.message.id,
            conversation: Some(self.conversation.id),
            enforced: Severity::Flag,
            shadow: Severity::Hold,
            failed: true,
        }
    }

    pub(crate) fn insert(&self, tx: &mut Tx<'_>) -> Result<(), StorageError> {
        tx.insert_account(&self.account)?;
        let mut rows = tx.account(self.account.id);
        rows.insert_person(&self.person)?;
        rows.insert_session(&self.session)?;
        rows.insert_api_token(&self.token)?;
        rows.insert_link(&self.link)?;
        rows.insert_address_rule(&self.addresses)?;
        rows.insert_group(&self.group)?;
        rows.set_group_members(self.group.id, &[self.person.id])?;
        rows.put_permission_template("own", self.person.permissions)?;
        rows.insert_plugin(&self.plugin)?;
        rows.insert_installation(&self.installation)?;
        rows.insert_client(&self.client)?;
        rows.insert_conversation(&self.conversation)?;
        rows.insert_decision(&self.decision)?;
        rows.append_event("message", &serde_json::json!({"message": self.message.id}), time(4))?;
        rows.insert_message(&self.message)?;
        rows.insert_attachment(&self.attachment)?;
        rows.insert_filter_rule(&self.filter_rule)?;
        rows.open_request(self.request, self.conversation.id, time(4))?;
        rows.put_reading_mark(self.person.id, self.conversation.id, 1)?;
        rows.insert_comment(&self.comment)?;
        rows.insert_tag(&self.tag)?;
        rows.set_conversation_tags(self.conversation.id, &[self.tag.id])?;
        rows.insert_answer_template(&self.template)?;
        rows.count_shadow(&self.shadow(), time(4))?;
        rows.insert_list(&ListRow { version: 0, entries: 0, ..self.list.clone() })?;
        let ListEntryRow { key, value, note, created_by, created_at } = self.entry.clone();
        rows.add_list_entries(self.list.id, &[NewListEntry { key, value, note }], &created_by, created_at)?;
        rows.add_to_counter(&counter("one"), 5, time(4), time(100))?;
        rows.insert_audit(&self.audit)
    }
}

/// One who reads all conversations.
/// Sees all texts of what it reaches.
pub(crate) fn texts_of(messages: Option<Reader>) -> TextReader {
    TextReader { messages, held: true, blocked: true }
}

pub(crate) fn reader_of_all() -> Reader {
    Reader { person: person_id(), reach: Reach::All }
}

pub(crate) fn person() -> PersonRow {
    PersonRow {
        id: person_id(),
        email: format!("ada{}@example.com", number()),
        name: "Ada".to_owned(),
        role: Role::Supervisor,
        permissions: Permissions::NONE.with(Permission::AnswerGroup),
        status: PersonStatus::Active,
        password_hash: Some("$argon2id$".to_owned()),
        password_changed_at: time(1),
        created_at: time(1),
    }
}

pub(crate) fn plugin(uploaded_by: PersonId) -> PluginRow {
    PluginRow {
        id: plugin_id(),
        name: name("blocked-words"),
        version: "1.2.0-rc.1".parse().unwrap(),
        sha256: digest(),
        size: 100_000,
        summary: "Blocks words.".to_owned(),
        config_schema: "{}".to_owned(),
        hooks: BTreeSet::from([Hook::MessageFilter, Hook::AccessRule]),
        imports: BTreeSet::from([Import::Log]),
        notes: "Finds мат.".to_owned(),
        source: Source::Upload,
        signatures: Signatures::default(),
        uploaded_by,
        created_at: time(2),
    }
}

pub(crate) fn installation(plugin_id: PluginId) -> NewInstallation {
    NewInstallation {
        id: installation_id(),
        plugin_id,
        mode: Mode::Enforce,
        scope: Scope { directions: BTreeSet::from([Direction::Incoming]), ..Scope::default() },
        failure: FailurePolicy::Closed,
        grants: BTreeSet::from([Import::Log, Import::Http]),
        budget: Budget { fuel: 1_000_000, memory: 1 << 20 },
        percent: Percent::try_from(7).expect("a share"),
        http_hosts: BTreeSet::from([host("api.example.com")]),
        config: r#"{"words":["a"]}"#.to_owned(),
        config_sha256: digest(),
        created_at: time(3),
    }
}

pub(crate) fn decision(conversation: ConversationId, severity: Severity) -> DecisionRow {
    DecisionRow {
        id: decision_id(),
        outcome: Outcome::Message(severity),
        shadow: false,
        message_id: Some(message_id()),
        conversation_id: Some(conversation),
        rules: vec![(name("blocked-words"), Outcome::Message(severity))],
        codes: BTreeSet::from([Code::of("card")]),
        author_id: Some("cli_x".to_owned()),
        input: Some(keyed_digest()),
        body: r#"{"verdict":"flag","rules":[]}"#.to_owned(),
        evidence: Evidence::default(),
        created_at: time(4),
    }
}

/// A rule that was made just now, in shadow.
pub(crate) fn filter_rule() -> FilterRuleRow {
    FilterRuleRow {
        id: filter_rule_id(),
        mode: Mode::Shadow,
        rule: FilterRule {
            what: BTreeSet::from([Subject::Links, Subject::Images]),
            scope: Scope { groups: BTreeSet::from([group_id()]), ..Scope::default() },
            action: Action::Hold,
            except_domains: BTreeSet::from(["example.com".to_owned().try_into().unwrap()]),
            only_domains: BTreeSet::new(),
            except_types: BTreeSet::new(),
            only_types: BTreeSet::new(),
            larger_than: Some(5),
            reason: None,
            notice: Some("Нельзя.".to_owned()),
            comment: String::new(),
        },
        created_at: time(1),
        updated_at: time(1),
    }
}

/// A picture that was not sent yet.
pub(crate) fn attachment(size: u64) -> AttachmentRow {
    AttachmentRow {
        attachment: Attachment {
            id: attachment_id(),
            name: "Ünal.png".to_owned(),
            declared_type: "image/jpeg".to_owned(),
            detected_type: "image/png".to_owned(),
            category: Category::Image,
            traits: BTreeSet::from([Trait::Polyglot]),
            size,
            sha256: digest(),
        },
        direction: Direction::Incoming,
        conversation_id: None,
        message_id: None,
        uploaded_by: "tok_x".to_owned(),
        created_at: time(8_000),
    }
}

pub(crate) fn message(conversation_id: ConversationId, decision_id: DecisionId, seq: i64) -> MessageRow {
    MessageRow {
        id: message_id(),
        conversation_id,
        seq,
        direction: Direction::Incoming,
        author: Actor { id: "cli_x".to_owned(), role: Role::Client, name: "Ünal".to_owned() },
        text: "Grüße 🚰".to_owned(),
        state: State::Delivered,
        reason: None,
        attachments: Vec::new(),
        notice: None,
        review: None,
        held_until: None,
        delivered_seq: Some(seq),
        decision_id,
        created_at: time(4),
    }
}

pub(crate) fn comment(conversation_id: ConversationId, person_id: PersonId, seq: i64) -> CommentRow {
    CommentRow {
        id: comment_id(),
        conversation_id,
        seq,
        person_id,
        author: Actor { id: person_id.to_string(), role: Role::Operator, name: "Ada".to_owned() },
        text: "Schwieriger Kunde 🚰".to_owned(),
        created_at: time(4),
    }
}

pub(crate) fn tag(label: &str) -> TagRow {
    TagRow {
        id: tag_id(),
        label: label.to_owned(),
        description: "Now".to_owned(),
        color: "#ff0000".parse().unwrap(),
        created_at: time(4),
    }
}

pub(crate) fn template(name: &str, command: Option<&str>) -> AnswerTemplateRow {
    AnswerTemplateRow {
        id: answer_template_id(),
        name: name.to_owned(),
        text: "Good day!".to_owned(),
        command: command.map(str::to_owned),
        created_at: time(4),
    }
}

/// A list of texts, without entries.
pub(crate) fn list(name: &str) -> ListRow {
    ListRow {
        id: list_id(),
        name: name.parse().unwrap(),
        kind: ListKind::Exact,
        description: "Who wastes our time 🚰".to_owned(),
        version: 0,
        entries: 0,
        created_at: time(4),
        updated_at: time(4),
    }
}

/// An entry of one that was made at the same time.
pub(crate) fn entry(value: &str) -> ListEntryRow {
    ListEntryRow {
        key: value.to_lowercase(),
        value: value.to_owned(),
        note: "\"seen\" twice".to_owned(),
        created_by: "per_x".to_owned(),
        created_at: time(4),
    }
}
