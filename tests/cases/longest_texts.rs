//! What the example plugins do with the longest texts of all scripts: they decide within the instructions that one call may use.

use serde_json::{Value, json};
use sluice_domain::{
    digest::Digest,
    id::MessageId,
    installation::Budget,
    limits,
    message::{Actor, Direction, Message, Role},
    time::Timestamp,
};
use sluice_sandbox::{ArtefactKey, Sandbox, SandboxConfig, Use, WorkerCommand};
use sluice_tests::{component, sluice};

/// What a text of the greatest length is filled with: as people write. Texts that are made to take long may use up the instructions; then
/// the installation's failure policy says what becomes of the message.
const PIECES: [&str; 5] = ["lorem ipsum ", "alph", "съешь ещё этих булок ", "你是谁吗", "ไอ้ควายเอ๊ย "];

#[test]
fn each_example_decides_about_the_longest_text_of_any_script() {
    let folder = tempfile::tempdir().unwrap();
    let worker = WorkerCommand { program: sluice(), args: vec!["worker".into()] };
    let key = ArtefactKey::new(Box::new([7; 32]).into());
    let sandbox = Sandbox::new(SandboxConfig::new(folder.path().join("artefacts"), key, worker)).unwrap();
    let configs: [(&str, Value); 3] = [
        ("blocked-words", json!({"lists": [{"name": "w", "words": ["alpine", "cash", "send money"]}]})),
        ("blocked-words", json!({"lists": [{"name": "w", "words": ["alpine", "cash", "傻逼", "ควาย"]}]})),
        ("sensitive-data", json!({})),
    ];
    let mut failed = Vec::new();
    for (plugin, config) in configs {
        let bytes = component(plugin);
        let digest = Digest::of(&bytes);
        let ready = sandbox.configure(|| Ok(bytes), digest, &config.to_string(), Use::Installed).unwrap();
        for piece in PIECES {
            let text = piece.repeat(limits::TEXT_BYTES / piece.len());
            let call = ready.check_message(&message(text), Budget { fuel: 10 * Budget::CALL.fuel, ..Budget::CALL });
            println!("{plugin}, {piece:?}: {} instructions", call.cost.fuel);
            if call.answer.is_err() || call.cost.fuel > Budget::CALL.fuel {
                failed.push(format!("{plugin}, {piece:?}: {} instructions", call.cost.fuel));
            }
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
}

fn message(text: String) -> Message {
    let now = Timestamp::from_millis(1_790_000_000_000);
    let author = Actor { id: "cli_1".to_owned(), role: Role::Client, name: "Carla".to_owned() };
    Message {
        id: MessageId::new(now, [7; 10]),
        direction: Direction::Incoming,
        transport: "api".to_owned(),
        channel: "api".to_owned(),
        conversation: None,
        author,
        text,
        links: Vec::new(),
        group: None,
        attachments: Vec::new(),
        sent_at: now,
    }
}
