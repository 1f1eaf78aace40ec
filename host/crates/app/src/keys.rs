//! The server's own secret, and the keys that are made of it. Where it is kept is not decided here.

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretBox};
use sha2::Sha256;

/// 256 random bits that nobody but this server has, or the servers that share its database.
pub struct ServerKey(SecretBox<[u8; 32]>);

impl ServerKey {
    /// The key as it was kept.
    pub fn new(bytes: SecretBox<[u8; 32]>) -> Self {
        Self(bytes)
    }

    /// The key for one purpose: HMAC-SHA256 of the purpose under the server's key. Whoever has it learns nothing of the others.
    pub fn derive(&self, purpose: &str) -> SecretBox<[u8; 32]> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.expose_secret()).expect("any length is a key's length");
        mac.update(b"sluice key 1\0");
        mac.update(purpose.as_bytes());
        SecretBox::new(Box::new(mac.finalize().into_bytes().into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_purpose_and_each_server_has_a_key_of_its_own() {
        let derive =
            |key, purpose| *ServerKey::new(SecretBox::new(Box::new([key; 32]))).derive(purpose).expose_secret();
        assert_eq!(derive(1, "a"), derive(1, "a"));
        assert_ne!(derive(1, "a"), derive(1, "b"));
        assert_ne!(derive(1, "a"), derive(2, "a"));
    }
}
