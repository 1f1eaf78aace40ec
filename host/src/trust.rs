//! Whom this program trusts when it connects by HTTPS: the authorities that the machine trusts.

use std::{path::Path, sync::Arc};

use anyhow::{Context as _, ensure};
use tokio_rustls::rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject as _},
};

/// For clients of this program. `SSL_CERT_FILE` and `SSL_CERT_DIR` name other authorities than the system's; those in the PEM file `more`
/// are trusted too.
pub(crate) fn client_config(more: Option<&Path>) -> anyhow::Result<ClientConfig> {
    let found = rustls_native_certs::load_native_certs();
    for error in found.errors {
        tracing::warn!(%error, "some of the authorities that the machine trusts could not be read");
    }
    let mut roots = RootCertStore::empty();
    let (taken, left) = roots.add_parsable_certificates(found.certs);
    if let Some(file) = more {
        add(&mut roots, file).with_context(|| format!("taking authorities from {}", file.display()))?;
    }
    tracing::debug!(taken, left, "authorities that the machine trusts");
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .context("setting up TLS for a client")?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

fn add(roots: &mut RootCertStore, file: &Path) -> anyhow::Result<()> {
    let before = roots.len();
    for certificate in CertificateDer::pem_file_iter(file)? {
        roots.add(certificate?)?;
    }
    ensure!(roots.len() > before, "there is no certificate in it: it is a PEM file with `-----BEGIN CERTIFICATE-----`");
    Ok(())
}
