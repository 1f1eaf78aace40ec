//! Blobs that nothing may need any more: found by their age, and removed unless somebody puts them again.
//!
//! Whether a row names a blob is not known here: the caller asks between the look and the removal.

use std::{
    fs::{self, File},
    io,
    time::{Duration, SystemTime},
};

use sluice_domain::digest::Digest;

use super::{
    Blobs, failed,
    streamed::{entries, is_older},
};
use crate::error::StorageError;

/// The file that orders puts and removals, of all servers that share the folder.
pub(super) const LOCK: &str = "lock";

impl Blobs {
    /// The blobs that nobody has put for `age` before `now`.
    ///
    /// # Errors
    /// [`StorageError::Blob`].
    pub fn old(&self, now: SystemTime, age: Duration) -> Result<Vec<Digest>, StorageError> {
        let mut found = Vec::new();
        for outer in entries(&self.folder)? {
            // Attachments have a folder of their own beside these.
            if outer.file_name().len() != 2 {
                continue;
            }
            for inner in entries(&outer.path())? {
                for entry in entries(&inner.path())? {
                    let digest = entry.file_name().to_str().and_then(|name| name.parse::<Digest>().ok());
                    found.extend(digest.filter(|_| is_older(&entry, now, age)));
                }
            }
        }
        Ok(found)
    }

    /// Removes a blob that nobody has put for `age` before `now`, and gives whether it was removed. One that is put at this moment
    /// is there afterwards.
    ///
    /// # Errors
    /// [`StorageError::Blob`].
    pub fn remove_old(&self, digest: Digest, now: SystemTime, age: Duration) -> Result<bool, StorageError> {
        let path = self.path(digest);
        let remove = || {
            let _alone = self.lock(File::lock)?;
            let written = fs::metadata(&path)?.modified()?;
            let old = now.duration_since(written).is_ok_and(|since| since > age);
            if old {
                fs::remove_file(&path)?;
            }
            Ok::<_, io::Error>(old)
        };
        match remove() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            done => done.map_err(failed),
        }
    }

    /// Holds the lock until what this gives is dropped.
    pub(super) fn lock(&self, how: impl FnOnce(&File) -> io::Result<()>) -> io::Result<File> {
        let file = File::options().create(true).truncate(false).write(true).open(self.folder.join(LOCK))?;
        how(&file)?;
        Ok(file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_hours(24);

    fn blobs() -> (tempfile::TempDir, Blobs) {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::local(folder.path().join("blobs")).unwrap();
        (folder, blobs)
    }

    #[test]
    fn what_is_old_is_found_and_removed_and_what_is_young_stays() {
        let (_folder, blobs) = blobs();
        let (now, digest) = (SystemTime::now(), blobs.put(b"abc").unwrap());
        assert_eq!((blobs.old(now, DAY), blobs.remove_old(digest, now, DAY)), (Ok(vec![]), Ok(false)));
        let later = now + 2 * DAY;
        assert_eq!(blobs.old(later, DAY), Ok(vec![digest]));
        assert_eq!(blobs.remove_old(digest, later, DAY), Ok(true));
        assert_eq!(blobs.remove_old(digest, later, DAY), Ok(false));
        assert_eq!((blobs.get(digest), blobs.old(later, DAY)), (Ok(None), Ok(vec![])));
    }

    #[test]
    fn what_is_put_again_after_the_look_stays() {
        let (_folder, blobs) = blobs();
        let digest = blobs.put(b"abc").unwrap();
        let file = File::options().write(true).open(blobs.path(digest)).unwrap();
        file.set_modified(SystemTime::now() - 2 * DAY).unwrap();
        let now = SystemTime::now();
        assert_eq!(blobs.old(now, DAY), Ok(vec![digest]));
        blobs.put(b"abc").unwrap();
        assert_eq!(blobs.remove_old(digest, now, DAY), Ok(false));
        assert_eq!(blobs.get(digest).unwrap().as_deref(), Some(&b"abc"[..]));
    }
}
