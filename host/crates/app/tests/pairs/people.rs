//! One person: changed, kept out, deleted, logging in, changing their own password, using a link, with sessions and tokens.

use sluice_app::{
    people::PersonChange,
    tokens::{Renewal, TokenDraft},
};
use sluice_domain::{
    message::Role,
    permission::{Permission, Permissions},
};

use crate::{
    explore::{UseCase, pairs, use_case},
    lab::{FIRST, LINKED, Lab, OWN, log_in},
};

/// What an administrator does to a person.
fn by_an_administrator() -> Vec<UseCase> {
    vec![
        use_case!("disable", w, {
            let change = PersonChange { disabled: Some(true), ..PersonChange::default() };
            w.app.change_person(&w.facts.ada, w.facts.ben.person, change)
        }),
        use_case!("delete", w, w.app.delete_person(&w.facts.ada, w.facts.ben.person)),
        use_case!("another role", w, {
            let change = PersonChange { role: Some(Role::Operator), ..PersonChange::default() };
            w.app.change_person(&w.facts.ada, w.facts.ben.person, change)
        }),
        use_case!("other permissions", w, {
            let permissions = Some(Permissions::NONE.with(Permission::AnswerAll));
            let change = PersonChange { permissions, ..PersonChange::default() };
            w.app.change_person(&w.facts.ada, w.facts.ben.person, change)
        }),
        use_case!("another e-mail address", w, {
            let change = PersonChange { email: Some("benjamin@acme.example".to_owned()), ..PersonChange::default() };
            w.app.change_person(&w.facts.ada, w.facts.ben.person, change)
        }),
        use_case!("reset of the second factor", w, w.app.reset_factor(&w.facts.ada, w.facts.ben.person)),
        use_case!("password link", w, async {
            let link = w.app.make_password_link(&w.facts.ada, w.facts.ben.person).await;
            link.map(|link| w.made(link.secret))
        }),
        use_case!("renewal of a token", w, {
            let renewal = Renewal { overlap_millis: 0, expires_at: None };
            w.app.renew_token(&w.facts.ada, w.facts.bens_token, renewal)
        }),
        use_case!("revocation of a token", w, w.app.revoke_token(&w.facts.ada, w.facts.bens_token)),
    ]
}

/// What the person does meanwhile, or whoever has the password.
fn by_the_person() -> Vec<UseCase> {
    vec![
        use_case!("own password", w, w.app.change_password(&w.facts.ben, FIRST.into(), OWN.into())),
        use_case!("password by link", w, {
            w.app.set_password_by_link(w.facts.bens_link.clone(), LINKED.into(), "192.0.2.1".to_owned())
        }),
        use_case!("log-in", w, {
            let code = Some(w.facts.recovery_codes[1].clone());
            w.app.log_in(log_in(&w.facts.ben_email, FIRST, code))
        }),
        use_case!("new recovery codes", w, w.app.renew_recovery_codes(&w.facts.ben, &w.facts.recovery_codes[2])),
        use_case!("end of the own factor", w, w.app.remove_own_factor(&w.facts.ben, &w.facts.recovery_codes[3])),
        use_case!("token of one's own", w, {
            let scopes = Permissions::NONE.with(Permission::ReadAudit);
            w.app.make_token(&w.facts.ben, TokenDraft { name: "new".to_owned(), scopes, expires_at: None })
        }),
        use_case!("end of one session", w, w.app.end_own_session(&w.facts.ben, w.facts.bens_other_session)),
        use_case!("end of other sessions", w, w.app.end_other_sessions(&w.facts.ben)),
        use_case!("switch by a token", w, w.app.switch_plugins(&w.facts.by_bens_token, false)),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_a_person_does_does_not_undo_what_an_administrator_does_to_them() {
    let lab = Lab::new().await;
    pairs(&lab, &by_the_person(), &by_an_administrator()).await;
    pairs(&lab, &by_an_administrator(), &by_the_person()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_one_administrator_does_to_a_person_does_not_undo_what_another_does() {
    let lab = Lab::new().await;
    pairs(&lab, &by_an_administrator(), &by_an_administrator()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_a_person_does_twice_at_once_is_done_one_after_the_other() {
    let lab = Lab::new().await;
    pairs(&lab, &by_the_person(), &by_the_person()).await;
}
