//! What one call of a plugin owns in the host, and what it can reach: its log, the attachment that it was given, and whoever
//! answers what it asks.

use std::io;

use sluice_domain::{
    import::{Answer, Question},
    installation::Budget,
    limits,
    verdict::{LogLevel, LogLine},
};
use wasmtime::{ResourceLimiter, Store, component::Resource};

use crate::{
    asking::Asking,
    bindings::sluice::policy::{attachment_content, log, types},
    engine::TABLE_ELEMENTS,
    imports::{Imports, Unanswered},
};

/// The bytes of one attachment, read in pieces.
pub trait Content: Send {
    /// In bytes.
    fn size(&self) -> u64;

    /// Reads bytes from `offset` into `buffer`, and says how many; 0 only at the end.
    ///
    /// # Errors
    /// When the content cannot be read; the call then counts as the host's failure.
    fn read(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;
}

/// What a guest's handle on content stands for. There is one content a call, so it has no parts.
#[expect(unreachable_pub, reason = "the generated bindings name it in public signatures")]
pub struct OpenContent;

/// What a call that was ended by the host was ended for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Stopped {
    #[error("what its configuration changed cannot be written to its memory: {0}")]
    NotConfigured(String),
    #[error("imports cannot be called while the plugin is described or configured: call them in a hook")]
    ImportTooEarly,
    #[error("the call has read as much of the attachment as it may")]
    ReadTooMuch,
    #[error("the attachment cannot be read")]
    Unreadable,
    #[error("the call has asked the host more than its budget of instructions is worth")]
    AskedTooMuch,
    #[error(transparent)]
    Unanswered(Unanswered),
}

/// The data of one call's store.
pub(crate) struct Guest {
    imports_allowed: bool,
    pub(crate) log: Vec<LogLine>,
    content: Option<Box<dyn Content>>,
    pub(crate) asking: Asking,
    /// Bytes of content that may still be read: one for each instruction of the budget.
    readable: u64,
    memory: usize,
    /// Whether the guest wanted more memory than it may have.
    pub(crate) wanted_more: bool,
}

impl Guest {
    pub(crate) fn new(budget: Budget, imports_allowed: bool, content: Option<Box<dyn Content>>) -> Self {
        let Budget { fuel, memory } = budget;
        let asking = Asking::new(None, fuel);
        Self { imports_allowed, log: Vec::new(), content, asking, readable: fuel, memory, wanted_more: false }
    }

    /// One whose questions are answered.
    pub(crate) fn with_imports(self, budget: Budget, imports: Option<Box<dyn Imports>>) -> Self {
        Self { asking: Asking::new(imports, budget.fuel), ..self }
    }

    /// Puts a question to whoever answers.
    pub(crate) fn ask(&mut self, question: Question) -> wasmtime::Result<Answer> {
        self.import()?;
        Ok(self.asking.ask(question)?)
    }

    fn import(&self) -> wasmtime::Result<()> {
        if self.imports_allowed { Ok(()) } else { Err(Stopped::ImportTooEarly.into()) }
    }
}

/// How much the host allocates for one answer of a guest, in bytes; a whole answer within the contract's limits is far smaller.
const ANSWER_BYTES: usize = 2 << 20;

/// A store for one call.
pub(crate) fn store(engine: &wasmtime::Engine, budget: Budget, guest: Guest) -> wasmtime::Result<Store<Guest>> {
    let mut store = Store::new(engine, guest);
    store.limiter(|guest| guest);
    store.set_hostcall_fuel(ANSWER_BYTES);
    store.set_fuel(budget.fuel)?;
    Ok(store)
}

impl ResourceLimiter for Guest {
    fn memory_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        let fits = desired <= self.memory;
        self.wanted_more |= !fits;
        Ok(fits)
    }

    fn table_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        let fits = desired <= TABLE_ELEMENTS;
        self.wanted_more |= !fits;
        Ok(fits)
    }
}

impl types::Host for Guest {}

impl log::Host for Guest {
    fn write(&mut self, level: log::Level, mut line: String) -> wasmtime::Result<()> {
        self.import()?;
        if self.log.len() < limits::LOG_LINES {
            line.truncate(line.floor_char_boundary(limits::LOG_LINE_BYTES));
            let level = match level {
                log::Level::Debug => LogLevel::Debug,
                log::Level::Info => LogLevel::Info,
                log::Level::Warn => LogLevel::Warn,
                log::Level::Error => LogLevel::Error,
            };
            self.log.push(LogLine { level, line });
        }
        Ok(())
    }
}

impl attachment_content::Host for Guest {}

impl attachment_content::HostContent for Guest {
    fn size(&mut self, _: Resource<OpenContent>) -> wasmtime::Result<u64> {
        self.import()?;
        Ok(self.content.as_ref().map_or(0, |content| content.size()))
    }

    fn read(&mut self, _: Resource<OpenContent>, offset: u64, length: u32) -> wasmtime::Result<Vec<u8>> {
        self.import()?;
        let Some(content) = &mut self.content else { return Ok(Vec::new()) };
        let wanted = u64::from(length.min(limits::CONTENT_READ_BYTES)).min(content.size().saturating_sub(offset));
        self.readable = self.readable.checked_sub(wanted).ok_or(Stopped::ReadTooMuch)?;
        let mut buffer = vec![0; usize::try_from(wanted).unwrap_or(0)];
        let mut filled = 0;
        while filled < buffer.len() {
            match content.read(offset + filled as u64, &mut buffer[filled..]) {
                Ok(0) => break,
                Ok(read) => filled += read.min(buffer.len() - filled),
                Err(_) => return Err(Stopped::Unreadable.into()),
            }
        }
        buffer.truncate(filled);
        Ok(buffer)
    }

    fn drop(&mut self, _: Resource<OpenContent>) -> wasmtime::Result<()> {
        Ok(())
    }
}
