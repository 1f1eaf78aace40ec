//! What a Sluice plugin is written with.
//!
//! A plugin is a type that its configuration prepares ([`Plugin`]), one or more hooks that decide ([`MessageFilter`],
//! [`AttachmentFilter`], [`AccessRule`]), and one [`export!`] line. The same crate builds natively, so `cargo test`
//! tests a plugin without WebAssembly; [`testing`] has what its tests are written with.
//!
//! ```
//! use schemars::JsonSchema;
//! use serde::Deserialize;
//! use sluice_plugin::{ConfigErrors, Message, MessageFilter, Plugin, Verdict};
//!
//! /// What the account's administrator sets.
//! #[derive(Deserialize, JsonSchema)]
//! #[serde(deny_unknown_fields)]
//! struct Config {
//!     /// # Longest message
//!     /// In characters. What is longer waits for a supervisor.
//!     longest: usize,
//! }
//!
//! struct Length {
//!     longest: usize,
//! }
//!
//! impl Plugin for Length {
//!     type Config = Config;
//!
//!     fn configure(config: Config) -> Result<Self, ConfigErrors> {
//!         if config.longest == 0 {
//!             return Err(ConfigErrors::at("/longest", "must be at least 1"));
//!         }
//!         Ok(Self { longest: config.longest })
//!     }
//! }
//!
//! impl MessageFilter for Length {
//!     fn check(&self, message: &Message) -> Verdict {
//!         if message.text.chars().count() > self.longest {
//!             return Verdict::hold("too-long", "The message is longer than this account allows.");
//!         }
//!         Verdict::Allow
//!     }
//! }
//!
//! sluice_plugin::export!(Length: MessageFilter);
//! # fn main() {}
//! ```
//!
//! Not here: what the host does with a verdict, and the limits of the sandbox; `wit/v1` has those.

#[doc(hidden)]
pub mod bindings;

mod access;
mod config;
mod content;
pub mod counters;
mod edits;
#[doc(hidden)]
pub mod export;
pub mod history;
pub mod http;
pub mod limits;
pub mod lists;
pub mod log;
mod message;
mod plugin;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;
mod verdict;

pub use bindings::{
    access_rule::exports::sluice::policy::access_rule::{Access, AccessRequest, Occasion},
    base::{
        exports::sluice::policy::plugin::{ConfigError, Manifest},
        sluice::policy::types::{
            Actor, Attachment, AttachmentKind, Direction, Edit, Link, Message, Reason, Role, Verdict,
        },
    },
};
pub use config::ConfigErrors;
pub use content::Content;
pub use edits::Edits;
pub use plugin::{AccessRule, AttachmentFilter, MessageFilter, Plugin};
#[doc(inline)]
pub use sluice_text as text;
