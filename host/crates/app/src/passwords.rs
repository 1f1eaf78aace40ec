//! Passwords: hashed with argon2id, never kept or printed.

use std::sync::Arc;

use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version, password_hash::phc::PasswordHash};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;

use crate::{AppError, Rng};

/// OWASP's choice for argon2id (Password Storage Cheat Sheet): 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
/// How many hashes are computed at once: each takes [`MEMORY_KIB`], and a core for some 20 ms.
const AT_ONCE: usize = 2;
/// How many may wait for that. More are turned away, so that a flood of log-ins takes no memory.
const WAITING: usize = 256;
/// Longest password, in bytes.
pub(crate) const LONGEST: usize = 1_024;
/// Shortest password of a new person, in characters.
pub(crate) const SHORTEST: usize = 12;

pub(crate) struct Passwords {
    turn: Arc<Semaphore>,
    room: Arc<Semaphore>,
    /// Verified against when nobody has the e-mail address, so that the answer takes as long.
    nobody: Arc<str>,
}

impl Passwords {
    pub(crate) fn new(rng: &Rng) -> Self {
        Self {
            turn: Arc::new(Semaphore::new(AT_ONCE)),
            room: Arc::new(Semaphore::new(AT_ONCE + WAITING)),
            nobody: hash(&SecretString::from("nobody's password"), rng.bytes()).into(),
        }
    }

    /// The PHC string of a new password.
    pub(crate) async fn hash(&self, password: SecretString, rng: &Rng) -> Result<String, AppError> {
        let salt = rng.bytes();
        self.in_turn(move || hash(&password, salt)).await
    }

    /// Whether `password` is the one that `stored` was made of. Without `stored` it takes as long and says no.
    pub(crate) async fn verify(&self, password: SecretString, stored: Option<String>) -> Result<bool, AppError> {
        let known = stored.is_some();
        let stored = stored.map_or_else(|| self.nobody.clone(), Into::into);
        let fits = password.expose_secret().len() <= LONGEST;
        let right = self.in_turn(move || verify(&password, &stored)).await?;
        Ok(known && fits && right)
    }

    async fn in_turn<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, AppError> {
        let _room = self.room.try_acquire().map_err(|_| AppError::Busy)?;
        let _turn = self.turn.acquire().await.map_err(|_| AppError::Closing)?;
        tokio::task::spawn_blocking(work).await.map_err(|_| AppError::Internal("password hashing"))
    }
}

fn argon2() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, None).expect("parameters within argon2's bounds");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn hash(password: &SecretString, salt: [u8; 16]) -> String {
    let bounded = bounded(password);
    argon2().hash_password_with_salt(bounded, &salt).expect("a salt of 16 bytes").to_string()
}

fn verify(password: &SecretString, stored: &str) -> bool {
    PasswordHash::new(stored).is_ok_and(|stored| argon2().verify_password(bounded(password), &stored).is_ok())
}

fn bounded(password: &SecretString) -> &[u8] {
    let bytes = password.expose_secret().as_bytes();
    &bytes[..bytes.len().min(LONGEST)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rng() -> Rng {
        Rng::new(|bytes| bytes.fill(7))
    }

    #[tokio::test]
    async fn only_the_right_password_verifies() {
        let passwords = Passwords::new(&rng());
        let stored = passwords.hash(SecretString::from("correct horse battery"), &rng()).await.expect("hashes");
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        for (password, right) in [("correct horse battery", true), ("correct horse batterz", false), ("", false)] {
            let verified = passwords.verify(SecretString::from(password), Some(stored.clone())).await;
            assert_eq!(verified.expect("verifies"), right, "{password}");
        }
    }

    #[tokio::test]
    async fn nobodys_password_is_never_right() {
        let passwords = Passwords::new(&rng());
        assert!(!passwords.verify(SecretString::from("nobody's password"), None).await.expect("verifies"));
    }
}
