//! Accepting connections, and ending them in good order.

use std::{convert::Infallible, io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use axum::{Router, body::Body};
use hyper::{Request, body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::conn::auto::Builder,
};
use sluice_domain::{forwarding::Proxies, server_limits::ServerLimits, shares::Full};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt;

use sluice_app::repeated::Repeated;

use crate::{
    answer::Answer,
    arrival::Connection,
    connections::{Connections, HEAD, OpenConnection},
    exchange::{Exchange, Streams},
    refusal::Refusals,
    tls::Tls,
    watched::Watched,
};

/// How long requests in flight may take once the server shuts down.
const GRACE: Duration = Duration::from_secs(30);
/// How long to wait before accepting again, when the system had no room for a connection.
const BREATH: Duration = Duration::from_millis(50);
/// Longest head of a request in HTTP/1, and what is kept of one that is read or written, in bytes. Common proxies allow as much.
const HTTP1_BUFFER: usize = 32 << 10;
/// Longest head of a request in HTTP/2, in bytes.
const HTTP2_HEAD: u32 = 16 << 10;
/// Most streams of one connection at once: no fewer than 100 (RFC 9113, section 6.5.2).
const STREAMS: u32 = 128;
/// What of a body may have come that nobody has read yet, in bytes, of one stream and of one connection. A line with a round trip of
/// 50 ms carries 10 MB/s so.
const STREAM_WINDOW: u32 = 256 << 10;
const CONNECTION_WINDOW: u32 = 512 << 10;
/// What of an answer is kept for one stream that has not gone out yet, in bytes.
const SEND_BUFFER: usize = 64 << 10;
/// Most streams that a client may have taken back before they were looked at.
const TAKEN_BACK: usize = 32;

/// Who may connect, how much, and until when.
#[derive(Debug)]
pub struct Serving {
    /// How many connections there may be, and what requests may take.
    pub limits: ServerLimits,
    /// In front of the server: they have more connections than others.
    pub proxies: Proxies,
    /// Ends the serving.
    pub closing: CancellationToken,
}

/// Serves `router` on `listener`, over TLS where there is some, until `closing` is cancelled, then finishes the requests that were
/// begun.
pub async fn serve(listener: TcpListener, tls: Option<Tls>, router: Router, serving: Serving) {
    let Serving { limits, proxies, closing } = serving;
    let connections = Connections::new(limits, proxies);
    let refusals = Refusals::default();
    let tasks = TaskTracker::new();
    let clearing = tokio::spawn({
        let connections = connections.clone();
        async move { connections.keep_clear().await }
    });
    while let Some((stream, peer)) = accept(&listener, &connections, &closing).await {
        // An answer is one small write: waiting to fill a packet would only delay it.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection without TCP_NODELAY");
        }
        match connections.admit(peer) {
            Ok(open) => drop(tasks.spawn(Talk { router: router.clone(), peer, open }.begin(stream, tls.clone()))),
            Err(full) => refusals.refuse(stream, full, tls.is_none()),
        }
    }
    drop(listener);
    tasks.close();
    connections.retire();
    if tokio::time::timeout(GRACE, tasks.wait()).await.is_err() {
        tracing::warn!("some requests were still running when the grace period ended");
    }
    clearing.abort();
}

async fn accept(
    listener: &TcpListener,
    connections: &Connections,
    closing: &CancellationToken,
) -> Option<(TcpStream, SocketAddr)> {
    static FAILED: Repeated = Repeated::seldom();
    loop {
        let accepted = tokio::select! {
            () = closing.cancelled() => return None,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok(connection) => return Some(connection),
            Err(error) => {
                if let Some(before) = FAILED.tell() {
                    tracing::warn!(%error, before, "a connection could not be accepted");
                }
                if is_lack_of_room(&error) {
                    connections.make_room(Full::Everybody);
                    tokio::time::sleep(BREATH).await;
                }
            }
        }
    }
}

/// Whether it is the system that has no room (accept(2)), and not the connection that has gone.
fn is_lack_of_room(error: &io::Error) -> bool {
    use rustix::io::Errno;
    let lacks = [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM];
    Errno::from_io_error(error).is_some_and(|errno| lacks.contains(&errno))
}

/// What it takes to speak HTTP over a connection.
struct Talk {
    router: Router,
    peer: SocketAddr,
    open: Arc<OpenConnection>,
}

impl Talk {
    /// Talks until the connection ends, or is ended.
    async fn begin(self, stream: TcpStream, tls: Option<Tls>) {
        let (open, attended) = (self.open.clone(), self.open.attended());
        let stream = Watched::new(stream, open.clone());
        let talk = async {
            let Some(tls) = tls else { return self.over(stream, false).await };
            self.open.wait_to_greet().await;
            match tls.handshake(stream).await {
                Ok(Some(stream)) => self.over(stream, true).await,
                Ok(None) => {}
                Err(error) => tracing::debug!(%error, "a handshake failed"),
            }
        };
        tokio::select! {
            biased;
            () = open.ends() => tracing::debug!("a connection is ended"),
            () = talk => {}
        }
        drop(attended);
    }

    async fn over(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, encrypted: bool) {
        let Self { router, peer, open } = self;
        let builder = builder(&open);
        let asked = open.clone();
        let service =
            service_fn(move |request| answer(router.clone(), Connection { peer, encrypted }, asked.clone(), request));
        let mut served = pin!(builder.serve_connection(TokioIo::new(stream), service));
        let ended = tokio::select! {
            ended = served.as_mut() => ended,
            () = open.retires() => {
                served.as_mut().graceful_shutdown();
                served.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "a connection ended badly");
        }
    }
}

fn builder(open: &Arc<OpenConnection>) -> Builder<Streams> {
    let mut builder = Builder::new(Streams(open.clone()));
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD).max_buf_size(HTTP1_BUFFER);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Some(HEAD))
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(HTTP2_HEAD)
        .max_pending_accept_reset_streams(TAKEN_BACK)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buf_size(SEND_BUFFER);
    builder
}

async fn answer(
    router: Router,
    connection: Connection,
    open: Arc<OpenConnection>,
    request: Request<Incoming>,
) -> Result<hyper::Response<Answer>, Infallible> {
    let exchange = Exchange::current(&open);
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(connection);
    request.extensions_mut().insert(exchange.clone());
    let response = router.oneshot(request).await?;
    Ok(response.map(|body| Answer::new(body, exchange)))
}
