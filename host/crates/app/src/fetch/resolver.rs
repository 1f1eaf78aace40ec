//! Where names are looked up, and how a connection is kept to what was found.

use std::{
    future,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use sluice_domain::import::Refusal;

use crate::uploads::UploadPlace;

/// Who says where a name is.
pub(super) enum Resolver {
    /// The system.
    System,
    /// A table of a test.
    #[cfg(test)]
    Table(super::tests::Table),
}

impl Resolver {
    /// All addresses of a name.
    ///
    /// # Errors
    /// [`Refusal::Unreachable`] for a name that is nowhere.
    pub(super) async fn look_up(&self, name: &str, place: &Arc<UploadPlace>) -> Result<Vec<IpAddr>, Refusal> {
        match self {
            Self::System => {
                let (name, place) = (name.to_owned(), place.clone());
                // It takes a thread until it ends, whoever waits: its place is taken as long.
                let asked = tokio::spawn(async move {
                    let found = tokio::net::lookup_host((name, 0)).await;
                    drop(place);
                    found.map(|found| found.map(|address| address.ip()).collect())
                });
                asked.await.map_err(|_| Refusal::Unreachable)?.map_err(|_| Refusal::Unreachable)
            }
            #[cfg(test)]
            Self::Table(table) => table.look_up(name).await,
        }
    }
}

/// Addresses that were looked at: what a connection gets for whatever name it asks, so that no second look-up can differ.
pub(super) struct Checked(pub(super) Vec<SocketAddr>);

impl Resolve for Checked {
    fn resolve(&self, _: Name) -> Resolving {
        let addresses: Addrs = Box::new(self.0.clone().into_iter());
        Box::pin(future::ready(Ok(addresses)))
    }
}
