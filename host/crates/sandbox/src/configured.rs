//! A configured plugin as whoever calls it has it: its artefact is loaded at the first call, and again after it was unloaded.
//!
//! How a call goes is in [`crate::call`], what is loaded when in [`crate::shelf`].

use std::{fmt, sync::Arc};

use sluice_domain::{
    access::{Access, AccessRequest},
    message::{Attachment, Message},
    verdict::{Failure, Verdict},
};

use crate::{
    artefact::Ready,
    call::{Call, Loaded, failed},
    error::LoadError,
    guest::Content,
    imports::Allowance,
    shelf::{Place, Shelf},
};

/// A plugin with its configuration, ready to be called. Cheap to clone, and small: what is loaded is shared by all who have the same
/// component with the same configuration, and is in memory only while it is among what was called last.
#[derive(Clone)]
pub struct Configured {
    shelf: Arc<Shelf>,
    place: Arc<Place>,
}

impl fmt::Debug for Configured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Configured").field("ready", &self.place.ready).finish_non_exhaustive()
    }
}

impl Configured {
    pub(crate) fn new(shelf: &Arc<Shelf>, ready: Ready) -> Self {
        Self { shelf: shelf.clone(), place: shelf.place(ready) }
    }

    /// Whether a call would find it in memory. Otherwise, a call reads its file first.
    pub fn is_loaded(&self) -> bool {
        self.place.is_loaded()
    }

    /// Loads it, unless it is loaded. Calls do that themselves.
    ///
    /// # Errors
    /// [`LoadError::Lost`] when its artefact is gone or broken: [`crate::Sandbox::configure`] makes it anew. [`LoadError::Host`] when
    /// the server has no place for it.
    pub fn load(&self) -> Result<(), LoadError> {
        self.shelf.take(&self.place).map(drop)
    }

    /// Says that a chain has it no longer: its artefact is kept as one that was tried. Another chain that has it takes it back when it is
    /// made ready.
    pub fn release(&self) {
        self.shelf.release(self.place.ready);
    }

    pub(crate) fn put(&self, artefact: &[u8]) -> wasmtime::Result<()> {
        self.shelf.put(&self.place, artefact)
    }

    /// Asks about a message. Without the hook, nothing is said against it. A plugin that cannot be loaded is
    /// [`Failure::Unavailable`], here and below.
    pub fn check_message(&self, message: &Message, allowed: impl Into<Allowance>) -> Call<Verdict> {
        self.ask(|loaded| loaded.check_message(message, allowed.into()))
    }

    /// Asks about an attachment. Each byte that the plugin reads counts like an instruction, apart from those.
    pub fn check_attachment(
        &self,
        attachment: &Attachment,
        content: impl Content + 'static,
        allowed: impl Into<Allowance>,
    ) -> Call<Verdict> {
        self.ask(|loaded| loaded.check_attachment(attachment, content, allowed.into()))
    }

    /// Asks about someone who wants to be let in.
    pub fn check_access(&self, request: &AccessRequest, allowed: impl Into<Allowance>) -> Call<Access> {
        self.ask(|loaded| loaded.check_access(request, allowed.into()))
    }

    fn ask<T>(&self, call: impl FnOnce(Loaded<'_>) -> Call<T>) -> Call<T> {
        match self.shelf.take(&self.place) {
            Ok(held) => call(held.loaded()),
            Err(error) => {
                let Ready { component, config } = self.place.ready;
                tracing::error!(%component, %config, %error, "a plugin cannot be loaded");
                failed(Failure::Unavailable, &error)
            }
        }
    }
}
