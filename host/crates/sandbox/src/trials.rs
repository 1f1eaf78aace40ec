//! Artefacts of what was only tried: a cache on the disk, bounded in bytes. The one that was used longest ago is removed first.
//!
//! What an account has installed is not here: one account's trials must never push out what another one's messages need.

use std::{
    collections::{BTreeMap, HashMap},
    fs, io,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

pub(crate) struct Trials {
    folder: PathBuf,
    /// How many bytes all files together may have.
    most: u64,
    held: Mutex<Held>,
}

/// The files, by name and by their last use.
#[derive(Default)]
struct Held {
    bytes: u64,
    uses: u64,
    by_name: HashMap<String, File>,
    by_use: BTreeMap<u64, String>,
}

#[derive(Clone, Copy)]
struct File {
    used: u64,
    bytes: u64,
}

impl Trials {
    /// Opens the folder, which is made if it is not there, with the files that an earlier process left in it.
    pub(crate) fn open(folder: PathBuf, most: u64) -> io::Result<Self> {
        fs::create_dir_all(&folder)?;
        let mut found = Vec::new();
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let about = entry.metadata()?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            found.push((about.modified().unwrap_or(SystemTime::UNIX_EPOCH), name, about.len()));
        }
        found.sort();
        let trials = Self { folder, most, held: Mutex::default() };
        let mut held = trials.lock();
        for (_, name, bytes) in found {
            held.put(name, bytes);
        }
        trials.make_room(&mut held);
        drop(held);
        Ok(trials)
    }

    /// Where a file of this name is, or would be.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Gives a file its name here, and removes what was used longest ago until all fit. A file that is larger than all may be is
    /// removed at once.
    pub(crate) fn put(&self, name: &str, draft: &Path) -> io::Result<()> {
        let bytes = fs::metadata(draft)?.len();
        let mut held = self.lock();
        fs::rename(draft, self.path(name))?;
        held.put(name.to_owned(), bytes);
        self.make_room(&mut held);
        Ok(())
    }

    /// Whether there is a file of this name. It counts as used now.
    pub(crate) fn touch(&self, name: &str) -> bool {
        let mut held = self.lock();
        let Some(file) = held.take(name) else { return false };
        held.put(name.to_owned(), file.bytes);
        true
    }

    /// Moves a file out of the cache. Gives whether there was one.
    pub(crate) fn take(&self, name: &str, to: &Path) -> io::Result<bool> {
        let mut held = self.lock();
        if held.by_name.contains_key(name) {
            fs::rename(self.path(name), to)?;
            held.take(name);
            return Ok(true);
        }
        Ok(false)
    }

    /// Removes a file.
    pub(crate) fn remove(&self, name: &str) -> io::Result<()> {
        let mut held = self.lock();
        held.take(name);
        fs::remove_file(self.path(name))
    }

    fn make_room(&self, held: &mut Held) {
        while held.bytes > self.most {
            let Some(oldest) = held.by_use.first_key_value().map(|(_, name)| name.clone()) else { break };
            held.take(&oldest);
            if let Err(error) = fs::remove_file(self.path(&oldest)) {
                tracing::warn!(name = oldest, %error, "an artefact of a trial cannot be removed");
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn put(&mut self, name: String, bytes: u64) {
        self.take(&name);
        self.uses += 1;
        self.bytes += bytes;
        self.by_use.insert(self.uses, name.clone());
        self.by_name.insert(name, File { used: self.uses, bytes });
    }

    fn take(&mut self, name: &str) -> Option<File> {
        let file = self.by_name.remove(name)?;
        self.by_use.remove(&file.used);
        self.bytes -= file.bytes;
        Some(file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(trials: &Trials, name: &str, bytes: usize) {
        let draft = trials.folder.with_extension("draft");
        fs::write(&draft, vec![0; bytes]).expect("writes");
        trials.put(name, &draft).expect("puts");
    }

    fn names(trials: &Trials) -> Vec<String> {
        let files = fs::read_dir(&trials.folder).expect("a folder");
        let mut names: Vec<_> =
            files.map(|file| file.expect("a file").file_name().into_string().expect("a name")).collect();
        names.sort();
        names
    }

    #[test]
    fn what_was_used_longest_ago_is_removed_first() {
        let folder = tempfile::tempdir().expect("a folder");
        let trials = Trials::open(folder.path().join("trials"), 100).expect("opens");
        put(&trials, "a", 40);
        put(&trials, "b", 40);
        assert!(trials.touch("a"));
        put(&trials, "c", 40);
        assert_eq!(names(&trials), ["a", "c"]);
        assert!(!trials.touch("b"));
        put(&trials, "a", 10);
        put(&trials, "d", 50);
        assert_eq!(names(&trials), ["a", "c", "d"], "a file that is written anew counts once");
        put(&trials, "e", 101);
        assert_eq!(names(&trials), [""; 0], "what is larger than all may be pushes everything out");
    }

    #[test]
    fn what_is_moved_out_is_not_counted_any_more_and_what_was_left_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, kept) = (folder.path().join("trials"), folder.path().join("kept"));
        let trials = Trials::open(path.clone(), 100).expect("opens");
        put(&trials, "a", 60);
        assert!(trials.take("a", &kept).expect("moves"));
        assert!(!trials.take("a", &kept).expect("nothing to move"));
        put(&trials, "b", 60);
        put(&trials, "c", 40);
        assert_eq!(names(&trials), ["b", "c"]);
        drop(trials);
        let trials = Trials::open(path, 50).expect("opens again");
        assert_eq!(names(&trials).len(), 1, "a smaller bound holds at once");
        assert!(trials.lock().bytes <= 50);
    }
}
