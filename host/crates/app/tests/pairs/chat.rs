//! Conversations and their held messages: answered, given away, closed, reviewed.

use sluice_app::{people::PersonChange, reviews::Judgement};
use sluice_domain::{
    conversation::ConversationState,
    permission::{Permission, Permissions},
};
use sluice_storage::Assignment;

use crate::{
    explore::{UseCase, pairs, use_case},
    lab::{Lab, draft},
};

fn of_a_conversation() -> Vec<UseCase> {
    vec![
        use_case!("answer", w, w.app.post_message(&w.facts.oli, w.facts.conversation, draft("hello"))),
        use_case!("held answer", w, {
            w.app.post_message(&w.facts.oli, w.facts.conversation, draft("see https://example.org"))
        }),
        use_case!("comment", w, w.app.comment(&w.facts.oli, w.facts.conversation, "mind this".to_owned(), None)),
        use_case!("given to a group", w, {
            let assignment = Assignment { person: None, group: Some(w.facts.group) };
            w.app.assign(&w.facts.sue, w.facts.conversation, assignment)
        }),
        use_case!("given to somebody", w, {
            let assignment = Assignment { person: Some(w.facts.sue.person), group: None };
            w.app.assign(&w.facts.sue, w.facts.conversation, assignment)
        }),
        use_case!("closed", w, {
            w.app.set_conversation_state(&w.facts.sue, w.facts.conversation, ConversationState::Closed)
        }),
        use_case!("group removed", w, w.app.remove_group(&w.facts.ada, w.facts.group)),
    ]
}

fn of_a_held_message() -> Vec<UseCase> {
    vec![
        use_case!("approved", w, w.app.review(&w.facts.sue, w.facts.held, Judgement::Approve(None))),
        use_case!("edited", w, {
            w.app.review(&w.facts.ada, w.facts.held, Judgement::Approve(Some("see our page".to_owned())))
        }),
        use_case!("rejected", w, w.app.review(&w.facts.sue, w.facts.held, Judgement::Reject(None))),
    ]
}

/// What takes the right to answer or to decide away.
fn of_rights() -> Vec<UseCase> {
    vec![
        use_case!("Oli may nothing", w, {
            let change = PersonChange { permissions: Some(Permissions::NONE), ..PersonChange::default() };
            w.app.change_person(&w.facts.ada, w.facts.oli.person, change)
        }),
        use_case!("Sue reviews no longer", w, {
            let permissions = Some(Permissions::NONE.with(Permission::AnswerAll));
            let change = PersonChange { permissions, ..PersonChange::default() };
            w.app.change_person(&w.facts.ada, w.facts.sue.person, change)
        }),
        use_case!("Sue disabled", w, {
            let change = PersonChange { disabled: Some(true), ..PersonChange::default() };
            w.app.change_person(&w.facts.ada, w.facts.sue.person, change)
        }),
        use_case!("Oli deleted", w, w.app.delete_person(&w.facts.ada, w.facts.oli.person)),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_done_to_a_conversation_at_once_is_done_one_after_the_other() {
    let lab = Lab::new().await;
    pairs(&lab, &of_a_conversation(), &of_a_conversation()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_reviewer_decides() {
    let lab = Lab::new().await;
    pairs(&lab, &of_a_held_message(), &of_a_held_message()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_loses_a_right_or_the_conversation_answers_and_decides_no_more() {
    let lab = Lab::new().await;
    let all: Vec<_> = of_a_conversation().into_iter().chain(of_a_held_message()).collect();
    pairs(&lab, &all, &of_rights()).await;
}
