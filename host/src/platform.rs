//! The platform's own account from the command line.

use clap::Subcommand;
use secrecy::ExposeSecret as _;
use sluice_app::people::Invitation;
use sluice_domain::{
    message::Role,
    permission::{AccountKind, Permissions},
};

use crate::{account, compose, config::StoreArgs};

#[derive(Debug, Subcommand)]
pub(crate) enum PlatformCommand {
    /// Make the account of whoever runs the server, with a link for its first administrator. Its people make accounts and enter
    /// those that let support in. There is one.
    Create {
        /// The first administrator's e-mail address.
        #[arg(long)]
        email: String,
        /// What others see of the first administrator.
        #[arg(long, default_value = "Platform administrator")]
        administrator: String,
        #[command(flatten)]
        store: StoreArgs,
    },
}

#[expect(clippy::print_stdout, reason = "it is what a command says to the one who ran it")]
pub(crate) async fn run(command: PlatformCommand) -> anyhow::Result<()> {
    match command {
        PlatformCommand::Create { email, administrator, store } => {
            let app = compose::for_command(&store).await?;
            let first =
                Invitation { email, name: administrator, role: Role::Administrator, permissions: Permissions::NONE };
            let made = app.open_account(AccountKind::Platform, "Platform", first).await;
            let url = app.public_url().clone();
            app.close().await;
            let (account, link) = made?;
            println!("account {account}");
            account::print_link(link.secret.expose_secret(), &url);
            Ok(())
        }
    }
}
