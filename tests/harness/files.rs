//! Where the build has put what is driven.

use std::path::{Path, PathBuf};

/// The folder `release` of the build that this program is of.
fn release() -> PathBuf {
    let own = std::env::current_exe().expect("the path of this program");
    own.ancestors().find(|folder| folder.ends_with("release")).expect("a folder `release`").to_owned()
}

/// The binary.
///
/// # Panics
/// When it is not built.
pub fn sluice() -> PathBuf {
    found(release().join("sluice"))
}

/// The folder of the built plugins.
pub(crate) fn plugins() -> PathBuf {
    found(release().with_file_name("plugins"))
}

/// The bytes of one of the built plugins.
///
/// # Panics
/// When it is not built.
pub fn component(name: &str) -> Vec<u8> {
    let path = found(plugins().join(name).with_extension("wasm"));
    std::fs::read(&path).expect("a file that is there can be read")
}

fn found(path: PathBuf) -> PathBuf {
    assert!(Path::exists(&path), "{} is not there: `make plugins` builds it", path.display());
    path
}
