//! `sluice plugin keygen` and `sluice plugin sign`: a publisher's key, and signatures with it.
//!
//! No server is asked: whose signatures count is each account's own decision.

use std::{fs, io::Write as _, os::unix::fs::OpenOptionsExt as _, path::Path};

use anyhow::Context as _;
use secrecy::{ExposeSecret as _, SecretBox, SecretString};
use serde_json::json;
use sluice_domain::{digest::Digest, signature::PublisherSecret};

/// What a file of a publisher's key begins with.
const HEADING: &str = "sluice publisher secret key 1";

/// Makes a key in a new file with mode 0600, and prints the public key.
#[expect(clippy::print_stdout, reason = "it is what a command says to the one who ran it")]
pub(crate) fn keygen(path: &Path) -> anyhow::Result<()> {
    let mut seed = SecretBox::new(Box::new([0_u8; 32]));
    getrandom::fill(secrecy::ExposeSecretMut::expose_secret_mut(&mut seed))?;
    let digits: String = seed.expose_secret().iter().map(|byte| format!("{byte:02x}")).collect();
    let text = SecretString::from(format!("{HEADING}\n{digits}\n"));
    let file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let mut file = file.with_context(|| {
        format!("making {}: a key is never written over another, so name a file that is not there", path.display())
    })?;
    file.write_all(text.expose_secret().as_bytes())
        .and_then(|()| file.sync_all())
        .with_context(|| format!("writing {}", path.display()))?;
    println!("{}", PublisherSecret::new(seed.expose_secret()).public_key());
    Ok(())
}

/// Signs a component, and prints what to send to `POST /api/v1/plugins/{id}/signatures`.
#[expect(clippy::print_stdout, reason = "it is what a command says to the one who ran it")]
pub(crate) fn sign(component: &Path, key: &Path) -> anyhow::Result<()> {
    let secret = load(key)?;
    let bytes = fs::read(component).with_context(|| format!("reading {}", component.display()))?;
    let signature = secret.sign(Digest::of(&bytes));
    println!("{}", json!({"publisher_key": secret.public_key(), "signature": signature}));
    Ok(())
}

/// The key in a file that [`keygen`] made.
pub(crate) fn load(path: &Path) -> anyhow::Result<PublisherSecret> {
    let text = fs::read_to_string(path).with_context(|| format!("reading the key in {}", path.display()))?;
    let text = SecretString::from(text);
    let mut lines = text.expose_secret().lines();
    let seed = (lines.next() == Some(HEADING)).then(|| lines.next()?.parse::<Digest>().ok()).flatten();
    // 32 bytes in hexadecimal digits are written as digests are.
    let seed = seed.with_context(|| {
        format!("{} holds no publisher's key: `sluice plugin keygen KEYFILE` makes one", path.display())
    })?;
    Ok(PublisherSecret::new(seed.as_bytes()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_key_is_for_its_owner_only_and_never_written_over() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("publisher.key");
        keygen(&path).expect("made");
        assert_eq!(fs::metadata(&path).expect("is there").permissions().mode() & 0o777, 0o600);
        let key = load(&path).expect("reads").public_key();
        assert!(keygen(&path).is_err());
        assert_eq!(load(&path).expect("reads").public_key(), key);
        fs::write(&path, "something else").expect("writes");
        assert!(load(&path).is_err());
    }
}
