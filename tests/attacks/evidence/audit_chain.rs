//! The audit log, rewritten by somebody who can write to the database and has not the server's key.

use serde_json::json;

use crate::{
    attack::{Attack, Seen, Takes},
    people::text,
    target::{Target, Victim},
};

pub(super) const ATTACK: Attack = Attack {
    name: "audit-log-rewritten",
    what: "in the database, entries are changed, removed or swapped, the chain's beginning is moved or its head emptied",
    aim: "`sluice audit verify` and the API find each",
    takes: Takes::Seconds,
    play: |target| Box::pin(play(target)),
};

/// What is done to the log of the account `$ID`, which has entries 1 to `$LAST`.
const FORGERIES: [(&str, &str); 11] = [
    ("an entry changed", "UPDATE audit SET actor_id = 'nobody' WHERE account_id = $ID AND seq = 2"),
    (
        "two entries swapped",
        "UPDATE audit SET seq = -1 WHERE account_id = $ID AND seq = 2;
         UPDATE audit SET seq = 2 WHERE account_id = $ID AND seq = 3;
         UPDATE audit SET seq = 3 WHERE account_id = $ID AND seq = -1",
    ),
    ("the last entry removed", "DELETE FROM audit WHERE account_id = $ID AND seq = $LAST"),
    (
        "the last entry removed, and its number",
        "DELETE FROM audit WHERE account_id = $ID AND seq = $LAST;
         UPDATE accounts SET audit_seq = audit_seq - 1 WHERE id = $ID",
    ),
    (
        "an entry changed, all said to be unsealed",
        "UPDATE audit SET actor_id = 'nobody' WHERE account_id = $ID AND seq = 2;
         UPDATE accounts SET audit_unsealed = audit_seq, audit_head = '' WHERE id = $ID",
    ),
    (
        "the last entry removed, all said to be unsealed",
        "DELETE FROM audit WHERE account_id = $ID AND seq = $LAST;
         UPDATE accounts SET audit_seq = audit_seq - 1, audit_unsealed = audit_seq - 1, audit_head = '' WHERE id = $ID",
    ),
    (
        "an entry changed, all before the last said to be unsealed",
        "UPDATE audit SET actor_id = 'nobody' WHERE account_id = $ID AND seq = 2;
         UPDATE accounts SET audit_unsealed = audit_seq - 1 WHERE id = $ID",
    ),
    (
        "an entry changed, the log said to be from before seals",
        "UPDATE audit SET actor_id = 'nobody' WHERE account_id = $ID AND seq = 2;
         UPDATE accounts SET audit_seal = 'unsealed' WHERE id = $ID",
    ),
    (
        "an entry changed, all said to be unsealed and from before seals",
        "UPDATE audit SET actor_id = 'nobody', mac = '' WHERE account_id = $ID AND seq = 2;
         UPDATE accounts SET audit_unsealed = audit_seq, audit_head = '', audit_earlier = '', audit_seal = 'unsealed'
            WHERE id = $ID",
    ),
    (
        "the end cut off, the log said to be from before seals",
        "DELETE FROM audit WHERE account_id = $ID AND seq > 3;
         UPDATE accounts SET audit_seq = 3, audit_head = (SELECT mac FROM audit WHERE account_id = $ID AND seq = 3),
            audit_unsealed = 0, audit_earlier = '', audit_seal = 'unsealed' WHERE id = $ID",
    ),
    (
        "all entries removed, the log said to be from before seals",
        "DELETE FROM audit WHERE account_id = $ID;
         UPDATE accounts SET audit_seq = 0, audit_head = '', audit_unsealed = 0, audit_earlier = '', audit_seal = 'unsealed'
            WHERE id = $ID",
    ),
];

async fn play(target: &Target) -> Seen {
    let mut unseen = Vec::new();
    for (name, statements) in FORGERIES {
        let victim = target.start().await;
        let id = fill(&victim).await;
        let last = victim.without_plugins.administrator.list("/api/v1/audit?limit=1").await[0]["seq"].clone();
        assert!(verifies(&victim, &id), "the log holds before");
        victim.sql(&statements.replace("$ID", &format!("'{id}'")).replace("$LAST", &last.to_string()));
        if verifies(&victim, &id) {
            unseen.push(format!("{name}: seen by nobody"));
        }
        // What is written later does not make it good.
        victim.without_plugins.administrator.post("/api/v1/groups", json!({"name": "Later"})).await;
        let said = victim.without_plugins.administrator.get("/api/v1/audit/verification").await;
        if verifies(&victim, &id) || said.body["holds"] == true {
            unseen.push(format!("{name}: sealed over"));
        }
        // Nor does another start.
        let url = victim.url.clone();
        let victim = target.start_again(victim.server.stop().await, url).await;
        if verifies(&victim, &id) {
            unseen.push(format!("{name}: sealed at a start"));
        }
    }
    Seen::new(unseen.is_empty(), format!("{} of {} unseen: {}", unseen.len(), 3 * FORGERIES.len(), unseen.join(", ")))
}

/// Makes entries; the account's id.
async fn fill(victim: &Victim) -> String {
    let api = &victim.without_plugins.administrator;
    for number in 0..5 {
        api.post("/api/v1/groups", json!({"name": format!("Group {number}")})).await.is(201);
    }
    text(&api.get("/api/v1/me").await.is(200)["account_id"])
}

fn verifies(victim: &Victim, account: &str) -> bool {
    victim.command(&["audit", "verify", "--account", account]).status.success()
}
