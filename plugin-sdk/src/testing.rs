//! What a plugin's tests are written with: `cargo test`, no WebAssembly.
//!
//! ```
//! use sluice_plugin::{ConfigErrors, Message, MessageFilter, Plugin, Verdict, testing::*};
//!
//! struct Shouting;
//!
//! impl Plugin for Shouting {
//!     type Config = ();
//!
//!     fn configure(_: ()) -> Result<Self, ConfigErrors> {
//!         Ok(Self)
//!     }
//! }
//!
//! impl MessageFilter for Shouting {
//!     fn check(&self, message: &Message) -> Verdict {
//!         if message.is_incoming() && message.text.ends_with("!!!") {
//!             return Verdict::hold("shouting", "Please write calmly.");
//!         }
//!         Verdict::Allow
//!     }
//! }
//!
//! let plugin: Shouting = configured(serde_json::json!(null));
//! assert_holds(plugin.check(&message("HELLO!!!").incoming().from_client("Ann")), "shouting");
//! assert_allows(plugin.check(&message("HELLO!!!").outgoing().from_operator("Bob")));
//! ```
//!
//! Not here: the host. Budgets, policies and the order of rules are tested against the real server.

mod assertions;
mod builders;
pub(crate) mod host;

use std::cell::RefCell;

pub use assertions::{
    applied, assert_admits, assert_allows, assert_blocks, assert_challenges, assert_denies, assert_flags, assert_holds,
    assert_redacts_to,
};
pub use builders::{TestMessage, TestRequest, attachment, link, log_in, message};
pub use host::{answers, at, list, said_before, sent};

use crate::{ConfigError, Manifest, Plugin, export, log::Level};

/// The plugin with this configuration, made as the host makes it.
///
/// ```
/// # use sluice_plugin::{ConfigErrors, Plugin};
/// # struct Nothing;
/// # impl Plugin for Nothing {
/// #     type Config = ();
/// #     fn configure(_: ()) -> Result<Self, ConfigErrors> { Ok(Self) }
/// # }
/// let plugin: Nothing = sluice_plugin::testing::configured(serde_json::json!(null));
/// ```
///
/// # Panics
/// When the configuration is refused.
#[track_caller]
pub fn configured<P: Plugin>(config: serde_json::Value) -> P {
    match export::configured(&config.to_string()) {
        Ok(plugin) => plugin,
        Err(errors) => panic!("the configuration was refused: {:#?}", Vec::from(errors)),
    }
}

/// The errors with which the plugin refuses this configuration.
///
/// ```
/// # use sluice_plugin::{ConfigErrors, Plugin};
/// # struct Nothing;
/// # impl Plugin for Nothing {
/// #     type Config = ();
/// #     fn configure(_: ()) -> Result<Self, ConfigErrors> { Ok(Self) }
/// # }
/// let errors = sluice_plugin::testing::refused::<Nothing>(serde_json::json!("something"));
/// assert_eq!(errors[0].path, "");
/// ```
///
/// # Panics
/// When the configuration is accepted.
#[track_caller]
pub fn refused<P: Plugin>(config: serde_json::Value) -> Vec<ConfigError> {
    match export::configured::<P>(&config.to_string()) {
        Ok(_) => panic!("the configuration was accepted"),
        Err(errors) => errors.into(),
    }
}

/// The configuration's JSON Schema, as the console sees it.
///
/// ```
/// # use sluice_plugin::{ConfigErrors, Plugin};
/// # struct Nothing;
/// # impl Plugin for Nothing {
/// #     type Config = ();
/// #     fn configure(_: ()) -> Result<Self, ConfigErrors> { Ok(Self) }
/// # }
/// assert_eq!(sluice_plugin::testing::schema::<Nothing>()["type"], "null");
/// ```
pub fn schema<P: Plugin>() -> serde_json::Value {
    let Manifest { config_schema, .. } = export::describe::<P>("", "", "");
    serde_json::from_str(&config_schema).unwrap_or_default()
}

thread_local! {
    static LOGGED: RefCell<Vec<(Level, String)>> = const { RefCell::new(Vec::new()) };
}

pub(crate) fn record(level: Level, line: &str) {
    LOGGED.with_borrow_mut(|logged| logged.push((level, line.to_owned())));
}

/// Takes the lines that this test's thread has logged since it was last asked.
///
/// ```
/// use sluice_plugin::{log, testing};
/// log::warn("odd");
/// assert_eq!(testing::logged(), [(log::Level::Warn, "odd".to_owned())]);
/// assert!(testing::logged().is_empty());
/// ```
pub fn logged() -> Vec<(Level, String)> {
    LOGGED.with_borrow_mut(std::mem::take)
}
