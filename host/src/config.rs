//! How the server is configured: by options or the environment, else by a TOML file, else by defaults.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use anyhow::{Context, ensure};
use serde::Deserialize;
use sluice_app::AttachmentLimits;
use sluice_domain::{installation::Budget, public_url::PublicUrl, server_limits::ServerLimits};
use sluice_sandbox::MEMORY_CEILING;
use sluice_storage::DatabaseConfig;

mod https;
mod limits;
mod plugin_http;

use https::HttpsArgs;
pub(crate) use https::{Acme, CertificateFiles, Certificates, Https};
use limits::LimitArg;
pub(crate) use limits::table as limits_table;
use plugin_http::{PluginHttp, PluginHttpArgs};

/// Options that say where things are kept, of every command that works with them.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct StoreArgs {
    /// A TOML file with the options as keys (`listen`, `database_url`, …); options and the environment go before it.
    #[arg(long, env = "SLUICE_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Folder of the embedded store [default: ./data].
    #[arg(long, env = "SLUICE_DATA", value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// `postgres://…` to keep rows in PostgreSQL instead of SQLite.
    #[arg(long, env = "SLUICE_DATABASE_URL", value_name = "URL", hide_env_values = true)]
    database_url: Option<String>,
    /// Folder of plugins' components and of attachments [default: `blobs` in the data folder].
    #[arg(long, env = "SLUICE_BLOBS", value_name = "FOLDER")]
    blobs: Option<PathBuf>,
    /// File of the server's key, made when it is not there [default: `server.key` in the data folder]. Servers that share a
    /// database share it.
    #[arg(long, env = "SLUICE_KEY_FILE", value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Largest attachment, in bytes [default: 2 GiB].
    #[arg(long, env = "SLUICE_ATTACHMENT_BYTES", value_name = "BYTES")]
    attachment_bytes: Option<u64>,
    /// All attachments of one account, in bytes [default: 100 GiB].
    #[arg(long, env = "SLUICE_ACCOUNT_ATTACHMENT_BYTES", value_name = "BYTES")]
    account_attachment_bytes: Option<u64>,
    /// Most instructions of one call of a plugin; installations may have less [default: 10,000,000, about 10 ms].
    #[arg(long, env = "SLUICE_PLUGIN_INSTRUCTIONS", value_name = "NUMBER")]
    plugin_instructions: Option<u64>,
    /// Most memory of one call of a plugin, in bytes; installations may have less [default: 16 MiB; at most 64 MiB].
    #[arg(long, env = "SLUICE_PLUGIN_MEMORY", value_name = "BYTES")]
    plugin_memory: Option<usize>,
    /// The URL under which people reach the server [default: made of the address that it listens on].
    #[arg(long, env = "SLUICE_PUBLIC_URL", value_name = "URL")]
    public_url: Option<String>,
    #[command(flatten)]
    plugin_http: PluginHttpArgs,
    /// A limit of what everybody shares, `NAME=NUMBER`; may be given many times. `sluice limits` lists all of them.
    #[arg(long = "limit", env = "SLUICE_LIMITS", value_name = "NAME=NUMBER", value_delimiter = ',')]
    limits: Vec<LimitArg>,
}

/// Options of `sluice serve`.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    store: StoreArgs,
    /// Address and port to listen on [default: 127.0.0.1:8080]; port 0 takes a free one.
    #[arg(long, env = "SLUICE_LISTEN", value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    #[command(flatten)]
    https: HttpsArgs,
    /// Seed two demo accounts once, with the example plugins in this folder.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) demo: Option<PathBuf>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    listen: Option<SocketAddr>,
    data: Option<PathBuf>,
    database_url: Option<String>,
    blobs: Option<PathBuf>,
    key_file: Option<PathBuf>,
    attachment_bytes: Option<u64>,
    account_attachment_bytes: Option<u64>,
    plugin_instructions: Option<u64>,
    plugin_memory: Option<usize>,
    public_url: Option<String>,
    tls_certificate: Option<PathBuf>,
    tls_key: Option<PathBuf>,
    acme_domains: Option<Vec<String>>,
    acme_contact: Option<Vec<String>>,
    acme_cache: Option<PathBuf>,
    acme_directory: Option<String>,
    trusted_proxies: Option<Vec<String>>,
    forwarded_header: Option<String>,
    plugin_http_networks: Option<Vec<String>>,
    plugin_http_ca: Option<PathBuf>,
    #[serde(default)]
    limits: BTreeMap<String, u64>,
}

/// What the server needs to know.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) listen: SocketAddr,
    pub(crate) https: Https,
    /// As it was configured, if it was.
    public_url: Option<PublicUrl>,
    pub(crate) data: PathBuf,
    pub(crate) database: DatabaseConfig,
    pub(crate) blobs: PathBuf,
    pub(crate) key: PathBuf,
    pub(crate) attachments: AttachmentLimits,
    /// The most that one call of a plugin may use.
    pub(crate) budget: Budget,
    pub(crate) plugin_http: PluginHttp,
    /// Of what everybody shares.
    pub(crate) limits: ServerLimits,
}

impl Config {
    pub(crate) fn load(args: &ServeArgs) -> anyhow::Result<Self> {
        let config = Self::new(args.listen, args.https.clone(), &args.store)?;
        config.https.check(config.listen, config.public_url.as_ref())?;
        Ok(config)
    }

    /// For a command that does not listen.
    pub(crate) fn of_store(args: &StoreArgs) -> anyhow::Result<Self> {
        Self::new(None, HttpsArgs::default(), args)
    }

    /// Under which URL people reach the server that listens on `address`.
    pub(crate) fn public_url(&self, address: SocketAddr) -> anyhow::Result<PublicUrl> {
        self.public_url.clone().map_or_else(|| self.https.url_at(address), Ok)
    }

    fn new(listen: Option<SocketAddr>, https: HttpsArgs, args: &StoreArgs) -> anyhow::Result<Self> {
        let file = args.config.as_deref().map_or_else(|| Ok(File::default()), read)?;
        let listen = listen.or(file.listen).unwrap_or_else(|| (Ipv4Addr::LOCALHOST, 8080).into());
        let data = args.data.clone().or(file.data).unwrap_or_else(|| PathBuf::from("data"));
        let blobs = args.blobs.clone().or(file.blobs).unwrap_or_else(|| data.join("blobs"));
        let key = args.key_file.clone().or(file.key_file).unwrap_or_else(|| data.join("server.key"));
        let usual = AttachmentLimits::default();
        let attachments = AttachmentLimits {
            largest: args.attachment_bytes.or(file.attachment_bytes).unwrap_or(usual.largest),
            total: args.account_attachment_bytes.or(file.account_attachment_bytes).unwrap_or(usual.total),
        };
        let budget = Budget {
            fuel: args.plugin_instructions.or(file.plugin_instructions).unwrap_or(Budget::CALL.fuel),
            memory: args.plugin_memory.or(file.plugin_memory).unwrap_or(Budget::CALL.memory),
        };
        let most = Budget { fuel: 10_000_000_000, memory: MEMORY_CEILING };
        ensure!(
            budget.is_within(most),
            "SLUICE_PLUGIN_INSTRUCTIONS is 100,000 to {}, SLUICE_PLUGIN_MEMORY 131,072 to {}",
            most.fuel,
            most.memory
        );
        let public_url = args.public_url.clone().or(file.public_url);
        let public_url = public_url.map(|url| url.parse().context("SLUICE_PUBLIC_URL")).transpose()?;
        let https = https.or(HttpsArgs {
            tls_certificate: file.tls_certificate,
            tls_key: file.tls_key,
            acme_domains: file.acme_domains,
            acme_contact: file.acme_contact,
            acme_cache: file.acme_cache,
            acme_directory: file.acme_directory,
            trusted_proxies: file.trusted_proxies,
            forwarded_header: file.forwarded_header,
        });
        let https = Https::new(https, &data)?;
        let plugin_http = PluginHttp::new(args.plugin_http.clone().or(PluginHttpArgs {
            plugin_http_networks: file.plugin_http_networks,
            plugin_http_ca: file.plugin_http_ca,
        }))?;
        let limits = limits::limits(&args.limits, &file.limits)?;
        let database = match args.database_url.clone().or(file.database_url) {
            None => DatabaseConfig::Sqlite { path: data.join("sluice.db") },
            Some(url) => {
                ensure!(
                    url.starts_with("postgres://") || url.starts_with("postgresql://"),
                    "the database URL must begin with postgres://; leave it out for SQLite"
                );
                DatabaseConfig::Postgres { url }
            }
        };
        Ok(Self { listen, https, public_url, data, database, blobs, key, attachments, budget, plugin_http, limits })
    }
}

fn read(path: &Path) -> anyhow::Result<File> {
    let text = std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    toml::from_str(&text).with_context(|| format!("in {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(config: Option<PathBuf>) -> ServeArgs {
        ServeArgs { store: StoreArgs { config, ..StoreArgs::default() }, ..ServeArgs::default() }
    }

    #[test]
    fn options_go_before_the_file_and_the_file_before_defaults() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("sluice.toml");
        std::fs::write(&path, "listen = \"127.0.0.1:9000\"\ndata = \"elsewhere\"\n").expect("written");
        let mut args = args(Some(path));
        args.listen = Some(([127, 0, 0, 1], 9001).into());
        let config = Config::load(&args).expect("loads");
        assert_eq!(config.listen.port(), 9001);
        assert_eq!(config.blobs, PathBuf::from("elsewhere/blobs"));
    }

    #[test]
    fn a_mistyped_key_is_an_error() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("sluice.toml");
        std::fs::write(&path, "lisen = \"127.0.0.1:9000\"\n").expect("written");
        let error = Config::load(&args(Some(path))).expect_err("refused");
        assert!(format!("{error:#}").contains("`lisen`"), "{error:#}");
    }

    #[test]
    fn another_kind_of_database_is_refused() {
        let store = StoreArgs { database_url: Some("mysql://x".to_owned()), ..StoreArgs::default() };
        let refused = Config::of_store(&store);
        assert!(refused.is_err());
    }
}
