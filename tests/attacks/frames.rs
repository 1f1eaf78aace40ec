//! HTTP/2 by the frame (RFC 9113), without TLS and with prior knowledge: connections that do what no client library would.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::wire::{connect, within};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Largest frame that is sent, as long as the server has not said that it takes larger ones.
pub(crate) const LARGEST: usize = 16_384;

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PING: u8 = 6;
pub(crate) const GOAWAY: u8 = 7;
pub(crate) const WINDOW_UPDATE: u8 = 8;
pub(crate) const CONTINUATION: u8 = 9;

pub(crate) const ACK: u8 = 1;
pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;

/// `SETTINGS_INITIAL_WINDOW_SIZE`.
pub(crate) const INITIAL_WINDOW: u16 = 4;

/// One connection.
pub(crate) struct Frames {
    stream: TcpStream,
}

/// What was read.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    pub(crate) stream: u32,
    pub(crate) payload: Vec<u8>,
}

impl Frames {
    /// Says hello with these settings.
    pub(crate) async fn connect(to: SocketAddr, from: Ipv4Addr, settings: &[(u16, u32)]) -> io::Result<Self> {
        let mut frames = Self { stream: connect(to, from).await? };
        let settings: Vec<u8> =
            settings.iter().flat_map(|(id, value)| [&id.to_be_bytes()[..], &value.to_be_bytes()].concat()).collect();
        frames.send(&[PREFACE, &frame(SETTINGS, 0, 0, &settings)].concat()).await?;
        Ok(frames)
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        within(self.stream.write_all(bytes)).await
    }

    /// The next frame. Settings and pings are acknowledged, as a good client does.
    pub(crate) async fn next(&mut self) -> io::Result<Frame> {
        let mut head = [0; 9];
        self.stream.read_exact(&mut head).await?;
        let [a, b, c, kind, flags, rest @ ..] = head;
        let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
        self.stream.read_exact(&mut payload).await?;
        if matches!(kind, SETTINGS | PING) && flags & ACK == 0 {
            let said: &[u8] = if kind == PING { &payload } else { &[] };
            self.stream.write_all(&frame(kind, ACK, 0, said)).await?;
        }
        Ok(Frame { kind, flags, stream: u32::from_be_bytes(rest) & (u32::MAX >> 1), payload })
    }

    /// Reads until this stream has its end.
    pub(crate) async fn until_end_of(&mut self, stream: u32) -> io::Result<()> {
        within(async {
            loop {
                let frame = self.next().await?;
                match frame.kind {
                    GOAWAY => return Err(io::ErrorKind::ConnectionReset.into()),
                    RST_STREAM if frame.stream == stream => return Err(io::ErrorKind::ConnectionReset.into()),
                    DATA | HEADERS if frame.stream == stream && frame.flags & END_STREAM != 0 => return Ok(()),
                    _ => {}
                }
            }
        })
        .await
    }

    /// Whether the server still answers on this connection.
    pub(crate) async fn answers_pings(&mut self) -> bool {
        let mark = *b"attacker";
        if self.send(&frame(PING, 0, 0, &mark)).await.is_err() {
            return false;
        }
        let answered = within(async {
            loop {
                match self.next().await? {
                    Frame { kind: GOAWAY, .. } => return Err(io::ErrorKind::ConnectionReset.into()),
                    Frame { kind: PING, flags: ACK, payload, .. } if payload == mark => return Ok(()),
                    _ => {}
                }
            }
        });
        answered.await.is_ok()
    }

    /// Reads and acknowledges until the server ends the connection.
    pub(crate) async fn stay(&mut self) {
        while self.next().await.is_ok_and(|frame| frame.kind != GOAWAY) {}
    }
}

/// One frame.
pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a short frame").to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A request's head, whole.
pub(crate) fn request(stream: u32, method: &str, path: &str, more: &[(&str, &str)], ends: bool) -> Vec<u8> {
    let flags = END_HEADERS | if ends { END_STREAM } else { 0 };
    frame(HEADERS, flags, stream, &fields(method, path, more))
}

/// The fields of a request's head, as literals that are not indexed (RFC 7541, section 6.2.2).
pub(crate) fn fields(method: &str, path: &str, more: &[(&str, &str)]) -> Vec<u8> {
    let usual = [(":method", method), (":scheme", "http"), (":path", path), (":authority", "sluice")];
    usual.iter().chain(more).flat_map(|(name, value)| [vec![0], string(name), string(value)].concat()).collect()
}

/// A string without Huffman's code (RFC 7541, section 5.2).
fn string(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    match u8::try_from(text.len()) {
        Ok(length @ 0..127) => bytes.push(length),
        _ => {
            bytes.push(127);
            let mut rest = text.len() - 127;
            while rest >= 128 {
                bytes.push(0x80 | u8::try_from(rest % 128).expect("seven bits"));
                rest /= 128;
            }
            bytes.push(u8::try_from(rest).expect("seven bits"));
        }
    }
    bytes.extend(text.as_bytes());
    bytes
}
