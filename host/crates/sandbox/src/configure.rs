//! A worker's configuring of a plugin: the configuration against the schema, the plugin's own `configure`, and a snapshot of what it
//! left.

use std::{
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use sluice_domain::installation::Budget;
use wasmtime::{
    Engine, Store,
    component::{Instance, InstancePre},
};
use wasmtime_wizer::{ComponentContext, Wizer};

use crate::{
    artefact, convert,
    engine::{self, Purpose},
    error::ConfigureError,
    functions::{Functions, WorkerFunctions},
    guest::{Guest, store},
    image::Image,
    inspect::{link, plugin},
    outline::bounded,
    overlaid,
    overlay::Overlay,
    protocol::{Form, Made, Snapshot},
    prune, schema, snapshot,
};

/// Instructions for `configure`: about as much as 2 s.
const CONFIGURE_FUEL: u64 = 2_000_000_000;

/// Configures the plugin whose instrumented form `artefact` is. What it changed is an overlay, if that has at most `overlay_bytes`;
/// otherwise the whole of it is compiled.
pub(crate) fn configure(
    component: &[u8],
    artefact: &[u8],
    config: &str,
    given: Functions,
    memory_ceiling: usize,
    overlay_bytes: usize,
) -> Snapshot {
    let snapshots = Snapshots::new(component, artefact, given, memory_ceiling)?;
    let (mut store, instance) = snapshots.instance()?;
    let plugin = plugin(&snapshots.pre, &mut store, &instance).map_err(host)?;
    let schema = plugin.call_describe(&mut store).map_err(failed)?.config_schema;
    schema::fits(&schema, config)?;
    // `describe` has left its traces in the instance: the snapshot is taken of one that was only configured.
    let (mut store, instance) = snapshots.instance()?;
    let plugin = self::plugin(&snapshots.pre, &mut store, &instance).map_err(host)?;
    plugin
        .call_configure(&mut store, config)
        .map_err(failed)?
        .map_err(|errors| ConfigureError::Refused(convert::config_errors(errors)))?;
    let configured = snapshots.snapshot(store, instance)?;
    if overlay_bytes > 0 {
        let before = snapshots.unconfigured()?;
        let (before, after) = (Image::read(&before).map_err(host)?, Image::read(&configured).map_err(host)?);
        if let Some(overlay) = Overlay::between(&before, &after, overlay_bytes) {
            return Ok(Form::Overlay { pages: overlay.pages, bytes: overlay.encode().map_err(host)? });
        }
    }
    snapshots.compile(&configured).map(Form::Whole)
}

/// Compiles the form of a plugin that takes overlays whose memory has `pages` pages.
pub(crate) fn overlaid(
    component: &[u8],
    artefact: &[u8],
    given: Functions,
    memory_ceiling: usize,
    pages: u64,
) -> Result<Made, ConfigureError> {
    let snapshots = Snapshots::new(component, artefact, given, memory_ceiling)?;
    let unconfigured = snapshots.unconfigured()?;
    snapshots.compile(&overlaid::component(&unconfigured, pages).map_err(kept)?)
}

/// What takes snapshots of a plugin.
struct Snapshots<'c> {
    engine: Engine,
    functions: Arc<WorkerFunctions>,
    pre: InstancePre<Guest>,
    wizer: Wizer,
    context: ComponentContext<'c>,
    memory_ceiling: usize,
}

impl<'c> Snapshots<'c> {
    fn new(
        component: &'c [u8],
        artefact: &[u8],
        given: Functions,
        memory_ceiling: usize,
    ) -> Result<Self, ConfigureError> {
        let functions = Arc::new(WorkerFunctions::new(given));
        let engine = engine::engine(memory_ceiling, Purpose::Compiling(functions.clone())).map_err(host)?;
        let compiled = artefact::load(&engine, artefact).map_err(host)?;
        let pre = link(&engine, &compiled).map_err(host)?;
        let wizer = Wizer::new();
        let (context, _) = wizer.instrument_component(component).map_err(kept)?;
        Ok(Self { engine, functions, pre, wizer, context, memory_ceiling })
    }

    /// A fresh instance.
    fn instance(&self) -> Result<(Store<Guest>, Instance), ConfigureError> {
        let budget = Budget { fuel: CONFIGURE_FUEL, memory: self.memory_ceiling };
        let mut store = store(&self.engine, budget, Guest::new(budget, false, None)).map_err(host)?;
        let instance = self.pre.instantiate(&mut store).map_err(failed)?;
        Ok((store, instance))
    }

    /// The component as an instance has become.
    fn snapshot(&self, mut store: Store<Guest>, instance: Instance) -> Result<Vec<u8>, ConfigureError> {
        // Reading the state runs accessors of a few instructions each, one for each memory and global.
        store.set_fuel(CONFIGURE_FUEL).map_err(host)?;
        store.set_hostcall_fuel(self.memory_ceiling.saturating_mul(2));
        let mut state = snapshot::Configured { store: &mut store, instance };
        at_once(self.wizer.snapshot_component(&self.context, &mut state)).map_err(kept)
    }

    /// The component as it begins, with all that is done before anything of it is called.
    fn unconfigured(&self) -> Result<Vec<u8>, ConfigureError> {
        let (store, instance) = self.instance()?;
        self.snapshot(store, instance)
    }

    /// Compiles a snapshot, without what only describing and configuring it needed.
    fn compile(&self, snapshot: &[u8]) -> Result<Made, ConfigureError> {
        let pruned = prune::component(snapshot).map_err(host)?;
        let artefact = self.engine.precompile_component(&pruned).map_err(kept)?;
        Ok(Made { artefact, functions: self.functions.in_use() })
    }
}

/// The snapshot is written as a future for stores that need one; with this store, it is never pending.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => unreachable!("nothing is awaited in a synchronous store"),
    }
}

fn failed(error: wasmtime::Error) -> ConfigureError {
    ConfigureError::Failed(bounded(&format!("{error:#}")))
}

fn kept(error: impl std::fmt::Display) -> ConfigureError {
    ConfigureError::Snapshot(bounded(&format!("{error:#}")))
}

fn host(error: impl std::fmt::Display) -> ConfigureError {
    ConfigureError::Host(bounded(&format!("{error:#}")))
}
