//! `sluice catalogue`: what whoever runs the server publishes to accounts, on the server's machine. It works beside a running server.

use std::{collections::BTreeSet, path::PathBuf};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use sluice_app::{App, catalogue::Publication};
use sluice_domain::{
    catalogue::PublishedTo,
    id::{AccountId, CatalogueId},
};

use crate::{compose, config::StoreArgs, publisher};

#[derive(Debug, Subcommand)]
pub(crate) enum CatalogueCommand {
    /// Publish components for accounts to take.
    Publish(Publish),
    /// List what is published.
    List {
        #[command(flatten)]
        store: StoreArgs,
    },
    /// Withdraw an entry. Accounts that took it keep it.
    Withdraw {
        /// The entry's id.
        entry: CatalogueId,
        #[command(flatten)]
        store: StoreArgs,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Publish {
    /// Components.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// What changed with these versions.
    #[arg(long, default_value = "")]
    notes: String,
    /// An account that sees them; may be said again for others [default: all accounts].
    #[arg(long = "account", value_name = "ID")]
    accounts: Vec<AccountId>,
    /// Sign them with the publisher's key in this file.
    #[arg(long, value_name = "KEYFILE")]
    key: Option<PathBuf>,
    #[command(flatten)]
    store: StoreArgs,
}

#[expect(clippy::print_stdout, reason = "it is what a command says to the one who ran it")]
pub(crate) async fn run(command: CatalogueCommand) -> anyhow::Result<()> {
    match command {
        CatalogueCommand::Publish(publish) => {
            let app = compose::for_command(&publish.store).await?;
            let done = self::publish(&app, &publish).await;
            app.close().await;
            done
        }
        CatalogueCommand::List { store } => {
            let app = compose::for_command(&store).await?;
            let entries = app.catalogue_for_command().await;
            app.close().await;
            for (entry, to) in entries? {
                let readers = match to {
                    PublishedTo::Everybody => "all accounts".to_owned(),
                    PublishedTo::Accounts(accounts) => {
                        accounts.iter().map(AccountId::to_string).collect::<Vec<_>>().join(" ")
                    }
                };
                println!("{}  {} {}  {readers}", entry.id, entry.name, entry.version);
            }
            Ok(())
        }
        CatalogueCommand::Withdraw { entry, store } => {
            let app = compose::for_command(&store).await?;
            let withdrawn = app.withdraw_from_command(entry).await;
            app.close().await;
            Ok(withdrawn?)
        }
    }
}

#[expect(clippy::print_stdout, reason = "it is what a command says to the one who ran it")]
async fn publish(app: &App, publish: &Publish) -> anyhow::Result<()> {
    let secret = publish.key.as_deref().map(publisher::load).transpose()?;
    let to = if publish.accounts.is_empty() {
        PublishedTo::Everybody
    } else {
        PublishedTo::Accounts(publish.accounts.iter().copied().collect::<BTreeSet<_>>())
    };
    for file in &publish.files {
        let component = std::fs::read(file).with_context(|| format!("reading {}", file.display()))?;
        let publication = Publication { component, notes: publish.notes.clone(), to: to.clone() };
        let entry =
            app.publish_from_command(publication).await.with_context(|| format!("publishing {}", file.display()))?;
        if let Some(secret) = &secret {
            app.sign_entry_from_command(entry.id, secret.public_key(), secret.sign(entry.sha256)).await?;
        }
        println!("{}  {} {}", entry.id, entry.name, entry.version);
    }
    Ok(())
}
