//! Two demo accounts, one with the example plugins and one without, and the example plugins in the catalogue, made once.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsStr,
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use anyhow::Context;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};
use sluice_app::{
    App, AppError,
    accounts::PersonDraft,
    authenticate::{Credentials, Request},
    caller::Caller,
    catalogue::Publication,
    installations::Install,
};
use sluice_domain::{
    catalogue::PublishedTo,
    id::{AccountId, CatalogueId},
    installation::{FailurePolicy, Mode, Percent, Scope},
    message::Role,
    permission::TEMPLATES,
};

/// The example plugins in the order of the chain, with the configuration of the demo. Its office is always open: nobody who tries the demo
/// is kept out for the time of day.
const PLUGINS: [(&str, &str); 3] = [
    ("blocked-words", include_str!("../demo/blocked-words.json")),
    ("sensitive-data", include_str!("../demo/sensitive-data.json")),
    ("office-hours", include_str!("../demo/office-hours.json")),
];

/// Built for tests, and of no use to anybody else.
const OF_TESTS: [&str; 2] = ["hostile-plugins", "asking-plugin"];

/// Makes the demo accounts unless `demo.json` says that they are there, and writes into it where the server is reached.
pub(crate) async fn demo(app: &App, plugins: &Path, data: &Path) -> anyhow::Result<()> {
    let path = data.join("demo.json");
    let url = json!(app.public_url().as_str());
    let mut demo = match std::fs::read(&path) {
        Ok(bytes) => serde_json::from_slice::<Map<String, Value>>(&bytes)
            .with_context(|| format!("reading {}", path.display()))?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => seed(app, plugins).await?,
        Err(error) => return Err(error).with_context(|| format!("reading {}", path.display())),
    };
    if demo.get("url") != Some(&url) {
        let is_new = demo.insert("url".to_owned(), url).is_none();
        let written = write_private(&path, &serde_json::to_vec_pretty(&demo)?);
        match written {
            // Who is in it is right, and the server is reached: a full disk is no reason not to serve.
            Err(error) if !is_new => {
                tracing::warn!(%error, "{} keeps the URL of an earlier start: make room on the disk", path.display());
            }
            written => written.with_context(|| {
                format!("writing the demo accounts' passwords to {}, without which nobody can use them: make room on the disk, remove the demo with its data, and start again", path.display())
            })?,
        }
    }
    Ok(())
}

async fn seed(app: &App, plugins: &Path) -> anyhow::Result<Map<String, Value>> {
    let catalogue = catalogue(app, plugins).await?;
    let (account, mut demo) = account(app, "Demo", "demo.example").await?;
    let secret = demo["administrator"]["api_token"].as_str().unwrap_or_default().to_owned();
    let request = Request { address: "127.0.0.1".to_owned(), user_agent: "", method: "POST", path: "/api/v1/plugins" };
    let administrator = app.authenticate(Credentials::Bearer(SecretString::from(secret)), request).await?;
    for (name, config) in PLUGINS {
        let entry = catalogue
            .get(name)
            .with_context(|| format!("finding {name}.wasm in {}: `make plugins` builds it", plugins.display()))?;
        install(app, &administrator, *entry, config)
            .await
            .with_context(|| format!("installing {name} in the demo account"))?;
    }
    let (_, without) = self::account(app, "Demo without plugins", "plain.example").await?;
    demo.insert("without_plugins".to_owned(), Value::Object(without));
    tracing::info!(%account, "demo accounts are ready");
    Ok(demo)
}

/// Publishes every built plugin to all accounts; the entries by the names of the files.
async fn catalogue(app: &App, plugins: &Path) -> anyhow::Result<BTreeMap<String, CatalogueId>> {
    let reading = || format!("reading {}: `make plugins` makes what is in it", plugins.display());
    let mut entries = BTreeMap::new();
    for file in std::fs::read_dir(plugins).with_context(reading)? {
        let path = file.with_context(reading)?.path();
        let name = path.file_stem().and_then(OsStr::to_str).unwrap_or_default().to_owned();
        if path.extension() != Some(OsStr::new("wasm")) || OF_TESTS.iter().any(|test| name == *test) {
            continue;
        }
        let component = std::fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
        let publication = Publication { component, notes: String::new(), to: PublishedTo::Everybody };
        let published = match app.publish_from_command(publication.clone()).await {
            // Of an earlier build, in a folder whose demo.json was lost.
            Err(AppError::VersionExists { name, version }) => {
                let all = app.catalogue_for_command().await?;
                for (earlier, _) in all.iter().filter(|(row, _)| row.name == name && row.version == version) {
                    app.withdraw_from_command(earlier.id).await?;
                }
                app.publish_from_command(publication).await
            }
            published => published,
        };
        let entry = published.with_context(|| format!("publishing {} in the catalogue", path.display()))?;
        entries.insert(name, entry.id);
    }
    Ok(entries)
}

async fn install(app: &App, caller: &Caller, entry: CatalogueId, config: &str) -> anyhow::Result<()> {
    let plugin = app.take(caller, entry).await?.row;
    let install = Install {
        plugin: plugin.id,
        config: serde_json::from_str(config).context("the demo's configuration")?,
        mode: Mode::Enforce,
        scope: Scope::default(),
        failure: FailurePolicy::Closed,
        grants: BTreeSet::new(),
        budget: None,
        percent: Percent::ALL,
        http_hosts: BTreeSet::new(),
    };
    app.install(caller, install).await.map(drop).map_err(|error| match error {
        AppError::Configuration(errors) => anyhow::anyhow!("its configuration is refused: {errors:?}"),
        other => other.into(),
    })
}

async fn account(app: &App, name: &str, domain: &str) -> anyhow::Result<(AccountId, Map<String, Value>)> {
    // After a start that was cut short, or when demo.json was lost, nobody knows the passwords of those that are there.
    let earlier = app.accounts().await?.iter().filter(|account| account.name == name).count();
    let domain = if earlier == 0 { domain.to_owned() } else { format!("{}.{domain}", earlier + 1) };
    let id = app.create_account(name).await?;
    let mut people = Map::new();
    for (key, role, template, name) in [
        ("administrator", Role::Administrator, None, "Ada"),
        ("supervisor", Role::Supervisor, Some("supervisor"), "Sam"),
        ("operator", Role::Operator, Some("operator-of-all"), "Olga"),
    ] {
        let given = TEMPLATES.iter().filter(|given| Some(given.name) == template).flat_map(|given| given.permissions);
        let email = format!("{key}@{domain}");
        let mut bytes = [0; 12];
        getrandom::fill(&mut bytes)?;
        let password: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let draft = PersonDraft {
            email: email.clone(),
            name: name.to_owned(),
            role,
            permissions: given.copied().collect(),
            password: SecretString::from(password.clone()),
        };
        let (_, token) = app.create_person(id, draft).await.with_context(|| format!("making {email}"))?;
        people
            .insert(key.to_owned(), json!({"email": email, "password": password, "api_token": token.expose_secret()}));
    }
    Ok((id, people))
}

/// Replaces a file that only this user can read.
fn write_private(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let draft = path.with_extension("json.new");
    let write = || {
        let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
        file.write_all(content)?;
        file.sync_all()?;
        std::fs::rename(&draft, path)
    };
    // Half of a file helps nobody, and takes room.
    write().inspect_err(|_| _ = std::fs::remove_file(&draft))
}
