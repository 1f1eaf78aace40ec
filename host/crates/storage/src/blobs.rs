//! Blobs, named by the digest of what is in them; contents of attachments, by their attachment.
//!
//! What a blob is for, and whether anyone may have it, is not known here. These functions wait for the disk: call them on a
//! thread that may wait.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use sluice_domain::digest::Digest;

pub use self::streamed::NewBlob;
use crate::error::StorageError;

mod streamed;
mod unused;

/// A store of blobs. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Blobs {
    folder: Arc<Path>,
}

/// Tells temporary files of this process apart.
static TEMPORARY: AtomicU64 = AtomicU64::new(0);

impl Blobs {
    /// Blobs in a folder of this machine, which is made if it is not there.
    ///
    /// # Errors
    /// [`StorageError::Blob`] when the folder cannot be made.
    pub fn local(folder: impl Into<PathBuf>) -> Result<Self, StorageError> {
        let folder = folder.into();
        fs::create_dir_all(&folder).map_err(failed)?;
        Ok(Self { folder: folder.into() })
    }

    /// Keeps `content`, and gives its name. When this returns, the blob survives a power cut. Content that is there is written
    /// again, so that it is new to who looks for blobs that are of no use.
    ///
    /// # Errors
    /// [`StorageError::Blob`] when it cannot be written; then it is not there, or whole.
    pub fn put(&self, content: &[u8]) -> Result<Digest, StorageError> {
        let digest = Digest::of(content);
        let path = self.path(digest);
        // Not between a look at its age and its removal.
        let _kept = self.lock(File::lock_shared).map_err(failed)?;
        self.write(&path, content).map_err(failed)?;
        self.sync_folders(&path).map_err(failed)?;
        Ok(digest)
    }

    /// What is in a blob; `None` when it is not there.
    ///
    /// # Errors
    /// [`StorageError::Corrupt`] when the content does not have the digest that it is named by; [`StorageError::Blob`].
    pub fn get(&self, digest: Digest) -> Result<Option<Vec<u8>>, StorageError> {
        let content = match fs::read(self.path(digest)) {
            Ok(content) => content,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        if Digest::of(&content) == digest { Ok(Some(content)) } else { Err(StorageError::Corrupt { what: "blob" }) }
    }

    /// `ab/cd/abcd…`: no folder grows so large that listing it takes long.
    fn path(&self, digest: Digest) -> PathBuf {
        let name = digest.to_string();
        self.folder.join(&name[..2]).join(&name[2..4]).join(name)
    }

    /// Under another name first, so that nobody sees a part of it.
    fn write(&self, path: &Path, content: &[u8]) -> io::Result<()> {
        let folder = path.parent().unwrap_or(&self.folder);
        fs::create_dir_all(folder)?;
        let temporary = self.temporary();
        let written = File::create(&temporary).and_then(|mut file| {
            file.write_all(content)?;
            file.sync_all()?;
            fs::rename(&temporary, path)
        });
        if let Err(error) = written {
            // What is left is not named by a digest, so nobody finds it: this only saves the room.
            let _ = fs::remove_file(&temporary);
            return Err(error);
        }
        Ok(())
    }

    /// A name that nobody finds.
    fn temporary(&self) -> PathBuf {
        let number = TEMPORARY.fetch_add(1, Ordering::Relaxed);
        self.folder.join(format!("{}-{number}.new", std::process::id()))
    }

    fn sync_folders(&self, path: &Path) -> io::Result<()> {
        path.ancestors().skip(1).take_while(|folder| folder.starts_with(&self.folder)).try_for_each(sync_folder)
    }
}

/// Makes the names in a folder survive a power cut. Only Unix can and must do this.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

fn failed(error: io::Error) -> StorageError {
    StorageError::Blob { reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blobs() -> (tempfile::TempDir, Blobs) {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::local(folder.path().join("blobs")).unwrap();
        (folder, blobs)
    }

    #[test]
    fn a_blob_reads_back_as_written() {
        let (_folder, blobs) = blobs();
        for content in [&b""[..], b"abc", &[0; 100_000]] {
            let digest = blobs.put(content).unwrap();
            assert_eq!(digest, Digest::of(content));
            assert_eq!(blobs.get(digest).unwrap().as_deref(), Some(content));
        }
    }

    #[test]
    fn the_same_content_is_kept_once_and_nothing_else_is_left() {
        let (_folder, blobs) = blobs();
        let digest = blobs.put(b"abc").unwrap();
        assert_eq!(blobs.put(b"abc").unwrap(), digest);
        let mut names: Vec<_> = fs::read_dir(&blobs.folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["ba", unused::LOCK]);
    }

    #[test]
    fn a_blob_that_was_changed_on_the_disk_is_not_given_out_and_can_be_put_again() {
        let (_folder, blobs) = blobs();
        let digest = blobs.put(b"abc").unwrap();
        fs::write(blobs.path(digest), b"abd").unwrap();
        assert_eq!(blobs.get(digest), Err(StorageError::Corrupt { what: "blob" }));
        blobs.put(b"abc").unwrap();
        assert_eq!(blobs.get(digest).unwrap().as_deref(), Some(&b"abc"[..]));
    }

    #[test]
    fn the_folder_is_opened_again_with_what_was_in_it() {
        let (_folder, blobs) = blobs();
        let digest = blobs.put(b"abc").unwrap();
        let again = Blobs::local(&*blobs.folder).unwrap();
        assert_eq!(again.get(digest).unwrap().as_deref(), Some(&b"abc"[..]));
    }
}
