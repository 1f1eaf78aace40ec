//! The sandbox as the use cases see it: inspect a component, make it ready with a configuration.

use std::{io, path::PathBuf, sync::Arc};

use serde::de::DeserializeOwned;
use sluice_domain::{digest::Digest, limits, plugin::Inspection};
use wasmtime::Engine;

use crate::{
    artefact::{self, ArtefactKey, Artefacts},
    call::Configured,
    engine::{self, Purpose},
    error::{ConfigureError, InspectError, SandboxError},
    functions::ServerFunctions,
    process::{Died, WorkerCommand, WorkerLimits, Workers},
    protocol::{Inspected, Limits, Made, Order, Snapshot, Work},
};

/// How the sandbox is made.
pub struct SandboxConfig {
    /// How many calls may have an instance at once, and how many memories stay warm. Address space only.
    pub slots: u32,
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
}

/// Most memory of any guest, when nobody says less, in bytes.
pub const MEMORY_CEILING: usize = 64 << 20;

impl SandboxConfig {
    /// 1,024 slots, 64 MiB for a guest, 64 MiB of functions.
    pub fn new(artefacts: PathBuf, key: ArtefactKey, worker: WorkerCommand) -> Self {
        Self {
            slots: 1_024,
            memory_ceiling: MEMORY_CEILING,
            artefacts,
            key,
            worker,
            limits: WorkerLimits::default(),
            function_bytes: 64 << 20,
        }
    }
}

/// Where plugins are inspected, configured and called. Cheap to clone. Everything here blocks: call it on a thread for that.
#[derive(Clone)]
pub struct Sandbox {
    inner: Arc<Inner>,
}

struct Inner {
    engine: Engine,
    artefacts: Artefacts,
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
        let SandboxConfig { slots, memory_ceiling, artefacts, key, worker, limits, function_bytes } = config;
        let engine = engine::engine(memory_ceiling, Purpose::Calls { slots });
        let engine = engine.map_err(|error| SandboxError::Engine(format!("{error:#}")))?;
        let artefacts = Artefacts::open(artefacts, key, engine::fingerprint(&engine))?;
        let workers = Workers::new(worker, limits);
        let functions = ServerFunctions::new(function_bytes);
        Ok(Self { inner: Arc::new(Inner { engine, artefacts, workers, functions, memory_ceiling }) })
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

    /// Makes the plugin whose component has `digest` ready with `config`, which is JSON. What was made before is loaded from disk;
    /// otherwise `component` is asked for its bytes, and a worker configures it.
    ///
    /// # Errors
    /// [`ConfigureError`]: what is wrong with the configuration, or how the plugin failed on it.
    pub fn configure(
        &self,
        component: impl FnOnce() -> io::Result<Vec<u8>>,
        digest: Digest,
        config: &str,
    ) -> Result<Configured, ConfigureError> {
        let name = self.inner.artefacts.configured(digest, Digest::of(config.as_bytes()));
        if let Some(ready) = self.inner.artefacts.find(&name).and_then(|artefact| self.load(&artefact).ok()) {
            return Ok(ready);
        }
        let component = component().map_err(|error| ConfigureError::Host(format!("reading the component: {error}")))?;
        let base = self.base(&component, digest)?;
        let made = self.ask_to_configure(&component, digest, &base, config)?;
        let ready = self.load(&made.artefact).map_err(|error| ConfigureError::Host(format!("{error:#}")))?;
        self.keep(&name, &made.artefact);
        self.inner.functions.keep(digest, made.functions);
        Ok(ready)
    }

    fn load(&self, artefact: &[u8]) -> wasmtime::Result<Configured> {
        let component = artefact::load(&self.inner.engine, artefact)?;
        Configured::new(&self.inner.engine, &component)
    }

    /// The component's instrumented form; compiled anew when it is not on disk, as after an upgrade of the engine.
    fn base(&self, component: &[u8], digest: Digest) -> Result<Vec<u8>, ConfigureError> {
        if let Some(artefact) = self.inner.artefacts.find(&self.inner.artefacts.base(digest)) {
            return Ok(artefact);
        }
        let (_, made) = self.ask_to_inspect(component).map_err(|error| ConfigureError::Host(error.to_string()))?;
        let artefact = made.artefact.clone();
        self.keep_base(digest, made);
        Ok(artefact)
    }

    fn keep_base(&self, digest: Digest, made: Made) {
        self.keep(&self.inner.artefacts.base(digest), &made.artefact);
        self.inner.functions.keep(digest, made.functions);
    }

    /// An artefact that cannot be kept is compiled again the next time.
    fn keep(&self, name: &str, artefact: &[u8]) {
        if let Err(error) = self.inner.artefacts.keep(name, artefact) {
            tracing::error!(name, %error, "an artefact cannot be kept");
        }
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

fn head<T: DeserializeOwned>(frames: &mut impl Iterator<Item = Vec<u8>>) -> io::Result<T> {
    let head = frames.next().ok_or(io::ErrorKind::UnexpectedEof)?;
    Ok(serde_json::from_slice(&head)?)
}
