//! Artefacts of more accounts than can be configured while one waits: copies under other names, each with its own MAC, so that they are
//! files, mappings and code of their own. What is in a file and in its name is `sluice_sandbox`'s business, and repeated here.

use std::{
    fs,
    path::{Path, PathBuf},
};

use sluice_domain::digest::Digest;

use crate::calls::KEY;

pub(crate) struct Copies {
    folder: PathBuf,
    component: Digest,
    /// What all names end with: what the engine was made for.
    ending: String,
}

impl Copies {
    /// In a folder with artefacts of this component.
    pub(crate) fn of(folder: &Path, component: Digest) -> Self {
        let base = format!("{component}-base");
        let mut names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let ending = names.find_map(|name| name.strip_prefix(&base).map(str::to_owned)).unwrap();
        Self { folder: folder.to_owned(), component, ending }
    }

    /// Gives one configuration the artefact of another.
    pub(crate) fn copy(&self, from: &str, to: &str) {
        let mut artefact = fs::read(self.folder.join(self.name(from))).unwrap();
        artefact.truncate(artefact.len() - 32);
        let name = self.name(to);
        let mut mac = blake3::Hasher::new_keyed(&KEY);
        mac.update(b"sluice compiled artefact 2\0").update(name.as_bytes()).update(b"\0");
        artefact.extend(mac.update(&artefact).finalize().as_bytes());
        fs::write(self.folder.join(name), artefact).unwrap();
    }

    fn name(&self, config: &str) -> String {
        format!("{}-{}{}", self.component, Digest::of(config.as_bytes()), self.ending)
    }
}
