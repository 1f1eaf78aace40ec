//! Opaque secrets that are shown once and kept only as a digest.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString};
use sluice_domain::digest::Digest;

use crate::Rng;

/// What API tokens start with, so that scanners recognise a leaked one.
pub(crate) const TOKEN_PREFIX: &str = "slc_";
/// What session secrets start with.
pub(crate) const SESSION_PREFIX: &str = "sls_";
/// What the secrets of support sessions start with.
pub(crate) const SUPPORT_PREFIX: &str = "slh_";
/// What the secrets of one-time links start with.
pub(crate) const LINK_PREFIX: &str = "sll_";
/// Longest secret that is worth hashing, in bytes.
const LONGEST: usize = 128;

/// A new secret: the prefix and 256 random bits.
pub(crate) fn generate(prefix: &str, rng: &Rng) -> SecretString {
    SecretString::from(format!("{prefix}{}", URL_SAFE_NO_PAD.encode(rng.bytes::<32>())))
}

/// What is kept of a secret. With 256 random bits a plain digest is as good as a slow one, and a look-up by digest tells an
/// attacker nothing by its time.
pub(crate) fn digest(secret: &SecretString) -> Digest {
    Digest::of(secret.expose_secret().as_bytes())
}

/// Whether a text could be a secret with this prefix at all.
pub(crate) fn is_shaped(prefix: &str, secret: &SecretString) -> bool {
    let text = secret.expose_secret();
    text.len() <= LONGEST && text.starts_with(prefix)
}
