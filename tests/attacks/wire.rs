//! HTTP/1.1 by the byte: connections from any address of this machine that send what no client library would.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpSocket, TcpStream},
    time::timeout,
};

/// Longest that a connection may take to be made, and an answer to come.
const PATIENCE: Duration = Duration::from_secs(60);

/// One connection.
pub(crate) struct Wire {
    stream: BufReader<TcpStream>,
}

/// An answer without its body.
struct Head {
    status: u16,
    length: Length,
    ends: bool,
}

/// How long a body is.
enum Length {
    Of(usize),
    InChunks,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    /// Whether the connection ends with it.
    pub(crate) ends: bool,
}

impl Reply {
    /// The body, when it is JSON; else null.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// A connection from an address of this machine.
pub(crate) async fn connect(to: SocketAddr, from: Ipv4Addr) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind((from, 0).into())?;
    let stream = within(socket.connect(to)).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// What happens in time, or an error.
pub(crate) async fn within<T>(happens: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    timeout(PATIENCE, happens).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

impl Wire {
    pub(crate) async fn connect(to: SocketAddr, from: Ipv4Addr) -> io::Result<Self> {
        Ok(Self::over(connect(to, from).await?))
    }

    pub(crate) fn over(stream: TcpStream) -> Self {
        Self { stream: BufReader::with_capacity(1024, stream) }
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        within(self.stream.write_all(bytes)).await
    }

    /// Sends a request, and reads its answer.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> io::Result<Reply> {
        self.send(request).await?;
        self.answer().await
    }

    /// Reads an answer.
    pub(crate) async fn answer(&mut self) -> io::Result<Reply> {
        within(self.read()).await
    }

    /// Reads on until the server ends the connection; how much there was.
    pub(crate) async fn drain(&mut self) -> io::Result<u64> {
        tokio::io::copy_buf(&mut self.stream, &mut tokio::io::sink()).await
    }

    /// Reads the head of an answer whose body does not end; its status.
    pub(crate) async fn head(&mut self) -> io::Result<u16> {
        within(self.read_head()).await.map(|head| head.status)
    }

    async fn read_head(&mut self) -> io::Result<Head> {
        let first = self.line().await?;
        let status = first.split(' ').nth(1).and_then(|word| word.parse().ok()).ok_or(io::ErrorKind::InvalidData)?;
        let mut head = Head { status, length: Length::Of(0), ends: false };
        loop {
            let line = self.line().await?.to_ascii_lowercase();
            match line.split_once(": ") {
                None => return Ok(head),
                Some(("content-length", value)) => {
                    head.length = Length::Of(value.parse().map_err(|_| io::ErrorKind::InvalidData)?);
                }
                Some(("transfer-encoding", _)) => head.length = Length::InChunks,
                Some(("connection", value)) => head.ends = value == "close",
                Some(_) => {}
            }
        }
    }

    async fn read(&mut self) -> io::Result<Reply> {
        let Head { status, length, ends } = self.read_head().await?;
        let mut body = Vec::new();
        match length {
            Length::Of(length) => self.read_into(&mut body, length).await?,
            Length::InChunks => loop {
                let length = usize::from_str_radix(&self.line().await?, 16).map_err(|_| io::ErrorKind::InvalidData)?;
                self.read_into(&mut body, length).await?;
                self.line().await?;
                if length == 0 {
                    break;
                }
            },
        }
        Ok(Reply { status, body, ends })
    }

    async fn read_into(&mut self, body: &mut Vec<u8>, length: usize) -> io::Result<()> {
        let at = body.len();
        body.resize(at + length, 0);
        self.stream.read_exact(&mut body[at..]).await.map(drop)
    }

    async fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if self.stream.read_line(&mut line).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(line.trim_end().to_owned())
    }
}

/// A request without a body; `shows` is a header's line or nothing.
pub(crate) fn get(path: &str, shows: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: sluice\r\n{}\r\n", header(shows)).into_bytes()
}

/// A request with a body of JSON.
pub(crate) fn post(path: &str, shows: &str, body: &Value) -> Vec<u8> {
    let body = body.to_string();
    format!(
        "POST {path} HTTP/1.1\r\nHost: sluice\r\n{}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        header(shows),
        body.len(),
    )
    .into_bytes()
}

/// The line that shows an API token.
pub(crate) fn bearer(token: &str) -> String {
    format!("Authorization: Bearer {token}")
}

/// The lines that show an API token on a connection for this one request.
pub(crate) fn bearer_once(token: &str) -> String {
    format!("{}\r\nConnection: close", bearer(token))
}

fn header(line: &str) -> String {
    if line.is_empty() { String::new() } else { format!("{line}\r\n") }
}
