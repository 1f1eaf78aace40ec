//! `sluice demo`: plays messages through a running server's API and shows what became of them.
//!
//! It is a client like any other and knows nothing of the server but its API and the demo accounts' credentials. It decides
//! nothing: verdicts are the server's.

use std::{
    io::{self, IsTerminal},
    path::PathBuf,
};

use sluice_domain::message::Direction;

mod accounts;
mod api;
mod conversation;
mod message_file;
mod replay;
mod table;
mod tally;

use accounts::DemoAccounts;
use table::{Page, Paint};

/// Options of `sluice demo`.
#[derive(Debug, clap::Args)]
pub(crate) struct DemoArgs {
    /// Data folder of the running server, where `demo.json` is.
    #[arg(long, env = "SLUICE_DATA", value_name = "FOLDER", default_value = "./data")]
    data: PathBuf,
    /// Where the server is, if not where `demo.json` says.
    #[arg(long)]
    url: Option<String>,
    /// Play this file of messages: CSV with any separator, or JSON lines; UTF-8 or Latin-1.
    #[arg(long)]
    file: Option<PathBuf>,
    /// Connections that play the file at the same time.
    #[arg(long, default_value_t = 8, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024), requires = "file")]
    connections: u16,
    /// As whom to send the file's messages: `incoming` from a client, `outgoing` from the account's people.
    #[arg(long, default_value = "incoming", value_parser = direction, requires = "file")]
    direction: Direction,
    /// Write what became of each of the file's messages to this file, as JSON lines.
    #[arg(long, value_name = "FILE", requires = "file")]
    verdicts: Option<PathBuf>,
}

fn direction(text: &str) -> Result<Direction, &'static str> {
    match text {
        "incoming" => Ok(Direction::Incoming),
        "outgoing" => Ok(Direction::Outgoing),
        _ => Err("`incoming` or `outgoing`"),
    }
}

/// Plays the conversation, or the file, and prints what became of each message.
///
/// # Errors
/// When the server, `demo.json` or the file cannot be used; the message says what to do.
pub(crate) async fn run(args: DemoArgs) -> anyhow::Result<()> {
    let accounts = DemoAccounts::load(&args.data, args.url.as_deref())?;
    let mut page = Page::new(io::stdout().lock(), Paint::when(io::stdout().is_terminal()));
    match args.file {
        None => conversation::play(&accounts, &mut page).await,
        Some(file) => {
            let order = replay::Order {
                file,
                direction: args.direction,
                connections: usize::from(args.connections),
                verdicts: args.verdicts,
            };
            replay::play(&accounts, order, &mut page).await
        }
    }
}
