//! `sluice account`: what the platform does with accounts, on the server's machine. It works beside a running server.

use clap::{Args, Subcommand};
use secrecy::ExposeSecret as _;
use sluice_app::people::Invitation;
use sluice_domain::{
    id::AccountId,
    message::Role,
    permission::{AccountKind, Permissions},
    public_url::PublicUrl,
};

use crate::{compose, config::StoreArgs};

#[derive(Debug, Subcommand)]
pub(crate) enum AccountCommand {
    /// Make an account, and a one-time link with which its first administrator sets a password.
    Create {
        /// As people call it.
        #[arg(long)]
        name: String,
        /// The first administrator's e-mail address.
        #[arg(long)]
        email: String,
        /// The first administrator's name.
        #[arg(long, default_value = "Administrator")]
        administrator: String,
        #[command(flatten)]
        store: StoreArgs,
    },
    /// Make a new one-time link for somebody who has not set a password yet, or for an administrator of the platform.
    NewLink {
        /// Whose.
        #[arg(long)]
        email: String,
        #[command(flatten)]
        store: StoreArgs,
    },
    /// Remove an account's rules about addresses, when they keep its own administrators out. It is written down in the account's
    /// audit log.
    RemoveAddressRules(BreakGlass),
    /// Disable an account's access rules, when its plugins keep its own administrators out. It is written down in the account's
    /// audit log.
    DisableAccessRules(BreakGlass),
    /// List the accounts.
    List {
        #[command(flatten)]
        store: StoreArgs,
    },
}

/// To let in who is kept out by the account's own rules.
#[derive(Debug, Args)]
pub(crate) struct BreakGlass {
    /// The account's id.
    #[arg(long)]
    account: AccountId,
    /// Why.
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    store: StoreArgs,
}

#[expect(clippy::print_stdout, reason = "what the command was asked for")]
pub(crate) async fn run(command: AccountCommand) -> anyhow::Result<()> {
    match command {
        AccountCommand::Create { name, email, administrator, store } => {
            let app = compose::for_command(&store).await?;
            let invitation =
                Invitation { email, name: administrator, role: Role::Administrator, permissions: Permissions::NONE };
            let made = app.open_account(AccountKind::Customer, &name, invitation).await;
            let url = app.public_url().clone();
            app.close().await;
            let (account, link) = made?;
            println!("account {account}");
            print_link(link.secret.expose_secret(), &url);
        }
        AccountCommand::NewLink { email, store } => {
            let app = compose::for_command(&store).await?;
            let link = app.renew_invitation(&email).await;
            let url = app.public_url().clone();
            app.close().await;
            print_link(link?.secret.expose_secret(), &url);
        }
        AccountCommand::RemoveAddressRules(BreakGlass { account, reason, store }) => {
            let app = compose::for_command(&store).await?;
            let removed = app.break_address_rules(account, &reason).await;
            app.close().await;
            println!("{} rules were removed", removed?);
        }
        AccountCommand::DisableAccessRules(BreakGlass { account, reason, store }) => {
            let app = compose::for_command(&store).await?;
            let disabled = app.break_access_rules(account, &reason).await;
            app.close().await;
            println!("{} access rules were disabled", disabled?);
        }
        AccountCommand::List { store } => {
            let app = compose::for_command(&store).await?;
            let accounts = app.accounts().await;
            app.close().await;
            for account in accounts? {
                println!("{}  {}", account.id, account.name);
            }
        }
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "it is what a command says to the one who ran it")]
pub(crate) fn print_link(secret: &str, url: &PublicUrl) {
    println!("link    {secret}");
    println!();
    println!("Whoever has the link sets the password, once and within three days:");
    println!("  curl -X POST {}/api/v1/passwords -H 'Content-Type: application/json' \\", url.as_str());
    println!("       -d '{{\"link\": \"LINK\", \"password\": \"…\"}}'");
}
