//! Attacks on the real binary: each plays what a stranger, a person of an account or a neighbour could try, and says what it saw, what was
//! aimed at, and whether that holds.
//!
//! Attackers come from addresses of this machine only, everything has an end in number and in time, and the server that is attacked
//! is one of the attack's own. Nothing here knows how the server works inside.

#![expect(clippy::unwrap_used, reason = "a panic ends an attack, and is what its row says")]

mod attack;
mod bystander;
mod connections;
mod content;
mod crowd;
mod durability;
mod evidence;
mod fairness;
mod figures;
mod frames;
mod memory;
mod people;
mod plugins;
mod reach;
mod requests;
mod table;
mod target;
mod wire;

pub use crate::{
    attack::{Attack, Seen, Takes, Verdict},
    table::Table,
    target::{Database, allow_many_files},
};

/// All of them, in the order of the table.
pub fn all() -> Vec<Attack> {
    [
        people::ATTACKS,
        connections::ATTACKS,
        fairness::ATTACKS,
        plugins::ATTACKS,
        reach::ATTACKS,
        evidence::ATTACKS,
        content::ATTACKS,
        requests::ATTACKS,
        durability::ATTACKS,
    ]
    .concat()
}

/// The attack of this name.
pub fn named(name: &str) -> Option<Attack> {
    all().into_iter().find(|attack| attack.name == name)
}
