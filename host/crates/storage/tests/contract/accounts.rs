//! Accounts, people, sessions, tokens, the audit log, kept answers.

use sluice_domain::{digest::Digest, id::AuditId, message::Role};
use sluice_storage::{
    AccountRow, AuditFilter, AuditPage, Constraint, IdempotencyRow, PersonRow, PersonStatus, StorageError,
};

use crate::fixture::{Fixture, World, account_id, audit_id, digest, keyed_digest, person, person_id, session_id, time};

pub(crate) async fn an_account_reads_back_as_written(fixture: Fixture<'_>) {
    let [first, second] = [1, 2].map(|at| AccountRow::new(account_id(), "Kälte & Söhne".to_owned(), time(at)));
    let rows = [first.clone(), second.clone()];
    fixture.write(first.id, move |tx| rows.iter().try_for_each(|row| tx.insert_account(row))).await;
    let id = first.id;
    assert_eq!(fixture.read(move |tx| tx.account_row(id)).await, Some(first.clone()));
    assert_eq!(fixture.read(|tx| tx.account_row(account_id())).await, None);
    assert_eq!(fixture.read(|tx| tx.accounts()).await, [first, second]);
}

pub(crate) async fn an_e_mail_address_belongs_to_one_person_of_all_accounts_in_any_case(fixture: Fixture<'_>) {
    let (one, other) = (fixture.world().await, fixture.world().await);
    let twin = PersonRow { email: one.person.email.to_uppercase(), ..person() };
    let refused =
        fixture.database.write(Some(other.account.id), move |tx| tx.account(other.account.id).insert_person(&twin));
    assert_eq!(refused.await, Err(StorageError::Conflict { constraint: Constraint::PersonEmail }));

    let email = one.person.email.to_uppercase();
    let found = fixture.read(move |tx| tx.person_by_email(&email)).await;
    assert_eq!(found, Some((one.account.id, one.person.clone())));
    assert_eq!(fixture.read(|tx| tx.person_by_email("nobody@example.com")).await, None);

    let (account, id) = (one.account.id, one.person.id);
    assert_eq!(fixture.read(move |tx| tx.account(account).person(id)).await, Some(one.person.clone()));
    assert_eq!(fixture.read(move |tx| tx.account(account).person(person_id())).await, None);
    assert_eq!(fixture.read(move |tx| tx.account(account).people()).await, [one.person]);
}

pub(crate) async fn a_session_is_found_by_its_secret_until_it_ends(fixture: Fixture<'_>) {
    let World { account, person, session, .. } = fixture.world().await;
    let hash = session.token_hash;
    let find = |at| fixture.read(move |tx| tx.session_by_token_hash(hash, time(at)));
    let found = find(99).await.unwrap();
    assert_eq!((found.account_id, &found.session), (account.id, &session));
    assert_eq!((found.role, found.permissions, found.name), (Role::Supervisor, person.permissions, person.name));
    assert_eq!((found.status, found.password_changed_at), (PersonStatus::Active, time(1)));
    assert_eq!((found.chain_version, found.security_version), (0, 0));
    assert_eq!(find(100).await, None);
    assert_eq!(fixture.read(|tx| tx.session_by_token_hash(Digest::of(b"guess"), time(1))).await, None);

    assert_eq!(fixture.write(account.id, |tx| tx.delete_expired_sessions(time(99), 9)).await, 0);
    assert_eq!(fixture.write(account.id, |tx| tx.delete_expired_sessions(time(100), 9)).await, 1);
    assert_eq!(find(99).await, None);

    let again = session.clone();
    fixture.write(account.id, move |tx| tx.account(account.id).insert_session(&again)).await;
    assert!(!fixture.write(account.id, move |tx| tx.account(account.id).delete_session(session_id())).await);
    assert!(fixture.write(account.id, move |tx| tx.account(account.id).delete_session(session.id)).await);
    assert_eq!(find(99).await, None);
}

pub(crate) async fn a_token_is_found_by_its_secret_with_its_persons_role(fixture: Fixture<'_>) {
    let World { account, person, token, .. } = fixture.world().await;
    let hash = token.token_hash;
    let found = fixture.read(move |tx| tx.api_token_by_hash(hash, time(9))).await.unwrap();
    assert_eq!((found.account_id, &found.token), (account.id, &token));
    assert_eq!((found.role, found.permissions, found.status), (Role::Supervisor, person.permissions, person.status));
    assert_eq!((found.chain_version, found.security_version), (0, 0));
    assert_eq!(fixture.read(|tx| tx.api_token_by_hash(digest(), time(9))).await, None);
}

pub(crate) async fn the_audit_log_is_numbered_sealed_and_found_by_what_it_says(fixture: Fixture<'_>) {
    let World { account, audit: first, .. } = fixture.world().await;
    let id = account.id;
    let mut second = first.clone();
    (second.row.id, second.row.at, second.row.address) = (audit_id(), time(6), "192.0.2.2".to_owned());
    (second.row.actor_id, second.row.action) = ("platform".to_owned(), "session.ended".to_owned());
    let row = second.clone();
    fixture.write(id, move |tx| tx.account(id).insert_audit(&row)).await;
    let found = async |filter: AuditFilter, page| {
        let found = fixture.read(move |tx| tx.account(id).audit(&filter, page, 9)).await;
        found.into_iter().map(|entry| entry.seq).collect::<Vec<_>>()
    };
    let all = AuditFilter::default;
    assert_eq!(found(all(), AuditPage::Before(None)).await, [2, 1]);
    assert_eq!(found(all(), AuditPage::Before(Some(2))).await, [1]);
    assert_eq!(found(all(), AuditPage::After(0)).await, [1, 2]);
    assert_eq!(found(all(), AuditPage::After(1)).await, [2]);
    for (filter, expected) in [
        (AuditFilter { actor: "platform".to_owned(), ..all() }, 2),
        (AuditFilter { action: "session.".to_owned(), ..all() }, 2),
        (AuditFilter { action: "plugin.uploaded".to_owned(), ..all() }, 1),
        (AuditFilter { address: "192.0.2.1".to_owned(), ..all() }, 1),
        (AuditFilter { from: Some(time(6)), ..all() }, 2),
        (AuditFilter { to: Some(time(6)), ..all() }, 1),
        (AuditFilter { among: " login.accepted session.ended ".to_owned(), ..all() }, 2),
    ] {
        assert_eq!(found(filter.clone(), AuditPage::Before(None)).await, [expected], "{filter:?}");
    }
    let by_target = AuditFilter { target: first.row.target.clone(), ..all() };
    assert_eq!(found(by_target, AuditPage::Before(None)).await, [2, 1]);
    assert_eq!(found(AuditFilter { action: "ession".to_owned(), ..all() }, AuditPage::Before(None)).await, [0; 0]);

    let entries = fixture.read(move |tx| tx.account(id).audit(&AuditFilter::default(), AuditPage::After(0), 9)).await;
    assert_eq!([&entries[0].row, &entries[1].row], [&first.row, &second.row]);
}

pub(crate) async fn a_look_into_the_audit_log_ends_after_as_many_entries_however_few_fit(fixture: Fixture<'_>) {
    let World { account, audit: first, .. } = fixture.world().await;
    let id = account.id;
    let more = first.clone();
    // With the first, 5,003: more than one look goes through.
    fixture
        .write(id, move |tx| {
            (0..5_002_u64).try_for_each(|n| {
                let mut entry = more.clone();
                (entry.row.id, entry.row.at) = (AuditId::new(time(1_000_000 + n), [7; 10]), time(n));
                entry.row.actor_id = if n == 0 { "rare" } else { "common" }.to_owned();
                tx.account(id).insert_audit(&entry)
            })
        })
        .await;
    let rare = AuditFilter { actor: "rare".to_owned(), ..AuditFilter::default() };
    let look = async |filter: &AuditFilter, page, limit| {
        let filter = filter.clone();
        let part = fixture.read(move |tx| tx.account(id).audit_part(&filter, page, limit)).await;
        (part.rows.into_iter().map(|entry| entry.seq).collect::<Vec<_>>(), part.seen)
    };
    assert_eq!(look(&rare, AuditPage::Before(None), 9).await, (vec![], Some(4)));
    assert_eq!(look(&rare, AuditPage::Before(Some(4)), 9).await, (vec![2], None));
    assert_eq!(look(&rare, AuditPage::After(0), 9).await, (vec![2], Some(5_000)));
    assert_eq!(look(&rare, AuditPage::After(5_000), 9).await, (vec![], None));
    let all = AuditFilter::default();
    assert_eq!(look(&all, AuditPage::Before(None), 2).await, (vec![5_003, 5_002], Some(5_002)));
    assert_eq!(look(&all, AuditPage::Before(Some(3)), 2).await, (vec![2, 1], None));
    assert_eq!(look(&all, AuditPage::After(5_001), 2).await, (vec![5_002, 5_003], None));
}

pub(crate) async fn an_answer_is_kept_once_for_an_actors_key(fixture: Fixture<'_>) {
    let account = fixture.world().await.account.id;
    let row = IdempotencyRow {
        actor: "per_1".to_owned(),
        key: "key".to_owned(),
        request: Some(keyed_digest()),
        body: "{}".to_owned(),
        created_at: time(7),
    };
    let (one, same) = (row.clone(), row.clone());
    let other = IdempotencyRow { actor: "per_2".to_owned(), ..row.clone() };
    fixture.write(account, move |tx| tx.account(account).keep_idempotent_answer(&one)).await;
    fixture.write(account, move |tx| tx.account(account).keep_idempotent_answer(&other)).await;
    let refused =
        fixture.database.write(Some(account), move |tx| tx.account(account).keep_idempotent_answer(&same)).await;
    assert_eq!(refused, Err(StorageError::Conflict { constraint: Constraint::PrimaryKey }));

    let find = |key| fixture.read(move |tx| tx.account(account).idempotent_answer("per_1", key));
    assert_eq!(find("key").await, Some(row));
    assert_eq!(find("yek").await, None);
    assert_eq!(fixture.write(account, |tx| tx.delete_idempotent_answers(time(7), 9)).await, 0);
    assert_eq!(fixture.write(account, |tx| tx.delete_idempotent_answers(time(8), 1)).await, 1, "in parts");
    assert_eq!(fixture.write(account, |tx| tx.delete_idempotent_answers(time(8), 9)).await, 1);
    assert_eq!(find("key").await, None);
}
