//! Languages in which the server itself speaks to people.

use serde::{Deserialize, Serialize};

/// A language that texts are shipped in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Russian.
    Ru,
}

impl Language {
    /// Every one.
    pub const ALL: [Self; 2] = [Self::En, Self::Ru];
}
