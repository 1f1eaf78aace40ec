//! From a core module, as the compiler leaves it, to a component that can be uploaded.
//!
//! Whether the server would take the component is not decided here: uploading inspects it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use wit_component::ComponentEncoder;

/// Reads the module, wraps it in the component that its custom sections describe, and writes that.
pub(crate) fn componentize(module: &Path, component: &Path) -> anyhow::Result<()> {
    let bytes = fs::read(module).with_context(|| format!("reading {}", module.display()))?;
    let encoded = ComponentEncoder::default()
        .validate(true)
        .module(&bytes)
        .and_then(|encoder| encoder.encode())
        .with_context(|| format!("making a component of {}", module.display()))?;

    // Written beside its place and moved there, so that an interrupted run leaves no half of a component.
    let mut unfinished = component.as_os_str().to_owned();
    unfinished.push(".unfinished");
    let unfinished = PathBuf::from(unfinished);
    fs::write(&unfinished, encoded).with_context(|| format!("writing {}", unfinished.display()))?;
    fs::rename(&unfinished, component).with_context(|| format!("writing {}", component.display()))
}
