//! Passwords: hashed with argon2id, never kept or printed.

use std::sync::Arc;

use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version, password_hash::phc::PasswordHash};
use secrecy::{ExposeSecret, SecretString};
use sluice_domain::text::nfkc;
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

/// What looking at a password showed.
pub(crate) struct Verified {
    pub(crate) right: bool,
    /// The right password's hash with today's parameters, when the one that is kept has others.
    pub(crate) rehashed: Option<String>,
}

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
    pub(crate) async fn verify(
        &self,
        password: SecretString,
        stored: Option<String>,
        rng: &Rng,
    ) -> Result<Verified, AppError> {
        let known = stored.is_some();
        let stored: Arc<str> = stored.map_or_else(|| self.nobody.clone(), Into::into);
        let fits = password.expose_secret().len() <= LONGEST;
        let salt = rng.bytes();
        self.in_turn(move || {
            let way = verify(&password, &stored).filter(|_| known && fits);
            let old = way == Some(Way::AsTyped) || is_of_old_parameters(&stored);
            let rehashed = (way.is_some() && old).then(|| hash(&password, salt));
            Verified { right: way.is_some(), rehashed }
        })
        .await
    }

    /// Whether `password` is one of those that `hashes` were made of.
    pub(crate) async fn is_any_of(&self, password: SecretString, hashes: Vec<String>) -> Result<bool, AppError> {
        self.in_turn(move || hashes.iter().any(|stored| verify(&password, stored).is_some())).await
    }

    /// Runs what takes a core for long, as few at once as may be.
    pub(crate) async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, AppError> {
        let _room = self.room.try_acquire().map_err(|_| AppError::Busy)?;
        let _turn = self.turn.acquire().await.map_err(|_| AppError::Closing)?;
        tokio::task::spawn_blocking(work).await.map_err(|_| AppError::Internal("password hashing"))
    }
}

fn argon2() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, None).expect("parameters within argon2's bounds");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// A password as it is hashed: Unicode's NFKC (NIST SP 800-63B, section 3.1.1.2), so that it is right from every keyboard. `None` for one
/// that is too long, before or after that.
pub(crate) fn normal_form(password: &SecretString) -> Option<SecretString> {
    let typed = password.expose_secret();
    let normal = (typed.len() <= LONGEST).then(|| SecretString::from(nfkc(typed)))?;
    (normal.expose_secret().len() <= LONGEST).then_some(normal)
}

fn hash(password: &SecretString, salt: [u8; 16]) -> String {
    let normal = normal_form(password);
    let bounded = bounded(normal.as_ref().unwrap_or(password));
    argon2().hash_password_with_salt(bounded, &salt).expect("a salt of 16 bytes").to_string()
}

/// In which form a password was right.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// In its normal form.
    Normal,
    /// As it was typed: earlier versions hashed that.
    AsTyped,
}

/// Whether a password is the one that a hash was made of. How many hashes that takes depends on what was typed, and on nobody's hash,
/// unless it is right.
fn verify(password: &SecretString, stored: &str) -> Option<Way> {
    let stored = PasswordHash::new(stored).ok()?;
    let is = |password: &SecretString| argon2().verify_password(bounded(password), &stored).is_ok();
    match normal_form(password) {
        Some(normal) if is(&normal) => Some(Way::Normal),
        Some(normal) if normal.expose_secret() == password.expose_secret() => None,
        Some(_) | None => is(password).then_some(Way::AsTyped),
    }
}

fn is_of_old_parameters(stored: &str) -> bool {
    let current = format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p=1$");
    !stored.starts_with(&current)
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
            let verified = passwords.verify(SecretString::from(password), Some(stored.clone()), &rng()).await;
            let verified = verified.expect("verifies");
            assert_eq!((verified.right, verified.rehashed), (right, None), "{password}");
        }
    }

    #[tokio::test]
    async fn nobodys_password_is_never_right() {
        let passwords = Passwords::new(&rng());
        let password = SecretString::from("nobody's password");
        assert!(!passwords.verify(password, None, &rng()).await.expect("verifies").right);
    }

    /// A hash as earlier versions made it.
    fn of_bytes(password: &str) -> String {
        argon2().hash_password_with_salt(password.as_bytes(), &[7; 16]).expect("hashes").to_string()
    }

    #[tokio::test]
    async fn a_password_is_right_in_every_form_in_which_it_can_be_typed() {
        let passwords = Passwords::new(&rng());
        for (set, typed) in [
            ("caf\u{e9} horse battery", "cafe\u{301} horse battery"),
            ("cafe\u{301} horse battery", "caf\u{e9} horse battery"),
            ("한국어 암호 문장", "\u{1112}\u{1161}\u{11ab}국어 암호 문장"),
            ("ｐａｓｓ horse", "pass horse"),
            ("ﬁne horse", "fine horse"),
        ] {
            let stored = passwords.hash(SecretString::from(set), &rng()).await.expect("hashes");
            for password in [set, typed] {
                let verified = passwords.verify(SecretString::from(password), Some(stored.clone()), &rng()).await;
                let verified = verified.expect("verifies");
                assert_eq!((verified.right, verified.rehashed), (true, None), "{password}");
            }
            let other = passwords.verify(SecretString::from("cafe horse battery"), Some(stored), &rng()).await;
            assert!(!other.expect("verifies").right);
        }
    }

    #[tokio::test]
    async fn a_hash_of_what_was_typed_is_replaced_when_the_password_is_right() {
        let passwords = Passwords::new(&rng());
        let typed = "cafe\u{301} horse battery";
        let verified = passwords.verify(SecretString::from(typed), Some(of_bytes(typed)), &rng()).await;
        let verified = verified.expect("verifies");
        let new = verified.rehashed.expect("hashed anew");
        assert!(verified.right);
        for form in [typed, "caf\u{e9} horse battery"] {
            let again = passwords.verify(SecretString::from(form), Some(new.clone()), &rng()).await.expect("verifies");
            assert_eq!((again.right, again.rehashed), (true, None), "{form}");
        }
        // One that was in its normal form already.
        let plain = passwords.verify(SecretString::from("caf\u{e9} x"), Some(of_bytes("caf\u{e9} x")), &rng()).await;
        assert_eq!(plain.expect("verifies").rehashed, None);
        let wrong = passwords.verify(SecretString::from(typed), Some(of_bytes("other")), &rng()).await;
        assert!(!wrong.expect("verifies").right);
    }

    #[test]
    fn a_password_is_bounded_before_and_after_it_is_normalised() {
        let form = |text: &str| normal_form(&SecretString::from(text)).map(|form| form.expose_secret().len());
        assert_eq!(form(&"x".repeat(LONGEST)), Some(LONGEST));
        assert_eq!(form(&"x".repeat(LONGEST + 1)), None);
        // Three bytes become 33.
        assert_eq!(form(&"\u{fdfa}".repeat(31)), Some(1_023));
        assert_eq!(form(&"\u{fdfa}".repeat(32)), None);
    }

    #[tokio::test]
    async fn a_hash_of_old_parameters_is_replaced_when_the_password_is_right() {
        let passwords = Passwords::new(&rng());
        let password = || SecretString::from("correct horse battery");
        let weak =
            Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(1_024, 1, 1, None).expect("parameters"));
        let old = weak.hash_password_with_salt(password().expose_secret().as_bytes(), &[7; 16]).expect("hashes");
        let verified = passwords.verify(password(), Some(old.to_string()), &rng()).await.expect("verifies");
        let new = verified.rehashed.expect("hashed anew");
        let again = passwords.verify(password(), Some(new), &rng()).await.expect("verifies");
        assert_eq!((verified.right, again.right, again.rehashed), (true, true, None));
        let wrong = passwords.verify(SecretString::from("wrong"), Some(old.to_string()), &rng()).await;
        assert_eq!(wrong.expect("verifies").rehashed, None);
    }
}
