//! `sluice audit`: whether the accounts' audit logs are as they were written. It works beside a running server.

use anyhow::bail;
use clap::Subcommand;
use sluice_app::{App, audit::Verification};
use sluice_domain::{audit::Breach, digest::Digest, id::AccountId};

use crate::{compose, config::StoreArgs};

#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Verify every account's log, and print its number of entries and its head. Fails when one is not as it was written.
    Verify {
        /// Only this account's.
        #[arg(long)]
        account: Option<AccountId>,
        /// A head that was printed earlier and kept elsewhere, as `ENTRIES:HEAD`: the log must still hold it. Needs `--account`.
        #[arg(long, requires = "account", value_parser = expectation)]
        expect: Option<(i64, Digest)>,
        /// How many entries from before the chain a log is known to have, as its entry `audit.sealed` says. One with more does not hold: nothing
        /// shows what was done to those entries before they were sealed.
        #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(i64).range(0..))]
        accept_unsealed: i64,
        #[command(flatten)]
        store: StoreArgs,
    },
    /// Take an account's log as it is, though it does not hold, so that entries can be added to it again. Restore it from a backup if you can.
    Accept {
        /// Whose log.
        #[arg(long)]
        account: AccountId,
        /// Why, for the account to read in its log.
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        store: StoreArgs,
    },
}

fn expectation(text: &str) -> Result<(i64, Digest), String> {
    let wanted = || "ENTRIES:HEAD, as `sluice audit verify` printed them".to_owned();
    let (entries, head) = text.split_once(':').ok_or_else(wanted)?;
    Ok((entries.parse().map_err(|_| wanted())?, head.parse().map_err(|_| wanted())?))
}

#[expect(clippy::print_stdout, reason = "what the command was asked for")]
pub(crate) async fn run(command: AuditCommand) -> anyhow::Result<()> {
    match command {
        AuditCommand::Verify { account, expect, accept_unsealed, store } => {
            verify(&compose::for_look(&store).await?, account, expect, accept_unsealed).await
        }
        AuditCommand::Accept { account, reason, store } => {
            let app = compose::for_command(&store).await?;
            let accepted = app.accept_audit(account, &reason).await;
            app.close().await;
            println!("{account}  accepted: {} entries are from before the chain now", accepted?);
            Ok(())
        }
    }
}

#[expect(clippy::print_stdout, reason = "what the command was asked for")]
async fn verify(
    app: &App,
    account: Option<AccountId>,
    expect: Option<(i64, Digest)>,
    accepted: i64,
) -> anyhow::Result<()> {
    let accounts = match account {
        Some(account) => vec![account],
        None => app.accounts().await?.into_iter().map(|account| account.id).collect(),
    };
    let mut broken = 0;
    for account in accounts {
        let found = app.verify_audit(account, accepted).await?;
        let held = match expect {
            Some((entries, head)) => app.audit_held(account, entries, head).await?,
            None => true,
        };
        println!("{account}  {}", line(&found, held));
        broken += usize::from(found.breach.is_some() || !held);
    }
    app.clone().close().await;
    if broken > 0 {
        bail!(
            "{broken} audit logs are not shown to be as they were written: compare with a backup, and find out who can write to the database"
        );
    }
    Ok(())
}

fn line(found: &Verification, held: bool) -> String {
    let Verification { entries, unsealed, head, breach } = found;
    let before = if *unsealed > 0 { format!(", {unsealed} of them from before the chain") } else { String::new() };
    match breach {
        Some(breach @ Breach::Unsealed { .. }) => {
            format!("NOT SHOWN: {breach}; {entries}:{head}. `--accept-unsealed {unsealed}` takes them as known")
        }
        Some(breach) => format!("BROKEN: {breach}; {entries} entries before it hold{before}"),
        None if !held => format!("BROKEN: it does not hold the head that was expected; {entries}:{head}"),
        None => format!("holds  {entries}:{head}{before}"),
    }
}
