//! What is configured of the requests that plugins make to other servers. Nothing is read from disk here.

use std::path::PathBuf;

use anyhow::Context as _;
use ipnet::IpNet;
use sluice_domain::address;

/// Options about plugins' requests.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct PluginHttpArgs {
    /// Networks of your own that plugins may reach by HTTPS, where an account grants `http` and names the host [default: none].
    #[arg(long, env = "SLUICE_PLUGIN_HTTP_NETWORKS", value_name = "NETWORKS", value_delimiter = ',')]
    pub(super) plugin_http_networks: Option<Vec<String>>,
    /// A PEM file of authorities that plugins' requests trust beside those that the machine trusts.
    #[arg(long, env = "SLUICE_PLUGIN_HTTP_CA", value_name = "FILE")]
    pub(super) plugin_http_ca: Option<PathBuf>,
}

impl PluginHttpArgs {
    /// These, and where they say nothing, the others.
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            plugin_http_networks: self.plugin_http_networks.or(other.plugin_http_networks),
            plugin_http_ca: self.plugin_http_ca.or(other.plugin_http_ca),
        }
    }
}

/// Where plugins' requests may go beside the Internet, and whom they trust.
#[derive(Debug, Default)]
pub(crate) struct PluginHttp {
    pub(crate) networks: Vec<IpNet>,
    pub(crate) authorities: Option<PathBuf>,
}

impl PluginHttp {
    pub(super) fn new(args: PluginHttpArgs) -> anyhow::Result<Self> {
        let written = args.plugin_http_networks.unwrap_or_default();
        let networks = written.iter().map(String::as_str).map(network).collect::<Result<_, _>>();
        let networks = networks.context("SLUICE_PLUGIN_HTTP_NETWORKS")?;
        Ok(Self { networks, authorities: args.plugin_http_ca })
    }
}

fn network(text: &str) -> anyhow::Result<IpNet> {
    let text = text.trim();
    address::network(text).with_context(|| format!("`{text}` is no network"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn networks(written: &str) -> anyhow::Result<PluginHttp> {
        let plugin_http_networks = Some(written.split(',').map(str::to_owned).collect());
        PluginHttp::new(PluginHttpArgs { plugin_http_networks, ..PluginHttpArgs::default() })
    }

    #[test]
    fn plugins_reach_no_network_that_is_not_named() {
        assert_eq!(PluginHttp::new(PluginHttpArgs::default()).expect("configured").networks, []);
        let named = networks("10.1.0.0/16, fd00::1").expect("configured").networks;
        assert_eq!(named.iter().map(IpNet::to_string).collect::<Vec<_>>(), ["10.1.0.0/16", "fd00::1/128"]);
    }

    #[test]
    fn what_is_no_network_is_an_error_that_says_what_to_write() {
        let error = networks("crm.internal").expect_err("refused");
        assert!(format!("{error:#}").contains("write 10.0.0.0/8"), "{error:#}");
    }
}
