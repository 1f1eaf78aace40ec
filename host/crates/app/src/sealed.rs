//! Secrets that must be read again are kept encrypted: XChaCha20-Poly1305 under a key of the server's own.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use secrecy::{ExposeSecret, SecretBox};

use crate::{AppError, Rng};

const NONCE_BYTES: usize = 24;

pub(crate) struct Sealer(XChaCha20Poly1305);

impl Sealer {
    pub(crate) fn new(key: &SecretBox<[u8; 32]>) -> Self {
        Self(XChaCha20Poly1305::new(key.expose_secret().into()))
    }

    /// Encrypts a secret. `whose` must be the same when it is opened: a row that was moved to somebody else opens nothing.
    pub(crate) fn seal(&self, secret: &[u8], whose: &str, rng: &Rng) -> Result<String, AppError> {
        // 192 random bits never come twice.
        let nonce = rng.bytes::<NONCE_BYTES>();
        let payload = Payload { msg: secret, aad: whose.as_bytes() };
        let sealed =
            self.0.encrypt(&XNonce::from(nonce), payload).map_err(|_| AppError::Internal("sealing a secret"))?;
        Ok(URL_SAFE_NO_PAD.encode([&nonce[..], &sealed].concat()))
    }

    /// Opens what was sealed.
    pub(crate) fn open(&self, sealed: &str, whose: &str) -> Result<Vec<u8>, AppError> {
        let failed = || AppError::Internal("opening a sealed secret");
        let bytes = URL_SAFE_NO_PAD.decode(sealed).map_err(|_| failed())?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_BYTES>().ok_or_else(failed)?;
        let payload = Payload { msg: sealed, aad: whose.as_bytes() };
        self.0.decrypt(&XNonce::from(*nonce), payload).map_err(|_| failed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_opens_for_its_owner_under_its_key_and_for_nobody_else() {
        let sealer = |key| Sealer::new(&SecretBox::new(Box::new([key; 32])));
        let rng = Rng::new(|bytes| bytes.fill(9));
        let sealed = sealer(1).seal(b"secret", "ada", &rng).expect("seals");
        assert!(!sealed.contains("secret"));
        assert_eq!(sealer(1).open(&sealed, "ada").expect("opens"), b"secret");
        assert!(sealer(1).open(&sealed, "eve").is_err());
        assert!(sealer(2).open(&sealed, "ada").is_err());
        for broken in ["", "short", &sealed[1..]] {
            assert!(sealer(1).open(broken, "ada").is_err(), "{broken}");
        }
    }
}
