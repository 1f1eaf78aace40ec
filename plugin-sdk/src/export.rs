//! The one line that makes a crate a component. Everything but the macro is for the macro's own use.

use std::sync::OnceLock;

pub use crate::bindings::{
    access_rule::exports::sluice::policy::access_rule::Guest as AccessRuleGuest,
    attachment_filter::{
        exports::sluice::policy::attachment_filter::Guest as AttachmentFilterGuest,
        sluice::policy::attachment_content::Content as HostContent,
    },
    base::exports::sluice::policy::plugin::Guest as PluginGuest,
    message_filter::exports::sluice::policy::message_filter::Guest as MessageFilterGuest,
};
use crate::{
    ConfigError, ConfigErrors, Manifest, Plugin, config,
    limits::{PLUGIN_NAME_BYTES, SUMMARY_BYTES},
};

/// Exports a plugin with the hooks that are named, and no other: `export!(Type: MessageFilter)`, or
/// `export!(Type: MessageFilter + AccessRule)`.
///
/// The manifest's name, version and summary are the crate's `name`, `version` and `description`. Natively nothing is
/// exported, and the hooks are only checked to be there.
///
/// ```
/// # use sluice_plugin::{ConfigErrors, Message, MessageFilter, Plugin, Verdict};
/// # struct Nothing;
/// # impl Plugin for Nothing {
/// #     type Config = ();
/// #     fn configure(_: ()) -> Result<Self, ConfigErrors> { Ok(Self) }
/// # }
/// # impl MessageFilter for Nothing {
/// #     fn check(&self, _: &Message) -> Verdict { Verdict::Allow }
/// # }
/// sluice_plugin::export!(Nothing: MessageFilter);
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! export {
    ($plugin:ident : $hook:ident $(+ $more:ident)*) => {
        const _: () = {
            const NAME: &str = ::core::env!("CARGO_PKG_NAME");
            const SUMMARY: &str = ::core::env!("CARGO_PKG_DESCRIPTION");
            const _: () = $crate::export::check_manifest(NAME, SUMMARY);

            static CONFIGURED: $crate::export::Configured<$plugin> = $crate::export::Configured::new();

            struct Component;

            impl $crate::export::PluginGuest for Component {
                fn describe() -> $crate::Manifest {
                    $crate::export::describe::<$plugin>(NAME, ::core::env!("CARGO_PKG_VERSION"), SUMMARY)
                }

                fn configure(
                    json: ::std::string::String,
                ) -> ::core::result::Result<(), ::std::vec::Vec<$crate::ConfigError>> {
                    CONFIGURED.configure(&json)
                }
            }

            #[cfg(target_arch = "wasm32")]
            $crate::bindings::base::export_plugin!(Component with_types_in $crate::bindings::base);
            $crate::__export_hook!($hook $plugin);
            $($crate::__export_hook!($more $plugin);)*
        };
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __export_hook {
    (MessageFilter $plugin:ident) => {
        impl $crate::export::MessageFilterGuest for Component {
            fn check(message: $crate::Message) -> $crate::Verdict {
                <$plugin as $crate::MessageFilter>::check(CONFIGURED.get(), &message)
            }
        }

        #[cfg(target_arch = "wasm32")]
        $crate::bindings::message_filter::export_message_filter!(
            Component with_types_in $crate::bindings::message_filter
        );
    };
    (AttachmentFilter $plugin:ident) => {
        impl $crate::export::AttachmentFilterGuest for Component {
            fn check(attachment: $crate::Attachment, content: &$crate::export::HostContent) -> $crate::Verdict {
                let content = $crate::Content::from_host(content);
                <$plugin as $crate::AttachmentFilter>::check(CONFIGURED.get(), &attachment, &content)
            }
        }

        #[cfg(target_arch = "wasm32")]
        $crate::bindings::attachment_filter::export_attachment_filter!(
            Component with_types_in $crate::bindings::attachment_filter
        );
    };
    (AccessRule $plugin:ident) => {
        impl $crate::export::AccessRuleGuest for Component {
            fn check(request: $crate::AccessRequest) -> $crate::Access {
                <$plugin as $crate::AccessRule>::check(CONFIGURED.get(), &request)
            }
        }

        #[cfg(target_arch = "wasm32")]
        $crate::bindings::access_rule::export_access_rule!(
            Component with_types_in $crate::bindings::access_rule
        );
    };
}

/// The plugin between `configure` and the calls that start from its snapshot. Written once, then only read, so that no
/// call dirties the page it lies in.
#[derive(Debug)]
pub struct Configured<P>(OnceLock<P>);

impl<P: Plugin> Configured<P> {
    /// Not configured yet.
    #[expect(clippy::new_without_default, reason = "only the macro makes one, in a static")]
    pub const fn new() -> Self {
        Self(OnceLock::new())
    }

    /// What `configure` of the contract does.
    pub fn configure(&self, json: &str) -> Result<(), Vec<ConfigError>> {
        let plugin = configured::<P>(json)?;
        self.0.set(plugin).map_err(|_| ConfigErrors::at("", "this instance is configured already").into())
    }

    /// The prepared plugin.
    ///
    /// # Panics
    /// Before `configure`: the contract's order is broken, and a trap is the answer that the host's failure policy expects.
    pub fn get(&self) -> &P {
        self.0.get().expect("the host configures a plugin before it asks it anything")
    }
}

/// A plugin from its configuration's JSON.
pub fn configured<P: Plugin>(json: &str) -> Result<P, ConfigErrors> {
    P::configure(config::parse(json)?)
}

/// What `describe` of the contract does.
pub fn describe<P: Plugin>(name: &str, version: &str, summary: &str) -> Manifest {
    Manifest {
        name: name.to_owned(),
        version: version.to_owned(),
        summary: summary.to_owned(),
        config_schema: config::schema::<P::Config>(),
    }
}

/// Stops the build of a plugin whose `Cargo.toml` makes no valid manifest.
pub const fn check_manifest(name: &str, summary: &str) {
    let bytes = name.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        assert!(
            matches!(bytes[at], b'a'..=b'z' | b'0'..=b'9' | b'-'),
            "a plugin's package name is of a-z, 0-9 and `-` only"
        );
        at += 1;
    }
    assert!(matches!(bytes.len(), 1..=PLUGIN_NAME_BYTES), "a plugin's package name is 1 to 64 bytes long");
    assert!(bytes[0].is_ascii_lowercase(), "a plugin's package name starts with a letter");
    assert!(!summary.is_empty(), "a plugin's Cargo.toml needs a description: administrators see it");
    assert!(summary.len() <= SUMMARY_BYTES, "a plugin's description is at most 512 bytes long");
}
