//! A worker's first look at a component: is it a plugin, what does it say of itself, and its first compilation.

use std::sync::Arc;

use sluice_domain::{installation::Budget, plugin::Inspection};
use wasmtime::{
    Engine, Store,
    component::{Component, Instance, InstancePre, Linker},
};
use wasmtime_wizer::Wizer;

use crate::{
    artefact,
    bindings::{EveryHookPlugin, exports::sluice::policy as hooks},
    convert,
    engine::{self, Purpose},
    error::InspectError,
    functions::WorkerFunctions,
    guest::{Guest, store},
    outline::{self, bounded, invalid},
    protocol::{Inspected, Made},
    prune, schema,
};

/// Instructions for `describe`: about as much as 0.2 s.
const DESCRIBE_FUEL: u64 = 200_000_000;

/// Inspects `component` and compiles it, instrumented for later snapshots.
pub(crate) fn inspect(component: &[u8], memory_ceiling: usize) -> Inspected {
    let outline = outline::read(component, memory_ceiling)?;
    let (_, instrumented) = Wizer::new().instrument_component(component).map_err(described)?;
    let functions = Arc::new(WorkerFunctions::default());
    let engine = engine::engine(memory_ceiling, Purpose::Compiling(functions.clone())).map_err(host)?;
    let artefact = engine.precompile_component(&instrumented).map_err(described)?;
    // It is valid, so what may fail is that a slot has no place for it.
    let compiled = artefact::load(&engine, &artefact)
        .map_err(|error| InspectError::TooDemanding(bounded(&format!("{error:#}"))))?;
    let pre =
        link(&engine, &compiled).map_err(|error| InspectError::ContractMismatch(bounded(&format!("{error:#}"))))?;

    let budget = Budget { fuel: DESCRIBE_FUEL, memory: memory_ceiling };
    let mut store = store(&engine, budget, Guest::new(budget, false, None)).map_err(host)?;
    let failed = |error: wasmtime::Error| InspectError::DescribeFailed(bounded(&format!("{error:#}")));
    let instance = pre.instantiate(&mut store).map_err(failed)?;
    check_types(&pre, &mut store, &instance, &outline)?;
    let plugin = plugin(&pre, &mut store, &instance).map_err(mismatch)?;
    let manifest = plugin.call_describe(&mut store).map_err(failed)?;
    let manifest = convert::manifest(manifest).map_err(InspectError::Manifest)?;
    schema::check(&manifest.config_schema).map_err(InspectError::Schema)?;
    // Compiled once as a snapshot of it would be, so that the first configuration finds its functions compiled.
    functions.forget_use();
    engine.precompile_component(&prune::component(component).map_err(invalid)?).map_err(described)?;
    let inspection = Inspection { manifest, hooks: outline.hooks, imports: outline.imports };
    Ok((inspection, Made { artefact, functions: functions.in_use() }))
}

/// Gives a component what plugins may import.
pub(crate) fn link(engine: &Engine, component: &Component) -> wasmtime::Result<InstancePre<Guest>> {
    let mut linker: Linker<Guest> = Linker::new(engine);
    EveryHookPlugin::add_to_linker::<_, wasmtime::component::HasSelf<_>>(&mut linker, |guest| guest)?;
    linker.instantiate_pre(component)
}

/// The interface that every plugin exports.
pub(crate) fn plugin(
    pre: &InstancePre<Guest>,
    store: &mut Store<Guest>,
    instance: &Instance,
) -> wasmtime::Result<hooks::plugin::Guest> {
    hooks::plugin::GuestIndices::new(pre)?.load(store, instance)
}

/// Whether the hooks that the component exports by name are the contract's by type.
fn check_types(
    pre: &InstancePre<Guest>,
    store: &mut Store<Guest>,
    instance: &Instance,
    outline: &outline::Outline,
) -> Result<(), InspectError> {
    use sluice_domain::plugin::Hook;
    for hook in &outline.hooks {
        let loaded = match hook {
            Hook::MessageFilter => {
                hooks::message_filter::GuestIndices::new(pre).and_then(|i| i.load(&mut *store, instance).map(drop))
            }
            Hook::AttachmentFilter => {
                hooks::attachment_filter::GuestIndices::new(pre).and_then(|i| i.load(&mut *store, instance).map(drop))
            }
            Hook::AccessRule => {
                hooks::access_rule::GuestIndices::new(pre).and_then(|i| i.load(&mut *store, instance).map(drop))
            }
        };
        loaded.map_err(mismatch)?;
    }
    Ok(())
}

fn mismatch(error: wasmtime::Error) -> InspectError {
    InspectError::ContractMismatch(bounded(&format!("{error:#}")))
}

fn described(error: wasmtime::Error) -> InspectError {
    invalid(format!("{error:#}"))
}

fn host(error: impl std::fmt::Display) -> InspectError {
    InspectError::Host(bounded(&format!("{error:#}")))
}
