//! What can go wrong, in words for the one who uploaded the component or wrote the configuration.

use serde::{Deserialize, Serialize};
use sluice_domain::{limits, plugin::ConfigError};

/// Why a component cannot be a plugin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum InspectError {
    /// Nothing was sent.
    #[error("nothing was sent: send the component as the request's body")]
    Empty,
    /// More than [`limits::COMPONENT_BYTES`].
    #[error(
        "the component is larger than {} bytes: build it with optimisation for size and without debug information",
        limits::COMPONENT_BYTES
    )]
    TooLarge,
    /// It does not begin like WebAssembly.
    #[error("this is not WebAssembly: send the .wasm component that the build made")]
    NotWasm,
    /// A core module.
    #[error(
        "this is a core module, not a component: make one of it with `sluice plugin componentize MODULE COMPONENT`"
    )]
    CoreModule,
    /// It does not parse or validate.
    #[error("the component is not valid, or was cut short: {0}")]
    Invalid(String),
    /// It imports what the contract does not offer.
    #[error(
        "the component imports `{0}`, which plugins cannot have: they may import log, counters, lists, history and http of sluice:policy@1.1.0 or an older 1.x; build it for wasm32-unknown-unknown, without WASI"
    )]
    UnknownImport(String),
    /// It does not export `sluice:policy/plugin`, of a version that is served.
    #[error(
        "the component does not export sluice:policy/plugin@1.1.0 or an older 1.x: export `describe` and `configure`, as of wit/v1"
    )]
    NotAPlugin,
    /// It exports no hook.
    #[error(
        "the component exports no hook: export message-filter, attachment-filter or access-rule of sluice:policy@1.1.0 or an older 1.x"
    )]
    NoHook,
    /// An interface of the contract with other types.
    #[error("the component was built against another form of the contract: build it against wit/v1 ({0})")]
    ContractMismatch(String),
    /// A memory that is larger than plugins may have.
    #[error(
        "the component wants a memory of {wanted} bytes at its start, and plugins may have {ceiling}: lower its initial memory"
    )]
    MemoryTooLarge {
        /// In bytes.
        wanted: u64,
        /// In bytes.
        ceiling: u64,
    },
    /// More instances or tables, or a larger one, than a slot of the pool has place for.
    #[error(
        "the component needs more than plugins may have: {0}; build it as one module, with fewer functions behind pointers"
    )]
    TooDemanding(String),
    /// `describe` or the component's start trapped or used up its budget.
    #[error("the plugin failed when it was asked to describe itself: {0}")]
    DescribeFailed(String),
    /// What `describe` gave.
    #[error(transparent)]
    Manifest(BadManifest),
    /// The schema of its configuration.
    #[error("the plugin's `config-schema` is not a JSON Schema (draft 2020-12) that stands alone: {0}")]
    Schema(String),
    /// Inspecting or compiling took too long.
    #[error("compiling the component took too long: make it smaller or simpler")]
    TookTooLong,
    /// Inspecting or compiling took too much memory.
    #[error("compiling the component took too much memory: make it smaller or simpler")]
    TookTooMuchMemory,
    /// The worker ended without an answer, for a reason that the component has given it.
    #[error("the component crashed its inspection: make it smaller or simpler, or build it with another tool chain")]
    Crashed,
    /// The server's own failure.
    #[error("the component could not be inspected: {0}")]
    Host(String),
}

impl InspectError {
    /// Stable, for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty => "component-empty",
            Self::TooLarge => "component-too-large",
            Self::NotWasm => "not-wasm",
            Self::CoreModule => "core-module",
            Self::Invalid(_) => "component-invalid",
            Self::UnknownImport(_) => "unknown-import",
            Self::NotAPlugin => "plugin-not-exported",
            Self::NoHook => "no-hook",
            Self::ContractMismatch(_) => "contract-mismatch",
            Self::MemoryTooLarge { .. } => "memory-too-large",
            Self::TooDemanding(_) => "too-demanding",
            Self::DescribeFailed(_) => "describe-failed",
            Self::Manifest(_) => "manifest-invalid",
            Self::Schema(_) => "schema-invalid",
            Self::TookTooLong => "compile-too-slow",
            Self::TookTooMuchMemory => "compile-too-large",
            Self::Crashed => "inspection-crashed",
            Self::Host(_) => "internal",
        }
    }

    /// Whether the server failed, not the component.
    pub const fn is_ours(&self) -> bool {
        matches!(self, Self::Host(_))
    }
}

/// What is wrong with a manifest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum BadManifest {
    /// The name.
    #[error("the manifest's `name` must be 1 to 64 of a-z, 0-9 and -, and start with a letter")]
    Name,
    /// The version.
    #[error("the manifest's `version` must be a semantic version, such as 1.0.0")]
    Version,
    /// The summary.
    #[error("the manifest's `summary` must be one sentence of 1 to {} bytes", limits::SUMMARY_BYTES)]
    Summary,
}

/// Why a plugin does not take a configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum ConfigureError {
    /// The schema or the plugin itself refuses it.
    #[error("the configuration is refused, {} errors", .0.len())]
    Refused(Vec<ConfigError>),
    /// `configure` trapped or used up its budget.
    #[error("`configure` failed: {0}")]
    Failed(String),
    /// The plugin as `configure` left it cannot be kept.
    #[error("the configured plugin cannot be kept: {0}")]
    Snapshot(String),
    /// It took too long.
    #[error("configuring took too long: make the configuration smaller")]
    TookTooLong,
    /// It took too much memory.
    #[error("configuring took too much memory: make the configuration smaller")]
    TookTooMuchMemory,
    /// The worker ended without an answer.
    #[error("the plugin crashed while it was configured")]
    Crashed,
    /// The server's own failure.
    #[error("the plugin could not be configured: {0}")]
    Host(String),
}

/// Why a configured plugin cannot be loaded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// Its artefact is not there, or not as it was written.
    #[error("its compiled form is gone or broken: configure it again")]
    Lost,
    /// The server has no files or memory left for it.
    #[error("its compiled form cannot be loaded: {0}; allow the server more open files or memory mappings")]
    Host(String),
}

impl LoadError {
    pub(crate) fn reading(error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::NotFound { Self::Lost } else { Self::Host(error.to_string()) }
    }
}

/// Why the sandbox cannot start.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The engine.
    #[error("the engine cannot start on this machine: {0}")]
    Engine(String),
    /// The folder of artefacts or the key.
    #[error("{path} cannot be used: {error}")]
    Folder {
        /// Which path.
        path: String,
        /// What the system said.
        error: std::io::Error,
    },
}
