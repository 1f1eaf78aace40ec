//! A worker's configuring of a plugin: the configuration against the schema, the plugin's own `configure`, and a snapshot of what it
//! left.

use std::{
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use sluice_domain::{installation::Budget, limits, plugin::ConfigError};
use wasmtime_wizer::Wizer;

use crate::{
    artefact, convert,
    engine::{self, Purpose},
    error::ConfigureError,
    functions::{Functions, WorkerFunctions},
    guest::{Guest, store},
    inspect::{link, plugin, validator},
    outline::bounded,
    protocol::{Made, Snapshot},
    prune, snapshot,
};

/// Instructions for `configure`: about as much as 2 s.
const CONFIGURE_FUEL: u64 = 2_000_000_000;

/// Configures the plugin whose instrumented form `artefact` is, and compiles the snapshot.
pub(crate) fn configure(
    component: &[u8],
    artefact: &[u8],
    config: &str,
    given: Functions,
    memory_ceiling: usize,
) -> Snapshot {
    let functions = Arc::new(WorkerFunctions::new(given));
    let engine = engine::engine(memory_ceiling, Purpose::Compiling(functions.clone())).map_err(host)?;
    let compiled = artefact::load(&engine, artefact).map_err(host)?;
    let wizer = Wizer::new();
    let (context, _) = wizer.instrument_component(component).map_err(kept)?;
    let pre = link(&engine, &compiled).map_err(host)?;
    let budget = Budget { fuel: CONFIGURE_FUEL, memory: memory_ceiling };
    let mut store = store(&engine, budget, Guest::new(budget, false, None)).map_err(host)?;
    let failed = |error: wasmtime::Error| ConfigureError::Failed(bounded(&format!("{error:#}")));
    let instance = pre.instantiate(&mut store).map_err(failed)?;
    let plugin = plugin(&pre, &mut store, &instance).map_err(host)?;

    let schema = plugin.call_describe(&mut store).map_err(failed)?.config_schema;
    check(&schema, config)?;
    // `describe` has left its traces in the instance: the snapshot is taken of one that was only configured.
    let mut store = self::store(&engine, budget, Guest::new(budget, false, None)).map_err(host)?;
    let instance = pre.instantiate(&mut store).map_err(failed)?;
    let plugin = self::plugin(&pre, &mut store, &instance).map_err(host)?;
    plugin
        .call_configure(&mut store, config)
        .map_err(failed)?
        .map_err(|errors| ConfigureError::Refused(convert::config_errors(errors)))?;

    // Reading the state runs accessors of a few instructions each, one for each memory and global.
    store.set_fuel(CONFIGURE_FUEL).map_err(host)?;
    store.set_hostcall_fuel(memory_ceiling.saturating_mul(2));
    let mut state = snapshot::Configured { store: &mut store, instance };
    let snapshot = at_once(wizer.snapshot_component(&context, &mut state)).map_err(kept)?;
    let pruned = prune::component(&snapshot).map_err(host)?;
    let artefact = engine.precompile_component(&pruned).map_err(kept)?;
    Ok(Made { artefact, functions: functions.in_use() })
}

/// The configuration against its schema.
fn check(schema: &str, config: &str) -> Result<(), ConfigureError> {
    let refused =
        |path: &str, message: String| ConfigureError::Refused(vec![ConfigError { path: path.to_owned(), message }]);
    if config.len() > limits::CONFIG_BYTES {
        return Err(refused("", format!("a configuration has at most {} bytes of JSON", limits::CONFIG_BYTES)));
    }
    let config: serde_json::Value =
        serde_json::from_str(config).map_err(|error| refused("", format!("not JSON: {error}")))?;
    let validator = validator(schema).map_err(|problem| ConfigureError::Failed(format!("its schema: {problem}")))?;
    let errors: Vec<_> = validator
        .iter_errors(&config)
        .take(limits::CONFIG_ERRORS)
        .map(|error| ConfigError { path: error.instance_path().to_string(), message: bounded(&error.to_string()) })
        .collect();
    if errors.is_empty() { Ok(()) } else { Err(ConfigureError::Refused(errors)) }
}

/// The snapshot is written as a future for stores that need one; with this store, it is never pending.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => unreachable!("nothing is awaited in a synchronous store"),
    }
}

fn kept(error: wasmtime::Error) -> ConfigureError {
    ConfigureError::Snapshot(bounded(&format!("{error:#}")))
}

fn host(error: impl std::fmt::Display) -> ConfigureError {
    ConfigureError::Host(bounded(&format!("{error:#}")))
}
