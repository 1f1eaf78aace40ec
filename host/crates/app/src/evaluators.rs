//! Threads for plugins: calls take a core, so as many run at once as there are cores, off the async threads.

use std::sync::Arc;

use tokio::sync::Semaphore;

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
        let done = tokio::task::spawn_blocking(move || {
            let answer = work();
            drop(core);
            answer
        });
        done.await.map_err(|_| AppError::Internal("a rule's evaluation"))
    }
}
