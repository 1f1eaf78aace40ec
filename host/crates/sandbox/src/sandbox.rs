//! The sandbox as the use cases see it: inspect a component, make it ready with a configuration.

use std::{fmt, io, path::PathBuf, sync::Arc};

use rustix::process::{Resource, getrlimit};
use serde::de::DeserializeOwned;
use sluice_domain::{digest::Digest, limits, plugin::Inspection};

use crate::{
    artefact::{ArtefactKey, Artefacts, InstalledArtefact, Ready, Use},
    configured::Configured,
    engine::{self, Purpose},
    error::{ConfigureError, InspectError, SandboxError},
    functions::ServerFunctions,
    process::{Died, WorkerCommand, WorkerLimits, Workers},
    protocol::{Form, Inspected, Limits, Made, Order, Snapshot, Work},
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
    /// How much is kept of artefacts that were only tried, in bytes.
    pub trial_bytes: u64,
    /// The key that tells this server's artefacts.
    pub key: ArtefactKey,
    /// How a worker is started.
    pub worker: WorkerCommand,
    /// What a worker may use.
    pub limits: WorkerLimits,
    /// How much is kept of compiled functions between workers, in bytes.
    pub function_bytes: usize,
    /// The most that a configuration may have changed of a plugin's memory for its calls to use the code that all configurations of the
    /// plugin have, with those changes written into each instance; in bytes. More is compiled into code of its own, as is everything
    /// with 0. Writing costs a call about 0.1 us for each KiB, and code of an account's own 20 us when others were called since.
    pub overlay_bytes: usize,
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
            trial_bytes: 512 << 20,
            key,
            worker,
            limits: WorkerLimits::default(),
            function_bytes: 64 << 20,
            overlay_bytes: 32 << 10,
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
    overlay_bytes: usize,
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
            trial_bytes,
            key,
            worker,
            limits,
            function_bytes,
            overlay_bytes,
            loaded_bytes,
            loaded_count,
        } = config;
        let engine = engine::engine(memory_ceiling, Purpose::Calls { slots, keep_pages });
        let engine = engine.map_err(|error| SandboxError::Engine(format!("{error:#}")))?;
        let artefacts = Artefacts::open(artefacts, trial_bytes, key, engine::fingerprint(&engine))?;
        let bounds = Bounds { bytes: loaded_bytes, count: loaded_count.min(files() / 2) };
        let shelf = Arc::new(Shelf::new(engine, artefacts, bounds));
        let workers = Workers::new(worker, limits);
        let functions = ServerFunctions::new(function_bytes);
        Ok(Self { inner: Arc::new(Inner { shelf, workers, functions, memory_ceiling, overlay_bytes }) })
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

    /// Makes the plugin whose component has `digest` ready with `config`, which is JSON, to be installed or to be tried. What was made before is found on disk, and
    /// loaded when it is called; otherwise `component` is asked for its bytes, and a worker configures it.
    ///
    /// # Errors
    /// [`ConfigureError`]: what is wrong with the configuration, or how the plugin failed on it.
    pub fn configure(
        &self,
        component: impl FnOnce() -> io::Result<Vec<u8>>,
        digest: Digest,
        config: &str,
        made_for: Use,
    ) -> Result<Configured, ConfigureError> {
        let ready = Ready { component: digest, config: Digest::of(config.as_bytes()) };
        let (overlay, whole) = (self.artefacts().overlay(ready), self.artefacts().whole(ready));
        let configured = Configured::new(&self.inner.shelf, ready);
        // Asked first: what was tried and is installed now must not be removed with the trials.
        let is_kept = [&overlay, &whole].into_iter().any(|name| self.artefacts().is_kept(name, made_for));
        if is_kept || configured.is_loaded() {
            return Ok(configured);
        }
        let host = |error: &dyn fmt::Display| ConfigureError::Host(format!("{error:#}"));
        let component = component().map_err(|error| host(&format_args!("reading the component: {error}")))?;
        let plugin = Plugin { digest, base: self.base(&component, digest)?, component };
        let form = match self.ask_to_configure(&plugin, config, self.inner.overlay_bytes)? {
            Form::Overlay { pages, bytes }
                if self.has_overlaid(&plugin, pages) && self.keep(&overlay, &bytes, made_for) =>
            {
                None
            }
            // Slower, and nothing else.
            Form::Overlay { .. } => Some(self.ask_to_configure(&plugin, config, 0)?),
            whole => Some(whole),
        };
        if let Some(Form::Whole(made)) = form {
            self.inner.functions.keep(digest, made.functions);
            if !self.keep(&whole, &made.artefact, made_for) {
                configured.put(&made.artefact).map_err(|error| host(&error))?;
                return Ok(configured);
            }
        }
        configured.load().map_err(|error| host(&error))?;
        Ok(configured)
    }

    /// Whether there is the form of a plugin that takes overlays whose memory has `pages` pages; it is made if not.
    fn has_overlaid(&self, plugin: &Plugin, pages: u64) -> bool {
        let loads = || self.inner.shelf.overlaid(plugin.digest, pages);
        if loads().is_ok() {
            return true;
        }
        let kept = self.ask_to_overlay(plugin, pages).map(|made| {
            self.inner.functions.keep(plugin.digest, made.functions);
            self.keep(&self.artefacts().overlaid(plugin.digest, pages), &made.artefact, Use::Installed)
                && loads().is_ok()
        });
        kept.unwrap_or_else(|error| {
            tracing::warn!(component = %plugin.digest, %error, "each configuration of a plugin is compiled as a whole");
            false
        })
    }

    /// The artefacts that are kept for chains, for whoever knows which of them are of no use any more.
    ///
    /// # Errors
    /// Those of the folder.
    pub fn installed_artefacts(&self) -> io::Result<Vec<InstalledArtefact>> {
        self.artefacts().installed()
    }

    /// Removes an artefact that is of no use. Whoever needs it after all has it made again.
    pub fn remove_artefact(&self, artefact: &InstalledArtefact) {
        self.artefacts().remove(&artefact.name);
    }

    fn artefacts(&self) -> &Artefacts {
        self.inner.shelf.artefacts()
    }

    /// The component's instrumented form; compiled anew when it is not on disk, as after an upgrade of the engine.
    fn base(&self, component: &[u8], digest: Digest) -> Result<Vec<u8>, ConfigureError> {
        if let Ok(artefact) = self.artefacts().read(&self.artefacts().base(digest)) {
            return Ok(artefact);
        }
        let (_, made) = self.ask_to_inspect(component).map_err(|error| ConfigureError::Host(error.to_string()))?;
        let artefact = made.artefact.clone();
        self.keep_base(digest, made);
        Ok(artefact)
    }

    fn keep_base(&self, digest: Digest, made: Made) {
        // Only needed to configure: it is compiled again when it is gone.
        self.keep(&self.artefacts().base(digest), &made.artefact, Use::Trial);
        self.inner.functions.keep(digest, made.functions);
    }

    /// An artefact that cannot be kept is compiled again the next time.
    fn keep(&self, name: &str, artefact: &[u8], made_for: Use) -> bool {
        let kept = self.artefacts().keep(name, artefact, made_for);
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

    fn ask_to_configure(&self, plugin: &Plugin, config: &str, overlay_bytes: usize) -> Snapshot {
        let (head, frames) = self.ask_about(plugin, Work::Configure { overlay_bytes }, Some(config))?;
        Form::read(head, frames).map_err(|error| ConfigureError::Host(error.to_string()))
    }

    fn ask_to_overlay(&self, plugin: &Plugin, pages: u64) -> Result<Made, ConfigureError> {
        let ((), frames) = self.ask_about(plugin, Work::Overlaid { pages }, None)?;
        Made::read(frames).map_err(|error| ConfigureError::Host(error.to_string()))
    }

    /// The head of a worker's answer about a plugin, and the frames after it.
    fn ask_about<T: DeserializeOwned>(
        &self,
        plugin: &Plugin,
        work: Work,
        config: Option<&str>,
    ) -> Result<(T, impl Iterator<Item = Vec<u8>>), ConfigureError> {
        let host = |error: io::Error| ConfigureError::Host(error.to_string());
        let order = self.order(work).map_err(host)?;
        let functions = self.inner.functions.of(plugin.digest);
        let functions = functions.iter().flat_map(|(key, value)| [key.as_slice(), value.as_slice()]);
        let frames = [order.as_slice(), &plugin.component, &plugin.base].into_iter();
        let frames: Vec<&[u8]> = frames.chain(config.map(str::as_bytes)).chain(functions).collect();
        let frames = self.inner.workers.ask(&frames).map_err(|died| match died {
            Died::TookTooLong => ConfigureError::TookTooLong,
            Died::TookTooMuchMemory => ConfigureError::TookTooMuchMemory,
            Died::Crashed => ConfigureError::Crashed,
            Died::NotStarted(error) => host(error),
        })?;
        let mut frames = frames.into_iter();
        let head = head::<Result<T, ConfigureError>>(&mut frames).map_err(host)??;
        Ok((head, frames))
    }

    fn order(&self, work: Work) -> io::Result<Vec<u8>> {
        let WorkerLimits { address_space, cpu_seconds, .. } = self.inner.workers.limits;
        let limits = Limits { address_space, cpu_seconds };
        Ok(serde_json::to_vec(&Order { work, memory_ceiling: self.inner.memory_ceiling, limits })?)
    }
}

/// A plugin that a worker is asked about.
struct Plugin {
    digest: Digest,
    component: Vec<u8>,
    /// Its instrumented form.
    base: Vec<u8>,
}

/// How many files this process may have open.
fn files() -> usize {
    getrlimit(Resource::Nofile).current.and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX)
}

fn head<T: DeserializeOwned>(frames: &mut impl Iterator<Item = Vec<u8>>) -> io::Result<T> {
    let head = frames.next().ok_or(io::ErrorKind::UnexpectedEof)?;
    Ok(serde_json::from_slice(&head)?)
}
