//! Two administrators who take each other out at the same time.

use serde_json::{Value, json};
use sluice_tests::{Api, Member};

use crate::{
    attack::{Attack, Seen, Takes},
    people::text,
    target::{Target, Victim},
};

pub(super) const ATTACK: Attack = Attack {
    name: "mutual-disabling",
    what: "in each of 8 new accounts, its two administrators disable, demote or delete each other at once",
    aim: "all accounts keep an administrator",
    takes: Takes::Seconds,
    play: |target| Box::pin(play(target)),
};

const ACCOUNTS: usize = 8;

async fn play(target: &Target) -> Seen {
    let victim = target.start().await;
    let mut kept = 0;
    for number in 0..ACCOUNTS {
        let pair = pair(&victim, number).await;
        let change = [json!({"disabled": true}), json!({"role": "operator"}), Value::Null][number % 3].clone();
        let ids = [id_of(&pair[0]).await, id_of(&pair[1]).await];
        futures::join!(take(&pair[0], &ids[1], &change), take(&pair[1], &ids[0], &change));
        // Only an administrator sees who there is.
        let mut sees = 0;
        for one in &pair {
            sees += usize::from(one.get("/api/v1/people").await.status == 200);
        }
        kept += usize::from(sees > 0);
    }
    Seen::new(kept == ACCOUNTS, format!("{kept} of {ACCOUNTS} keep one"))
}

async fn take(api: &Api, id: &str, change: &Value) {
    let path = format!("/api/v1/people/{id}");
    if change.is_null() {
        api.delete(&path).await
    } else {
        api.patch(&path, change.clone()).await
    };
}

async fn id_of(api: &Api) -> String {
    text(&api.get("/api/v1/me").await.is(200)["person_id"])
}

/// The two administrators of a new account.
async fn pair(victim: &Victim, number: usize) -> [Api; 2] {
    let email = format!("boss{number}@pairs.example");
    let made = victim.command(&["account", "create", "--name", "Pair", "--email", &email]);
    let printed = String::from_utf8(made.stdout).unwrap();
    let link = printed.lines().find_map(|line| line.strip_prefix("link    ")).unwrap();
    let first = Member { email, password: format!("unrelated saucer {number} frost"), api_token: String::new() };
    victim.nobody.post("/api/v1/passwords", json!({"link": link, "password": first.password})).await.is(204);
    let first = victim.nobody.session_of(&first).await;
    let second = victim.join(&first, &format!("second{number}"), "administrator", json!([])).await;
    [first, second]
}
