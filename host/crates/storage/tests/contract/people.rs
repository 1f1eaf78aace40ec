//! What people may do, how they get in, and what they reach.

use std::collections::BTreeSet;

use sluice_domain::{
    address::{AddressAction, AddressRule},
    message::Role,
    permission::{AccountKind, Permission, Permissions, Reach},
    security::{PasswordPolicy, SecuritySettings},
    support::SupportScope,
};
use sluice_storage::{
    AccountRow, Assignment, Before, Constraint, ConversationFilter, GroupRow, InsideRow, OwnSession, PasskeyRow,
    PersonRow, PersonStatus, Reader, SecondFactorRow, SessionEnd, SessionRow, StorageError, SupportGrantRow,
    SupportSessionRow, ThrottleRow,
};

use crate::fixture::{
    Fixture, World, account_id, address_rule_id, challenge_id, conversation_id, digest, group_id, keyed_digest,
    passkey_id, person, session_id, support_grant_id, support_session_id, time,
};

pub(crate) async fn a_person_changes_and_a_deleted_one_is_not_listed(fixture: Fixture<'_>) {
    let World { account, person, .. } = fixture.world().await;
    let id = account.id;
    let mut changed = person.clone();
    changed.email = format!("new-{}", changed.email);
    changed.name = "Grace".to_owned();
    changed.role = Role::Operator;
    changed.permissions = Permissions::NONE.with(Permission::AnswerOwn);
    changed.status = PersonStatus::Disabled;
    let row = changed.clone();
    assert!(fixture.write(id, move |tx| tx.account(id).update_person(&row)).await);
    assert_eq!(fixture.read(move |tx| tx.account(id).people()).await, [changed.clone()]);

    changed.role = Role::Administrator;
    let row = changed.clone();
    assert!(fixture.write(id, move |tx| tx.account(id).update_person(&row)).await);
    assert!(fixture.write(id, move |tx| tx.account(id).erase_person(person.id, "gone@deleted.invalid")).await);
    assert_eq!(fixture.read(move |tx| tx.account(id).people()).await, []);
    let erased = PersonRow {
        email: "gone@deleted.invalid".to_owned(),
        name: String::new(),
        role: Role::Operator,
        permissions: Permissions::NONE,
        status: PersonStatus::Deleted,
        password_hash: None,
        ..changed.clone()
    };
    // There is no way back.
    let back = fixture.write(id, move |tx| {
        let mut rows = tx.account(id);
        Ok([
            rows.update_person(&changed)?,
            rows.set_password(person.id, "again", time(9))?,
            rows.activate_person(person.id)?,
            rows.rehash_password(person.id, "", "again")?,
            rows.erase_person(person.id, "twice@deleted.invalid")?,
        ])
    });
    assert_eq!(back.await, [false; 5]);
    assert_eq!(fixture.read(move |tx| tx.account(id).person(person.id)).await, Some(erased));
}

pub(crate) async fn a_password_is_set_for_nobody_who_is_kept_out_and_lets_nobody_in(fixture: Fixture<'_>) {
    let World { account, person, .. } = fixture.world().await;
    let id = account.id;
    for (status, set, activated) in [
        (PersonStatus::Invited, true, true),
        (PersonStatus::Active, true, false),
        (PersonStatus::Disabled, false, false),
    ] {
        let row = PersonRow { status, ..person.clone() };
        fixture.write(id, move |tx| tx.account(id).update_person(&row)).await;
        assert_eq!(fixture.write(id, move |tx| tx.account(id).set_password(person.id, "x", time(9))).await, set);
        let now = fixture.read(move |tx| tx.account(id).person(person.id)).await.unwrap();
        assert_eq!(now.status, status, "a password is no way in");
        assert_eq!(fixture.write(id, move |tx| tx.account(id).activate_person(person.id)).await, activated);
    }
}

pub(crate) async fn a_password_is_set_rehashed_and_remembered(fixture: Fixture<'_>) {
    let World { account, person: known, .. } = fixture.world().await;
    let id = account.id;
    let mut invited = person();
    invited.password_hash = None;
    invited.status = PersonStatus::Invited;
    let (row, who) = (invited.clone(), invited.id);
    fixture.write(id, move |tx| tx.account(id).insert_person(&row)).await;
    assert_eq!(fixture.read(move |tx| tx.account(id).person(who)).await, Some(invited));

    fixture.write(id, move |tx| tx.account(id).set_password(who, "one", time(7))).await;
    fixture.write(id, move |tx| tx.account(id).activate_person(who)).await;
    let row = fixture.read(move |tx| tx.account(id).person(who)).await.unwrap();
    assert_eq!((row.password_hash.as_deref(), row.status), (Some("one"), PersonStatus::Active));
    assert_eq!(row.password_changed_at, time(7));
    assert!(!fixture.write(id, move |tx| tx.account(id).rehash_password(who, "other", "two")).await);
    assert!(fixture.write(id, move |tx| tx.account(id).rehash_password(who, "one", "two")).await);

    for (at, hash) in [(1, "a"), (2, "b"), (3, "c")] {
        fixture.write(id, move |tx| tx.account(id).remember_password(who, hash, time(at))).await;
    }
    assert_eq!(fixture.read(move |tx| tx.account(id).remembered_passwords(who, 2)).await, ["c", "b"]);
    assert_eq!(fixture.read(move |tx| tx.account(id).remembered_passwords(known.id, 2)).await, [""; 0]);
    fixture.write(id, move |tx| tx.account(id).forget_passwords(who)).await;
    assert_eq!(fixture.read(move |tx| tx.account(id).remembered_passwords(who, 2)).await, [""; 0]);
}

pub(crate) async fn sessions_are_listed_and_ended_with_their_reason(fixture: Fixture<'_>) {
    let World { account, person, session: first, .. } = fixture.world().await;
    let (id, who) = (account.id, person.id);
    let mut second = first.clone();
    (second.id, second.token_hash) = (session_id(), digest());
    let row = second.clone();
    fixture.write(id, move |tx| tx.account(id).insert_session(&row)).await;
    let list = async |at| fixture.read(move |tx| tx.account(id).sessions_of(who, time(at))).await;
    assert_eq!(list(99).await, [second.clone(), first.clone()]);
    assert_eq!(list(100).await, []);

    for at in [50, 40] {
        fixture.write(id, move |tx| tx.account(id).session_seen(first.id, time(at))).await;
    }
    assert_eq!(list(99).await[1].last_seen_at, time(50));

    let end = |kept| fixture.write(id, move |tx| tx.account(id).end_sessions(who, kept, SessionEnd::PasswordChanged));
    assert_eq!(end(Some(second.id)).await, 1);
    assert_eq!(list(99).await, [second.clone()]);
    let end = move |tx: &mut sluice_storage::Tx<'_>| tx.account(id).end_session(who, second.id, SessionEnd::Ended);
    assert!(fixture.write(id, end).await);
    assert!(!fixture.write(id, end).await, "it has ended already");
    for (hash, ended) in [(first.token_hash, SessionEnd::PasswordChanged), (second.token_hash, SessionEnd::Ended)] {
        let live = fixture.read(move |tx| tx.session_by_token_hash(hash, time(1))).await.unwrap();
        assert_eq!(live.session.ended, Some(ended));
    }
}

pub(crate) async fn a_network_is_known_for_a_time(fixture: Fixture<'_>) {
    let World { account, person, .. } = fixture.world().await;
    let (id, who) = (account.id, person.id);
    for at in [5, 9] {
        fixture.write(id, move |tx| tx.account(id).know_network(who, "192.0.2.0/24", time(at))).await;
    }
    let knows = async |network: &'static str, since| {
        fixture.read(move |tx| tx.account(id).knows_network(who, network, time(since))).await
    };
    assert!(knows("192.0.2.0/24", 8).await);
    assert!(!knows("192.0.2.0/24", 9).await);
    assert!(!knows("192.0.3.0/24", 1).await);
    fixture.write(id, move |tx| tx.account(id).forget_networks(who)).await;
    assert!(!knows("192.0.2.0/24", 1).await);
}

pub(crate) async fn a_link_is_used_once(fixture: Fixture<'_>) {
    let World { account, person, link, .. } = fixture.world().await;
    let id = account.id;
    assert!(fixture.write(id, move |tx| tx.account(id).use_link(link.id, time(7))).await);
    assert!(!fixture.write(id, move |tx| tx.account(id).use_link(link.id, time(8))).await);
    fixture.write(id, move |tx| tx.account(id).cancel_links(person.id)).await;
    let find = |secret| fixture.read(move |tx| tx.link_by_secret(secret));
    assert_eq!(find(link.secret_hash).await.unwrap().1.used_at, Some(time(7)), "one that was used stays");
    assert_eq!(find(digest()).await, None);

    let mut open = link.clone();
    (open.id, open.secret_hash) = (crate::fixture::link_id(), digest());
    let row = open.clone();
    fixture.write(id, move |tx| tx.account(id).insert_link(&row)).await;
    assert_eq!(find(open.secret_hash).await, Some((id, open.clone())));
    fixture.write(id, move |tx| tx.account(id).cancel_links(person.id)).await;
    assert_eq!(find(open.secret_hash).await, None);
}

pub(crate) async fn a_token_is_renewed_with_an_overlap_and_revoked(fixture: Fixture<'_>) {
    let World { account, token, .. } = fixture.world().await;
    let (id, old, new) = (account.id, token.token_hash, digest());
    let renew = move |tx: &mut sluice_storage::Tx<'_>| {
        tx.account(id).renew_api_token(token.id, old, new, time(20), Some(time(500)))
    };
    assert!(fixture.write(id, renew).await);
    assert!(!fixture.write(id, renew).await, "its secret is another one now");
    let find = |hash, at| fixture.read(move |tx| tx.api_token_by_hash(hash, time(at)));
    assert_eq!(find(old, 19).await.unwrap().token.id, token.id);
    assert_eq!(find(old, 20).await, None);
    let row = find(new, 400).await.unwrap().token;
    assert_eq!((row.expires_at, row.previous_until), (Some(time(500)), Some(time(20))));

    fixture.write(id, move |tx| tx.account(id).api_token_used(token.id, time(9), "192.0.2.9")).await;
    let row = fixture.read(move |tx| tx.account(id).api_token(token.id)).await.unwrap();
    assert_eq!((row.last_used_at, row.last_used_from.as_deref()), (Some(time(9)), Some("192.0.2.9")));
    assert_eq!(fixture.read(move |tx| tx.account(id).api_tokens()).await, [row]);

    assert!(fixture.write(id, move |tx| tx.account(id).revoke_api_token(token.id, time(10))).await);
    assert!(!fixture.write(id, move |tx| tx.account(id).revoke_api_token(token.id, time(11))).await);
    assert_eq!(find(new, 12).await.unwrap().token.revoked_at, Some(time(10)));
    assert_eq!(find(old, 12).await, None, "the one before it is of no use any more");
    assert_eq!(fixture.read(move |tx| tx.account(id).api_tokens()).await, []);
}

pub(crate) async fn a_throttle_is_written_read_and_forgotten(fixture: Fixture<'_>) {
    let id = fixture.world().await.account.id;
    let mut row = ThrottleRow { subject: keyed_digest(), failures: 1, blocked_until: time(2), updated_at: time(1) };
    for failures in [1, 2] {
        row.failures = failures;
        fixture.write(id, move |tx| tx.put_throttle(&row)).await;
    }
    let find = || fixture.read(move |tx| tx.throttle(row.subject));
    assert_eq!(find().await, Some(row));
    assert_eq!(fixture.write(id, |tx| tx.delete_old_throttles(time(0), 9)).await, 0);
    fixture.write(id, move |tx| tx.delete_throttle(row.subject)).await;
    assert_eq!(find().await, None);
    fixture.write(id, move |tx| tx.put_throttle(&row)).await;
    assert_eq!(fixture.write(id, |tx| tx.delete_old_throttles(time(1), 9)).await, 1);
}

pub(crate) async fn a_group_has_members_and_reaches_its_conversations(fixture: Fixture<'_>) {
    let World { account, person: member, group, conversation, .. } = fixture.world().await;
    let id = account.id;
    let stranger = person();
    let row = stranger.clone();
    fixture.write(id, move |tx| tx.account(id).insert_person(&row)).await;
    let reads = async |who, reach| {
        let reader = Reader { person: who, reach };
        let one = fixture.read(move |tx| tx.account(id).conversation(conversation.id, reader)).await;
        let filter = ConversationFilter::default();
        let all = fixture.read(move |tx| tx.account(id).conversations(reader, &filter, Before::newest(9))).await;
        assert_eq!(one.is_some(), all.iter().any(|found| found.row.id == conversation.id), "{reach:?}");
        let overview = fixture.read(move |tx| tx.account(id).conversation_overview(conversation.id, reader)).await;
        assert_eq!(one.is_some(), overview.is_some(), "{reach:?}");
        one.is_some()
    };
    let assign = async |person, group| {
        let assignment = Assignment { person, group };
        assert!(fixture.write(id, move |tx| tx.account(id).assign(conversation.id, assignment)).await);
    };
    let assert_reach = async |who, expected: [bool; 3]| {
        let reaches = [Reach::Own, Reach::Groups, Reach::All];
        for (reach, expected) in reaches.into_iter().zip(expected) {
            assert_eq!(reads(who, reach).await, expected, "{reach:?}");
        }
    };
    assert_reach(member.id, [false, false, true]).await;
    assign(None, Some(group.id)).await;
    assert_reach(member.id, [false, true, true]).await;
    assert_reach(stranger.id, [false, false, true]).await;
    assign(Some(stranger.id), Some(group.id)).await;
    assert_reach(member.id, [false, true, true]).await;
    assert_reach(stranger.id, [true, true, true]).await;
    assert_eq!(fixture.write(id, move |tx| tx.account(id).unassign(stranger.id)).await, 1);
    assert_reach(stranger.id, [false, false, true]).await;

    fixture.write(id, move |tx| tx.account(id).set_group_members(group.id, &[stranger.id])).await;
    assert_eq!(fixture.read(move |tx| tx.account(id).group_members(group.id)).await, [stranger.id]);
    assert_reach(member.id, [false, false, true]).await;
    fixture.write(id, move |tx| tx.account(id).leave_groups(stranger.id)).await;
    assert_eq!(fixture.read(move |tx| tx.account(id).group_members(group.id)).await, []);

    let twin = GroupRow { id: group_id(), ..group.clone() };
    let refused = fixture.database.write(Some(id), move |tx| tx.account(id).insert_group(&twin)).await;
    assert_eq!(refused, Err(StorageError::Conflict { constraint: Constraint::GroupName }));
    assert!(fixture.write(id, move |tx| tx.account(id).rename_group(group.id, "Service")).await);
    assert_eq!(fixture.read(move |tx| tx.account(id).groups()).await[0].name, "Service");
    assert!(fixture.write(id, move |tx| tx.account(id).delete_group(group.id)).await);
    assert_eq!(fixture.read(move |tx| tx.account(id).group(group.id)).await, None);
    assert!(!fixture.write(id, move |tx| tx.account(id).assign(conversation_id(), Assignment::default())).await);
}

pub(crate) async fn templates_are_kept_by_name(fixture: Fixture<'_>) {
    let World { account, person, .. } = fixture.world().await;
    let id = account.id;
    let wider = person.permissions.with(Permission::Export);
    fixture.write(id, move |tx| tx.account(id).put_permission_template("own", wider)).await;
    let list = || fixture.read(move |tx| tx.account(id).permission_templates());
    assert_eq!(list().await, [("own".to_owned(), wider)]);
    assert!(fixture.write(id, move |tx| tx.account(id).delete_permission_template("own")).await);
    assert_eq!(list().await, []);
}

pub(crate) async fn rules_about_addresses_read_back_in_their_order(fixture: Fixture<'_>) {
    let World { account, addresses: first, .. } = fixture.world().await;
    let id = account.id;
    let second = AddressRule {
        id: address_rule_id(),
        net: "2001:db8::/32".parse().unwrap(),
        action: AddressAction::Deny,
        roles: BTreeSet::new(),
        doors: BTreeSet::new(),
        expires_at: None,
        ..first.clone()
    };
    let row = second.clone();
    fixture.write(id, move |tx| tx.account(id).insert_address_rule(&row)).await;
    let list = || fixture.read(move |tx| tx.account(id).address_rules());
    assert_eq!(list().await, [first.clone(), second.clone()]);
    assert!(fixture.write(id, move |tx| tx.account(id).delete_address_rule(first.id)).await);
    assert!(!fixture.write(id, move |tx| tx.account(id).delete_address_rule(first.id)).await);
    assert_eq!(list().await, [second]);
    assert_eq!(fixture.write(id, move |tx| tx.account(id).clear_address_rules()).await, 1);
    assert_eq!(list().await, []);
}

pub(crate) async fn a_step_and_a_recovery_code_are_used_once(fixture: Fixture<'_>) {
    let World { account, person, session, .. } = fixture.world().await;
    let (id, who) = (account.id, person.id);
    let row = SecondFactorRow { secret: "sealed".to_owned(), created_at: time(1), confirmed_at: None, last_step: 5 };
    for secret in ["first", "sealed"] {
        let row = SecondFactorRow { secret: secret.to_owned(), ..row.clone() };
        fixture.write(id, move |tx| tx.account(id).put_second_factor(who, &row)).await;
    }
    assert_eq!(fixture.read(move |tx| tx.account(id).second_factor(who)).await, Some(row));
    let of = |secret: &'static str, step| fixture.write(id, move |tx| tx.account(id).use_step(who, secret, step));
    assert!(!of("first", 7).await, "that secret was replaced");
    let step = |step| of("sealed", step);
    assert_eq!([step(5).await, step(7).await, step(7).await, step(6).await], [false, true, false, false]);
    let confirm = |at| fixture.write(id, move |tx| tx.account(id).confirm_second_factor(who, time(at)));
    assert_eq!([confirm(3).await, confirm(4).await], [true, false]);

    let codes = [digest(), digest()];
    fixture.write(id, move |tx| tx.account(id).set_recovery_codes(who, &codes)).await;
    let has = |code| fixture.read(move |tx| tx.account(id).has_recovery_code(who, code));
    assert_eq!([has(codes[0]).await, has(digest()).await], [true, false]);
    let code = |code| fixture.write(id, move |tx| tx.account(id).use_recovery_code(who, code));
    assert_eq!([code(codes[0]).await, code(codes[0]).await, code(digest()).await], [true, false, false]);
    assert_eq!(fixture.read(move |tx| tx.account(id).recovery_codes(who)).await, 1);

    fixture.write(id, move |tx| tx.account(id).session_has_second_factor(who, session.id)).await;
    assert!(fixture.read(move |tx| tx.account(id).sessions_of(who, time(1))).await[0].second_factor);
    assert!(fixture.write(id, move |tx| tx.account(id).delete_second_factor(who)).await);
    assert!(!fixture.write(id, move |tx| tx.account(id).delete_second_factor(who)).await);
}

pub(crate) async fn security_settings_read_back_and_have_a_version(fixture: Fixture<'_>) {
    let id = fixture.world().await.account.id;
    let read = || fixture.read(move |tx| tx.account(id).security());
    assert_eq!(read().await, Some((0, SecuritySettings::default())));
    let password = PasswordPolicy { min_length: 20, ..PasswordPolicy::default() };
    let settings = SecuritySettings { password, ..SecuritySettings::default() };
    let written = settings.clone();
    let version = fixture.write(id, move |tx| {
        tx.account(id).set_security(&written)?;
        tx.account(id).bump_security_version()
    });
    assert_eq!(version.await, Some(1));
    assert_eq!(read().await, Some((1, settings)));
    let nobody = crate::fixture::account_id();
    assert_eq!(fixture.read(move |tx| tx.account(nobody).security()).await, None);
}

pub(crate) async fn there_is_one_account_of_the_platform(fixture: Fixture<'_>) {
    let rows = [(); 2].map(|()| AccountRow {
        kind: AccountKind::Platform,
        ..AccountRow::new(account_id(), "Platform".to_owned(), time(1))
    });
    let [first, second] = rows.map(|row| fixture.database.write(Some(row.id), move |tx| tx.insert_account(&row)));
    assert_eq!(first.await, Ok(()));
    assert_eq!(second.await, Err(StorageError::Conflict { constraint: Constraint::Platform }));
}

pub(crate) async fn support_is_let_in_enters_and_leaves(fixture: Fixture<'_>) {
    let (ours, platform) = (fixture.world().await, fixture.world().await);
    let id = ours.account.id;
    let grant = |scope, until| SupportGrantRow {
        id: support_grant_id(),
        scope,
        opened_by: ours.person.id,
        opened_at: time(1),
        until: time(until),
        closed_at: None,
    };
    let (first, second) = (grant(SupportScope::Look, 50), grant(SupportScope::Configure, 60));
    assert_eq!(fixture.read(move |tx| tx.account(id).support_grant()).await, None);
    let row = first.clone();
    fixture.write(id, move |tx| tx.account(id).insert_support_grant(&row)).await;
    fixture.write(id, move |tx| tx.account(id).close_support_grants(time(5))).await;
    let row = second.clone();
    fixture.write(id, move |tx| tx.account(id).insert_support_grant(&row)).await;
    assert_eq!(fixture.read(move |tx| tx.account(id).support_grant()).await, Some(second.clone()));
    let open = async |at| fixture.read(move |tx| tx.accounts_open_to_support(time(at))).await;
    assert_eq!(open(59).await, [(id, ours.account.name.clone(), second.clone())]);
    assert_eq!(open(60).await, []);

    let session = SupportSessionRow {
        id: support_session_id(),
        grant_id: second.id,
        secret_hash: digest(),
        platform: platform.account.id,
        person: platform.person.id,
        session: platform.session.id,
        reason: "to look".to_owned(),
        address: "192.0.2.1".to_owned(),
        created_at: time(7),
        ended_at: None,
    };
    let row = session.clone();
    fixture.write(id, move |tx| tx.account(id).insert_support_session(&row)).await;
    let inside = async |grant| fixture.read(move |tx| tx.account(id).support_inside(grant)).await;
    let row = InsideRow { session: session.clone(), name: platform.person.name.clone() };
    assert_eq!(inside(second.id).await, [row]);
    assert_eq!(inside(first.id).await, []);
    let secret = session.secret_hash;
    let live = async || fixture.read(move |tx| tx.support_session_by_secret(secret)).await.unwrap();
    let found = live().await;
    assert_eq!((found.account_id, &found.session, &found.grant), (id, &session, &second));
    let SessionRow { created_at, last_seen_at, expires_at, .. } = platform.session;
    let own = OwnSession { created_at, last_seen_at, expires_at };
    assert_eq!((found.role, found.own), (platform.person.role, Some(own)));
    assert_eq!(fixture.read(|tx| tx.support_session_by_secret(digest())).await, None);

    // With the person's own session, whether it was ended or has gone.
    let (theirs, own, who) = (platform.account.id, platform.session.id, platform.person.id);
    fixture.write(theirs, move |tx| tx.account(theirs).end_session(who, own, SessionEnd::Ended)).await;
    assert_eq!(live().await.own, None);
    fixture.write(theirs, move |tx| tx.account(theirs).delete_session(own)).await;
    assert_eq!(live().await.own, None);

    // Through the handle of another account, there is nothing to end.
    let entered = session.id;
    assert!(!fixture.write(theirs, move |tx| tx.account(theirs).end_support_session(entered, time(8))).await);
    assert!(fixture.write(id, move |tx| tx.account(id).end_support_session(entered, time(8))).await);
    assert!(!fixture.write(id, move |tx| tx.account(id).end_support_session(entered, time(9))).await);
    assert_eq!(live().await.session.ended_at, Some(time(8)));
    assert_eq!(inside(second.id).await, []);
    fixture.write(id, move |tx| tx.account(id).close_support_grants(time(9))).await;
    assert_eq!(fixture.read(move |tx| tx.account(id).support_grant()).await, None);
    assert_eq!(live().await.grant.closed_at, Some(time(9)));
    let orphan = SupportSessionRow { id: support_session_id(), secret_hash: digest(), ..session };
    let refused = fixture.database.write(Some(theirs), move |tx| tx.account(theirs).insert_support_session(&orphan));
    assert_eq!(refused.await, Err(StorageError::Dangling));
}

pub(crate) async fn a_passkey_is_kept_used_and_removed_and_a_challenge_taken_once(fixture: Fixture<'_>) {
    let (ours, theirs) = (fixture.world().await, fixture.world().await);
    let (id, who) = (ours.account.id, ours.person.id);
    let row = PasskeyRow {
        id: passkey_id(),
        name: "Key".to_owned(),
        credential: "{}".to_owned(),
        created_at: time(1),
        last_used_at: None,
    };
    let (first, second) = (row.clone(), PasskeyRow { id: passkey_id(), ..row });
    let rows = [first.clone(), second.clone()];
    fixture.write(id, move |tx| rows.iter().try_for_each(|row| tx.account(id).insert_passkey(who, row))).await;
    let passkeys = async |account, who| fixture.read(move |tx| tx.account(account).passkeys(who)).await;
    assert_eq!(passkeys(id, who).await, [first.clone(), second.clone()]);
    assert_eq!(passkeys(theirs.account.id, who).await, []);
    assert_eq!(passkeys(id, theirs.person.id).await, []);

    let was = first.credential.clone();
    let used = |account, key| {
        let was = was.clone();
        fixture.write(id, move |tx| tx.account(account).passkey_used(who, key, &was, "{1}", time(5)))
    };
    assert_eq!([used(theirs.account.id, first.id).await, used(id, first.id).await], [false, true]);
    assert!(!used(id, first.id).await, "it has counted on since");
    let changed = PasskeyRow { credential: "{1}".to_owned(), last_used_at: Some(time(5)), ..first };
    assert_eq!(passkeys(id, who).await, [changed.clone(), second.clone()]);
    let delete = |who, key| fixture.write(id, move |tx| tx.account(id).delete_passkey(who, key));
    let deleted =
        [delete(theirs.person.id, second.id).await, delete(who, second.id).await, delete(who, second.id).await];
    assert_eq!(deleted, [false, true, false]);
    assert_eq!(fixture.write(id, move |tx| tx.account(id).delete_passkeys(who)).await, 1);

    let (one, late) = (challenge_id(), challenge_id());
    for challenge in [one, late] {
        fixture.write(id, move |tx| tx.account(id).put_challenge(who, challenge, "state", time(10))).await;
    }
    let take =
        |who, challenge, at| fixture.write(id, move |tx| tx.account(id).take_challenge(who, challenge, time(at)));
    assert_eq!(take(theirs.person.id, one, 9).await, None);
    assert_eq!(take(who, one, 9).await, Some("state".to_owned()));
    assert_eq!(take(who, one, 9).await, None);
    assert_eq!(take(who, late, 10).await, None);
    // The newest four can be answered.
    for _ in 0..4 {
        let challenge = challenge_id();
        fixture.write(id, move |tx| tx.account(id).put_challenge(who, challenge, "state", time(10))).await;
    }
    assert_eq!(take(who, late, 9).await, None);
    assert_eq!(fixture.write(id, |tx| tx.delete_expired_challenges(time(10))).await, 4);
}

pub(crate) async fn an_invitation_keeps_nobody_of_another_account_from_an_address(fixture: Fixture<'_>) {
    let (one, other) = (fixture.world().await.account.id, fixture.world().await.account.id);
    let invited = |email: &str| PersonRow {
        email: email.to_owned(),
        password_hash: None,
        status: PersonStatus::Invited,
        ..person()
    };
    let insert = async |account, row: &PersonRow| {
        let row = row.clone();
        fixture.database.write(Some(account), move |tx| tx.account(account).insert_person(&row)).await
    };
    let conflict = Err(StorageError::Conflict { constraint: Constraint::PersonEmail });
    let (ours, theirs) = (invited("new@example.com"), invited("New@example.com"));
    let (our_id, their_id) = (ours.id, theirs.id);
    assert_eq!(insert(one, &ours).await, Ok(()));
    assert_eq!(insert(other, &theirs).await, Ok(()));
    assert_eq!(insert(one, &invited("new@example.com")).await, conflict, "one of the account has it");
    assert_eq!(
        fixture.read(|tx| tx.person_by_email("new@example.com")).await,
        None,
        "nobody has shown it to be theirs"
    );
    let found = fixture.read(|tx| tx.invited_by_email("NEW@example.com", 9)).await;
    assert_eq!(found.len(), 2);
    let kept = fixture.read(move |tx| tx.account(one).person(our_id)).await.unwrap();
    assert_eq!(kept.email, "new@example.com");

    // Whoever sets a password first has it.
    let claim =
        async |account, id| fixture.database.write(Some(account), move |tx| tx.account(account).claim_email(id)).await;
    assert_eq!(claim(other, their_id).await, Ok(()));
    assert_eq!(claim(other, their_id).await, Ok(()), "again changes nothing");
    assert_eq!(claim(one, our_id).await, conflict);
    let (account, _) = fixture.read(|tx| tx.person_by_email("new@example.com")).await.unwrap();
    assert_eq!(account, other);
    // Who is disabled before they came has no address yet; who is deleted has none any more.
    let gone = PersonRow { status: PersonStatus::Disabled, email: "else@example.com".to_owned(), ..ours.clone() };
    assert!(fixture.write(one, move |tx| tx.account(one).update_person(&gone)).await);
    assert_eq!(fixture.read(|tx| tx.invited_by_email("else@example.com", 9)).await.len(), 1);
    let gone = PersonRow { status: PersonStatus::Deleted, email: "x@deleted.invalid".to_owned(), ..ours };
    assert!(fixture.write(one, move |tx| tx.account(one).update_person(&gone)).await);
    assert_eq!(fixture.read(|tx| tx.invited_by_email("else@example.com", 9)).await, []);
    assert!(fixture.read(|tx| tx.person_by_email("x@deleted.invalid")).await.is_some());
}
