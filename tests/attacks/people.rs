//! Attacks on who gets in.

mod back_in;
mod codes;
mod guesses;
mod invitations;
mod mutual_disabling;
mod tokens;
mod used_links;

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;
use totp_rs::{Builder, Secret};

use crate::Attack;

pub(crate) const ATTACKS: &[Attack] = &[
    back_in::ATTACK,
    guesses::OF_ONE,
    guesses::OF_MANY,
    guesses::OF_CODES,
    codes::OF_APP,
    codes::OF_RECOVERY,
    codes::OF_LINKS,
    invitations::ATTACK,
    tokens::ATTACK,
    mutual_disabling::ATTACK,
    used_links::ATTACK,
];

/// The time-based code of a secret, half a minute's steps from now on.
fn code_of(secret: &Value, steps: i64) -> String {
    let secret = Secret::try_from_base32(secret.as_str().unwrap()).unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    Builder::new()
        .with_secret(secret)
        .build()
        .unwrap()
        .generate(now.checked_add_signed(steps * 30).unwrap())
        .to_string()
}

/// A text of an answer.
pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}
