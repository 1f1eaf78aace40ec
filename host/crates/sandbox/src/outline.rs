//! A component's outline, before anything of it is compiled: what it imports and exports, and how much memory it begins with.

use std::collections::BTreeSet;

use sluice_domain::plugin::{Hook, Import};
use wasmparser::{Encoding, MemoryType, Parser, Payload};

use crate::error::InspectError;

/// What every plugin exports.
pub(crate) const PLUGIN: &str = "sluice:policy/plugin@1.0.0";
const MESSAGE_FILTER: &str = "sluice:policy/message-filter@1.0.0";
const ATTACHMENT_FILTER: &str = "sluice:policy/attachment-filter@1.0.0";
const ACCESS_RULE: &str = "sluice:policy/access-rule@1.0.0";
const LOG: &str = "sluice:policy/log@1.0.0";
/// Imported by whoever names their types; they give nothing by themselves.
const TYPES: [&str; 2] = ["sluice:policy/types@1.0.0", "sluice:policy/attachment-content@1.0.0"];
/// Bytes of one page of memory.
const PAGE: u64 = 65_536;

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
                    is_plugin |= name == PLUGIN;
                    outline.hooks.extend(known_hook(name));
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

fn known_import(name: &str) -> Result<Option<Import>, InspectError> {
    match name {
        LOG => Ok(Some(Import::Log)),
        name if TYPES.contains(&name) => Ok(None),
        name => Err(InspectError::UnknownImport(bounded(name))),
    }
}

fn known_hook(name: &str) -> Option<Hook> {
    match name {
        MESSAGE_FILTER => Some(Hook::MessageFilter),
        ATTACHMENT_FILTER => Some(Hook::AttachmentFilter),
        ACCESS_RULE => Some(Hook::AccessRule),
        _ => None,
    }
}

fn check_memory(memory: MemoryType, ceiling: usize) -> Result<(), InspectError> {
    let wanted = memory.initial.saturating_mul(PAGE);
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
    fn what_is_no_component_is_told_apart() {
        assert_eq!(read(b"", 1 << 20), Err(InspectError::Empty));
        assert_eq!(read(b"MZ\x90\0", 1 << 20), Err(InspectError::NotWasm));
        assert_eq!(read(b"\0asm\x01\0\0\0", 1 << 20), Err(InspectError::CoreModule));
        assert_eq!(read(b"\0asm\x0d\0\x01\0", 1 << 20), Err(InspectError::NotAPlugin));
        assert!(matches!(read(b"\0asm\x0d", 1 << 20), Err(InspectError::Invalid(_))));
    }
}
