//! The engine's settings: the same in the server and in its workers, so that the one loads what the other compiled.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

use wasmtime::{
    CacheStore, Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, WasmFeatures,
};

/// Guest code may use this much of the host's stack, in bytes.
const STACK: usize = 512 << 10;
/// Elements of one table. A plugin made of JavaScript needs 30,000.
pub(crate) const TABLE_ELEMENTS: usize = 32_768;
/// Core instances, tables and memories of one component: its module, and what adapts its imports.
const CORE_INSTANCES: u32 = 8;
const TABLES: u32 = 4;
/// How much of a memory and of a table stays mapped in a slot between two calls, in bytes.
const MEMORY_KEPT: usize = 128 << 10;
const TABLE_KEPT: usize = 64 << 10;

/// What the engine is made for.
pub(crate) enum Purpose {
    /// Calls in the server, in this many slots, which keep pages between calls if they should and the kernel can say which were written.
    Calls { slots: u32, keep_pages: bool },
    /// Compiling in a worker, with what was compiled before.
    Compiling(Arc<dyn CacheStore>),
}

/// An engine for guests of at most `memory_ceiling` bytes of memory.
pub(crate) fn engine(memory_ceiling: usize, purpose: Purpose) -> wasmtime::Result<Engine> {
    match purpose {
        Purpose::Compiling(store) => {
            let mut config = config(memory_ceiling, 2, false);
            config.enable_incremental_compilation(store)?;
            Engine::new(&config)
        }
        // Kept pages pay only where the kernel can say which of them were written (Linux 6.7).
        Purpose::Calls { slots, keep_pages } => {
            let keep_pages = keep_pages && PoolingAllocationConfig::is_pagemap_scan_available();
            Engine::new(&config(memory_ceiling, slots, keep_pages))
        }
    }
}

fn config(memory_ceiling: usize, slots: u32, keep_pages: bool) -> Config {
    let mut config = Config::new();
    config.consume_fuel(true);
    config.concurrency_support(false);
    config.memory_init_cow(true);
    // For native debuggers and profilers; a trap's functions are named without them.
    config.native_unwind_info(false);
    config.generate_address_map(false);
    config.max_wasm_stack(STACK);
    config.memory_reservation(memory_ceiling as u64);
    config.memory_reservation_for_growth(0);
    config.memory_guard_size(64 << 10);
    // Advisories of 2026 were about these; no plugin needs them.
    let off = WasmFeatures::THREADS
        | WasmFeatures::SHARED_EVERYTHING_THREADS
        | WasmFeatures::MEMORY64
        | WasmFeatures::MULTI_MEMORY
        | WasmFeatures::RELAXED_SIMD
        | WasmFeatures::TAIL_CALL
        | WasmFeatures::CUSTOM_PAGE_SIZES
        | WasmFeatures::WIDE_ARITHMETIC
        | WasmFeatures::FUNCTION_REFERENCES
        | WasmFeatures::GC
        | WasmFeatures::EXCEPTIONS
        | WasmFeatures::STACK_SWITCHING
        | WasmFeatures::CM_ASYNC;
    config.wasm_features(off, false);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(slots)
        .total_core_instances(slots.saturating_mul(CORE_INSTANCES))
        .total_memories(slots)
        .total_tables(slots.saturating_mul(TABLES))
        .max_core_instances_per_component(CORE_INSTANCES)
        .max_memories_per_component(1)
        .max_tables_per_component(TABLES)
        .max_memory_size(memory_ceiling)
        .table_elements(TABLE_ELEMENTS)
        .max_unused_warm_slots(slots);
    if keep_pages {
        pool.pagemap_scan(Enabled::Yes).linear_memory_keep_resident(MEMORY_KEPT).table_keep_resident(TABLE_KEPT);
    }
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    config
}

/// Counts the forms in which plugins and overlays were ever written: what was written in another is made anew.
const FORM: u32 = 3;

/// What an artefact must have been compiled for to be loaded by `engine`.
pub(crate) fn fingerprint(engine: &Engine) -> String {
    let mut hasher = DefaultHasher::new();
    FORM.hash(&mut hasher);
    engine.precompile_compatibility_hash().hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

#[cfg(test)]
mod tests {
    use wasmtime::{Error, Instance, Module, Store};

    use super::*;
    use crate::functions::WorkerFunctions;

    const CEILING: usize = 4 << 20;
    const SECRET: i64 = i64::from_le_bytes(*b"a secret");
    const EVERYWHERE: i32 = 0b111;

    /// Takes all the memory and table that it gets. `hoard` leaves a secret in all of the memory and in the global, and a function in
    /// all of the table; `look` says where there is one: 1 for the memory, 2 for the table, 4 for the global. Modules, because
    /// configured plugins cannot even change a table: the snapshot does not allow the instructions.
    fn module(data: &str) -> String {
        format!(
            r#"(module
              (memory 2)
              (table 8 funcref)
              (global $global (mut i64) (i64.const 0))
              (data (i32.const 70000) "{data}")
              (func $function)
              (elem declare func $function)
              (func $end (result i32) (i32.shl (memory.size) (i32.const 16)))
              (func $take
                (loop $more (br_if $more (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
                (loop $more (br_if $more (i32.ne (table.grow (ref.null func) (i32.const 1)) (i32.const -1)))))
              (func (export "hoard") (param $secret i64)
                (local $at i32)
                (call $take)
                (loop $next
                  (i64.store (local.get $at) (local.get $secret))
                  (local.set $at (i32.add (local.get $at) (i32.const 8)))
                  (br_if $next (i32.lt_u (local.get $at) (call $end))))
                (table.fill (i32.const 0) (ref.func $function) (table.size))
                (global.set $global (local.get $secret)))
              (func (export "look") (param $secret i64) (result i32)
                (local $at i32) (local $found i32)
                (call $take)
                (loop $next
                  (if (i64.eq (i64.load (local.get $at)) (local.get $secret)) (then (local.set $found (i32.const 1))))
                  (local.set $at (i32.add (local.get $at) (i32.const 1)))
                  (br_if $next (i32.le_u (local.get $at) (i32.sub (call $end) (i32.const 8)))))
                (local.set $at (i32.const 0))
                (loop $next
                  (if (i32.eqz (ref.is_null (table.get (local.get $at))))
                    (then (local.set $found (i32.or (local.get $found) (i32.const 2)))))
                  (local.set $at (i32.add (local.get $at) (i32.const 1)))
                  (br_if $next (i32.lt_u (local.get $at) (table.size))))
                (if (i64.eq (global.get $global) (local.get $secret))
                  (then (local.set $found (i32.or (local.get $found) (i32.const 4)))))
                (local.get $found)))"#
        )
    }

    fn instance(module: &Module) -> Result<(Store<()>, Instance), Error> {
        let mut store = Store::new(module.engine(), ());
        store.set_fuel(u64::MAX)?;
        let instance = Instance::new(&mut store, module, &[])?;
        Ok((store, instance))
    }

    fn hoard((store, instance): &mut (Store<()>, Instance)) -> Result<(), Error> {
        instance.get_typed_func::<i64, ()>(&mut *store, "hoard")?.call(store, SECRET)
    }

    fn look((store, instance): &mut (Store<()>, Instance)) -> Result<i32, Error> {
        instance.get_typed_func::<i64, i32>(&mut *store, "look")?.call(store, SECRET)
    }

    /// With every setting that there is: the server's, on a kernel that says what was written and on one that does not, and a worker's.
    #[test]
    fn a_slot_holds_nothing_of_the_instance_before() -> Result<(), Error> {
        let purposes = [
            (1, Purpose::Calls { slots: 1, keep_pages: true }),
            (1, Purpose::Calls { slots: 1, keep_pages: false }),
            (2, Purpose::Compiling(Arc::new(WorkerFunctions::default()))),
        ];
        for (n, (slots, purpose)) in purposes.into_iter().enumerate() {
            let engine = engine(CEILING, purpose)?;
            let compiled = |data: &str| Module::new(&engine, wat::parse_str(module(data))?);
            let (theirs, mine) = (compiled("theirs")?, compiled("mine")?);
            // All slots but one are taken.
            let others: Vec<_> = (1..slots).map(|_| instance(&mine)).collect::<Result<_, _>>()?;
            for round in 0..3 {
                let mut hoarder = instance(&theirs)?;
                assert!(instance(&mine).is_err(), "there is one slot");
                hoard(&mut hoarder)?;
                assert_eq!(look(&mut hoarder)?, EVERYWHERE, "what is there is found");
                drop(hoarder);
                for after in [&mine, &theirs] {
                    assert_eq!(look(&mut instance(after)?)?, 0, "setting {n}, round {round}");
                    hoard(&mut instance(after)?)?;
                }
                assert_eq!(look(&mut instance(&mine)?)?, 0, "setting {n}, round {round}");
            }
            drop(others);
        }
        Ok(())
    }
}
