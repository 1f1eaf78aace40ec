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
    Configure {
        /// The longest overlay that is taken instead of a form of its own, in bytes.
        overlay_bytes: usize,
    },
    /// Compiles the form that takes overlays. Frames: the component, its artefact, then compiled functions.
    Overlaid {
        /// The memory's size, in pages.
        pages: u64,
    },
}

/// What the worker limits itself to before it reads anything else.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Limits {
    pub(crate) address_space: u64,
    pub(crate) cpu_seconds: u64,
}

/// What an inspection found, with the artefact of the instrumented component.
pub(crate) type Inspected = Result<(Inspection, Made), InspectError>;

/// What a plugin became with its configuration.
pub(crate) type Snapshot = Result<Form, ConfigureError>;

/// The two forms of a configured plugin.
#[derive(Debug)]
pub(crate) enum Form {
    /// What is written to an instance of the form that takes overlays.
    Overlay {
        /// The size of that form's memory, in pages.
        pages: u64,
        /// The overlay, encoded.
        bytes: Vec<u8>,
    },
    /// An artefact of its own.
    Whole(Made),
}

/// The head of an answer about a configuration: which form, by its pages if it is an overlay.
pub(crate) type Answered = Result<Option<u64>, ConfigureError>;

impl Form {
    /// The head and the frames of an answer.
    pub(crate) fn frames(&self) -> (Option<u64>, Vec<&[u8]>) {
        match self {
            Self::Overlay { pages, bytes } => (Some(*pages), vec![bytes]),
            Self::Whole(made) => (None, made.frames()),
        }
    }

    /// Reads what [`Form::frames`] wrote.
    pub(crate) fn read(head: Option<u64>, mut frames: impl Iterator<Item = Vec<u8>>) -> io::Result<Self> {
        Ok(match head {
            Some(pages) => Self::Overlay { pages, bytes: frames.next().ok_or(io::ErrorKind::UnexpectedEof)? },
            None => Self::Whole(Made::read(frames)?),
        })
    }
}

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
