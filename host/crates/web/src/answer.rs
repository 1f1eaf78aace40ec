//! Bodies of answers as connections take them: piece by piece, so that it is seen whether somebody reads.
//!
//! What becomes of an answer that nobody takes is decided in `connections`.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::body::Body;
use bytes::{Buf, Bytes};
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use sluice_domain::shares::Share;

use crate::{
    exchange::{COVERED, Exchange},
    room::{Holder, NoRoom},
};

/// What a connection is given at once, in bytes: a frame of HTTP/2 (RFC 9113, section 4.2).
pub(crate) const PIECE: usize = 16 << 10;

/// Marks an answer whose body is the same for everybody, so that many of them take no memory.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shared;

/// The body of an answer, and what is held for it.
pub(crate) struct Answer {
    body: Body,
    /// What of the last frame was not given yet.
    rest: Bytes,
    /// Room for that frame, where the body comes in frames of unknown number.
    room: Option<Share<Holder>>,
    is_counted: bool,
    given: u64,
    exchange: Arc<Exchange>,
}

impl Answer {
    /// The body is counted already if its length is known.
    pub(crate) fn new(body: Body, exchange: Arc<Exchange>) -> Self {
        let is_counted = body.size_hint().exact().is_some();
        Self { body, rest: Bytes::new(), room: None, is_counted, given: 0, exchange }
    }

    fn piece(&mut self) -> Piece {
        let data = self.rest.split_to(self.rest.len().min(PIECE));
        self.given += 1;
        self.exchange.give_piece();
        Piece { data, exchange: self.exchange.clone() }
    }

    fn keep(&mut self, frame: Bytes) -> Result<(), axum::Error> {
        if frame.len() > COVERED && !self.is_counted {
            // One frame at a time is held.
            self.room = None;
            self.room = Some(self.exchange.bytes(frame.len()).map_err(|_: NoRoom| axum::Error::new(BreaksOff))?);
        }
        self.rest = frame;
        Ok(())
    }

    /// Whether the end is to be kept back until all was taken: while the task of the exchange lives, it can end alone. An answer of one
    /// piece is not worth waiting for.
    fn waits_for_its_end(&self) -> bool {
        self.given > 1 && self.exchange.has_task() && self.exchange.is_owed()
    }
}

impl HttpBody for Answer {
    type Data = Piece;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Piece>, axum::Error>>> {
        loop {
            if !self.rest.is_empty() {
                return Poll::Ready(Some(Ok(Frame::data(self.piece()))));
            }
            if self.body.is_end_stream() {
                break;
            }
            let frame = match std::task::ready!(Pin::new(&mut self.body).poll_frame(context)) {
                None => break,
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                Some(Ok(frame)) => frame,
            };
            match frame.into_data() {
                Ok(data) => {
                    if let Err(error) = self.keep(data) {
                        return Poll::Ready(Some(Err(error)));
                    }
                }
                Err(frame) => {
                    return Poll::Ready(frame.into_trailers().ok().map(|trailers| Ok(Frame::trailers(trailers))));
                }
            }
        }
        self.room = None;
        if self.waits_for_its_end() {
            std::task::ready!(self.exchange.poll_taken(context));
        }
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream() && !self.waits_for_its_end()
    }

    fn size_hint(&self) -> SizeHint {
        let (inner, rest) = (self.body.size_hint(), self.rest.len() as u64);
        let mut hint = SizeHint::new();
        hint.set_lower(inner.lower().saturating_add(rest));
        if let Some(upper) = inner.upper() {
            hint.set_upper(upper.saturating_add(rest));
        }
        hint
    }
}

/// A piece of an answer, until it has gone out.
pub(crate) struct Piece {
    data: Bytes,
    exchange: Arc<Exchange>,
}

impl Buf for Piece {
    fn remaining(&self) -> usize {
        self.data.remaining()
    }

    fn chunk(&self) -> &[u8] {
        self.data.chunk()
    }

    fn advance(&mut self, count: usize) {
        self.data.advance(count);
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        self.exchange.took_piece();
    }
}

/// Why an answer ends early.
#[derive(Debug, thiserror::Error)]
#[error("too many long answers are under way that nobody has read: read them, then ask again")]
struct BreaksOff;

/// The body of an answer for which there is no room.
pub(crate) struct Unread;

impl HttpBody for Unread {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Poll::Ready(Some(Err(axum::Error::new(BreaksOff))))
    }
}
