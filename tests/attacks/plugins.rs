//! Attacks with plugins and their configurations.

mod artefacts;
mod disabling;
mod schemas;
mod written;

use crate::Attack;

pub(crate) const ATTACKS: &[Attack] = &[disabling::ATTACK, artefacts::ATTACK, schemas::ATTACK];
