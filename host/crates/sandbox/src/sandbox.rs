//! The sandbox as the use cases see it: inspect a component, make it ready with a configuration.

use std::{fmt, io, path::PathBuf, sync::Arc};

use rustix::process::{Resource, getrlimit};
use serde::de::DeserializeOwned;
use sluice_domain::{digest::Digest, limits, plugin::Inspection};

use crate::{
    artefact::{ArtefactKey, Artefacts},
    configured::Configured,
    engine::{self, Purpose},
    error::{ConfigureError, InspectError, SandboxError},
    functions::ServerFunctions,
    process::{Died, WorkerCommand, WorkerLimits, Workers},
    protocol::{Inspected, Limits, Made, Order, Snapshot, Work},
    shelf::{Bounds, Shelf},
};

/// How the sandbox is made.
pub struct SandboxConfig {
    /// How many calls may have an instance at once, and how many memories stay as they are for the next call of the same plugin.
    /// Each thread looks in its part of them, of which there is one for each processor, up to 16. Address space only, except for
    /// what calls wrote to: a slot keeps up to 128 KiB of that.
    pub slots: u32,
    /// Whether a slot keeps what calls wrote to, cleaned, where the kernel can say what that is (Linux 6.7). Otherwise the next call
    /// faults each page in again: about 13 us of a short one.
    pub keep_pages: bool,
    /// Most memory of any guest, in bytes; a budget may give less.
    pub memory_ceiling: usize,
    /// Folder of compiled artefacts.
    pub artefacts: PathBuf,
    /// The key that tells this server's artefacts.
    pub key: ArtefactKey,
    /// How a worker is started.
    pub worker: WorkerCommand,
    /// What a worker may use.
    pub limits: WorkerLimits,
    /// How much is kept of compiled functions between workers, in bytes.
    pub function_bytes: usize,
    /// How much is loaded of configured plugins at once, in bytes of their files. The files are mapped: this is address space and
    /// the kernel's cache of files, and about a tenth of it is memory of the server's own.
    pub loaded_bytes: usize,
    /// How many configured plugins are loaded at once. Each takes an open file and three mappings, a used slot three more, and a
    /// process has 65,530 mappings unless the system is told otherwise (`vm.max_map_count`). Half of the process's limit of open
    /// files is never exceeded.
    pub loaded_count: usize,
}

/// Most memory of any guest, when nobody says less, in bytes.
pub const MEMORY_CEILING: usize = 64 << 20;

impl SandboxConfig {
    /// 4,096 slots, 64 MiB for a guest, 64 MiB of functions, 4 GiB of at most 8,192 loaded plugins.
    pub fn new(artefacts: PathBuf, key: ArtefactKey, worker: WorkerCommand) -> Self {
        Self {
            slots: 4_096,
            keep_pages: true,
            memory_ceiling: MEMORY_CEILING,
            artefacts,
            key,
            worker,
            limits: WorkerLimits::default(),
            function_bytes: 64 << 20,
            loaded_bytes: 4 << 30,
            loaded_count: 8_192,
        }
    }
}

/// Where plugins are inspected, configured and called. Cheap to clone. Everything here blocks: call it on a thread for that.
#[derive(Clone)]
pub struct Sandbox {
    inner: Arc<Inner>,
}

struct Inner {
    shelf: Arc<Shelf>,
    workers: Workers,
    functions: ServerFunctions,
    memory_ceiling: usize,
}

impl Sandbox {
    /// Starts the engine.
    ///
    /// # Errors
    /// [`SandboxError`] when the machine or the folder does not allow it.
    pub fn new(config: SandboxConfig) -> Result<Self, SandboxError> {
        let SandboxConfig {
            slots,
            keep_pages,
            memory_ceiling,
            artefacts,
            key,
            worker,
            limits,
            function_bytes,
            loaded_bytes,
            loaded_count,
        } = config;
        let engine = engine::engine(memory_ceiling, Purpose::Calls { slots, keep_pages });
        let engine = engine.map_err(|error| SandboxError::Engine(format!("{error:#}")))?;
        let artefacts = Artefacts::open(artefacts, key, engine::fingerprint(&engine))?;
        let bounds = Bounds { bytes: loaded_bytes, count: loaded_count.min(files() / 2) };
        let shelf = Arc::new(Shelf::new(engine, artefacts, bounds));
        let workers = Workers::new(worker, limits);
        let functions = ServerFunctions::new(function_bytes);
        Ok(Self { inner: Arc::new(Inner { shelf, workers, functions, memory_ceiling }) })
    }

    /// Says what a component is, or why it cannot be a plugin. It is compiled on the way, so that configuring it is quick.
    ///
    /// # Errors
    /// [`InspectError`]: what is wrong with the component and what its author can do.
    pub fn inspect(&self, component: &[u8]) -> Result<Inspection, InspectError> {
        if component.is_empty() {
            return Err(InspectError::Empty);
        }
        if component.len() > limits::COMPONENT_BYTES {
            return Err(InspectError::TooLarge);
        }
        let (inspection, made) = self.ask_to_inspect(component)?;
        self.keep_base(Digest::of(component), made);
        Ok(inspection)
    }

    /// Makes the plugin whose component has `digest` ready with `config`, which is JSON. What was made before is found on disk, and
    /// loaded when it is called; otherwise `component` is asked for its bytes, and a worker configures it.
    ///
    /// # Errors
    /// [`ConfigureError`]: what is wrong with the configuration, or how the plugin failed on it.
    pub fn configure(
        &self,
        component: impl FnOnce() -> io::Result<Vec<u8>>,
        digest: Digest,
        config: &str,
    ) -> Result<Configured, ConfigureError> {
        let name = self.artefacts().configured(digest, Digest::of(config.as_bytes()));
        let ready = Configured::new(&self.inner.shelf, &name);
        if ready.is_loaded() || self.artefacts().is_kept(&name) {
            return Ok(ready);
        }
        let host = |error: &dyn fmt::Display| ConfigureError::Host(format!("{error:#}"));
        let component = component().map_err(|error| host(&format_args!("reading the component: {error}")))?;
        let base = self.base(&component, digest)?;
        let made = self.ask_to_configure(&component, digest, &base, config)?;
        if self.keep(&name, &made.artefact) {
            ready.load().map_err(|error| host(&error))?;
        } else {
            ready.put(&made.artefact).map_err(|error| host(&error))?;
        }
        self.inner.functions.keep(digest, made.functions);
        Ok(ready)
    }

    fn artefacts(&self) -> &Artefacts {
        self.inner.shelf.artefacts()
    }

    /// The component's instrumented form; compiled anew when it is not on disk, as after an upgrade of the engine.
    fn base(&self, component: &[u8], digest: Digest) -> Result<Vec<u8>, ConfigureError> {
        if let Some(artefact) = self.artefacts().find(&self.artefacts().base(digest)) {
            return Ok(artefact);
        }
        let (_, made) = self.ask_to_inspect(component).map_err(|error| ConfigureError::Host(error.to_string()))?;
        let artefact = made.artefact.clone();
        self.keep_base(digest, made);
        Ok(artefact)
    }

    fn keep_base(&self, digest: Digest, made: Made) {
        self.keep(&self.artefacts().base(digest), &made.artefact);
        self.inner.functions.keep(digest, made.functions);
    }

    /// An artefact that cannot be kept is compiled again the next time.
    fn keep(&self, name: &str, artefact: &[u8]) -> bool {
        let kept = self.artefacts().keep(name, artefact);
        kept.inspect_err(|error| tracing::error!(name, %error, "an artefact cannot be kept")).is_ok()
    }

    fn ask_to_inspect(&self, component: &[u8]) -> Inspected {
        let host = |error: io::Error| InspectError::Host(error.to_string());
        let order = self.order(Work::Inspect).map_err(host)?;
        let frames = self.inner.workers.ask(&[&order, component]).map_err(|died| match died {
            Died::TookTooLong => InspectError::TookTooLong,
            Died::TookTooMuchMemory => InspectError::TookTooMuchMemory,
            Died::Crashed => InspectError::Crashed,
            Died::NotStarted(error) => host(error),
        })?;
        let mut frames = frames.into_iter();
        let inspection = head::<Result<Inspection, InspectError>>(&mut frames).map_err(host)??;
        Ok((inspection, Made::read(frames).map_err(host)?))
    }

    fn ask_to_configure(&self, component: &[u8], digest: Digest, base: &[u8], config: &str) -> Snapshot {
        let host = |error: io::Error| ConfigureError::Host(error.to_string());
        let order = self.order(Work::Configure).map_err(host)?;
        let functions = self.inner.functions.of(digest);
        let functions = functions.iter().flat_map(|(key, value)| [key.as_slice(), value.as_slice()]);
        let frames: Vec<&[u8]> = [&order, component, base, config.as_bytes()].into_iter().chain(functions).collect();
        let frames = self.inner.workers.ask(&frames).map_err(|died| match died {
            Died::TookTooLong => ConfigureError::TookTooLong,
            Died::TookTooMuchMemory => ConfigureError::TookTooMuchMemory,
            Died::Crashed => ConfigureError::Crashed,
            Died::NotStarted(error) => host(error),
        })?;
        let mut frames = frames.into_iter();
        head::<Result<(), ConfigureError>>(&mut frames).map_err(host)??;
        Made::read(frames).map_err(host)
    }

    fn order(&self, work: Work) -> io::Result<Vec<u8>> {
        let WorkerLimits { address_space, cpu_seconds, .. } = self.inner.workers.limits;
        let limits = Limits { address_space, cpu_seconds };
        Ok(serde_json::to_vec(&Order { work, memory_ceiling: self.inner.memory_ceiling, limits })?)
    }
}

/// How many files this process may have open.
fn files() -> usize {
    getrlimit(Resource::Nofile).current.and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX)
}

fn head<T: DeserializeOwned>(frames: &mut impl Iterator<Item = Vec<u8>>) -> io::Result<T> {
    let head = frames.next().ok_or(io::ErrorKind::UnexpectedEof)?;
    Ok(serde_json::from_slice(&head)?)
}
