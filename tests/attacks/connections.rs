//! Attacks of strangers with connections and their bytes.

mod idle;
mod unfinished_bodies;
mod unread_answers;

use crate::Attack;

pub(crate) const ATTACKS: &[Attack] = &[
    idle::AFTER_ONE_REQUEST,
    idle::KEPT_ALIVE,
    idle::HALF_HEADS,
    idle::SILENT,
    idle::OF_MANY_NETWORKS,
    unread_answers::ATTACK,
    unfinished_bodies::OVER_HTTP_1,
    unfinished_bodies::OVER_HTTP_2,
];
