//! Attacks with what is sent.

mod archives;

use crate::Attack;

pub(crate) const ATTACKS: &[Attack] = &[archives::ATTACK];
