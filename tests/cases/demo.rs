//! `sluice demo`, as a newcomer uses it.

use std::process::{Command, Output};

use sluice_tests::{Home, Server, sluice};

fn demo(server: &Server, arguments: &[&str]) -> Output {
    let mut command = Command::new(sluice());
    command.arg("demo").arg("--data").arg(server.home.data()).args(arguments);
    command.output().unwrap()
}

fn text(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[tokio::test]
async fn the_conversation_shows_every_verdict_and_then_passes_without_plugins() {
    // As a newcomer starts it: nothing is there yet.
    let server = Server::start_in(Home::empty()).await;
    let shown = text(&demo(&server, &[]));
    let (with, without) = shown.split_once("in an account without plugins").unwrap();
    for part in ["redact", "hold", "block", "flag", "allow", "blocked-words", "sensitive-data"] {
        assert!(with.contains(part), "no {part}:\n{with}");
    }
    for part in ["redact", "hold", "block", "flag"] {
        let row = without.lines().find(|line| line.split_whitespace().any(|word| word == part));
        assert!(row.is_none_or(|row| row.contains("sluice demo")), "{part} without plugins: {row:?}");
    }
    assert!(shown.contains("without, 12 of 12 passed"), "{shown}");
}

#[tokio::test]
async fn a_file_is_played_with_counts_by_verdict() {
    let server = Server::start().await;
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let csv = file("messages.csv", "id,text\n1,hello\n2,\"a gift card, please\"\n3,you idiot\n4,\n5,hello again\n");
    let lines = file("messages.jsonl", "{\"text\": \"hello\"}\n{\"text\": \"acme\"}\nnot json\n");
    let verdicts = folder.path().join("verdicts.jsonl");
    let shown = text(&demo(&server, &["--file", &csv, "--verdicts", verdicts.to_str().unwrap()]));
    let count = |shown: &str, verdict: &str| {
        let line = shown.lines().find(|line| line.trim_start().starts_with(verdict)).map(str::to_owned);
        line.and_then(|line| line.split_whitespace().nth(1).map(str::to_owned))
    };
    for (verdict, expected) in [("allow", "2"), ("hold", "1"), ("block", "1")] {
        assert_eq!(count(&shown, verdict).as_deref(), Some(expected), "{verdict}:\n{shown}");
    }
    assert!(shown.contains("messages a second"), "{shown}");
    let written = std::fs::read_to_string(verdicts).unwrap();
    assert_eq!(written.lines().count(), 4, "{written}");

    let shown = text(&demo(&server, &["--file", &lines]));
    assert_eq!(count(&shown, "redact").as_deref(), Some("1"), "{shown}");
    assert!(shown.contains('3'), "the line that is no JSON is named:\n{shown}");
}

#[tokio::test]
async fn what_is_missing_is_said_with_what_to_do() {
    let server = Server::start().await;
    let missing = demo(&server, &["--file", "/nowhere/messages.csv"]);
    assert!(!missing.status.success());
    assert!(String::from_utf8_lossy(&missing.stderr).contains("/nowhere/messages.csv"));
    let home = server.stop().await;
    let mut command = Command::new(sluice());
    let gone = command.arg("demo").arg("--data").arg(home.data()).output().unwrap();
    assert!(!gone.status.success());
    assert!(String::from_utf8_lossy(&gone.stderr).contains("make run"), "{gone:?}");
    let mut command = Command::new(sluice());
    let nowhere = command.args(["demo", "--data", "/nowhere"]).output().unwrap();
    assert!(String::from_utf8_lossy(&nowhere.stderr).contains("make run"), "{nowhere:?}");
}

#[tokio::test]
async fn demo_accounts_whose_passwords_are_lost_are_made_anew() {
    let server = Server::start().await;
    let lost = server.with_plugins.members[0].email.clone();
    let home = server.stop().await;
    std::fs::remove_file(home.data().join("demo.json")).unwrap();
    let server = Server::start_in(home).await;
    let [administrator, ..] = &server.with_plugins.members;
    assert_ne!(administrator.email, lost);
    server.nobody.log_in(&administrator.email, &administrator.password).await.is(201);
}
