//! What a plugin is made of. How these become a component's exports is `export`'s job.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::{Access, AccessRequest, Attachment, ConfigErrors, Content, Message, Verdict};

/// A plugin, prepared by its configuration.
///
/// The host keeps a snapshot of the plugin as [`configure`](Plugin::configure) leaves it, and starts every call from that
/// snapshot: prepare everything there, and nothing that a hook remembers is there in the next call.
///
/// ```
/// use sluice_plugin::{ConfigErrors, Plugin};
///
/// #[derive(serde::Deserialize, schemars::JsonSchema)]
/// struct Config {
///     /// Words to look for.
///     #[serde(default)]
///     words: Vec<String>,
/// }
///
/// struct Words(Vec<String>);
///
/// impl Plugin for Words {
///     type Config = Config;
///
///     fn configure(config: Config) -> Result<Self, ConfigErrors> {
///         let mut errors = ConfigErrors::default();
///         for (index, word) in config.words.iter().enumerate() {
///             if word.is_empty() {
///                 errors.push(format!("/words/{index}"), "must not be empty");
///             }
///         }
///         errors.into_result()?;
///         Ok(Self(config.words.iter().map(|word| word.to_lowercase()).collect()))
///     }
/// }
///
/// assert_eq!(sluice_plugin::testing::configured::<Words>(serde_json::json!({ "words": ["A"] })).0, ["a"]);
/// ```
pub trait Plugin: Sized + Send + Sync + 'static {
    /// What the account's administrator sets. Its doc comments become the form's titles and descriptions: a first line
    /// `# Title`, then the description.
    type Config: DeserializeOwned + JsonSchema;

    /// Takes a configuration that fits its schema. It may not write to the log: no import works here.
    fn configure(config: Self::Config) -> Result<Self, ConfigErrors>;
}

/// The hook that decides about messages before they are stored or delivered. See the crate's example.
pub trait MessageFilter: Plugin {
    /// What to do with this message.
    fn check(&self, message: &Message) -> Verdict;
}

/// The hook that decides about one attachment before its message is stored or delivered.
///
/// ```
/// use sluice_plugin::{Attachment, AttachmentFilter, ConfigErrors, Content, Plugin, Verdict};
///
/// struct NoScripts;
///
/// impl Plugin for NoScripts {
///     type Config = ();
///
///     fn configure(_: ()) -> Result<Self, ConfigErrors> {
///         Ok(Self)
///     }
/// }
///
/// impl AttachmentFilter for NoScripts {
///     fn check(&self, _: &Attachment, content: &Content<'_>) -> Verdict {
///         if content.read(0, 2) == b"#!" {
///             return Verdict::block("script", "Scripts cannot be sent here.");
///         }
///         Verdict::Allow
///     }
/// }
///
/// let (attachment, content) = sluice_plugin::testing::attachment("run.txt", b"#!/bin/sh");
/// assert_eq!(NoScripts.check(&attachment, &content).code(), Some("script"));
/// ```
pub trait AttachmentFilter: Plugin {
    /// What to do with this attachment. [`Verdict::Redact`] is not an answer here: an attachment is delivered whole or
    /// not at all.
    fn check(&self, attachment: &Attachment, content: &Content<'_>) -> Verdict;
}

/// The hook that decides who is let in.
///
/// ```
/// use sluice_plugin::{Access, AccessRequest, AccessRule, ConfigErrors, Plugin, Role, testing};
///
/// struct SecondFactor;
///
/// impl Plugin for SecondFactor {
///     type Config = ();
///
///     fn configure(_: ()) -> Result<Self, ConfigErrors> {
///         Ok(Self)
///     }
/// }
///
/// impl AccessRule for SecondFactor {
///     fn check(&self, request: &AccessRequest) -> Access {
///         if request.who.role == Role::Administrator {
///             return Access::challenge("second-factor", "Administrators log in with a second factor.");
///         }
///         Access::Allow
///     }
/// }
///
/// testing::assert_challenges(SecondFactor.check(&testing::log_in(Role::Administrator)), "second-factor");
/// testing::assert_admits(SecondFactor.check(&testing::log_in(Role::Operator)));
/// ```
pub trait AccessRule: Plugin {
    /// What to do with this request.
    fn check(&self, request: &AccessRequest) -> Access;
}
