//! Accepting connections, and ending them in good order.

use std::{
    convert::Infallible,
    net::SocketAddr,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{Router, body::Body};
use hyper::{Request, body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{
        conn::auto::Builder,
        graceful::{GracefulShutdown, Watcher},
    },
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::{arrival::Connection, tls::Tls};

/// Most connections at once; more wait to be accepted.
const CONNECTIONS: usize = 16_384;
/// How long a client may take to send a request's head, and how long a connection may go without having asked for anything.
const HEAD: Duration = Duration::from_secs(20);
/// How long requests in flight may take once the server shuts down.
const GRACE: Duration = Duration::from_secs(30);
/// How long to wait before accepting again, when the system had no room for a connection.
const BREATH: Duration = Duration::from_millis(50);

/// Serves `router` on `listener`, over TLS where there is some, until `closing` is cancelled, then finishes the requests that were
/// begun.
pub async fn serve(listener: TcpListener, tls: Option<Tls>, router: Router, closing: CancellationToken) {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD);
    builder.http2().timer(TokioTimer::new()).keep_alive_interval(Some(HEAD)).max_concurrent_streams(256);
    let builder = Arc::new(builder);
    let graceful = GracefulShutdown::new();
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    while let Some((stream, peer)) = accept(&listener, &closing).await {
        let place = tokio::select! {
            () = closing.cancelled() => break,
            place = room.clone().acquire_owned() => place,
        };
        let Ok(place) = place else { break };
        // An answer is one small write: waiting to fill a packet would only delay it.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection without TCP_NODELAY");
        }
        let talk = Talk { builder: builder.clone(), router: router.clone(), watcher: graceful.watcher() };
        let tls = tls.clone();
        tokio::spawn(async move {
            match tls {
                None => talk.over(stream, Connection { peer, encrypted: false }).await,
                Some(tls) => match tls.handshake(stream).await {
                    Ok(Some(stream)) => talk.over(stream, Connection { peer, encrypted: true }).await,
                    Ok(None) => {}
                    Err(error) => tracing::debug!(%error, "a handshake failed"),
                },
            }
            drop(place);
        });
    }
    drop(listener);
    if tokio::time::timeout(GRACE, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests were still running when the grace period ended");
    }
}

async fn accept(listener: &TcpListener, closing: &CancellationToken) -> Option<(TcpStream, SocketAddr)> {
    loop {
        let accepted = tokio::select! {
            () = closing.cancelled() => return None,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok(connection) => return Some(connection),
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(BREATH).await;
            }
        }
    }
}

/// What it takes to speak HTTP over a connection.
struct Talk {
    builder: Arc<Builder<TokioExecutor>>,
    router: Router,
    watcher: Watcher,
}

impl Talk {
    async fn over(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, connection: Connection) {
        let Self { builder, router, watcher } = self;
        let asked = Arc::new(AtomicBool::new(false));
        let begun = asked.clone();
        let service = service_fn(move |request| {
            begun.store(true, Ordering::Relaxed);
            answer(router.clone(), connection, request)
        });
        let served = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
        let mut served = pin!(watcher.watch(served.into_owned()));
        // What is read before it is clear which HTTP is spoken has no limit of its own.
        let ended = match tokio::time::timeout(HEAD, served.as_mut()).await {
            Ok(ended) => ended,
            Err(_) if asked.load(Ordering::Relaxed) => served.await,
            Err(_) => return tracing::debug!("a connection asked for nothing"),
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "a connection ended badly");
        }
    }
}

async fn answer(
    router: Router,
    connection: Connection,
    request: Request<Incoming>,
) -> Result<axum::response::Response, Infallible> {
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(connection);
    router.oneshot(request).await
}
