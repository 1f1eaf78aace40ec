//! A component's outline, before anything of it is compiled: what it imports and exports, and how much memory it begins with.

use std::collections::BTreeSet;

use semver::Version;
use sluice_domain::plugin::{Hook, Import};
use wasmparser::{Encoding, MemoryType, Parser, Payload};

use crate::{error::InspectError, image::PAGE};

/// The contract's package, and the newest version of it that this program serves. Older ones of the same major version are served by it.
const PACKAGE: &str = "sluice:policy/";
const NEWEST: Version = Version::new(1, 1, 0);
/// What every plugin exports.
const PLUGIN: &str = "plugin";
const MESSAGE_FILTER: &str = "message-filter";
const ATTACHMENT_FILTER: &str = "attachment-filter";
const ACCESS_RULE: &str = "access-rule";
/// Imported by whoever names their types; they give nothing by themselves.
const TYPES: [&str; 2] = ["types", "attachment-content"];
const IMPORTS: [Import; 5] = [Import::Log, Import::Counters, Import::Lists, Import::History, Import::Http];

/// What a component offers and asks for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Outline {
    pub(crate) hooks: BTreeSet<Hook>,
    pub(crate) imports: BTreeSet<Import>,
}

/// Reads the outline of `component`. The rest of it is not validated here.
pub(crate) fn read(component: &[u8], memory_ceiling: usize) -> Result<Outline, InspectError> {
    check_beginning(component)?;
    let mut outline = Outline::default();
    let mut is_plugin = false;
    let mut depth = 0_u32;
    for payload in Parser::new(0).parse_all(component) {
        match payload.map_err(invalid)? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    outline.imports.extend(known_import(import.map_err(invalid)?.name.name)?);
                }
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                for export in section {
                    let name = export.map_err(invalid)?.name.name;
                    is_plugin |= is_plugin_interface(name);
                    outline.hooks.extend(interface(name).and_then(known_hook));
                }
            }
            Payload::MemorySection(section) => {
                for memory in section {
                    check_memory(memory.map_err(invalid)?, memory_ceiling)?;
                }
            }
            _ => {}
        }
    }
    if !is_plugin {
        return Err(InspectError::NotAPlugin);
    }
    if outline.hooks.is_empty() { Err(InspectError::NoHook) } else { Ok(outline) }
}

fn check_beginning(component: &[u8]) -> Result<(), InspectError> {
    if component.is_empty() {
        return Err(InspectError::Empty);
    }
    if !component.starts_with(b"\0asm") {
        return Err(InspectError::NotWasm);
    }
    match Parser::new(0).parse_all(component).next() {
        Some(Ok(Payload::Version { encoding: Encoding::Module, .. })) => Err(InspectError::CoreModule),
        Some(Ok(_)) => Ok(()),
        Some(Err(error)) => Err(invalid(error)),
        None => Err(InspectError::Invalid("it ends at its beginning".to_owned())),
    }
}

/// An interface of the contract by its name without package and version; `None` for any other, and for one of a version that is not served.
fn interface(name: &str) -> Option<&str> {
    let (interface, version) = name.strip_prefix(PACKAGE)?.split_once('@')?;
    let version = Version::parse(version).ok()?;
    let served = version.major == NEWEST.major && version.pre.is_empty() && version <= NEWEST;
    served.then_some(interface)
}

/// Whether this names the interface that describes and configures.
pub(crate) fn is_plugin_interface(name: &str) -> bool {
    interface(name) == Some(PLUGIN)
}

fn known_import(name: &str) -> Result<Option<Import>, InspectError> {
    let unknown = || InspectError::UnknownImport(bounded(name));
    let interface = interface(name).ok_or_else(unknown)?;
    let known = IMPORTS.into_iter().find(|import| import.as_str() == interface);
    if known.is_some() || TYPES.contains(&interface) { Ok(known) } else { Err(unknown()) }
}

fn known_hook(interface: &str) -> Option<Hook> {
    match interface {
        MESSAGE_FILTER => Some(Hook::MessageFilter),
        ATTACHMENT_FILTER => Some(Hook::AttachmentFilter),
        ACCESS_RULE => Some(Hook::AccessRule),
        _ => None,
    }
}

fn check_memory(memory: MemoryType, ceiling: usize) -> Result<(), InspectError> {
    let wanted = memory.initial.saturating_mul(PAGE as u64);
    if wanted > ceiling as u64 {
        return Err(InspectError::MemoryTooLarge { wanted, ceiling: ceiling as u64 });
    }
    Ok(())
}

pub(crate) fn invalid(error: impl ToString) -> InspectError {
    InspectError::Invalid(bounded(&error.to_string()))
}

/// A text from a component, short enough to be shown.
pub(crate) fn bounded(text: &str) -> String {
    text[..text.floor_char_boundary(300)].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interfaces_of_the_contract_are_known_in_every_version_that_is_served() {
        for name in ["sluice:policy/log@1.0.0", "sluice:policy/log@1.0.7", "sluice:policy/log@1.1.0"] {
            assert_eq!(known_import(name), Ok(Some(Import::Log)), "{name}");
        }
        assert_eq!(known_import("sluice:policy/types@1.1.0"), Ok(None));
        for name in [
            "sluice:policy/log",
            "sluice:policy/log@1",
            "sluice:policy/log@1.1.1",
            "sluice:policy/log@1.2.0",
            "sluice:policy/log@1.1.0-rc.1",
            "sluice:policy/log@2.0.0",
            "sluice:policy/log@0.1.0",
            "sluice:policy/message-filter@1.1.0",
            "sluice:other/log@1.1.0",
            "wasi:clocks/wall-clock@0.2.0",
        ] {
            assert_eq!(known_import(name), Err(InspectError::UnknownImport(name.to_owned())), "{name}");
        }
        assert!(
            is_plugin_interface("sluice:policy/plugin@1.0.0") && !is_plugin_interface("sluice:policy/plugin@1.2.0")
        );
    }

    #[test]
    fn every_import_has_its_interface() {
        for import in IMPORTS {
            // A new case must be added to the list.
            match import {
                Import::Log | Import::Counters | Import::Lists | Import::History | Import::Http => {}
            }
            assert_eq!(known_import(&format!("sluice:policy/{}@1.1.0", import.as_str())), Ok(Some(import)));
        }
    }

    #[test]
    fn what_is_no_component_is_told_apart() {
        assert_eq!(read(b"", 1 << 20), Err(InspectError::Empty));
        assert_eq!(read(b"MZ\x90\0", 1 << 20), Err(InspectError::NotWasm));
        assert_eq!(read(b"\0asm\x01\0\0\0", 1 << 20), Err(InspectError::CoreModule));
        assert_eq!(read(b"\0asm\x0d\0\x01\0", 1 << 20), Err(InspectError::NotAPlugin));
        assert!(matches!(read(b"\0asm\x0d", 1 << 20), Err(InspectError::Invalid(_))));
    }
}
