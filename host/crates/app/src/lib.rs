//! Sluice's use cases: one function each, permission checked first, then read, decide, write.
//!
//! HTTP is not spoken here, SQL is not written here, and nothing is decided here that `sluice-domain` can decide.

use std::sync::Arc;

use secrecy::ExposeSecret as _;
use sluice_domain::{
    audit::SealKey, installation::Budget, keyed_digest::DigestKey, public_url::PublicUrl, server_limits::ServerLimits,
    time::Timestamp,
};
use sluice_sandbox::Sandbox;
use sluice_storage::{Blobs, Database};
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;
use webauthn_rs::Webauthn;

use crate::{
    access::Admissions,
    bus::Bus,
    chains::Chains,
    door::Doors,
    evaluators::Evaluators,
    fetch::Fetcher,
    passwords::Passwords,
    reads::LongShares,
    refusals::Refusals,
    sealed::Sealer,
    seldom::{MINUTE, Seldom},
    store::Store,
    throttle::Attempts,
    uploads::Uploads,
    workers::Workers,
};

mod access;
pub mod accounts;
pub mod addresses;
pub mod ambient;
pub mod answer_templates;
pub mod attachments;
pub mod audit;
pub mod authenticate;
mod bus;
pub mod caller;
pub mod catalogue;
mod chain;
pub mod chain_versions;
mod chains;
pub mod clients;
pub mod comments;
pub mod comparison;
mod components;
pub mod conversations;
pub mod decisions;
mod door;
mod enabling;
pub mod error;
mod evaluators;
pub mod events;
mod evidence;
mod expiring;
pub mod exports;
mod fetch;
pub mod filters;
pub mod groups;
mod health;
mod housekeeping;
mod idempotency;
mod imports;
pub mod installations;
mod keys;
pub mod library;
pub mod links;
pub mod lists;
pub mod messages;
mod names;
mod new_password;
pub mod own;
pub mod passkeys;
mod passwords;
pub mod people;
pub mod plugins;
pub mod policy;
pub mod preview;
pub mod publishers;
pub mod quotas;
pub mod reading;
mod reads;
mod ready_lists;
mod refusals;
pub mod repeated;
mod requests;
pub mod rerun;
pub mod reviews;
mod sealed;
pub mod search;
pub mod second_factor;
mod secret;
mod seldom;
pub mod sessions;
mod store;
pub mod support;
pub mod switched_off;
pub mod tags;
pub mod templates;
mod throttle;
pub mod tokens;
mod turns;
pub mod typing;
pub mod uploads;
mod workers;

pub use sluice_storage::StorageError;

pub use crate::{
    ambient::{Clock, Rng},
    attachments::AttachmentLimits,
    error::AppError,
    fetch::FetchSettings,
    keys::ServerKey,
};

/// What use cases give of what is stored, and how lists are asked for.
pub mod rows {
    pub use sluice_storage::{
        AccountRow, AnswerTemplateRow, ApiTokenRow, Assigned, Assignment, AttachmentRow, AuditFilter, AuditPart,
        Before, CatalogueRow, ClientFilter, ClientRow, CommentRow, ConversationFilter, ConversationOverview,
        CountFilter, Cursor, DecisionFilter, DecisionRow, FilterRuleRow, GroupRow, InstallationRow, ListEntryRow,
        ListRow, Outcome, Page, PasskeyRow, PersonRow, PersonStatus, PluginRow, PluginUsage, RequestRow, SealedAudit,
        SessionRow, ShadowCount, ShadowDifference, SupportGrantRow, SwitchedOffRow, TagRow,
    };
}

/// Most shadow evaluations that may wait or run at once.
const SHADOWS: usize = 1_024;

/// Everything that the use cases stand on. Cheap to clone.
#[derive(Clone)]
pub struct App {
    inner: Arc<Inner>,
}

struct Inner {
    database: Store,
    blobs: Blobs,
    sandbox: Sandbox,
    audit_key: SealKey,
    digest_key: DigestKey,
    sealer: Sealer,
    public_url: PublicUrl,
    relying_party: Option<Webauthn>,
    clock: Clock,
    rng: Rng,
    bus: Bus,
    chains: Chains,
    doors: Doors,
    admissions: Admissions,
    evaluators: Evaluators,
    long: LongShares,
    passwords: Passwords,
    attempts: Attempts,
    uploads: Uploads,
    workers: Workers,
    files: Uploads,
    forecasts: Uploads,
    previews: Uploads,
    attachment_limits: AttachmentLimits,
    budget_ceiling: Budget,
    limits: ServerLimits,
    fetcher: Arc<Fetcher>,
    seldom: Seldom,
    refusals: Refusals,
    typing: Seldom,
    background: TaskTracker,
    shadows: Arc<Semaphore>,
}

/// What the use cases stand on, made by the binary.
pub struct Parts {
    /// Where rows are kept.
    pub database: Database,
    /// Where components are kept.
    pub blobs: Blobs,
    /// Where plugins run.
    pub sandbox: Sandbox,
    /// The server's own secret.
    pub key: ServerKey,
    /// What time it is.
    pub clock: Clock,
    /// Where randomness comes from.
    pub rng: Rng,
    /// Under which URL people reach the server.
    pub public_url: PublicUrl,
    /// How many calls of plugins may run at once; the machine's cores.
    pub cores: usize,
    /// How much accounts may upload.
    pub attachment_limits: AttachmentLimits,
    /// The most that one call of a plugin may use; installations may have less.
    pub budget_ceiling: Budget,
    /// Limits of what everybody shares.
    pub limits: ServerLimits,
    /// Where plugins' requests may go.
    pub fetch: FetchSettings,
}

impl App {
    /// Puts the parts together.
    pub fn new(parts: Parts) -> Self {
        let Parts {
            database,
            blobs,
            sandbox,
            key,
            clock,
            rng,
            public_url,
            cores,
            attachment_limits,
            budget_ceiling,
            limits,
            fetch,
        } = parts;
        // Turns are measured as processor time is: a clock that is set must not change whose turn it is.
        let passwords = Passwords::new(&limits, &Clock::since_now(), &rng);
        Self {
            inner: Arc::new(Inner {
                database: Store::new(database, clock.clone()),
                blobs,
                sandbox,
                sealer: Sealer::new(&key.derive("sealed secrets")),
                relying_party: passkeys::relying_party(&public_url),
                public_url,
                audit_key: SealKey::new(*key.derive("audit").expose_secret()),
                digest_key: DigestKey::new(*key.derive("keyed digests").expose_secret()),
                clock,
                rng,
                bus: Bus::default(),
                chains: Chains::default(),
                doors: Doors::default(),
                admissions: Admissions::default(),
                evaluators: Evaluators::new(cores),
                long: LongShares::new(&limits),
                passwords,
                attempts: Attempts::default(),
                uploads: Uploads::of_components(),
                workers: Workers::new(&limits),
                files: Uploads::of_attachments(),
                forecasts: Uploads::of_forecasts(),
                previews: Uploads::of_previews(),
                attachment_limits,
                budget_ceiling,
                fetcher: Arc::new(Fetcher::new(fetch)),
                seldom: Seldom::every(MINUTE),
                refusals: Refusals::new(limits.refusals_written_per_account),
                typing: Seldom::every(typing::PAUSE_MILLIS),
                background: TaskTracker::new(),
                limits,
                shadows: Arc::new(Semaphore::new(SHADOWS)),
            }),
        }
    }

    /// Whether the database answers, and takes writes.
    ///
    /// # Errors
    /// [`AppError::Storage`] with [`StorageError::Unavailable`] when it does not.
    pub async fn ready(&self) -> Result<(), AppError> {
        self.inner.database.ready().await.map_err(|error| match error {
            StorageError::Unavailable { .. } => error.into(),
            other => StorageError::Unavailable { reason: other.to_string() }.into(),
        })
    }

    /// Finishes what was accepted: shadow installations that still run, then the writes in the queue.
    pub async fn close(self) {
        self.inner.background.close();
        self.inner.background.wait().await;
        self.inner.database.clone().close().await;
    }

    /// Under which URL people reach the server.
    pub fn public_url(&self) -> &PublicUrl {
        &self.inner.public_url
    }

    /// Limits of what everybody on this server shares.
    pub fn limits(&self) -> &ServerLimits {
        &self.inner.limits
    }

    fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    fn random(&self) -> [u8; 10] {
        self.inner.rng.bytes()
    }
}
