//! Whom this program trusts when it connects by HTTPS: the authorities that the machine trusts.

use std::sync::Arc;

use anyhow::Context as _;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::ring};

/// For clients of this program. `SSL_CERT_FILE` and `SSL_CERT_DIR` name other authorities than the system's.
pub(crate) fn client_config() -> anyhow::Result<ClientConfig> {
    let found = rustls_native_certs::load_native_certs();
    for error in found.errors {
        tracing::warn!(%error, "some of the authorities that the machine trusts could not be read");
    }
    let mut roots = RootCertStore::empty();
    let (taken, left) = roots.add_parsable_certificates(found.certs);
    tracing::debug!(taken, left, "authorities that the machine trusts");
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .context("setting up TLS for a client")?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}
