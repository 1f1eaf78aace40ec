//! Runs components that strangers wrote: inspects and configures them in a process of their own, and calls them in a fresh instance
//! under a budget.
//!
//! Accounts, permissions and SQL are not known here, and nothing is decided about a message: see `sluice_domain::verdict`.
//!
//! What parses, compiles or runs for the first time what was uploaded is in [`worker`] and happens in a child process with limits; what
//! runs in the server is [`Configured`], made of artefacts that a worker of this server wrote.

mod artefact;
mod asking;
mod bindings;
mod call;
mod configure;
mod configured;
mod convert;
mod engine;
mod error;
mod frames;
mod functions;
mod guest;
mod image;
mod imports;
mod inspect;
mod outline;
mod overlaid;
mod overlay;
mod process;
mod protocol;
mod prune;
mod questions;
mod sandbox;
mod schema;
mod sections;
mod shelf;
mod snapshot;
mod trials;
pub mod worker;

pub use crate::{
    artefact::{ArtefactKey, InstalledArtefact, Use},
    call::Call,
    configured::Configured,
    error::{ConfigureError, InspectError, LoadError, SandboxError},
    guest::Content,
    imports::{Allowance, Imports, Recorded, Unanswered},
    process::{WorkerCommand, WorkerLimits},
    sandbox::{MEMORY_CEILING, Sandbox, SandboxConfig},
};
