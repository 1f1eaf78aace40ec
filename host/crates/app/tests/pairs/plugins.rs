//! The chain: installations, rules of the content filter, lists, the order, the way back and the switch; and the rights of who changes them.

use serde_json::json;
use sluice_app::{
    installations::Change,
    lists::{EntryDraft, ListChange},
    people::PersonChange,
};
use sluice_domain::{
    installation::{Mode, Percent},
    message::Role,
    review::MessagingSettings,
};

use crate::{
    explore::{UseCase, pairs, use_case},
    lab::{Lab, install, words},
};

fn of_the_chain() -> Vec<UseCase> {
    vec![
        use_case!("another configuration", w, {
            let change = Change { config: Some(words("beta")), ..Change::default() };
            w.app.change_installation(&w.facts.ada, w.facts.installation, change)
        }),
        use_case!("disabled", w, {
            let change = Change { mode: Some(Mode::Disabled), ..Change::default() };
            w.app.change_installation(&w.facts.ada, w.facts.installation, change)
        }),
        use_case!("shadow", w, {
            let change = Change { mode: Some(Mode::Shadow), ..Change::default() };
            w.app.change_installation(&w.facts.ada, w.facts.installation, change)
        }),
        use_case!("another scope", w, {
            let scope = Some(serde_json::from_value(json!({"roles": ["operator"]})).unwrap());
            w.app.change_installation(&w.facts.ada, w.facts.installation, Change { scope, ..Change::default() })
        }),
        use_case!("a part of conversations", w, {
            let percent = Some(Percent::try_from(10).unwrap());
            w.app.change_installation(&w.facts.ada, w.facts.installation, Change { percent, ..Change::default() })
        }),
        use_case!("grants taken away", w, {
            let (grants, http_hosts) = (Some(Default::default()), Some(Default::default()));
            let change = Change { grants, http_hosts, ..Change::default() };
            w.app.change_installation(&w.facts.ada, w.facts.installation, change)
        }),
        use_case!("removed", w, w.app.uninstall(&w.facts.ada, w.facts.installation)),
        use_case!("one more", w, w.app.install(&w.facts.ada, install(w.facts.words, "gamma"))),
        use_case!("another order", w, {
            w.app.order_chain(&w.facts.ada, vec![w.facts.other_installation, w.facts.installation])
        }),
        use_case!("rolled back", w, w.app.roll_back(&w.facts.ada, w.facts.chain_version - 1)),
        use_case!("switched off", w, w.app.switch_plugins(&w.facts.ada, false)),
    ]
}

fn of_the_filter() -> Vec<UseCase> {
    vec![
        use_case!("one rule more", w, {
            let rule = serde_json::from_value(json!({"what": ["email-addresses"], "action": "block"})).unwrap();
            w.app.make_filter_rule(&w.facts.ada, Mode::Enforce, rule)
        }),
        use_case!("rule disabled", w, {
            w.app.change_filter_rule(&w.facts.ada, w.facts.filter, Some(Mode::Disabled), None)
        }),
        use_case!("rule changed", w, {
            let rule = serde_json::from_value(json!({"what": ["phone-numbers"], "action": "block"})).unwrap();
            w.app.change_filter_rule(&w.facts.ada, w.facts.filter, None, Some(rule))
        }),
        use_case!("rule removed", w, w.app.remove_filter_rule(&w.facts.ada, w.facts.filter)),
        use_case!("messaging", w, {
            let settings = MessagingSettings { hold_hours: 5, ..MessagingSettings::default() };
            w.app.set_messaging(&w.facts.ada, settings)
        }),
        use_case!("rolled back", w, w.app.roll_back(&w.facts.ada, w.facts.chain_version)),
    ]
}

fn of_a_list() -> Vec<UseCase> {
    vec![
        use_case!("entries added", w, {
            let entry = |value: &str| EntryDraft { value: value.to_owned(), note: String::new() };
            w.app.add_list_entries(&w.facts.ada, w.facts.list, vec![entry("one"), entry("two")])
        }),
        use_case!("entries removed", w, {
            w.app.remove_list_entries(&w.facts.ada, w.facts.list, vec!["one".to_owned()])
        }),
        use_case!("another name", w, {
            let change = ListChange { name: Some("friends".to_owned().try_into().unwrap()), description: None };
            w.app.change_list(&w.facts.ada, w.facts.list, change)
        }),
        use_case!("described", w, {
            let change = ListChange { name: None, description: Some("who they are".to_owned()) };
            w.app.change_list(&w.facts.ada, w.facts.list, change)
        }),
        use_case!("list removed", w, w.app.remove_list(&w.facts.ada, w.facts.list)),
    ]
}

/// What takes Ada's rights away.
fn of_rights() -> Vec<UseCase> {
    vec![
        use_case!("Ada disabled", w, {
            let change = PersonChange { disabled: Some(true), ..PersonChange::default() };
            w.app.change_person(&w.facts.ben, w.facts.ada.person, change)
        }),
        use_case!("Ada demoted", w, {
            let change = PersonChange { role: Some(Role::Operator), ..PersonChange::default() };
            w.app.change_person(&w.facts.ben, w.facts.ada.person, change)
        }),
        use_case!("Ada deleted", w, w.app.delete_person(&w.facts.ben, w.facts.ada.person)),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_changes_of_the_chain_keep_what_each_of_them_says() {
    let lab = Lab::new().await;
    pairs(&lab, &of_the_chain(), &of_the_chain()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_changes_of_the_filter_keep_what_each_of_them_says() {
    let lab = Lab::new().await;
    pairs(&lab, &of_the_filter(), &of_the_filter()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_changes_of_a_list_keep_what_each_of_them_says() {
    let lab = Lab::new().await;
    pairs(&lab, &of_a_list(), &of_a_list()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_loses_a_right_while_a_use_case_waits_does_not_write_by_it() {
    let lab = Lab::new().await;
    let all: Vec<_> = of_the_chain().into_iter().chain(of_the_filter()).chain(of_a_list()).collect();
    pairs(&lab, &all, &of_rights()).await;
}
