//! Bodies that nobody read. Who is answered before having sent everything would often not get to read the answer: closing the
//! connection then throws away what is still under way. So what is left of a body is read and dropped, for a while.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{body::Body, extract::Request, middleware::Next, response::Response};
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body as HttpBody, Frame, SizeHint};

use crate::exchange::Exchange;

/// How much is read and dropped at most, in bytes, and for how long.
const DRAIN: (usize, Duration) = (256 << 20, Duration::from_secs(30));
/// The same of strangers.
const DRAIN_OF_STRANGERS: (usize, Duration) = (32 << 20, Duration::from_secs(10));

/// Sees to it that what the handler leaves of the body is read.
pub(crate) async fn drain(request: Request, next: Next) -> Response {
    let exchange = Exchange::of(request.extensions()).ok();
    next.run(request.map(|body| Body::new(Lingering { body: Some(body), exchange }))).await
}

/// A body that is read to its end even if it is dropped before.
struct Lingering {
    /// `None` after its end.
    body: Option<Body>,
    /// It goes on until the body was read.
    exchange: Option<Arc<Exchange>>,
}

impl HttpBody for Lingering {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let Some(body) = self.body.as_mut() else { return Poll::Ready(None) };
        let polled = Pin::new(body).poll_frame(context);
        if matches!(polled, Poll::Ready(None | Some(Err(_)))) {
            self.body = None;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), HttpBody::size_hint)
    }
}

impl Drop for Lingering {
    fn drop(&mut self) {
        if let Some(body) = self.body.take().filter(|body| !body.is_end_stream())
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            let exchange = self.exchange.take();
            let is_strangers = exchange.as_ref().is_none_or(|exchange| exchange.is_strangers());
            let (bytes, time) = if is_strangers { DRAIN_OF_STRANGERS } else { DRAIN };
            runtime.spawn(async move {
                // Who is still sending then has heard enough.
                let _ = tokio::time::timeout(time, swallow(body, bytes)).await;
                drop(exchange);
            });
        }
    }
}

async fn swallow(mut body: Body, most: usize) {
    let mut seen = 0;
    while let Some(Ok(frame)) = body.frame().await {
        seen += frame.data_ref().map_or(0, Bytes::len);
        if seen > most {
            return;
        }
    }
}
