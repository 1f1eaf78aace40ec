//! Trials of configurations, of which nothing is stored.

use std::{fs, path::Path};

use serde_json::json;

use crate::{
    attack::{Attack, Seen, Takes},
    figures::mib,
    target::Target,
};

pub(super) const ATTACK: Attack = Attack {
    name: "files-of-trials",
    what: "20 trials of configurations of 5,000 other words each, where trials may have 16 MiB of disk",
    aim: "the data folder grows by no more than 18 MiB: the trials, and the code that all of them use",
    takes: Takes::Seconds,
    play: |target| Box::pin(play(target)),
};

const TRIALS: usize = 20;

async fn play(target: &Target) -> Seen {
    let victim = target.start_with(&[("SLUICE_LIMITS", "trial_bytes=16777216")]).await;
    let api = &victim.without_plugins.administrator;
    let plugin = api.plugin("blocked-words").await;
    let artefacts = victim.data().join("artefacts");
    let before = size(&artefacts);
    let mut tried = 0;
    for trial in 0..TRIALS {
        let words: Vec<_> = (0..5_000).map(|word| format!("word{trial}x{word}")).collect();
        let config = json!({"lists": [{"name": "words", "words": words, "action": "hold"}]});
        let body = json!({"message": {"text": "hi"}, "draft_installations": [{"plugin_id": plugin, "config": config}]});
        tried += usize::from(api.post("/api/v1/policy/evaluate", body).await.status == 200);
    }
    let grown = size(&artefacts).saturating_sub(before);
    Seen::new(grown <= 18 << 20, format!("{tried} trials left {}", mib(grown)))
}

/// Of all files in a folder.
fn size(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(about) if about.is_dir() => size(&entry.path()),
            Ok(about) => about.len(),
            Err(_) => 0,
        })
        .sum()
}
