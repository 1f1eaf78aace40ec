//! The audit log: any change that is made of it in the database is found, and nothing is added on top of one.

use sluice_domain::{
    audit::{Action, Breach, SealKey, Verification, Verifier},
    id::AccountId,
};
use sluice_storage::{AccountRow, AuditRow, NewAudit, StorageError};

use crate::fixture::{Fixture, World, account_id, audit_id, time};

const KEY: SealKey = SealKey::new([7; 32]);
/// Entries that logs of these cases have.
const ENTRIES: i64 = 6;

fn entry(account: AccountId, action: Action, at: u64) -> NewAudit {
    let mut new = World::new().audit;
    new.key = KEY;
    new.row = AuditRow {
        id: audit_id(),
        at: time(at),
        action: action.as_str().to_owned(),
        target: account.to_string(),
        ..new.row
    };
    new
}

/// An account with a log.
async fn log(fixture: &Fixture<'_>) -> AccountId {
    let id = account_id();
    fixture.write(id, move |tx| tx.insert_account(&AccountRow::new(id, "Log".to_owned(), time(1)))).await;
    for n in 1..=ENTRIES {
        let action = if n == 1 { Action::AccountCreated } else { Action::GroupCreated };
        add(fixture, id, action).await.unwrap();
    }
    id
}

async fn add(fixture: &Fixture<'_>, id: AccountId, action: Action) -> Result<(), StorageError> {
    let new = entry(id, action, 5);
    fixture.database.write(Some(id), move |tx| tx.account(id).insert_audit(&new)).await
}

async fn verify(fixture: &Fixture<'_>, id: AccountId, accepted: i64) -> Verification {
    let (kept, entries) = fixture
        .read(move |tx| {
            let mut rows = tx.account(id);
            Ok((rows.kept_audit_log()?.unwrap(), rows.kept_audit_entries(i64::MIN, 99)?))
        })
        .await;
    let mut verifier = Verifier::new(&KEY, id, kept);
    let last = verifier.last();
    entries.iter().filter(|kept| kept.seq <= last).all(|kept| verifier.take(kept));
    verifier.finish(accepted)
}

/// What somebody who can write to the database and has not the key can do to a log, and whether nothing can be added to it afterwards.
fn harms(id: AccountId, other: AccountId) -> Vec<(String, bool)> {
    let of = format!("account_id = '{id}'");
    let row = |set: &str| (format!("UPDATE accounts SET {set} WHERE id = '{id}'"), true);
    let mut harms = vec![
        row("audit_unsealed = audit_unsealed + 1"),
        row("audit_unsealed = 0, audit_earlier = '', audit_seq = 0, audit_head = '', audit_seal = ''"),
        row("audit_unsealed = audit_seq, audit_head = ''"),
        row("audit_unsealed = audit_seq, audit_head = '', audit_seal = ''"),
        row("audit_earlier = '0000000000000000000000000000000000000000000000000000000000000000'"),
        row("audit_seq = audit_seq + 1"),
        row("audit_seq = audit_seq - 1"),
        row("audit_head = ''"),
        row("audit_head = UPPER(audit_head) || 'x'"),
        row("audit_head = '0000000000000000000000000000000000000000000000000000000000000000'"),
        row("audit_seal = ''"),
        row("audit_seal = audit_head"),
        // An end that was cut off, with a row that says so.
        (
            format!(
                "UPDATE accounts SET audit_seq = 5, audit_head = (SELECT mac FROM audit WHERE {of} AND seq = 5) WHERE id = '{id}';
                 DELETE FROM audit WHERE {of} AND seq = 6"
            ),
            true,
        ),
        (format!("DELETE FROM audit WHERE {of}"), true),
        // Beginnings that were cut off, and what is left numbered anew.
        (format!("DELETE FROM audit WHERE {of} AND seq < 3"), false),
        (
            format!(
                "DELETE FROM audit WHERE {of} AND seq < 3;
                 UPDATE audit SET seq = -seq WHERE {of}; UPDATE audit SET seq = -seq - 2 WHERE {of};
                 UPDATE accounts SET audit_seq = 4 WHERE id = '{id}'"
            ),
            true,
        ),
        // Entries that changed places.
        (
            format!(
                "UPDATE audit SET seq = -seq WHERE {of} AND seq IN (3, 4);
                 UPDATE audit SET seq = 7 + seq WHERE {of} AND seq < 0"
            ),
            false,
        ),
    ];
    // The first, one in the middle, the last.
    for n in [1, 4, ENTRIES] {
        let here = format!("{of} AND seq = {n}");
        harms.push((format!("DELETE FROM audit WHERE {here}"), n == ENTRIES));
        for set in [
            format!("account_id = '{other}', seq = 99"),
            "id = 'aud_00000000000000000000000000'".to_owned(),
            "id = UPPER(id)".to_owned(),
            "at = at + 1".to_owned(),
            "actor_id = actor_id || 'x'".to_owned(),
            "actor_role = 'operator'".to_owned(),
            "actor_role = 'nobody'".to_owned(),
            "action = 'login.accepted'".to_owned(),
            "target = ''".to_owned(),
            "address = '192.0.2.99'".to_owned(),
            "details = details || ' '".to_owned(),
        ] {
            harms.push((format!("UPDATE audit SET {set} WHERE {here}"), false));
        }
        harms.push((format!("UPDATE audit SET seq = 99 WHERE {here}"), n == ENTRIES));
        harms.push((format!("UPDATE audit SET seq = 0 WHERE {here}"), n == ENTRIES));
        harms.push((format!("UPDATE audit SET mac = mac || 'x' WHERE {here}"), n == ENTRIES));
        // A copy of it elsewhere.
        for seq in [-1, 0, ENTRIES + 1] {
            let copy = format!(
                "INSERT INTO audit (account_id, id, at, actor_id, actor_role, action, target, address, details, seq, mac)
                 SELECT account_id, 'aud_copy', at, actor_id, actor_role, action, target, address, details, {seq}, mac
                 FROM audit WHERE {here}"
            );
            harms.push((copy, false));
        }
    }
    harms
}

const KEEP: &str = "CREATE TABLE kept_audit AS SELECT * FROM audit;
     CREATE TABLE kept_accounts AS SELECT * FROM accounts";
const PUT_BACK: &str = "DELETE FROM audit; INSERT INTO audit SELECT * FROM kept_audit;
     UPDATE accounts SET (audit_unsealed, audit_earlier, audit_seq, audit_head, audit_seal) =
       (SELECT audit_unsealed, audit_earlier, audit_seq, audit_head, audit_seal FROM kept_accounts WHERE kept_accounts.id = accounts.id)";

async fn every_harm_is_found(fixture: &Fixture<'_>, id: AccountId, unsealed: i64) {
    let other = log(fixture).await;
    fixture.tamper(KEEP);
    for (harm, stops) in harms(id, other) {
        fixture.tamper(&harm);
        let found = verify(fixture, id, unsealed).await;
        assert!(found.breach.is_some(), "{harm}");
        if stops {
            let added = add(fixture, id, Action::GroupCreated).await;
            assert_eq!(added, Err(StorageError::AuditBroken), "{harm}");
            assert!(verify(fixture, id, unsealed).await.breach.is_some(), "{harm}");
        }
        fixture.tamper(PUT_BACK);
        assert_eq!(verify(fixture, id, unsealed).await.breach, None, "put back after {harm}");
    }
}

pub(crate) async fn any_change_of_a_sealed_log_is_found(fixture: Fixture<'_>) {
    let id = log(&fixture).await;
    let found = verify(&fixture, id, 0).await;
    assert_eq!((found.entries, found.unsealed, found.breach), (ENTRIES, 0, None));
    every_harm_is_found(&fixture, id, 0).await;
}

pub(crate) async fn any_change_of_what_was_sealed_later_is_found(fixture: Fixture<'_>) {
    let id = log(&fixture).await;
    // As it was kept before entries had seals, but for the last two.
    fixture.tamper(&format!(
        "DELETE FROM audit WHERE account_id = '{id}' AND seq > {0}; UPDATE audit SET mac = '' WHERE account_id = '{id}';
         UPDATE accounts SET audit_unsealed = {0}, audit_seq = {0}, audit_head = '', audit_seal = 'unsealed' WHERE id = '{id}'",
        ENTRIES - 2
    ));
    assert_eq!(fixture.read(|tx| tx.unsealed_audit_logs()).await, [id]);
    assert!(verify(&fixture, id, ENTRIES).await.breach.is_some());
    assert_eq!(add(&fixture, id, Action::GroupCreated).await, Err(StorageError::AuditBroken));
    let seal = || fixture.write(id, move |tx| tx.account(id).seal_audit(&KEY));
    assert_eq!((seal().await, seal().await), (Some(ENTRIES - 2), None), "once");
    assert_eq!(fixture.read(|tx| tx.unsealed_audit_logs()).await, []);
    for _ in 0..2 {
        add(&fixture, id, Action::GroupCreated).await.unwrap();
    }
    let unsealed = ENTRIES - 2;
    let found = verify(&fixture, id, 0).await;
    assert_eq!((found.entries, found.breach), (ENTRIES, Some(Breach::Unsealed { unsealed, accepted: 0 })));
    every_harm_is_found(&fixture, id, unsealed).await;
}

pub(crate) async fn a_log_that_does_not_hold_is_accepted_as_it_is_and_says_how_much(fixture: Fixture<'_>) {
    let id = log(&fixture).await;
    fixture.tamper(&format!("UPDATE audit SET address = 'elsewhere' WHERE account_id = '{id}' AND seq = 6"));
    fixture.tamper(&format!("UPDATE accounts SET audit_head = '' WHERE id = '{id}'"));
    assert_eq!(add(&fixture, id, Action::GroupCreated).await, Err(StorageError::AuditBroken));
    assert_eq!(fixture.write(id, move |tx| tx.account(id).accept_audit(&KEY)).await, ENTRIES);
    add(&fixture, id, Action::AuditAccepted).await.unwrap();
    let unsealed = Breach::Unsealed { unsealed: ENTRIES, accepted: 0 };
    assert_eq!(verify(&fixture, id, 0).await.breach, Some(unsealed));
    assert_eq!(verify(&fixture, id, ENTRIES).await.breach, None);
    fixture.tamper(&format!("UPDATE audit SET mac = '' WHERE account_id = '{id}' AND seq = 2"));
    assert_eq!(verify(&fixture, id, ENTRIES).await.breach, Some(Breach::Earlier { unsealed: ENTRIES }));
}
