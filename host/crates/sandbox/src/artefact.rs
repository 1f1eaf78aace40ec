//! Compiled artefacts on disk, under a keyed MAC, and the one place where native code is taken in.

use std::{fs, io, io::Write, os::unix::fs::OpenOptionsExt, path::PathBuf};

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretBox};
use sha2::Sha256;
use sluice_domain::digest::Digest;
use wasmtime::{Engine, component::Component};

use crate::error::SandboxError;

/// What is authenticated before the name and the bytes, so that a MAC of this key means nothing elsewhere.
const PURPOSE: &[u8] = b"sluice compiled artefact 1\0";
const MAC_BYTES: usize = 32;

/// The key that tells this server's artefacts from any other file.
pub struct ArtefactKey(SecretBox<[u8; 32]>);

impl ArtefactKey {
    /// The key, which must stay the same for artefacts to be found again.
    pub fn new(bytes: SecretBox<[u8; 32]>) -> Self {
        Self(bytes)
    }

    fn mac(&self, name: &str, artefact: &[u8]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.expose_secret()).expect("any length is a key's length");
        mac.update(PURPOSE);
        mac.update(name.as_bytes());
        mac.update(b"\0");
        mac.update(artefact);
        mac
    }
}

/// The folder of artefacts.
pub(crate) struct Artefacts {
    folder: PathBuf,
    key: ArtefactKey,
    /// Artefacts of another engine have other names.
    fingerprint: String,
}

impl Artefacts {
    pub(crate) fn open(folder: PathBuf, key: ArtefactKey, fingerprint: String) -> Result<Self, SandboxError> {
        fs::create_dir_all(&folder)
            .map_err(|error| SandboxError::Folder { path: folder.display().to_string(), error })?;
        Ok(Self { folder, key, fingerprint })
    }

    /// The name of a component's instrumented form.
    pub(crate) fn base(&self, component: Digest) -> String {
        format!("{component}-base-{}.cwasm", self.fingerprint)
    }

    /// The name of a component's form with a configuration.
    pub(crate) fn configured(&self, component: Digest, config: Digest) -> String {
        format!("{component}-{config}-{}.cwasm", self.fingerprint)
    }

    /// Keeps an artefact. A crash leaves the whole of it or nothing.
    pub(crate) fn keep(&self, name: &str, artefact: &[u8]) -> io::Result<()> {
        let mac = self.key.mac(name, artefact).finalize().into_bytes();
        let mut draft = [0; 8];
        getrandom::fill(&mut draft).map_err(io::Error::other)?;
        let draft = self.folder.join(format!("{name}.{:016x}", u64::from_le_bytes(draft)));
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
        file.write_all(&mac)?;
        file.write_all(artefact)?;
        // Not synced: after a power cut a broken file has a wrong MAC, and the artefact is compiled anew.
        fs::rename(&draft, self.folder.join(name))
    }

    /// An artefact that this server kept under this name; `None` when there is none, or another's, or a broken one.
    pub(crate) fn find(&self, name: &str) -> Option<Vec<u8>> {
        let mut bytes = fs::read(self.folder.join(name)).ok()?;
        let (mac, artefact) = bytes.split_at_checked(MAC_BYTES)?;
        if self.key.mac(name, artefact).verify_slice(mac).is_err() {
            tracing::error!(name, "an artefact is not as it was written: it is compiled anew");
            return None;
        }
        bytes.drain(..MAC_BYTES);
        Some(bytes)
    }
}

/// Takes in native code. `artefact` must have come from [`Artefacts::find`], from a worker that this server started, or — in a worker —
/// from the server that started it.
#[expect(unsafe_code, reason = "the engine cannot check native code; the proof is below")]
pub(crate) fn load(engine: &Engine, artefact: &[u8]) -> wasmtime::Result<Component> {
    // SAFETY: `deserialize` wants bytes that `Engine::precompile_component` made, unmodified. All callers have such bytes: a
    // worker's own, just made; those that a worker of this server sent over a pipe that no other process holds; and those of a file
    // whose keyed MAC was right over exactly these bytes in memory. The key is readable by this server only, and it authenticates
    // nothing but workers' artefacts. That they fit this engine and this version is checked by `deserialize` itself.
    unsafe { Component::deserialize(engine, artefact) }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn artefacts(folder: &Path, key: u8) -> Artefacts {
        Artefacts::open(folder.to_owned(), ArtefactKey::new(Box::new([key; 32]).into()), "engine".to_owned())
            .expect("opens")
    }

    #[test]
    fn only_what_was_kept_is_found() {
        let folder = tempfile::tempdir().expect("a folder");
        let ours = artefacts(folder.path(), 1);
        ours.keep("name", b"native code").expect("keeps");
        assert_eq!(ours.find("name").as_deref(), Some(b"native code".as_slice()));
        assert_eq!(ours.find("other"), None);
        assert_eq!(artefacts(folder.path(), 2).find("name"), None, "another server's key");

        let path = folder.path().join("name");
        let kept = fs::read(&path).expect("reads");
        for position in 0..kept.len() {
            let mut changed = kept.clone();
            changed[position] ^= 1;
            fs::write(&path, &changed).expect("writes");
            assert_eq!(ours.find("name"), None, "byte {position}");
        }
        for length in 0..kept.len() {
            fs::write(&path, &kept[..length]).expect("writes");
            assert_eq!(ours.find("name"), None, "cut at {length}");
        }
        fs::write(folder.path().join("moved"), &kept).expect("writes");
        assert_eq!(ours.find("moved"), None, "under another name");
    }
}
