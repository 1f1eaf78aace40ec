//! Configured plugins of more accounts than can be configured while one waits: copies under other names, each with its own MAC, so that they
//! are files and memory of their own. What is in a file and in its name is `sluice_sandbox`'s business, and repeated here.

use std::{
    fs,
    path::{Path, PathBuf},
};

use sluice_domain::digest::Digest;

use crate::calls::KEY;

pub(crate) struct Copies {
    folder: PathBuf,
    component: Digest,
    /// What all names end with: what the engine was made for, and in which form the plugins are.
    ending: String,
}

impl Copies {
    /// In a folder with artefacts of this component; `form` is `overlay`, or `cwasm` for code of their own.
    pub(crate) fn of(folder: &Path, component: Digest, form: &str) -> Self {
        let base = format!("{component}-base-");
        let mut names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let fingerprint = names.find_map(|name| Some(name.strip_prefix(&base)?.strip_suffix(".cwasm")?.to_owned()));
        let ending = format!("{}.{form}", fingerprint.unwrap());
        Self { folder: folder.to_owned(), component, ending }
    }

    /// Gives one configuration what another has.
    pub(crate) fn copy(&self, from: &str, to: &str) {
        let mut kept = fs::read(self.folder.join(self.name(from))).unwrap();
        kept.truncate(kept.len() - 32);
        let name = self.name(to);
        let mut mac = blake3::Hasher::new_keyed(&KEY);
        mac.update(b"sluice compiled artefact 2\0").update(name.as_bytes()).update(b"\0");
        kept.extend(mac.update(&kept).finalize().as_bytes());
        fs::write(self.folder.join(name), kept).unwrap();
    }

    fn name(&self, config: &str) -> String {
        format!("{}-{}-{}", self.component, Digest::of(config.as_bytes()), self.ending)
    }
}
