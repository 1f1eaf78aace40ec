//! Where the build has put what is driven.

use std::path::{Path, PathBuf};

/// The folder `release` of the build that this program is of.
pub(crate) fn release() -> PathBuf {
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

/// The bytes of one of the built plugins, as another version of it: one that is written with as many letters.
///
/// # Panics
/// When it is not built, or does not say its version once.
pub fn version_of(name: &str, version: &str) -> Vec<u8> {
    let mut bytes = component(name);
    let built = format!("{name}{}", env!("CARGO_PKG_VERSION"));
    let built = built.as_bytes();
    let places: Vec<usize> =
        bytes.windows(built.len()).enumerate().filter(|(_, window)| *window == built).map(|(at, _)| at).collect();
    let &[at] = &places[..] else { panic!("{name} says its name and version at {places:?}") };
    bytes[at..at + built.len()].copy_from_slice(format!("{name}{version}").as_bytes());
    bytes
}

/// The bytes of a component with a custom section of this name more: other bytes, the same plugin.
///
/// # Panics
/// When the name is too long.
pub fn annotated(mut component: Vec<u8>, note: &str) -> Vec<u8> {
    let length = u8::try_from(note.len()).expect("a short name");
    assert!(length < 126, "a length of one byte");
    component.extend([0, length + 1, length]);
    component.extend(note.as_bytes());
    component
}

fn found(path: PathBuf) -> PathBuf {
    assert!(Path::exists(&path), "{} is not there: `make plugins` builds it", path.display());
    path
}
