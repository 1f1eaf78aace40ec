//! `sluice audit`: whether the accounts' audit logs are as they were written. It works beside a running server.

use anyhow::bail;
use clap::Subcommand;
use sluice_app::audit::Verification;
use sluice_domain::{digest::Digest, id::AccountId};

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
    let AuditCommand::Verify { account, expect, store } = command;
    let app = compose::for_command(&store).await?;
    let accounts = match account {
        Some(account) => vec![account],
        None => app.accounts().await?.into_iter().map(|account| account.id).collect(),
    };
    let mut broken = 0;
    for account in accounts {
        let found = app.verify_audit(account).await?;
        let held = match expect {
            Some((entries, head)) => app.audit_held(account, entries, head).await?,
            None => true,
        };
        println!("{account}  {}", line(&found, held));
        broken += usize::from(found.breach.is_some() || !held);
    }
    app.close().await;
    if broken > 0 {
        bail!(
            "{broken} audit logs are not as they were written: compare with a backup, and find out who can write to the database"
        );
    }
    Ok(())
}

fn line(found: &Verification, held: bool) -> String {
    let Verification { entries, unsealed, head, breach } = found;
    let before = if *unsealed > 0 { format!(", {unsealed} of them from before the chain") } else { String::new() };
    match breach {
        Some(breach) => format!("BROKEN: {breach}; {entries} entries before it hold{before}"),
        None if !held => format!("BROKEN: it does not hold the head that was expected; {entries}:{head}"),
        None => format!("holds  {entries}:{head}{before}"),
    }
}
