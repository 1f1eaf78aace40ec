//! What is configured of HTTPS: certificates, proxies, and what of it goes together. Nothing is read from disk here.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail, ensure};
use ipnet::IpNet;
use rustls_acme::acme::LETS_ENCRYPT_PRODUCTION_DIRECTORY;
use sluice_domain::{
    address,
    forwarding::{ForwardedHeader, Proxies},
    public_url::PublicUrl,
};
use sluice_web::Transport;

#[cfg(test)]
mod tests;

/// Options about certificates and proxies.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct HttpsArgs {
    /// Serve HTTPS with this certificate: a PEM file with those between it and the authority behind it. Read again when it changes.
    #[arg(long, env = "SLUICE_TLS_CERTIFICATE", value_name = "FILE")]
    pub(super) tls_certificate: Option<PathBuf>,
    /// The certificate's private key, a PEM file.
    #[arg(long, env = "SLUICE_TLS_KEY", value_name = "FILE")]
    pub(super) tls_key: Option<PathBuf>,
    /// Serve HTTPS with a certificate for these names, which an ACME authority gives (TLS-ALPN-01: it connects to port 443).
    #[arg(long, env = "SLUICE_ACME_DOMAINS", value_name = "NAMES", value_delimiter = ',')]
    pub(super) acme_domains: Option<Vec<String>>,
    /// E-mail addresses that the authority may write to.
    #[arg(long, env = "SLUICE_ACME_CONTACT", value_name = "ADDRESSES", value_delimiter = ',')]
    pub(super) acme_contact: Option<Vec<String>>,
    /// Folder of what the authority gave [default: `acme` in the data folder].
    #[arg(long, env = "SLUICE_ACME_CACHE", value_name = "FOLDER")]
    pub(super) acme_cache: Option<PathBuf>,
    /// The authority's directory [default: Let's Encrypt's]. The machine must trust its certificate.
    #[arg(long, env = "SLUICE_ACME_DIRECTORY", value_name = "URL")]
    pub(super) acme_directory: Option<String>,
    /// Networks of the proxies in front, whose word is taken for where a request comes from.
    #[arg(long, env = "SLUICE_TRUSTED_PROXIES", value_name = "NETWORKS", value_delimiter = ',')]
    pub(super) trusted_proxies: Option<Vec<String>>,
    /// The header in which they say so: `x-forwarded-for` or `forwarded` [default: x-forwarded-for].
    #[arg(long, env = "SLUICE_FORWARDED_HEADER", value_name = "HEADER")]
    pub(super) forwarded_header: Option<String>,
}

impl HttpsArgs {
    /// These, and where they say nothing, the others.
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            tls_certificate: self.tls_certificate.or(other.tls_certificate),
            tls_key: self.tls_key.or(other.tls_key),
            acme_domains: self.acme_domains.or(other.acme_domains),
            acme_contact: self.acme_contact.or(other.acme_contact),
            acme_cache: self.acme_cache.or(other.acme_cache),
            acme_directory: self.acme_directory.or(other.acme_directory),
            trusted_proxies: self.trusted_proxies.or(other.trusted_proxies),
            forwarded_header: self.forwarded_header.or(other.forwarded_header),
        }
    }
}

/// How the server is reached.
#[derive(Debug, Default)]
pub(crate) struct Https {
    pub(crate) certificates: Certificates,
    pub(crate) proxies: Proxies,
}

/// Where certificates come from.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) enum Certificates {
    /// There are none: plain HTTP.
    #[default]
    None,
    Files(CertificateFiles),
    Acme(Acme),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CertificateFiles {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Acme {
    /// At least one.
    pub(crate) domains: Vec<String>,
    /// As `mailto:` URLs.
    pub(crate) contact: Vec<String>,
    pub(crate) cache: PathBuf,
    pub(crate) directory: String,
}

impl Https {
    pub(super) fn new(args: HttpsArgs, data: &Path) -> anyhow::Result<Self> {
        let proxies = proxies(args.trusted_proxies.as_deref(), args.forwarded_header.as_deref())?;
        Ok(Self { certificates: certificates(args, data)?, proxies })
    }

    /// How connections to the server itself are to be written in a URL.
    pub(crate) fn scheme(&self) -> &'static str {
        match self.certificates {
            Certificates::None => "http",
            Certificates::Files(_) | Certificates::Acme(_) => "https",
        }
    }

    pub(crate) fn transport(&self) -> Transport {
        match self.certificates {
            Certificates::None if self.proxies.is_empty() => Transport::Local,
            Certificates::None | Certificates::Files(_) | Certificates::Acme(_) => Transport::Encrypted,
        }
    }

    /// Refuses what would send passwords and messages over a network for everybody to read.
    pub(super) fn check(&self, listen: SocketAddr, public_url: Option<&PublicUrl>) -> anyhow::Result<()> {
        match self.transport() {
            Transport::Local => {
                ensure!(
                    listen.ip().to_canonical().is_loopback(),
                    "listening on {listen} would serve plain HTTP to others, who could read passwords and messages: serve HTTPS \
                     with SLUICE_TLS_CERTIFICATE and SLUICE_TLS_KEY or with SLUICE_ACME_DOMAINS, or name the proxies that have \
                     HTTPS in front with SLUICE_TRUSTED_PROXIES, or listen on this machine only with SLUICE_LISTEN=127.0.0.1:{}",
                    listen.port()
                );
                ensure!(
                    public_url.is_none_or(|url| !url.is_https()),
                    "SLUICE_PUBLIC_URL begins with https://, but the server speaks plain HTTP and knows no proxy: name the proxy \
                     with SLUICE_TRUSTED_PROXIES (127.0.0.1 when it is on this machine), or serve HTTPS with \
                     SLUICE_TLS_CERTIFICATE and SLUICE_TLS_KEY or with SLUICE_ACME_DOMAINS"
                );
            }
            Transport::Encrypted => ensure!(
                public_url.is_none_or(PublicUrl::is_https),
                "SLUICE_PUBLIC_URL begins with http://, but people reach the server by HTTPS: begin it with https://"
            ),
        }
        Ok(())
    }

    /// Under which URL people reach the server that listens on `address`, where nobody has said it.
    pub(super) fn url_at(&self, address: SocketAddr) -> anyhow::Result<PublicUrl> {
        let scheme = match self.transport() {
            Transport::Local => "http",
            Transport::Encrypted => "https",
        };
        let url = match &self.certificates {
            Certificates::Acme(Acme { domains, .. }) => format!("{scheme}://{}:{}", domains[0], address.port()),
            Certificates::None | Certificates::Files(_) => format!("{scheme}://{address}"),
        };
        url.parse().with_context(|| format!("making a public URL of {url}: set SLUICE_PUBLIC_URL"))
    }
}

fn certificates(args: HttpsArgs, data: &Path) -> anyhow::Result<Certificates> {
    let HttpsArgs { tls_certificate, tls_key, acme_domains, acme_contact, acme_cache, acme_directory, .. } = args;
    let files = match (tls_certificate, tls_key) {
        (Some(certificate), Some(key)) => Some(CertificateFiles { certificate, key }),
        (None, None) => None,
        (Some(_), None) => bail!("SLUICE_TLS_CERTIFICATE is set and SLUICE_TLS_KEY is not: set both"),
        (None, Some(_)) => bail!("SLUICE_TLS_KEY is set and SLUICE_TLS_CERTIFICATE is not: set both"),
    };
    match (files, acme_domains) {
        (Some(_), Some(_)) => bail!(
            "a certificate in files and one from an ACME authority are both configured: leave out SLUICE_ACME_DOMAINS, or \
             SLUICE_TLS_CERTIFICATE and SLUICE_TLS_KEY"
        ),
        (None, Some(domains)) => {
            let acme = Acme {
                domains: domains.iter().map(|name| domain(name)).collect::<Result<_, _>>()?,
                contact: acme_contact.iter().flatten().map(|address| contact(address)).collect::<Result<_, _>>()?,
                cache: acme_cache.unwrap_or_else(|| data.join("acme")),
                directory: acme_directory.unwrap_or_else(|| LETS_ENCRYPT_PRODUCTION_DIRECTORY.to_owned()),
            };
            ensure!(
                !acme.domains.is_empty(),
                "SLUICE_ACME_DOMAINS is empty: name the server's domains, or leave it out"
            );
            ensure!(
                acme.directory.starts_with("https://"),
                "SLUICE_ACME_DIRECTORY must begin with https://: write the URL that the authority gives for its directory"
            );
            Ok(Certificates::Acme(acme))
        }
        (files, None) => {
            ensure!(
                acme_contact.is_none() && acme_cache.is_none() && acme_directory.is_none(),
                "SLUICE_ACME_CONTACT, SLUICE_ACME_CACHE and SLUICE_ACME_DIRECTORY do nothing without SLUICE_ACME_DOMAINS: set \
                 it, or leave them out"
            );
            Ok(files.map_or(Certificates::None, Certificates::Files))
        }
    }
}

/// A name that an authority can ask for over TLS: no address and no `*` (RFC 8737).
fn domain(text: &str) -> anyhow::Result<String> {
    let name = text.trim();
    let url: Option<PublicUrl> = format!("https://{name}").parse().ok();
    // Without a port, and a name that others could know.
    let plain = url.filter(|url| !url.is_address() && url.as_str() == format!("https://{}", url.host()));
    match plain {
        Some(url) if url.host().contains('.') && !url.host().contains('*') => Ok(url.host().to_owned()),
        _ => bail!(
            "{name:?} in SLUICE_ACME_DOMAINS is no domain that an authority can check: write names such as chat.example.com"
        ),
    }
}

fn contact(text: &str) -> anyhow::Result<String> {
    let address = text.trim().trim_start_matches("mailto:");
    ensure!(
        address.split_once('@').is_some_and(|(name, domain)| !name.is_empty() && !domain.is_empty()),
        "{address:?} in SLUICE_ACME_CONTACT is no e-mail address"
    );
    Ok(format!("mailto:{address}"))
}

fn proxies(trusted: Option<&[String]>, header: Option<&str>) -> anyhow::Result<Proxies> {
    let Some(trusted) = trusted else {
        ensure!(
            header.is_none(),
            "SLUICE_FORWARDED_HEADER does nothing without SLUICE_TRUSTED_PROXIES: set it, or leave it out"
        );
        return Ok(Proxies::default());
    };
    let header: Option<ForwardedHeader> = header.map(str::parse).transpose().context("SLUICE_FORWARDED_HEADER")?;
    let networks = trusted.iter().map(|text| network(text)).collect::<Result<Vec<_>, _>>()?;
    ensure!(!networks.is_empty(), "SLUICE_TRUSTED_PROXIES is empty: name the proxies' networks, or leave it out");
    Ok(Proxies::new(networks, header.unwrap_or_default()))
}

fn network(text: &str) -> anyhow::Result<IpNet> {
    let text = text.trim();
    let network =
        address::network(text).with_context(|| format!("{text:?} in SLUICE_TRUSTED_PROXIES is no network"))?;
    ensure!(
        network.prefix_len() > 0,
        "{text} in SLUICE_TRUSTED_PROXIES is every address: anybody could claim to come from anywhere; name the proxies' own"
    );
    Ok(network)
}
