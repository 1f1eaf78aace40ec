//! What the server asks of a worker, and what a worker answers.

use std::io;

use serde::{Deserialize, Serialize};
use sluice_domain::plugin::Inspection;

use crate::{
    error::{ConfigureError, InspectError},
    functions::Functions,
};

/// What to do; the bytes it is done to come in the frames after it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) work: Work,
    /// Most memory of a guest, in bytes; also what the engine is made for.
    pub(crate) memory_ceiling: usize,
    pub(crate) limits: Limits,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) enum Work {
    /// Frames: the component.
    Inspect,
    /// Frames: the component, its artefact, the configuration, then compiled functions.
    Configure,
}

/// What the worker limits itself to before it reads anything else.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Limits {
    pub(crate) address_space: u64,
    pub(crate) cpu_seconds: u64,
}

/// What an inspection found, with the artefact of the instrumented component.
pub(crate) type Inspected = Result<(Inspection, Made), InspectError>;

/// A configured plugin's artefact.
pub(crate) type Snapshot = Result<Made, ConfigureError>;

/// What was compiled.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) artefact: Vec<u8>,
    pub(crate) functions: Functions,
}

impl Made {
    /// The frames after an answer's head.
    pub(crate) fn frames(&self) -> Vec<&[u8]> {
        let functions = self.functions.iter().flat_map(|(key, value)| [key.as_slice(), value.as_slice()]);
        [self.artefact.as_slice()].into_iter().chain(functions).collect()
    }

    /// Reads what [`Made::frames`] wrote.
    pub(crate) fn read(mut frames: impl Iterator<Item = Vec<u8>>) -> io::Result<Self> {
        let artefact = frames.next().ok_or(io::ErrorKind::UnexpectedEof)?;
        Ok(Self { artefact, functions: functions(frames) })
    }
}

/// Compiled functions from pairs of frames.
pub(crate) fn functions(mut frames: impl Iterator<Item = Vec<u8>>) -> Functions {
    let mut functions = Vec::new();
    while let (Some(key), Some(value)) = (frames.next(), frames.next()) {
        functions.push((key, value));
    }
    functions
}
