//! What there is without configured snapshots: a fresh instance that reads its configuration in every call.

use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Store,
    component::{Component, HasSelf, Linker},
};

use self::sluice::policy::{
    log,
    types::{self, Actor, Direction, Message, Role, Verdict},
};

wasmtime::component::bindgen!({
    path: "../wit/v1",
    inline: "
        package sluice:bench;
        world message-filter-plugin {
            import sluice:policy/log@1.1.0;
            export sluice:policy/plugin@1.1.0;
            export sluice:policy/message-filter@1.1.0;
        }
    ",
    world: "sluice:bench/message-filter-plugin",
    anyhow: false,
});

pub(crate) struct Unprepared {
    engine: Engine,
    pre: MessageFilterPluginPre<Quiet>,
}

struct Quiet;

impl types::Host for Quiet {}

impl log::Host for Quiet {
    fn write(&mut self, _: log::Level, _: String) {}
}

impl Unprepared {
    /// Compiled beforehand, in a pool like the sandbox's.
    pub(crate) fn new(bytes: &[u8]) -> Self {
        let engine = Engine::new(&config(true)).or_else(|_| Engine::new(&config(false))).unwrap();
        let component = Component::new(&engine, bytes).unwrap();
        let mut linker = Linker::new(&engine);
        MessageFilterPlugin::add_to_linker::<_, HasSelf<_>>(&mut linker, |quiet| quiet).unwrap();
        let pre = MessageFilterPluginPre::new(linker.instantiate_pre(&component).unwrap()).unwrap();
        Self { engine, pre }
    }

    pub(crate) fn check(&self, configuration: &str, text: &str) {
        let mut store = Store::new(&self.engine, Quiet);
        store.set_fuel(u64::MAX).unwrap();
        let instance = self.pre.instantiate(&mut store).unwrap();
        instance.sluice_policy_plugin().call_configure(&mut store, configuration).unwrap().unwrap();
        let verdict = instance.sluice_policy_message_filter().call_check(&mut store, &message(text)).unwrap();
        assert!(matches!(verdict, Verdict::Allow));
    }
}

fn config(pagemap_scan: bool) -> Config {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(64).total_memories(64).max_memory_size(64 << 20).max_unused_warm_slots(64);
    if pagemap_scan {
        pool.pagemap_scan(Enabled::Yes).linear_memory_keep_resident(1 << 20).table_keep_resident(64 << 10);
    }
    let mut config = Config::new();
    config.consume_fuel(true);
    config.concurrency_support(false);
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    config
}

fn message(text: &str) -> Message {
    Message {
        id: "msg_1".to_owned(),
        direction: Direction::Incoming,
        transport: "api".to_owned(),
        channel: "api".to_owned(),
        conversation: String::new(),
        author: Actor { id: "cli_1".to_owned(), role: Role::Client, name: "Carla".to_owned() },
        text: text.to_owned(),
        links: Vec::new(),
        attachments: Vec::new(),
        sent_at: 1_790_000_000_000,
    }
}
