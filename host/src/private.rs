//! Folders that only this user can enter: keys, and what customers write, are in them.

use std::{
    fs, io,
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _},
    path::Path,
};

use anyhow::{Context as _, bail};
use rustix::{fs::Mode, process};

/// What others may do with a file.
const OF_OTHERS: u32 = 0o077;

/// From here on, nobody else can read what this process makes.
pub(crate) fn keep_to_ourselves() {
    process::umask(Mode::from_raw_mode(OF_OTHERS));
}

/// Makes a folder that only this user can enter. One that was there before is taken from everybody else, with what is in it.
pub(crate) fn private_folder(path: &Path) -> anyhow::Result<()> {
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.with_context(|| format!("making the folder {}", path.display()))?;
    let found = fs::metadata(path).with_context(|| format!("looking at the folder {}", path.display()))?;
    if found.uid() != process::geteuid().as_raw() {
        bail!(
            "the folder {} belongs to another user, who could read and change what is kept in it: give it to the user who runs this, or name another folder",
            path.display()
        );
    }
    if found.permissions().mode() & OF_OTHERS != 0 {
        // What is in it first: until all is done, the folder shows that something is left to do.
        tighten(path).with_context(|| format!("taking {} from other users", path.display()))?;
        tracing::warn!(folder = %path.display(), "other users could enter this folder: now they cannot, nor read what is in it");
    }
    Ok(())
}

/// Takes a folder from others, from the inside out. Links are not followed: what they point to is somebody else's business.
fn tighten(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            tighten(&entry.path())?;
        } else if kind.is_file() {
            take(&entry.path())?;
        }
    }
    take(folder)
}

fn take(path: &Path) -> io::Result<()> {
    let mode = fs::symlink_metadata(path)?.permissions().mode();
    if mode & OF_OTHERS == 0 {
        Ok(())
    } else {
        fs::set_permissions(path, fs::Permissions::from_mode(mode & !OF_OTHERS & 0o7777))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).expect("is there").permissions().mode() & 0o777
    }

    fn open(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("ours");
    }

    #[test]
    fn a_folder_that_was_there_before_is_taken_from_others_with_all_that_is_in_it() {
        let home = tempfile::tempdir().expect("a folder");
        let (data, outside) = (home.path().join("data"), home.path().join("outside"));
        let inner = data.join("blobs/attachments");
        fs::create_dir_all(&inner).expect("made");
        let files = [data.join("sluice.db"), inner.join("a")];
        for file in files.iter().chain([&outside]) {
            fs::write(file, b"x").expect("written");
            open(file, 0o644);
        }
        symlink(&outside, data.join("link")).expect("linked");
        for folder in [&inner, &data.join("blobs"), &data] {
            open(folder, 0o755);
        }
        private_folder(&data).expect("ours");
        assert_eq!([mode(&data), mode(&data.join("blobs")), mode(&inner)], [0o700; 3]);
        assert_eq!(files.map(|file| mode(&file)), [0o600; 2]);
        assert_eq!(mode(&outside), 0o644, "a link is not followed");
    }

    #[test]
    fn a_folder_that_is_made_is_private() {
        let home = tempfile::tempdir().expect("a folder");
        let data = home.path().join("a/b");
        private_folder(&data).expect("made");
        assert_eq!(mode(&data), 0o700);
    }

    #[test]
    fn a_folder_of_another_user_is_refused() {
        // The root folder is root's; whoever is root gives a folder away.
        let home = tempfile::tempdir().expect("a folder");
        let theirs = if process::geteuid().is_root() {
            std::os::unix::fs::chown(home.path(), Some(65_534), None).expect("root gives things away");
            home.path()
        } else {
            Path::new("/")
        };
        let refused = private_folder(theirs).expect_err("it is not ours").to_string();
        assert!(refused.contains("belongs to another user"), "{refused}");
    }
}
