//! Reading a configured instance's state through the accessors that the instrumentation gave it.

use wasmtime::{
    Store,
    component::{Instance, Lift, WasmList},
};
use wasmtime_wizer::ComponentInstanceState;

use crate::guest::Guest;

/// An instance of an instrumented component, as the snapshot sees it.
pub(crate) struct Configured<'a> {
    pub(crate) store: &'a mut Store<Guest>,
    pub(crate) instance: Instance,
}

impl Configured<'_> {
    /// The accessors are the instrumentation's own code; a worker in which they fail ends, and its component is refused.
    fn read<R: Lift + 'static, T>(
        &mut self,
        instance: &str,
        func: &str,
        using: impl FnOnce(&Store<Guest>, R) -> T,
    ) -> T {
        let instance =
            self.instance.get_export_index(&mut *self.store, None, instance).expect("the accessors' instance");
        let func = self.instance.get_export_index(&mut *self.store, Some(&instance), func).expect("an accessor");
        let func = self.instance.get_typed_func::<(), (R,)>(&mut *self.store, func).expect("an accessor's type");
        let (value,) = func.call(&mut *self.store, ()).expect("an accessor's answer");
        using(self.store, value)
    }
}

impl ComponentInstanceState for Configured<'_> {
    async fn call_func_ret_list_u8(&mut self, instance: &str, func: &str, contents: impl FnOnce(&[u8]) + Send) {
        self.read(instance, func, |store, list: WasmList<u8>| contents(list.as_le_slice(store)));
    }

    async fn call_func_ret_s32(&mut self, instance: &str, func: &str) -> i32 {
        self.read(instance, func, |_, value| value)
    }

    async fn call_func_ret_s64(&mut self, instance: &str, func: &str) -> i64 {
        self.read(instance, func, |_, value| value)
    }

    async fn call_func_ret_f32(&mut self, instance: &str, func: &str) -> u32 {
        self.read(instance, func, |_, value: f32| value.to_bits())
    }

    async fn call_func_ret_f64(&mut self, instance: &str, func: &str) -> u64 {
        self.read(instance, func, |_, value: f64| value.to_bits())
    }
}
