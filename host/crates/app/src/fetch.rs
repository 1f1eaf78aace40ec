//! HTTP requests to other servers that plugins ask for: to named hosts, by HTTPS, never into somebody's own network.
//!
//! Which hosts an installation names, whether it may ask at all, and what becomes of the answer is not decided here.

use std::{
    collections::BTreeSet,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use ipnet::IpNet;
use reqwest::{Response, StatusCode, header, redirect::Policy};
use sluice_domain::{
    address,
    id::AccountId,
    import::{HttpMethod, HttpRequest, HttpResponse, Refusal},
    limits, public_address,
};
use tokio_rustls::rustls::ClientConfig;
use url::{Host, Url};

use crate::uploads::{UploadPlace, Uploads};

mod outgoing;
mod resolver;
#[cfg(test)]
mod tests;

use outgoing::Outgoing;
use resolver::{Checked, Resolver};

/// How often one request is sent on to where an answer points.
const REDIRECTS: usize = 3;
/// Longest header of an answer that a plugin is told, in bytes.
const ANSWER_HEADER_BYTES: usize = 1_024;
/// As what requests go out.
const USER_AGENT: &str = concat!("sluice-plugin/", env!("CARGO_PKG_VERSION"));

/// What whoever runs the server says of plugins' requests.
pub struct FetchSettings {
    /// Networks of one's own that plugins may reach; usually none. Hosts in them may be written as addresses too.
    pub networks: Vec<IpNet>,
    /// Whom requests trust.
    pub tls: ClientConfig,
}

/// Sends plugins' requests.
pub(crate) struct Fetcher {
    networks: Vec<IpNet>,
    tls: ClientConfig,
    resolver: Resolver,
    places: Uploads,
}

impl Fetcher {
    pub(crate) fn new(settings: FetchSettings) -> Self {
        let FetchSettings { networks, mut tls } = settings;
        // What is asked for once needs no second protocol.
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        let networks = networks.into_iter().map(address::folded).collect();
        Self { networks, tls, resolver: Resolver::System, places: Uploads::of_fetches() }
    }

    /// Sends a request to one of `hosts`, each a name in lower case, international ones in their `xn--` form, with `:port` where it is not
    /// 443. Waits for the whole answer, `deadline` long at most, looking up the name included. At most 3 redirects are followed, each to
    /// one of the hosts too; the fourth is the answer. Headers of the connection are left out, and towards another host all that may be
    /// meant for the first.
    ///
    /// # Errors
    /// [`Refusal::TooLarge`] for what is beyond the contract's limits or no header; [`Refusal::Busy`] when the account has 8 requests
    /// running or the server 64; [`Refusal::HostNotAllowed`], [`Refusal::AddressNotAllowed`], [`Refusal::Unreachable`] and
    /// [`Refusal::TimedOut`].
    pub(crate) async fn fetch(
        &self,
        account: AccountId,
        hosts: &BTreeSet<String>,
        request: &HttpRequest,
        deadline: Duration,
    ) -> Result<HttpResponse, Refusal> {
        let outgoing = Outgoing::of(request)?;
        let place = Arc::new(self.places.begin(account).ok_or(Refusal::Busy)?);
        let answer = self.follow(hosts, outgoing, &place);
        tokio::time::timeout(deadline, answer).await.unwrap_or(Err(Refusal::TimedOut))
    }

    async fn follow(
        &self,
        hosts: &BTreeSet<String>,
        mut outgoing: Outgoing,
        place: &Arc<UploadPlace>,
    ) -> Result<HttpResponse, Refusal> {
        let mut left = REDIRECTS;
        loop {
            let addresses = self.addresses(named(&outgoing.url, hosts)?, place).await?;
            let response = self.send(&outgoing, addresses).await?;
            match next(&outgoing.url, &response) {
                Some(url) if left > 0 => outgoing.redirect(response.status(), url)?,
                Some(_) | None => return read(response).await,
            }
            left -= 1;
        }
    }

    /// Where a host is, when a plugin may reach all of it. Asked for each connection, which then goes to these and nowhere else.
    async fn addresses(&self, host: Host<&str>, place: &Arc<UploadPlace>) -> Result<Vec<IpAddr>, Refusal> {
        let addresses = match host {
            Host::Domain(name) => self.resolver.look_up(name, place).await?,
            // No name, no certificate that says whose it is: only for those who run what is there.
            Host::Ipv4(address) if self.is_own(address.into()) => vec![address.into()],
            Host::Ipv6(address) if self.is_own(address.into()) => vec![address.into()],
            Host::Ipv4(_) | Host::Ipv6(_) => return Err(Refusal::AddressNotAllowed),
        };
        if addresses.is_empty() {
            return Err(Refusal::Unreachable);
        }
        // All of them: of a name that points inside as well as outside, nobody can tell what it is for.
        let allowed = |address: &IpAddr| public_address::is_public(*address) || self.is_own(*address);
        if addresses.iter().all(allowed) { Ok(addresses) } else { Err(Refusal::AddressNotAllowed) }
    }

    fn is_own(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.networks.iter().any(|network| network.contains(&address))
    }

    /// On a connection of its own: none is kept that another account, or the same name at another address, could come upon.
    async fn send(&self, outgoing: &Outgoing, addresses: Vec<IpAddr>) -> Result<Response, Refusal> {
        let addresses = addresses.into_iter().map(|address| SocketAddr::new(address, 0)).collect();
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(self.tls.clone())
            .dns_resolver(Arc::new(Checked(addresses)))
            .redirect(Policy::none())
            .retry(reqwest::retry::never())
            .pool_max_idle_per_host(0)
            .user_agent(USER_AGENT)
            .https_only(true)
            .referer(false)
            .http1_only()
            .no_proxy()
            .build();
        let client = client.map_err(|error| {
            tracing::error!(%error, "a client for a plugin's request cannot be made");
            Refusal::Unreachable
        })?;
        let request = match outgoing.method {
            HttpMethod::Get => client.get(outgoing.url.clone()),
            HttpMethod::Post => client.post(outgoing.url.clone()).body(outgoing.body.clone()),
        };
        request.headers(outgoing.headers.clone()).send().await.map_err(|_| Refusal::Unreachable)
    }
}

/// The host of a URL, when it may be asked.
fn named<'u>(url: &'u Url, hosts: &BTreeSet<String>) -> Result<Host<&'u str>, Refusal> {
    let plain = url.scheme() == "https" && url.username().is_empty() && url.password().is_none();
    let (Some(host), Some(name), true) = (url.host(), url.host_str(), plain) else {
        return Err(Refusal::HostNotAllowed);
    };
    let is_named = match url.port() {
        // The one of HTTPS.
        None => hosts.contains(name) || hosts.contains(&format!("{name}:443")),
        Some(port) => hosts.contains(&format!("{name}:{port}")),
    };
    if is_named { Ok(host) } else { Err(Refusal::HostNotAllowed) }
}

/// Where an answer points, if it is a redirect.
fn next(url: &Url, response: &Response) -> Option<Url> {
    match response.status() {
        StatusCode::MOVED_PERMANENTLY
        | StatusCode::FOUND
        | StatusCode::SEE_OTHER
        | StatusCode::TEMPORARY_REDIRECT
        | StatusCode::PERMANENT_REDIRECT => url.join(response.headers().get(header::LOCATION)?.to_str().ok()?).ok(),
        _ => None,
    }
}

/// The whole answer, as it was sent: nothing is unpacked.
async fn read(mut response: Response) -> Result<HttpResponse, Refusal> {
    let announced = response.content_length().unwrap_or(0);
    if announced > limits::HTTP_RESPONSE_BYTES as u64 {
        return Err(Refusal::TooLarge);
    }
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(|_| Refusal::Unreachable)? {
        if body.len().saturating_add(piece.len()) > limits::HTTP_RESPONSE_BYTES {
            return Err(Refusal::TooLarge);
        }
        body.extend_from_slice(&piece);
    }
    let told = [header::CONTENT_TYPE, header::RETRY_AFTER].into_iter().filter_map(|name| {
        let value = response.headers().get(&name)?.to_str().ok()?;
        (value.len() <= ANSWER_HEADER_BYTES).then(|| (name.as_str().to_owned(), value.to_owned()))
    });
    Ok(HttpResponse { status: response.status().as_u16(), headers: told.collect(), body })
}
