//! Puts the parts of the application together, to serve it or to do one thing from the command line.

use anyhow::Context;
use sluice_app::{App, Clock, FetchSettings, Parts, Rng, ServerKey};
use sluice_domain::{public_url::PublicUrl, time::Timestamp};
use sluice_sandbox::{ArtefactKey, Sandbox, SandboxConfig, WorkerCommand};
use sluice_storage::{Blobs, Database};

use crate::{
    config::{Config, StoreArgs},
    key_file,
    private::{keep_to_ourselves, private_folder},
    trust,
};

/// The application over the database, the folders and the key that the configuration names; what is not there is made.
pub(crate) async fn compose(config: &Config, public_url: PublicUrl) -> anyhow::Result<App> {
    keep_to_ourselves();
    private_folder(&config.data)?;
    private_folder(&config.blobs)?;
    let database = Database::open(&config.database).await.context("opening the database")?;
    let blobs = Blobs::local(&config.blobs).context("opening the folder of components")?;
    let key = ServerKey::new(key_file::load_or_create(&config.key)?);
    let program = std::env::current_exe().context("finding this program, which runs again as the compile worker")?;
    let worker = WorkerCommand { program, args: vec!["worker".into()] };
    let artefact_key = ArtefactKey::new(key.derive("artefacts"));
    let sandbox = SandboxConfig {
        trial_bytes: config.limits.trial_bytes,
        ..SandboxConfig::new(config.data.join("artefacts"), artefact_key, worker)
    };
    let sandbox = Sandbox::new(sandbox).context("starting the sandbox")?;
    Ok(App::new(Parts {
        database,
        blobs,
        sandbox,
        key,
        clock: Clock::new(|| Timestamp::from_millis(since_epoch())),
        rng: Rng::new(|bytes| getrandom::fill(bytes).expect("the system gives random numbers")),
        public_url,
        attachment_limits: config.attachments,
        budget_ceiling: config.budget,
        limits: config.limits.clone(),
        fetch: FetchSettings {
            networks: config.plugin_http.networks.clone(),
            tls: trust::client_config(config.plugin_http.authorities.as_deref())?,
        },
        cores: std::thread::available_parallelism().map_or(2, usize::from),
    }))
}

/// The same, with the audit logs sealed that were kept before their ends were.
pub(crate) async fn compose_and_seal(config: &Config, public_url: PublicUrl) -> anyhow::Result<App> {
    let app = compose(config, public_url).await?;
    app.seal_audit_logs().await.context("sealing audit logs")?;
    Ok(app)
}

/// The application for a command that does one thing with it, also beside a running server.
pub(crate) async fn for_command(store: &StoreArgs) -> anyhow::Result<App> {
    let config = Config::of_store(store)?;
    compose_and_seal(&config, config.public_url(config.listen)?).await
}

/// The application for a command that looks whether something is as it was written, and so writes nothing.
pub(crate) async fn for_look(store: &StoreArgs) -> anyhow::Result<App> {
    let config = Config::of_store(store)?;
    compose(&config, config.public_url(config.listen)?).await
}

fn since_epoch() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_millis()).unwrap_or(i64::MAX)
}
