//! The guest's side of the contract, generated from `wit/v1`.
//!
//! One world a hook, so that a component exports exactly the hooks that its `export!` line names: the exports' type
//! section is part of each world's export macro, and only the worlds that are named expand theirs. Every world shares
//! the base world's types. What authors see is re-exported elsewhere; nothing here is written by hand.

/// The `plugin` interface that every component exports, the shared types, and the imports.
#[expect(missing_docs, reason = "generated; every name is explained in wit/v1")]
pub mod base {
    wit_bindgen::generate!({
        path: "../wit/v1",
        inline: "
            package sluice:sdk;
            world base {
                import sluice:policy/types@1.1.0;
                import sluice:policy/log@1.1.0;
                import sluice:policy/counters@1.1.0;
                import sluice:policy/lists@1.1.0;
                import sluice:policy/history@1.1.0;
                import sluice:policy/http@1.1.0;
                export sluice:policy/plugin@1.1.0;
            }
        ",
        world: "sluice:sdk/base",
        generate_all,
        generate_unused_types: true,
        additional_derives: [PartialEq, Eq],
        pub_export_macro: true,
        export_macro_name: "export_plugin",
    });
}

/// The `message-filter` hook.
#[expect(missing_docs, reason = "generated; every name is explained in wit/v1")]
pub mod message_filter {
    wit_bindgen::generate!({
        path: "../wit/v1",
        inline: "
            package sluice:sdk;
            world message-filter {
                export sluice:policy/message-filter@1.1.0;
            }
        ",
        world: "sluice:sdk/message-filter",
        with: { "sluice:policy/types@1.1.0": crate::bindings::base::sluice::policy::types },
        pub_export_macro: true,
        export_macro_name: "export_message_filter",
    });
}

/// The `attachment-filter` hook, and the content that it reads.
#[expect(missing_docs, reason = "generated; every name is explained in wit/v1")]
pub mod attachment_filter {
    wit_bindgen::generate!({
        path: "../wit/v1",
        inline: "
            package sluice:sdk;
            world attachment-filter {
                export sluice:policy/attachment-filter@1.1.0;
            }
        ",
        world: "sluice:sdk/attachment-filter",
        with: {
            "sluice:policy/types@1.1.0": crate::bindings::base::sluice::policy::types,
            "sluice:policy/attachment-content@1.1.0": generate,
        },
        pub_export_macro: true,
        export_macro_name: "export_attachment_filter",
    });
}

/// The `access-rule` hook.
#[expect(missing_docs, reason = "generated; every name is explained in wit/v1")]
pub mod access_rule {
    wit_bindgen::generate!({
        path: "../wit/v1",
        inline: "
            package sluice:sdk;
            world access-rule {
                export sluice:policy/access-rule@1.1.0;
            }
        ",
        world: "sluice:sdk/access-rule",
        with: { "sluice:policy/types@1.1.0": crate::bindings::base::sluice::policy::types },
        additional_derives: [PartialEq, Eq],
        pub_export_macro: true,
        export_macro_name: "export_access_rule",
    });
}
