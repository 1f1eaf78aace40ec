//! Attacks with requests that are not as they should be.

mod addresses;
mod bodies;
mod floods;
mod other_sites;
mod slow;
mod smuggling;

use crate::Attack;

pub(crate) const ATTACKS: &[Attack] = &[
    addresses::ATTACK,
    other_sites::ATTACK,
    bodies::ATTACK,
    smuggling::ATTACK,
    floods::OF_CONTINUATIONS,
    floods::OF_RESETS,
    slow::HEADS,
    slow::BODIES,
];
