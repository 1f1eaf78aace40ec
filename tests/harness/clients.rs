//! HTTP clients, with what they trust.

use std::{
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio_rustls::rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject as _},
};

/// Longest that anything may take before the case fails instead of hanging.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// How to make a client that comes from an address of this machine and trusts servers with this certificate (PEM), or with one
/// that it has signed; else none.
///
/// # Panics
/// When it is no certificate.
pub fn client_builder(from: Option<IpAddr>, trusted: Option<&str>) -> reqwest::ClientBuilder {
    let mut roots = RootCertStore::empty();
    for certificate in trusted.into_iter().flat_map(|pem| CertificateDer::pem_slice_iter(pem.as_bytes())) {
        roots.add(certificate.expect("PEM")).expect("a certificate");
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().expect("versions of TLS");
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    reqwest::Client::builder().no_proxy().timeout(PATIENCE).local_address(from).tls_backend_preconfigured(config)
}

pub(crate) fn client(from: Option<IpAddr>, trusted: Option<&str>) -> reqwest::Client {
    client_builder(from, trusted).build().expect("a client")
}

/// Waits for something that happens soon, and that nothing tells of.
///
/// # Panics
/// When it does not happen.
pub async fn until(happens: impl AsyncFn() -> bool) {
    let patience = Instant::now() + PATIENCE;
    while !happens().await {
        assert!(Instant::now() < patience, "it does not happen");
        tokio::task::yield_now().await;
    }
}
