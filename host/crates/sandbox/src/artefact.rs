//! Compiled artefacts on disk, under a keyed MAC, and the one place where native code is taken in.

use std::{
    fs::{self, File},
    io::{self, Read as _, Write as _},
    os::{fd::AsRawFd as _, unix::fs::OpenOptionsExt as _},
    path::PathBuf,
    time::SystemTime,
};

use blake3::{Hash, Hasher};
use secrecy::{ExposeSecret, SecretBox};
use sluice_domain::digest::Digest;
use wasmtime::{Engine, component::Component};

use crate::{
    error::{LoadError, SandboxError},
    trials::Trials,
};

/// What is authenticated before the name and the bytes, so that a MAC of this key means nothing elsewhere.
const PURPOSE: &[u8] = b"sluice compiled artefact 2\0";
const MAC_BYTES: u64 = 32;
/// The folder of artefacts that were only tried, in the folder of all.
const TRIALS: &str = "trials";
/// How much of a file is read at once, in bytes.
const PIECE: usize = 64 << 10;

/// The key that tells this server's artefacts from any other file.
pub struct ArtefactKey(SecretBox<[u8; 32]>);

impl ArtefactKey {
    /// The key, which must stay the same for artefacts to be found again.
    pub fn new(bytes: SecretBox<[u8; 32]>) -> Self {
        Self(bytes)
    }

    /// A MAC that has taken in everything but the artefact. BLAKE3 in its keyed mode: HMAC-SHA256 took most of the time of loading.
    fn mac(&self, name: &str) -> Hasher {
        let mut mac = Hasher::new_keyed(self.0.expose_secret());
        mac.update(PURPOSE).update(name.as_bytes()).update(b"\0");
        mac
    }
}

/// A component with a configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Ready {
    pub(crate) component: Digest,
    pub(crate) config: Digest,
}

/// What an artefact is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// For an account's chain: it stays as long as somebody has it installed.
    Installed,
    /// To be tried: it is kept in a bounded cache.
    Trial,
}

/// The folder of artefacts.
pub(crate) struct Artefacts {
    folder: PathBuf,
    trials: Trials,
    key: ArtefactKey,
    /// Artefacts of another engine have other names.
    fingerprint: String,
}

impl Artefacts {
    /// Opens the folder, which is made if it is not there. What is only tried has `trial_bytes` in all.
    pub(crate) fn open(
        folder: PathBuf,
        trial_bytes: u64,
        key: ArtefactKey,
        fingerprint: String,
    ) -> Result<Self, SandboxError> {
        let opened = fs::create_dir_all(&folder).and_then(|()| Trials::open(folder.join(TRIALS), trial_bytes));
        let trials = opened.map_err(|error| SandboxError::Folder { path: folder.display().to_string(), error })?;
        Ok(Self { folder, trials, key, fingerprint })
    }

    /// The name of a component's instrumented form.
    pub(crate) fn base(&self, component: Digest) -> String {
        format!("{component}-base-{}.cwasm", self.fingerprint)
    }

    /// The name of a component's form that takes overlays whose memory has `pages` pages.
    pub(crate) fn overlaid(&self, component: Digest, pages: u64) -> String {
        format!("{component}-overlaid-{pages}-{}.cwasm", self.fingerprint)
    }

    /// The name of the overlay with which a component takes a configuration.
    pub(crate) fn overlay(&self, Ready { component, config }: Ready) -> String {
        format!("{component}-{config}-{}.overlay", self.fingerprint)
    }

    /// The name of a component's whole form with a configuration, for which an overlay would be too long.
    pub(crate) fn whole(&self, Ready { component, config }: Ready) -> String {
        format!("{component}-{config}-{}.cwasm", self.fingerprint)
    }

    /// Keeps an artefact. A crash leaves the whole of it or nothing. A file that has its name is never written to again: what is kept
    /// anew is another file under that name.
    pub(crate) fn keep(&self, name: &str, artefact: &[u8], made_for: Use) -> io::Result<()> {
        let mac = self.key.mac(name).update(artefact).finalize();
        let mut draft = [0; 8];
        getrandom::fill(&mut draft).map_err(io::Error::other)?;
        let draft = self.folder.join(format!("{name}.{:016x}", u64::from_le_bytes(draft)));
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
        file.write_all(artefact)?;
        // At the end, so that a mapping of the file begins with the artefact.
        file.write_all(mac.as_bytes())?;
        // Not synced: after a power cut a broken file has a wrong MAC, and the artefact is compiled anew.
        match made_for {
            Use::Installed => fs::rename(&draft, self.folder.join(name)),
            Use::Trial => self.trials.put(name, &draft),
        }
    }

    /// Whether there is a file of this name. It is not looked into. One that was only tried becomes an installed one when it is
    /// wanted for that.
    pub(crate) fn is_kept(&self, name: &str, wanted_for: Use) -> bool {
        let installed = self.folder.join(name);
        if fs::metadata(&installed).is_ok_and(|file| file.is_file()) {
            return true;
        }
        match wanted_for {
            Use::Trial => self.trials.touch(name),
            Use::Installed => self.trials.take(name, &installed).unwrap_or_else(|error| {
                tracing::error!(name, %error, "an artefact cannot be moved: it is made anew");
                false
            }),
        }
    }

    /// Says that an installed artefact is installed no longer: it is kept as one that was tried.
    pub(crate) fn release(&self, name: &str) {
        let installed = self.folder.join(name);
        if installed.is_file()
            && let Err(error) = self.trials.put(name, &installed)
        {
            tracing::warn!(name, %error, "an artefact of what is no longer installed cannot be moved");
        }
    }

    /// The artefacts that are not among those that were tried, with their names.
    pub(crate) fn installed(&self) -> io::Result<Vec<InstalledArtefact>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let about = entry.metadata()?;
            if let (true, Ok(name)) = (about.is_file(), entry.file_name().into_string()) {
                let modified = about.modified()?;
                let is_ours = name.strip_suffix(".cwasm").or(name.strip_suffix(".overlay"));
                let is_ours = is_ours.is_some_and(|stem| stem.ends_with(&self.fingerprint));
                let mut digests = name.split('-').map_while(|part| part.parse::<Digest>().ok());
                let (component, config) = (digests.next().filter(|_| is_ours), digests.next());
                found.push(InstalledArtefact { name, component, config, modified });
            }
        }
        Ok(found)
    }

    fn path(&self, name: &str) -> PathBuf {
        let installed = self.folder.join(name);
        if installed.is_file() { installed } else { self.trials.path(name) }
    }

    /// An artefact that this server kept under this name, read into memory. One that is not as it was written is removed, here and
    /// below, so that it is made anew.
    pub(crate) fn read(&self, name: &str) -> Result<Vec<u8>, LoadError> {
        let mut artefact = Vec::new();
        self.check(name, |piece| artefact.extend_from_slice(piece))?;
        Ok(artefact)
    }

    /// Removes an artefact that is of no use, so that it is made anew.
    pub(crate) fn remove(&self, name: &str) {
        let installed = self.folder.join(name);
        let removed = if installed.is_file() { fs::remove_file(installed) } else { self.trials.remove(name) };
        if let Err(error) = removed {
            tracing::error!(name, %error, "an artefact cannot be removed");
        }
    }

    /// The file that this server kept under this name.
    pub(crate) fn checked(&self, name: &str) -> Result<Checked, LoadError> {
        self.check(name, |_| {})
    }

    /// Reads a file to its end and compares its MAC.
    fn check(&self, name: &str, mut piece: impl FnMut(&[u8])) -> Result<Checked, LoadError> {
        let mut file = File::open(self.path(name)).map_err(LoadError::reading)?;
        let bytes = file.metadata().map_err(LoadError::reading)?.len();
        let mut mac = self.key.mac(name);
        let mut artefact = (&mut file).take(bytes.saturating_sub(MAC_BYTES));
        let mut buffer = vec![0; PIECE];
        loop {
            let read = artefact.read(&mut buffer).map_err(LoadError::reading)?;
            if read == 0 {
                break;
            }
            mac.update(&buffer[..read]);
            piece(&buffer[..read]);
        }
        let mut written = Vec::new();
        (&mut file).take(MAC_BYTES + 1).read_to_end(&mut written).map_err(LoadError::reading)?;
        // Compared in constant time.
        if Hash::from_slice(&written).ok() != Some(mac.finalize()) {
            tracing::error!(name, "an artefact is not as it was written: it is made anew");
            self.remove(name);
            return Err(LoadError::Lost);
        }
        Ok(Checked { file, bytes })
    }
}

/// An artefact in the folder.
#[derive(Debug, Clone)]
pub struct InstalledArtefact {
    /// The name of its file.
    pub name: String,
    /// Of which component it was compiled; `None` for one that this engine did not write, which is of no use.
    pub component: Option<Digest>,
    /// With which configuration; `None` for one of the component alone.
    pub config: Option<Digest>,
    /// When it was written.
    pub modified: SystemTime,
}

/// The open file of an artefact that is as this server wrote it.
pub(crate) struct Checked {
    file: File,
    /// How long it is.
    pub(crate) bytes: u64,
}

/// Takes in native code. `artefact` must have come from [`Artefacts::read`], from a worker that this server started, or — in a worker —
/// from the server that started it.
#[expect(unsafe_code, reason = "the engine cannot check native code; the proof is below")]
pub(crate) fn load(engine: &Engine, artefact: &[u8]) -> wasmtime::Result<Component> {
    // SAFETY: `deserialize` wants bytes that `Engine::precompile_component` made, unmodified. All callers have such bytes: a
    // worker's own, just made; those that a worker of this server sent over a pipe that no other process holds; and those of a file
    // whose keyed MAC was right over exactly these bytes in memory. The key is readable by this server only, and it authenticates
    // nothing but workers' artefacts. That they fit this engine and this version is checked by `deserialize` itself.
    unsafe { Component::deserialize(engine, artefact) }
}

/// Takes in native code as a mapping of its file, of which the kernel holds one copy that it may drop and read again.
#[expect(unsafe_code, reason = "the engine cannot check native code; the proof is below")]
pub(crate) fn map(engine: &Engine, artefact: &Checked) -> wasmtime::Result<Component> {
    let path = format!("/proc/self/fd/{}", artefact.file.as_raw_fd());
    // SAFETY: `deserialize_file` wants a file that `Engine::precompile_component` made the content of, and that nobody changes
    // while the component lives. A `Checked` is a file whose keyed MAC was right; the path names that open file itself, whatever
    // has its name in the folder by now. The MAC after the artefact's end is outside all of its sections. That they fit this
    // engine and this version is checked by `deserialize_file`.
    //
    // Nobody changes it: this server writes to a file only before it has its name, and replaces or removes it as a whole, which
    // leaves what is mapped as it is. Others cannot: the file is its owner's only (0600). Whoever runs as the same user, as root, or
    // has the disk in hand could change it after its check. The MAC does not keep those out, and nothing in this process could: the
    // server's own program is mapped from a file in just the same way. What the MAC keeps out is what was put or broken there
    // before it was loaded: a restored or synchronised folder, another server's, a file cut short by a crash.
    unsafe { Component::deserialize_file(engine, path) }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn artefacts(folder: &Path, key: u8) -> Artefacts {
        Artefacts::open(folder.to_owned(), 1 << 20, ArtefactKey::new(Box::new([key; 32]).into()), "engine".to_owned())
            .expect("opens")
    }

    #[test]
    fn only_what_was_kept_is_found() {
        let folder = tempfile::tempdir().expect("a folder");
        let ours = artefacts(folder.path(), 1);
        ours.keep("name", b"native code", Use::Installed).expect("keeps");
        assert_eq!(ours.read("name").as_deref(), Ok(b"native code".as_slice()));
        assert_eq!(ours.read("other"), Err(LoadError::Lost));

        let path = folder.path().join("name");
        let kept = fs::read(&path).expect("reads");
        assert_eq!(artefacts(folder.path(), 2).read("name"), Err(LoadError::Lost), "another server's key");
        assert!(!ours.is_kept("name", Use::Trial), "what is broken is removed");
        for position in 0..kept.len() {
            let mut changed = kept.clone();
            changed[position] ^= 1;
            fs::write(&path, &changed).expect("writes");
            assert_eq!(ours.read("name"), Err(LoadError::Lost), "byte {position}");
        }
        for length in 0..kept.len() {
            fs::write(&path, &kept[..length]).expect("writes");
            assert_eq!(ours.read("name"), Err(LoadError::Lost), "cut at {length}");
        }
        fs::write(folder.path().join("moved"), &kept).expect("writes");
        assert_eq!(ours.read("moved"), Err(LoadError::Lost), "under another name");
    }

    #[test]
    fn what_was_tried_is_found_installed_and_released() {
        let folder = tempfile::tempdir().expect("a folder");
        let ours = artefacts(folder.path(), 1);
        ours.keep("name", b"native code", Use::Trial).expect("keeps");
        let (tried, installed) = (folder.path().join("trials/name"), folder.path().join("name"));
        assert!(ours.is_kept("name", Use::Trial) && tried.is_file());
        assert_eq!(ours.read("name").as_deref(), Ok(b"native code".as_slice()));
        assert!(ours.is_kept("name", Use::Installed) && installed.is_file() && !tried.is_file());
        assert_eq!(ours.read("name").as_deref(), Ok(b"native code".as_slice()));
        ours.release("name");
        assert!(!installed.is_file() && tried.is_file());
        assert_eq!(ours.read("name").as_deref(), Ok(b"native code".as_slice()));
        ours.remove("name");
        assert!(!ours.is_kept("name", Use::Installed));
    }

    #[test]
    fn artefacts_say_what_they_are_of() {
        let folder = tempfile::tempdir().expect("a folder");
        let ours = artefacts(folder.path(), 1);
        let (component, config) = (Digest::of(b"component"), Digest::of(b"config"));
        let ready = Ready { component, config };
        for name in [ours.base(component), ours.overlaid(component, 17), ours.overlay(ready), ours.whole(ready)] {
            ours.keep(&name, b"code", Use::Installed).expect("keeps");
        }
        for other in ["other-engine.cwasm", "draft.0123456789abcdef"] {
            fs::write(folder.path().join(other), b"").expect("writes");
        }
        let mut found: Vec<_> =
            ours.installed().expect("lists").into_iter().map(|one| (one.component, one.config)).collect();
        found.sort();
        let of = |config| (Some(component), config);
        assert_eq!(found, [(None, None), (None, None), of(None), of(None), of(Some(config)), of(Some(config))]);
    }
}
