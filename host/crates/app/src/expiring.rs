//! Something that is held until an end that does not wait for whoever holds it.
//!
//! What answers a client at length goes on as the client reads. One that does not read would hold it for ever.

use std::{future::Future, sync::Arc};

use tokio::{sync::Mutex, task::AbortHandle};

/// A value that is dropped at an end, even if nobody looks at it by then. While somebody works with it, the end waits.
pub(crate) struct Expiring<T> {
    value: Arc<Mutex<Option<T>>>,
    end: AbortHandle,
}

impl<T: Send + 'static> Expiring<T> {
    /// Holds `value` until `end`.
    pub(crate) fn new(value: T, end: impl Future<Output = ()> + Send + 'static) -> Self {
        let value = Arc::new(Mutex::new(Some(value)));
        let held = Arc::downgrade(&value);
        let end = tokio::spawn(async move {
            end.await;
            if let Some(value) = held.upgrade() {
                value.lock().await.take();
            }
        });
        Self { value, end: end.abort_handle() }
    }

    /// The value, to work with; `None` after the end. Who takes it out ends it.
    pub(crate) async fn hold(&self) -> tokio::sync::MutexGuard<'_, Option<T>> {
        self.value.lock().await
    }
}

impl<T> Drop for Expiring<T> {
    fn drop(&mut self) {
        self.end.abort();
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    /// Tells when it is dropped.
    struct Place(Option<oneshot::Sender<()>>);

    impl Drop for Place {
        fn drop(&mut self) {
            self.0.take().map(|told| told.send(()));
        }
    }

    fn place() -> (Place, oneshot::Receiver<()>) {
        let (told, dropped) = oneshot::channel();
        (Place(Some(told)), dropped)
    }

    #[tokio::test]
    async fn what_nobody_looks_at_is_dropped_at_its_end() {
        let (place, dropped) = place();
        let (ends, end) = oneshot::channel::<()>();
        let held = Expiring::new(place, async { _ = end.await });
        assert!(held.hold().await.is_some());
        ends.send(()).expect("somebody waits");
        dropped.await.expect("told");
        assert!(held.hold().await.is_none());
    }

    #[tokio::test]
    async fn what_somebody_works_with_is_dropped_when_they_are_done() {
        let (place, mut dropped) = place();
        let (ends, end) = oneshot::channel::<()>();
        let held = Expiring::new(place, async { _ = end.await });
        let working = held.hold().await;
        ends.send(()).expect("somebody waits");
        tokio::task::yield_now().await;
        assert!(dropped.try_recv().is_err());
        drop(working);
        dropped.await.expect("told");
    }

    #[tokio::test]
    async fn who_holds_it_may_end_it_early() {
        let (place, dropped) = place();
        drop(Expiring::new(place, std::future::pending()));
        dropped.await.expect("told");
    }
}
