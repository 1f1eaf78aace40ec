//! Certificates from an ACME authority (RFC 8555), which asks over TLS whether the names are served here (RFC 8737).

use std::{fs, os::unix::fs::PermissionsExt as _};

use anyhow::Context as _;
use futures::StreamExt as _;
use rustls_acme::{AcmeConfig, EventOk, caches::DirCache};
use sluice_web::Tls;

use crate::{config::Acme, private::private_folder, trust};

/// TLS with the authority's certificates. The first is fetched, and each renewed, while the server runs; until there is one,
/// handshakes fail.
pub(crate) fn start(acme: Acme) -> anyhow::Result<Tls> {
    let Acme { domains, contact, cache, directory } = acme;
    private_folder(&cache)?;
    // One that was there before may be open to others, and the private key is in it.
    fs::set_permissions(&cache, fs::Permissions::from_mode(0o700))
        .with_context(|| format!("making the folder {} private", cache.display()))?;
    tracing::info!(?domains, %directory, "certificates come from an ACME authority");
    let mut state = AcmeConfig::new_with_client_config(domains, trust::client_config(None)?.into())
        .contact(contact)
        .directory(&directory)
        .cache(DirCache::new(cache))
        .state();
    let tls = Tls::with_challenges(state.resolver())?;
    tokio::spawn(async move {
        // After a failure the next event comes after a pause, which doubles.
        while let Some(event) = state.next().await {
            match event {
                Ok(EventOk::DeployedCachedCert) => tracing::info!("the certificate that was kept is in use"),
                Ok(EventOk::DeployedNewCert) => tracing::info!("a new certificate is in use"),
                Ok(EventOk::CertCacheStore) => tracing::info!("the new certificate is kept"),
                Ok(EventOk::AccountCacheStore) => tracing::info!("the key that the authority knows is kept"),
                Err(error) => tracing::error!(%directory, "no new certificate yet, trying again: {error}"),
            }
        }
    });
    Ok(tls)
}
