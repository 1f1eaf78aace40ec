//! A component's outermost sections, to be read or written anew.

use wasm_encoder::{ComponentSectionId, RawSection};
use wasmparser::{BinaryReaderError, Chunk, Parser, Payload};

/// A section of a component.
pub(crate) enum Section<'c> {
    /// A module.
    Module(&'c [u8]),
    /// Anything else: its id, and what is in it.
    Other(u8, &'c [u8]),
}

/// The sections of a whole component, in their order.
pub(crate) fn read(component: &[u8]) -> Result<Vec<Section<'_>>, BinaryReaderError> {
    let mut sections = Vec::new();
    let mut parser = Parser::new(0);
    let mut at = 0;
    loop {
        let Chunk::Parsed { consumed, payload } = parser.parse(&component[at..], true)? else {
            unreachable!("all of the component is there")
        };
        at += consumed;
        match payload {
            Payload::ModuleSection { unchecked_range, .. } => {
                sections.push(Section::Module(&component[unchecked_range.clone()]));
                at = unchecked_range.end;
            }
            Payload::ComponentSection { unchecked_range, .. } => {
                let id = ComponentSectionId::Component as u8;
                sections.push(Section::Other(id, &component[unchecked_range.clone()]));
                at = unchecked_range.end;
            }
            Payload::End(_) => return Ok(sections),
            payload => {
                if let Some((id, range)) = payload.as_section() {
                    sections.push(Section::Other(id, &component[range]));
                }
            }
        }
    }
}

/// A component of these sections, each module as `module` makes it.
pub(crate) fn rewritten(
    component: &[u8],
    mut module: impl FnMut(&[u8]) -> Result<Vec<u8>, BinaryReaderError>,
) -> Result<wasm_encoder::Component, BinaryReaderError> {
    let mut rewritten = wasm_encoder::Component::new();
    for section in read(component)? {
        match section {
            Section::Module(bytes) => {
                let data = module(bytes)?;
                rewritten.section(&RawSection { id: ComponentSectionId::CoreModule as u8, data: &data });
            }
            Section::Other(id, data) => {
                rewritten.section(&RawSection { id, data });
            }
        }
    }
    Ok(rewritten)
}
