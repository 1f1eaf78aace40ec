//! Threads for plugins: calls take a core, so as many run at once as there are cores, off the async threads.

use std::{cell::RefCell, sync::Arc};

use tokio::{
    runtime::Handle,
    sync::{OwnedSemaphorePermit, Semaphore},
};

use crate::AppError;

pub(crate) struct Evaluators {
    cores: Arc<Semaphore>,
}

impl Evaluators {
    pub(crate) fn new(cores: usize) -> Self {
        Self { cores: Arc::new(Semaphore::new(cores.max(1))) }
    }

    /// Runs `work` when a core is free. What was begun is finished, even if the caller has gone.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, AppError> {
        let core = self.cores.clone().acquire_owned().await.map_err(|_| AppError::Closing)?;
        let (cores, runtime) = (self.cores.clone(), Handle::current());
        let done = tokio::task::spawn_blocking(move || {
            let _place = Place::take(Core { permit: core, cores, runtime });
            work()
        });
        done.await.map_err(|_| AppError::Internal("a rule's evaluation"))
    }
}

/// A core, while the call on this thread has it.
struct Core {
    permit: OwnedSemaphorePermit,
    cores: Arc<Semaphore>,
    runtime: Handle,
}

thread_local! {
    static CORE: RefCell<Option<Core>> = const { RefCell::new(None) };
}

/// That a call runs on this thread.
struct Place;

impl Place {
    fn take(core: Core) -> Self {
        CORE.set(Some(core));
        Self
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        drop(CORE.take());
    }
}

/// Gives the core of the call that runs on this thread to others while `wait` waits for something.
pub(crate) fn without_core<T>(wait: impl FnOnce() -> T) -> T {
    let Some(Core { permit, cores, runtime }) = CORE.take() else { return wait() };
    drop(permit);
    let waited = wait();
    if let Ok(core) = runtime.block_on(cores.clone().acquire_owned()) {
        CORE.set(Some(Core { permit: core, cores, runtime }));
    }
    waited
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_waits_leaves_its_core_to_another() {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
        let evaluators = Arc::new(Evaluators::new(1));
        let other = evaluators.clone();
        let handle = runtime.handle().clone();
        // With one core, the other call could not run while this one waits for it.
        let waits = move || without_core(|| handle.block_on(other.run(|| 7)).unwrap());
        let waited = runtime.block_on(evaluators.run(waits));
        assert_eq!(waited.unwrap(), 7);
        let has_core = || CORE.with_borrow(Option::is_some);
        assert!(runtime.block_on(evaluators.run(has_core)).unwrap());
        assert!(!has_core());
    }
}
