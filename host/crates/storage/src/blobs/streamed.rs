//! Contents of attachments: written as they come, read in parts, named by their attachment.
//!
//! Each attachment has a blob of its own, even when another has the same content: to erase one is to remove a file.

use std::{
    fs::{self, DirEntry, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use sluice_domain::id::{AccountId, AttachmentId};

use super::{Blobs, failed};
use crate::error::StorageError;

/// A blob that is being written. Until it is kept nobody can find it; when it is dropped it is gone.
#[derive(Debug)]
pub struct NewBlob {
    blobs: Blobs,
    file: File,
    temporary: PathBuf,
}

impl Blobs {
    /// Begins a blob.
    ///
    /// # Errors
    /// [`StorageError::Blob`].
    pub fn begin(&self) -> Result<NewBlob, StorageError> {
        let temporary = self.temporary();
        let file = File::options().read(true).write(true).create_new(true).open(&temporary).map_err(failed)?;
        Ok(NewBlob { blobs: self.clone(), file, temporary })
    }

    /// The content of an attachment, at its start; `None` when it is not there.
    ///
    /// # Errors
    /// [`StorageError::Blob`].
    pub fn attachment(&self, account: AccountId, id: AttachmentId) -> Result<Option<File>, StorageError> {
        match File::open(self.attachment_path(account, id)) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    /// Removes the content of an attachment, and gives whether it was there.
    ///
    /// # Errors
    /// [`StorageError::Blob`].
    pub fn remove_attachment(&self, account: AccountId, id: AttachmentId) -> Result<bool, StorageError> {
        match fs::remove_file(self.attachment_path(account, id)) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(failed(error)),
        }
    }

    /// Removes what was begun and not kept when a server was killed: what nobody has written to for `age` before `now`. Gives how many.
    ///
    /// # Errors
    /// [`StorageError::Blob`].
    pub fn remove_unfinished(&self, now: SystemTime, age: Duration) -> Result<u64, StorageError> {
        let mut removed = 0;
        for entry in entries(&self.folder)? {
            // One that another server keeps at this moment is gone by the time it is removed: nothing is lost.
            if entry.path().extension().is_some_and(|end| end == "new") && is_older(&entry, now, age) {
                removed += u64::from(fs::remove_file(entry.path()).is_ok());
            }
        }
        Ok(removed)
    }

    /// The attachments of an account that have a content which nobody has written to for `age` before `now`.
    ///
    /// # Errors
    /// [`StorageError::Blob`].
    pub fn old_attachments(
        &self,
        account: AccountId,
        now: SystemTime,
        age: Duration,
    ) -> Result<Vec<AttachmentId>, StorageError> {
        let mut found = Vec::new();
        for folder in entries(&self.attachments_of(account))? {
            for entry in entries(&folder.path())? {
                let id = entry.file_name().to_str().and_then(|name| name.parse::<AttachmentId>().ok());
                found.extend(id.filter(|_| is_older(&entry, now, age)));
            }
        }
        Ok(found)
    }

    /// `attachments/acc_…/ef/att_…ef`: identifiers begin with the time, so their ends spread evenly.
    fn attachment_path(&self, account: AccountId, id: AttachmentId) -> PathBuf {
        let name = id.to_string();
        self.attachments_of(account).join(&name[name.len() - 2..]).join(name)
    }

    fn attachments_of(&self, account: AccountId) -> PathBuf {
        self.folder.join("attachments").join(account.to_string())
    }
}

/// What is in a folder; nothing when it is not there.
pub(super) fn entries(folder: &Path) -> Result<Vec<DirEntry>, StorageError> {
    match fs::read_dir(folder) {
        Ok(entries) => entries.collect::<io::Result<_>>().map_err(failed),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(failed(error)),
    }
}

pub(super) fn is_older(entry: &DirEntry, now: SystemTime, age: Duration) -> bool {
    let written = entry.metadata().and_then(|about| about.modified());
    written.is_ok_and(|written| now.duration_since(written).is_ok_and(|since| since > age))
}

impl NewBlob {
    /// Writes a piece after those before.
    ///
    /// # Errors
    /// [`StorageError::Blob`].
    pub fn write(&mut self, piece: &[u8]) -> Result<(), StorageError> {
        self.file.write_all(piece).map_err(failed)
    }

    /// What was written so far, to be read: the place in it is the writer's, so write nothing after.
    pub const fn content(&mut self) -> &mut File {
        &mut self.file
    }

    /// Keeps it as the content of an attachment. When this returns, it survives a power cut.
    ///
    /// # Errors
    /// [`StorageError::Blob`]; then it is not there, or whole.
    pub fn keep(self, account: AccountId, id: AttachmentId) -> Result<(), StorageError> {
        let path = self.blobs.attachment_path(account, id);
        let kept = self.file.sync_all().and_then(|()| {
            fs::create_dir_all(path.parent().unwrap_or(&self.blobs.folder))?;
            fs::rename(&self.temporary, &path)?;
            self.blobs.sync_folders(&path)
        });
        kept.map_err(failed)
    }
}

impl Drop for NewBlob {
    fn drop(&mut self) {
        // One that was kept has another name by now. What cannot be removed is found by its age later.
        let _ = fs::remove_file(&self.temporary);
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Seek as _};

    use sluice_domain::time::Timestamp;

    use super::*;

    fn blobs() -> (tempfile::TempDir, Blobs, AccountId, AttachmentId) {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::local(folder.path().join("blobs")).unwrap();
        let now = Timestamp::from_millis(1);
        (folder, blobs, AccountId::new(now, [6; 10]), AttachmentId::new(now, [7; 10]))
    }

    fn unfinished(blobs: &Blobs) -> usize {
        fs::read_dir(&*blobs.folder).unwrap().filter(|entry| entry.as_ref().unwrap().path().is_file()).count()
    }

    #[test]
    fn what_is_written_in_pieces_is_read_in_one_and_removed() {
        let (_folder, blobs, account, id) = blobs();
        let mut new = blobs.begin().unwrap();
        new.write(b"abc").unwrap();
        new.write(b"def").unwrap();
        let mut looked = String::new();
        new.content().rewind().unwrap();
        new.content().read_to_string(&mut looked).unwrap();
        assert_eq!(looked, "abcdef");
        assert!(blobs.attachment(account, id).unwrap().is_none());
        new.keep(account, id).unwrap();
        let mut read = String::new();
        blobs.attachment(account, id).unwrap().unwrap().read_to_string(&mut read).unwrap();
        assert_eq!((read.as_str(), unfinished(&blobs)), ("abcdef", 0));
        assert!(blobs.remove_attachment(account, id).unwrap());
        assert!(!blobs.remove_attachment(account, id).unwrap());
    }

    #[test]
    fn what_is_not_kept_leaves_nothing() {
        let (_folder, blobs, account, id) = blobs();
        let mut new = blobs.begin().unwrap();
        new.write(b"abc").unwrap();
        assert_eq!(unfinished(&blobs), 1);
        drop(new);
        assert_eq!(unfinished(&blobs), 0);
        assert!(blobs.attachment(account, id).unwrap().is_none());
    }

    #[test]
    fn what_a_killed_server_left_is_removed_by_its_age() {
        let (_folder, blobs, account, id) = blobs();
        fs::write(blobs.folder.join("1-1.new"), b"abc").unwrap();
        let (now, day) = (SystemTime::now(), Duration::from_hours(24));
        assert_eq!(blobs.remove_unfinished(now, day), Ok(0));
        assert_eq!(blobs.remove_unfinished(now + 2 * day, day), Ok(1));
        assert_eq!(unfinished(&blobs), 0);

        assert_eq!(blobs.old_attachments(account, now, day), Ok(Vec::new()));
        blobs.begin().unwrap().keep(account, id).unwrap();
        assert_eq!(blobs.old_attachments(account, now, day), Ok(Vec::new()));
        assert_eq!(blobs.old_attachments(account, now + 2 * day, day), Ok(vec![id]));
    }
}
