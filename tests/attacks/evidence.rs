//! Attacks on what is kept as evidence.

mod audit_chain;
mod digests;

use crate::Attack;

pub(crate) const ATTACKS: &[Attack] = &[digests::ATTACK, audit_chain::ATTACK];
