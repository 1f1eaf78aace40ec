//! `sluice serve`: serves, and shuts down in good order.

use std::{
    io::{self, Write as _},
    net::SocketAddr,
    path::Path,
    time::Duration,
};

use anyhow::Context;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use sluice_domain::server_limits::ServerLimits;
use sluice_web::{Serving, Settings, Tls};
use tokio::{
    net::{TcpListener, TcpSocket},
    signal::unix::{SignalKind, signal},
};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

use crate::{
    acme,
    certificate::Followed,
    compose::compose_and_seal,
    config::{Certificates, Config, ServeArgs},
    seed,
};

/// How often a live stream looks for itself.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// How often the certificate's files are looked at.
const RELOAD_EVERY: Duration = Duration::from_secs(10);
/// Connections that wait to be taken: as many as Linux allows where nothing else is set. What is beyond it comes a second later.
const BACKLOG: u32 = 4096;
/// Where an ACME authority connects to (RFC 8737, section 3).
const HTTPS_PORT: u16 = 443;

pub(crate) fn run(args: ServeArgs) -> anyhow::Result<()> {
    tracing_subscriber::fmt().with_env_filter(log_filter()).with_writer(std::io::stderr).init();
    let config = Config::load(&args)?;
    let limits = within_open_files(config.limits.clone());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(serve(config, limits, args.demo.as_deref()))
}

/// What of the log is written: what `SLUICE_LOG` says. What the library for HTTP/2 warns of, strangers cause as often as they like.
fn log_filter() -> EnvFilter {
    let wanted = std::env::var("SLUICE_LOG").unwrap_or_else(|_| "info".to_owned());
    EnvFilter::try_new(format!("h2=error,{wanted}")).unwrap_or_else(|_| EnvFilter::new("h2=error,info"))
}

/// Lets this process have as many open files as the system allows: a connection is one, and so is each plugin that is loaded. There are
/// no more connections than leave files to the rest.
fn within_open_files(limits: ServerLimits) -> ServerLimits {
    let files = getrlimit(Resource::Nofile);
    let mut current = files.current;
    match setrlimit(Resource::Nofile, Rlimit { current: files.maximum, ..files }) {
        Ok(()) => current = files.maximum,
        Err(error) => tracing::warn!(%error, ?current, "the limit of open files stays as it is"),
    }
    let wanted = limits.connections;
    let limits = limits.within_files(current.unwrap_or(u64::MAX));
    if limits.connections < wanted {
        let connections = limits.connections;
        tracing::warn!(
            connections,
            wanted,
            ?current,
            "fewer connections than wanted: allow more open files (ulimit -n)"
        );
    }
    limits
}

/// A socket that takes connections.
fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // What closed connections of before leave does not keep the address.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

async fn serve(config: Config, limits: ServerLimits, demo: Option<&Path>) -> anyhow::Result<()> {
    let listener = listen(config.listen).with_context(|| {
        format!("listening on {}: choose another address with SLUICE_LISTEN if it is taken", config.listen)
    })?;
    let address = listener.local_addr()?;
    let app = compose_and_seal(&config, config.public_url(address)?).await?;
    if let Some(plugins) = demo {
        seed::demo(&app, plugins, &config.data).await?;
    }
    let (transport, scheme) = (config.https.transport(), config.https.scheme());
    let tls = tls(config.https.certificates, address)?;

    // From here on a signal ends it cleanly: whoever reads `ready` may send one at once.
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let closing = CancellationToken::new();
    let proxies = config.https.proxies;
    let serving = Serving { limits, proxies: proxies.clone(), closing: closing.clone() };
    let settings = Settings { transport, proxies, closing: closing.clone(), look_every: LOOK_EVERY };
    let router = sluice_web::router(app.clone(), settings);
    let server = tokio::spawn(sluice_web::serve(listener, tls, router, serving));
    let house = tokio::spawn({
        let app = app.clone();
        async move { app.keep_house().await }
    });
    announce(&format!("{scheme}://{address}"), demo.is_some());
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("shutting down: finishing what was accepted");
    closing.cancel();
    house.abort();
    server.await.context("serving")?;
    app.close().await;
    Ok(())
}

/// What encrypts connections, if anything does. Certificates are kept current in the background.
fn tls(certificates: Certificates, address: SocketAddr) -> anyhow::Result<Option<Tls>> {
    match certificates {
        Certificates::None => Ok(None),
        Certificates::Files(files) => {
            let followed = Followed::load(files)?;
            let tls = Tls::new(followed.certificate.clone())?;
            tokio::spawn(followed.follow(RELOAD_EVERY, signal(SignalKind::hangup())?));
            Ok(Some(tls))
        }
        Certificates::Acme(acme) => {
            if address.port() != HTTPS_PORT {
                tracing::warn!(%address, "an ACME authority connects to port 443 of the names: send that port here");
            }
            acme::start(acme).map(Some)
        }
    }
}

/// Says on standard output that it can serve. Who started it may have read that line and closed the pipe: that is no reason to fail.
fn announce(url: &str, demo: bool) {
    let mut text = format!("ready {url}\n");
    if demo {
        text += "\nTry next, in another terminal:\n";
        text += "  target/release/sluice demo                       a conversation, with and without plugins\n";
        text += "  target/release/sluice demo --file FILE.csv       your own messages, with counts by verdict\n";
        let document = format!("curl {url}/api/openapi.json");
        text += &format!("  {document:<49}everything that the API can do\n");
    }
    let mut output = std::io::stdout().lock();
    if let Err(error) = output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
        tracing::debug!(%error, "nobody reads the standard output");
    }
}
