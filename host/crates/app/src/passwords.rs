//! Passwords: hashed with argon2id, never kept or printed.

use std::sync::Arc;

use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version, password_hash::phc::PasswordHash};
use secrecy::{ExposeSecret, SecretString};
use sluice_domain::{security::PasswordPolicy, server_limits::ServerLimits, text::nfkc};

use crate::{
    AppError, Clock, Rng, new_password,
    new_password::Strength,
    turns::{Asker, Places, Turns},
};

/// OWASP's choice for argon2id (Password Storage Cheat Sheet): 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
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
    /// Each hash takes [`MEMORY_KIB`], and a core for some 20 ms.
    hashing: Turns,
    /// Apart, so that nobody waits for it who logs in.
    strength: Turns,
    /// Verified against when nobody has the e-mail address, so that the answer takes as long.
    nobody: Arc<str>,
}

impl Passwords {
    pub(crate) fn new(limits: &ServerLimits, clock: &Clock, rng: &Rng) -> Self {
        let count = ServerLimits::count;
        let hashing = Places {
            at_once: count(limits.hashes_at_once),
            waiting: count(limits.hashes_waiting),
            per_address: count(limits.hashes_per_address),
            per_network: count(limits.hashes_per_network),
            per_person: count(limits.hashes_per_person),
            per_account: count(limits.hashes_per_account),
        };
        let strength = Places {
            at_once: 1,
            waiting: count(limits.strength_checks_waiting),
            per_person: count(limits.strength_checks_per_person),
            per_account: count(limits.strength_checks_per_account),
            ..hashing
        };
        Self {
            hashing: Turns::new(hashing, clock.clone()),
            strength: Turns::behind(strength, clock.clone()),
            nobody: hash(&SecretString::from("nobody's password"), rng.bytes()).into(),
        }
    }

    /// The PHC string of a new password.
    pub(crate) async fn hash(&self, asker: &Asker, password: SecretString, rng: &Rng) -> Result<String, AppError> {
        let salt = rng.bytes();
        self.hashing.run(asker, move || hash(&password, salt)).await
    }

    /// Whether `password` is the one that `stored` was made of. Without `stored` it takes as long and says no.
    pub(crate) async fn verify(
        &self,
        asker: &Asker,
        password: SecretString,
        stored: Option<String>,
        rng: &Rng,
    ) -> Result<Verified, AppError> {
        let known = stored.is_some();
        let stored: Arc<str> = stored.map_or_else(|| self.nobody.clone(), Into::into);
        let fits = password.expose_secret().len() <= LONGEST;
        let salt = rng.bytes();
        let verified = self.hashing.run(asker, move || {
            let way = verify(&password, &stored).filter(|_| known && fits);
            let old = way == Some(Way::AsTyped) || is_of_old_parameters(&stored);
            let rehashed = (way.is_some() && old).then(|| hash(&password, salt));
            Verified { right: way.is_some(), rehashed }
        });
        verified.await
    }

    /// Whether `password` is one of those that `hashes` were made of. Each is looked at in a turn of its own.
    pub(crate) async fn is_any_of(
        &self,
        asker: &Asker,
        password: &SecretString,
        hashes: Vec<String>,
    ) -> Result<bool, AppError> {
        for stored in hashes {
            let password = password.clone();
            if self.hashing.run(asker, move || verify(&password, &stored).is_some()).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// How strong `password` is for somebody about whom others know `known`.
    pub(crate) async fn strength(
        &self,
        asker: &Asker,
        password: SecretString,
        known: Vec<String>,
    ) -> Result<Strength, AppError> {
        self.strength.run(asker, move || new_password::strength(&password, &known)).await
    }

    /// Checks `password` against what an account wants.
    pub(crate) async fn check(
        &self,
        asker: &Asker,
        password: SecretString,
        policy: PasswordPolicy,
        known: Vec<String>,
    ) -> Result<(), AppError> {
        self.strength.run(asker, move || new_password::check(&password, &policy, &known)).await?
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

    const PLATFORM: Asker = Asker::platform();

    fn rng() -> Rng {
        Rng::new(|bytes| bytes.fill(7))
    }

    fn passwords() -> Passwords {
        let clock = Clock::new(|| sluice_domain::time::Timestamp::from_millis(0));
        Passwords::new(&ServerLimits::default(), &clock, &rng())
    }

    #[tokio::test]
    async fn only_the_right_password_verifies() {
        let passwords = passwords();
        let stored =
            passwords.hash(&PLATFORM, SecretString::from("correct horse battery"), &rng()).await.expect("hashes");
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        for (password, right) in [("correct horse battery", true), ("correct horse batterz", false), ("", false)] {
            let verified =
                passwords.verify(&PLATFORM, SecretString::from(password), Some(stored.clone()), &rng()).await;
            let verified = verified.expect("verifies");
            assert_eq!((verified.right, verified.rehashed), (right, None), "{password}");
        }
    }

    #[tokio::test]
    async fn nobodys_password_is_never_right() {
        let passwords = passwords();
        let password = SecretString::from("nobody's password");
        assert!(!passwords.verify(&PLATFORM, password, None, &rng()).await.expect("verifies").right);
    }

    #[tokio::test]
    async fn an_earlier_password_is_known_again() {
        let passwords = passwords();
        let mut earlier = Vec::new();
        for password in ["first of them", "second of them"] {
            earlier.push(passwords.hash(&PLATFORM, SecretString::from(password), &rng()).await.expect("hashes"));
        }
        for (password, used) in [("second of them", true), ("third of them", false)] {
            let found = passwords.is_any_of(&PLATFORM, &SecretString::from(password), earlier.clone()).await;
            assert_eq!(found.expect("looks"), used, "{password}");
        }
    }

    /// A hash as earlier versions made it.
    fn of_bytes(password: &str) -> String {
        argon2().hash_password_with_salt(password.as_bytes(), &[7; 16]).expect("hashes").to_string()
    }

    #[tokio::test]
    async fn a_password_is_right_in_every_form_in_which_it_can_be_typed() {
        let passwords = passwords();
        for (set, typed) in [
            ("caf\u{e9} horse battery", "cafe\u{301} horse battery"),
            ("cafe\u{301} horse battery", "caf\u{e9} horse battery"),
            ("한국어 암호 문장", "\u{1112}\u{1161}\u{11ab}국어 암호 문장"),
            ("ｐａｓｓ horse", "pass horse"),
            ("ﬁne horse", "fine horse"),
        ] {
            let stored = passwords.hash(&PLATFORM, SecretString::from(set), &rng()).await.expect("hashes");
            for password in [set, typed] {
                let verified =
                    passwords.verify(&PLATFORM, SecretString::from(password), Some(stored.clone()), &rng()).await;
                let verified = verified.expect("verifies");
                assert_eq!((verified.right, verified.rehashed), (true, None), "{password}");
            }
            let other =
                passwords.verify(&PLATFORM, SecretString::from("cafe horse battery"), Some(stored), &rng()).await;
            assert!(!other.expect("verifies").right);
        }
    }

    #[tokio::test]
    async fn a_hash_of_what_was_typed_is_replaced_when_the_password_is_right() {
        let passwords = passwords();
        let typed = "cafe\u{301} horse battery";
        let verified = passwords.verify(&PLATFORM, SecretString::from(typed), Some(of_bytes(typed)), &rng()).await;
        let verified = verified.expect("verifies");
        let new = verified.rehashed.expect("hashed anew");
        assert!(verified.right);
        for form in [typed, "caf\u{e9} horse battery"] {
            let again = passwords
                .verify(&PLATFORM, SecretString::from(form), Some(new.clone()), &rng())
                .await
                .expect("verifies");
            assert_eq!((again.right, again.rehashed), (true, None), "{form}");
        }
        // One that was in its normal form already.
        let plain =
            passwords.verify(&PLATFORM, SecretString::from("caf\u{e9} x"), Some(of_bytes("caf\u{e9} x")), &rng()).await;
        assert_eq!(plain.expect("verifies").rehashed, None);
        let wrong = passwords.verify(&PLATFORM, SecretString::from(typed), Some(of_bytes("other")), &rng()).await;
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
        let passwords = passwords();
        let password = || SecretString::from("correct horse battery");
        let weak =
            Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(1_024, 1, 1, None).expect("parameters"));
        let old = weak.hash_password_with_salt(password().expose_secret().as_bytes(), &[7; 16]).expect("hashes");
        let verified = passwords.verify(&PLATFORM, password(), Some(old.to_string()), &rng()).await.expect("verifies");
        let new = verified.rehashed.expect("hashed anew");
        let again = passwords.verify(&PLATFORM, password(), Some(new), &rng()).await.expect("verifies");
        assert_eq!((verified.right, again.right, again.rehashed), (true, true, None));
        let wrong = passwords.verify(&PLATFORM, SecretString::from("wrong"), Some(old.to_string()), &rng()).await;
        assert_eq!(wrong.expect("verifies").rehashed, None);
    }
}
