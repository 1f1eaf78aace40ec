//! TLS: versions, protocols, the certificate in use, and handshakes.
//!
//! Where certificates come from, files or an authority, is not known here.

use std::{
    io,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio_rustls::{
    LazyConfigAcceptor,
    rustls::{
        self, InconsistentKeys, ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
        server::{Acceptor, ClientHello, ResolvesServerCert},
        sign::CertifiedKey,
    },
    server::TlsStream,
};

use sluice_app::repeated::Repeated;

/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// What an ACME authority speaks when it asks whether a name is served here (RFC 8737, section 6.2).
const CHALLENGE: &[u8] = b"acme-tls/1";

/// Why TLS cannot be served with what was given.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The text of a certificate is not PEM, or holds none.
    #[error(
        "no certificate can be read in the certificate's file: it must hold the certificate and those between it and the \
         authority, as PEM"
    )]
    NoCertificate,
    /// The text of a key is not PEM, or holds none.
    #[error("no private key can be read in the key's file: it must hold one as PEM, without a password")]
    NoKey,
    /// The key is another certificate's.
    #[error("the certificate and the key do not belong together: give both of one pair")]
    OtherKey,
    /// A kind of key or certificate that is not known.
    #[error("the certificate or the key is of a kind that cannot be used: make a new pair, of ECDSA or RSA")]
    Unusable(#[source] rustls::Error),
    /// TLS 1.2 and 1.3 are not to be had together.
    #[error("TLS cannot be set up")]
    Versions(#[source] rustls::Error),
}

/// A certificate that can be replaced while the server runs: who connects from then on gets the new one.
#[derive(Debug)]
pub struct Certificate {
    current: RwLock<Arc<CertifiedKey>>,
}

impl Certificate {
    /// A chain, from the server's certificate on, and its key, both PEM.
    ///
    /// # Errors
    /// [`TlsError`] when they cannot be used.
    pub fn from_pem(chain: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        Ok(Self { current: RwLock::new(pair(chain, key)?) })
    }

    /// Replaces both.
    ///
    /// # Errors
    /// [`TlsError`] when they cannot be used; then the old ones stay.
    pub fn replace(&self, chain: &[u8], key: &[u8]) -> Result<(), TlsError> {
        let pair = pair(chain, key)?;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = pair;
        Ok(())
    }
}

fn pair(chain: &[u8], key: &[u8]) -> Result<Arc<CertifiedKey>, TlsError> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(chain).collect();
    let chain = chain.ok().filter(|chain| !chain.is_empty()).ok_or(TlsError::NoCertificate)?;
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| TlsError::NoKey)?;
    let pair = CertifiedKey::from_der(chain, key, &ring::default_provider()).map_err(|error| match error {
        rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => TlsError::OtherKey,
        other => TlsError::Unusable(other),
    })?;
    Ok(Arc::new(pair))
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current.read().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

/// How connections are encrypted: TLS 1.2 and 1.3, for HTTP/2 and HTTP/1.1.
#[derive(Debug, Clone)]
pub struct Tls {
    serving: Arc<ServerConfig>,
    challenges: Option<Arc<ServerConfig>>,
}

impl Tls {
    /// With a certificate for each handshake.
    ///
    /// # Errors
    /// [`TlsError`] when the versions are not to be had.
    pub fn new(certificates: Arc<dyn ResolvesServerCert>) -> Result<Self, TlsError> {
        Ok(Self { serving: config(certificates, &[b"h2", b"http/1.1"])?, challenges: None })
    }

    /// With certificates of an ACME authority, whose challenges are answered too (RFC 8737).
    ///
    /// # Errors
    /// [`TlsError`] when the versions are not to be had.
    pub fn with_challenges(certificates: Arc<dyn ResolvesServerCert>) -> Result<Self, TlsError> {
        let challenges = config(certificates.clone(), &[CHALLENGE])?;
        Ok(Self { challenges: Some(challenges), ..Self::new(certificates)? })
    }

    /// The encrypted connection; `None` when it was a challenge, which the handshake answered.
    pub(crate) async fn handshake<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
    ) -> io::Result<Option<TlsStream<S>>> {
        static CHALLENGED: Repeated = Repeated::seldom();
        tokio::time::timeout(HANDSHAKE, async {
            let begun = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
            match &self.challenges {
                Some(challenges) if is_challenge(&begun.client_hello()) => {
                    begun.into_stream(challenges.clone()).await?.shutdown().await?;
                    if let Some(before) = CHALLENGED.tell() {
                        tracing::info!(before, "an authority asked whether a name is served here");
                    }
                    Ok(None)
                }
                Some(_) | None => begun.into_stream(self.serving.clone()).await.map(Some),
            }
        })
        .await?
    }
}

fn config(certificates: Arc<dyn ResolvesServerCert>, protocols: &[&[u8]]) -> Result<Arc<ServerConfig>, TlsError> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(TlsError::Versions)?
        .with_no_client_auth()
        .with_cert_resolver(certificates);
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    Ok(Arc::new(config))
}

fn is_challenge(hello: &ClientHello<'_>) -> bool {
    hello.alpn().is_some_and(|protocols| protocols.eq([CHALLENGE]))
}
