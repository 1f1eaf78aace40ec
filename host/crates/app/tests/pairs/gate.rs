//! A gate that holds one use case where it asks what time it is, which each does before it reads, after it waited, and before it writes.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
    mpsc,
};

use tokio::{sync::oneshot, task::block_in_place};

tokio::task_local! {
    /// Of the use case that runs in this task.
    static GATE: Arc<Gate>;
}

/// Holds its task once: at the look at the clock with the number `at`.
pub(crate) struct Gate {
    at: usize,
    passed: AtomicUsize,
    reached: Mutex<Option<oneshot::Sender<()>>>,
    opened: Mutex<mpsc::Receiver<()>>,
}

/// A use case that is held, or has come to its end before that.
pub(crate) enum Held<T> {
    /// What lets it go on.
    Here(mpsc::Sender<()>, tokio::task::JoinHandle<T>),
    /// It looked at the clock less often.
    Ended(T),
}

impl Gate {
    /// What the clock calls.
    pub(crate) fn pass() {
        // Outside of such a task, nobody is held.
        let _ = GATE.try_with(|gate| {
            if gate.passed.fetch_add(1, Ordering::SeqCst) != gate.at {
                return;
            }
            if let Some(reached) = gate.reached.lock().unwrap().take() {
                reached.send(()).unwrap();
            }
            // Ends also when the test that holds it has failed.
            let _ = block_in_place(|| gate.opened.lock().unwrap().recv());
        });
    }

    /// Runs a use case until it looks at the clock for the time `at`, counted from 0.
    pub(crate) async fn hold<T: Send + 'static>(
        at: usize,
        use_case: impl Future<Output = T> + Send + 'static,
    ) -> Held<T> {
        let (reached, is_reached) = oneshot::channel();
        let (open, opened) = mpsc::channel();
        let gate =
            Self { at, passed: AtomicUsize::new(0), reached: Mutex::new(Some(reached)), opened: Mutex::new(opened) };
        let gate = Arc::new(gate);
        let mut task = tokio::spawn(GATE.scope(gate.clone(), use_case));
        tokio::select! {
            biased;
            reached = is_reached => {
                reached.unwrap();
                Held::Here(open, task)
            }
            ended = &mut task => Held::Ended(ended.unwrap()),
        }
    }
}
