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
    /// Calls in the server, in this many slots.
    Calls { slots: u32 },
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
        Purpose::Calls { slots } => Engine::new(&config(memory_ceiling, slots, true))
            .or_else(|_| Engine::new(&config(memory_ceiling, slots, false))),
    }
}

fn config(memory_ceiling: usize, slots: u32, pagemap_scan: bool) -> Config {
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
    if pagemap_scan {
        pool.pagemap_scan(Enabled::Yes).linear_memory_keep_resident(MEMORY_KEPT).table_keep_resident(TABLE_KEPT);
    }
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    config
}

/// What an artefact must have been compiled for to be loaded by `engine`.
pub(crate) fn fingerprint(engine: &Engine) -> String {
    let mut hasher = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}
