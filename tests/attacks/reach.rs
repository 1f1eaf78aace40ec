//! Attacks of people of an account on what they do not reach, or not any more.

mod clients;
mod decisions;
mod other_accounts;
mod own_messages;
mod streams;

use crate::Attack;

pub(crate) const ATTACKS: &[Attack] =
    &[streams::ATTACK, own_messages::ATTACK, decisions::ATTACK, clients::ATTACK, other_accounts::ATTACK];
