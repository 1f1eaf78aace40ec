//! The file of the server's key.

use std::{fs, io, io::Write as _, os::unix::fs::OpenOptionsExt as _, path::Path};

use anyhow::Context as _;
use secrecy::SecretBox;

/// The key in the file at `path`, which is made with mode 0600 when it is not there.
pub(crate) fn load_or_create(path: &Path) -> anyhow::Result<SecretBox<[u8; 32]>> {
    let mut bytes = Box::new([0; 32]);
    let mut options = fs::OpenOptions::new();
    match options.write(true).create_new(true).mode(0o600).open(path) {
        Ok(mut file) => {
            getrandom::fill(&mut *bytes)?;
            file.write_all(&*bytes)
                .and_then(|()| file.sync_all())
                .with_context(|| format!("writing the server's key to {}", path.display()))?;
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let read = fs::read(path).with_context(|| format!("reading the server's key from {}", path.display()))?;
            *bytes = <[u8; 32]>::try_from(read).ok().with_context(|| {
                format!("{} does not hold 32 bytes, so it is no key: restore it from a backup", path.display())
            })?;
        }
        Err(error) => return Err(error).with_context(|| format!("making the server's key in {}", path.display())),
    }
    Ok(SecretBox::new(bytes))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn a_key_is_made_once_and_is_for_its_owner_only() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("server.key");
        let first = load_or_create(&path).expect("made");
        let again = load_or_create(&path).expect("read");
        assert_eq!(first.expose_secret(), again.expose_secret());
        assert_eq!(fs::metadata(&path).expect("is there").permissions().mode() & 0o777, 0o600);
        fs::write(&path, b"short").expect("writes");
        assert!(load_or_create(&path).is_err());
    }
}
