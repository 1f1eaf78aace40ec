//! The form of a component that takes overlays: as it is before it is configured, with functions by which the host writes to its memory
//! and its globals.
//!
//! The host may not touch a component's memory; it may pass lists to functions. The function that is asked for a place for a list
//! answers with the places that the call before named. It is the host's own: no code of the plugin runs while an overlay is written.

use std::{array, iter};

use wasm_encoder::{
    Alias, BlockType, CanonicalFunctionSection, CanonicalOption, CodeSection, ComponentAliasSection,
    ComponentExportKind, ComponentExportSection, ComponentInstanceSection, ComponentSectionId, ComponentTypeSection,
    ComponentValType, ConstExpr, Encode, ExportKind, ExportSection, Function, FunctionSection, GlobalSection,
    GlobalType, MemorySection, PrimitiveValType, RawSection, SectionId, TypeSection, ValType,
    reencode::{Reencode, RoundtripReencoder},
};
use wasmparser::{BinaryReader, BinaryReaderError, Instance, InstanceSectionReader, Parser, Payload, Validator};

use crate::{
    image::Image,
    overlay::{AIM, INTERFACE, LISTS, SET, WRITE},
    sections::{self, Section as ComponentSection},
};

/// What the module exports to the component.
const MODULE_MEMORY: &str = "sluice:overlay/memory#memory";
const MODULE_PLACE: &str = "sluice:overlay/memory#place";
const MODULE_AIM: &str = "sluice:overlay/memory#aim";
const MODULE_WRITE: &str = "sluice:overlay/memory#write";
const MODULE_SET: &str = "sluice:overlay/memory#set";

/// Why a component has no such form.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotOverlaid {
    #[error(transparent)]
    Unreadable(#[from] BinaryReaderError),
    #[error("it has not one memory")]
    Memories,
    #[error("the module with its memory is not made an instance of")]
    NoInstance,
}

/// The form of `component`, a snapshot of an instance that was not configured, for overlays whose memory has `pages` pages. The
/// component is a valid one, so nothing in it refers to what is added.
pub(crate) fn component(component: &[u8], pages: u64) -> Result<Vec<u8>, NotOverlaid> {
    let image = Image::read(component)?;
    let (place, _) = image.memory().ok_or(NotOverlaid::Memories)?;
    let globals = &image.states[place].globals;
    let mut modules = 0..;
    let mut overlaid = sections::rewritten(component, |module| {
        if modules.next() == Some(place) { self::module(module, pages, globals) } else { Ok(module.to_vec()) }
    })?;
    export(component, instance_of(component, place)?, &mut overlaid)?;
    Ok(overlaid.finish())
}

/// Which core instance of a component is made of the module at `place`.
fn instance_of(component: &[u8], place: usize) -> Result<u32, NotOverlaid> {
    let mut instances = 0_u32;
    for section in sections::read(component)? {
        let ComponentSection::Other(id, data) = section else { continue };
        if id == ComponentSectionId::CoreInstance as u8 {
            for instance in InstanceSectionReader::new(BinaryReader::new(data, 0))? {
                if let Instance::Instantiate { module_index, .. } = instance?
                    && module_index as usize == place
                {
                    return Ok(instances);
                }
                instances += 1;
            }
        }
    }
    Err(NotOverlaid::NoInstance)
}

/// The module with a memory of `pages`, its own functions and what writes to it.
fn module(module: &[u8], pages: u64, globals: &[(u32, u64)]) -> Result<Vec<u8>, BinaryReaderError> {
    let added = Added::to(module, globals)?;
    let mut overlaid = wasm_encoder::Module::new();
    let mut has_globals = false;
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload?;
        let Some((id, range)) = payload.as_section() else { continue };
        let old = &module[range];
        let mut append = |id: SectionId, old: &[u8], new: &dyn Encode| -> Result<(), BinaryReaderError> {
            overlaid.section(&RawSection { id: id as u8, data: &appended(old, new)? });
            Ok(())
        };
        match payload {
            Payload::TypeSection(_) => append(SectionId::Type, old, &added.types)?,
            Payload::FunctionSection(_) => append(SectionId::Function, old, &added.functions)?,
            Payload::MemorySection(section) => {
                let mut memories = MemorySection::new();
                for memory in section {
                    let memory = RoundtripReencoder.memory_type(memory?).expect("nothing is looked up for a memory");
                    memories.memory(wasm_encoder::MemoryType { minimum: pages, ..memory });
                }
                overlaid.section(&memories);
            }
            Payload::GlobalSection(_) => {
                has_globals = true;
                append(SectionId::Global, old, &added.globals)?;
            }
            Payload::ExportSection(_) => {
                if !has_globals {
                    append(SectionId::Global, &[0], &added.globals)?;
                }
                append(SectionId::Export, old, &added.exports)?;
            }
            Payload::CodeSectionStart { .. } => append(SectionId::Code, old, &added.code)?,
            _ => {
                overlaid.section(&RawSection { id, data: old });
            }
        }
    }
    Ok(overlaid.finish())
}

/// What a module gets in addition.
struct Added {
    types: TypeSection,
    functions: FunctionSection,
    globals: GlobalSection,
    exports: ExportSection,
    code: CodeSection,
}

impl Added {
    fn to(module: &[u8], globals: &[(u32, u64)]) -> Result<Self, BinaryReaderError> {
        let before = Validator::new().validate_all(module)?;
        let before = before.as_ref();
        let (types, functions) = (before.core_type_count_in_module(), before.function_count());
        let next = before.global_count();
        let mut added = Self {
            types: TypeSection::new(),
            functions: FunctionSection::new(),
            globals: GlobalSection::new(),
            exports: ExportSection::new(),
            code: CodeSection::new(),
        };
        added.exports.export(MODULE_MEMORY, ExportKind::Memory, 0);
        // Where the next lists go, in their order.
        let ty = GlobalType { val_type: ValType::I32, mutable: true, shared: false };
        let places: [u32; LISTS] = array::from_fn(|n| next + n as u32);
        for _ in places {
            added.globals.global(ty, &ConstExpr::i32_const(0));
        }

        // Gives the first of the places, and moves up the others.
        let mut place = Function::new([]);
        place.instructions().global_get(next);
        for pair in places.windows(2) {
            place.instructions().global_get(pair[1]).global_set(pair[0]);
        }
        place.instructions().end();
        added.types.ty().function([ValType::I32; 4], [ValType::I32]);

        let mut aim = Function::new([]);
        for (n, place) in iter::zip(0.., places) {
            aim.instructions().local_get(n).global_set(place);
        }
        aim.instructions().end();
        added.types.ty().function([ValType::I32; LISTS], []);

        // Each list is a pointer and a length, and is where it belongs.
        let mut write = Function::new([]);
        write.instructions().end();
        added.types.ty().function([ValType::I32; 2 * LISTS], []);

        let mut set = Function::new([]);
        for (global, _) in globals {
            let mut code = set.instructions();
            code.local_get(0).i32_const(global.cast_signed()).i32_eq().if_(BlockType::Empty);
            code.local_get(1);
            match before.global_at(*global).content_type {
                wasmparser::ValType::I32 => code.i32_wrap_i64(),
                wasmparser::ValType::F32 => code.i32_wrap_i64().f32_reinterpret_i32(),
                wasmparser::ValType::F64 => code.f64_reinterpret_i64(),
                _ => &mut code,
            };
            code.global_set(*global).end();
        }
        set.instructions().end();
        added.types.ty().function([ValType::I32, ValType::I64], []);

        for (n, (name, function)) in
            iter::zip(0.., [(MODULE_PLACE, place), (MODULE_AIM, aim), (MODULE_WRITE, write), (MODULE_SET, set)])
        {
            added.functions.function(types + n);
            added.code.function(&function);
            added.exports.export(name, ExportKind::Func, functions + n);
        }
        Ok(added)
    }
}

/// A section's content with the items of a new section after its own.
fn appended(old: &[u8], new: &dyn Encode) -> Result<Vec<u8>, BinaryReaderError> {
    let mut encoded = Vec::new();
    new.encode(&mut encoded);
    let mut new = BinaryReader::new(&encoded, 0);
    new.read_var_u32()?; // its size
    let mut old = BinaryReader::new(old, 0);
    let count = old.read_var_u32()? + new.read_var_u32()?;
    let mut content = Vec::new();
    count.encode(&mut content);
    content.extend_from_slice(old.read_bytes(old.bytes_remaining())?);
    content.extend_from_slice(new.read_bytes(new.bytes_remaining())?);
    Ok(content)
}

/// Makes the module's new functions the component's, and exports them. `component` is how it was before.
fn export(component: &[u8], instance: u32, overlaid: &mut wasm_encoder::Component) -> Result<(), BinaryReaderError> {
    let before = Validator::new().validate_all(component)?;
    let before = before.as_ref();
    let (memory, core) = (before.memory_count(), before.function_count());
    let (types, functions) = (before.component_type_count(), before.component_function_count());

    let mut aliases = ComponentAliasSection::new();
    aliases.alias(Alias::CoreInstanceExport { instance, kind: ExportKind::Memory, name: MODULE_MEMORY });
    for name in [MODULE_PLACE, MODULE_AIM, MODULE_WRITE, MODULE_SET] {
        aliases.alias(Alias::CoreInstanceExport { instance, kind: ExportKind::Func, name });
    }
    overlaid.section(&aliases);

    let mut new = ComponentTypeSection::new();
    let [u8, u32, u64] =
        [PrimitiveValType::U8, PrimitiveValType::U32, PrimitiveValType::U64].map(ComponentValType::Primitive);
    new.defined_type().list(u8);
    let names: [_; LISTS] = array::from_fn(|n| format!("list{n}"));
    let lists = names.iter().map(|name| (name.as_str(), ComponentValType::Type(types)));
    new.function().params(names.iter().map(|name| (name.as_str(), u32))).result(None);
    new.function().params(lists).result(None);
    new.function().params([("global", u32), ("bits", u64)]).result(None);
    overlaid.section(&new);

    let mut lifted = CanonicalFunctionSection::new();
    lifted.lift(core + 1, types + 1, []);
    lifted.lift(core + 2, types + 2, [CanonicalOption::Memory(memory), CanonicalOption::Realloc(core)]);
    lifted.lift(core + 3, types + 3, []);
    overlaid.section(&lifted);

    let mut instances = ComponentInstanceSection::new();
    let exported = [(AIM, 0), (WRITE, 1), (SET, 2)];
    instances.export_items(exported.map(|(name, n)| (name, ComponentExportKind::Func, functions + n)));
    overlaid.section(&instances);

    let mut exports = ComponentExportSection::new();
    exports.export(INTERFACE, ComponentExportKind::Instance, before.component_instance_count(), None);
    overlaid.section(&exports);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn overlaid(module: &str, pages: u64) -> Result<Vec<u8>, NotOverlaid> {
        let other = "(core module (func))";
        let whole = format!(
            "(component {other} (core module {module}) (core instance (instantiate 0)) (core instance (instantiate 1)))"
        );
        component(&wat::parse_str(whole).expect("a component"), pages)
    }

    #[test]
    fn the_form_is_valid_and_has_the_memory_that_overlays_need() {
        for module in [
            r#"(memory 1) (func) (export "m" (memory 0)) (data (i32.const 8) "a")"#,
            r#"(type (func)) (memory 1 9) (global (mut f64) (f64.const 0.5)) (global i32 (i32.const 1))
               (func (export "f")) (data (i32.const 8) "a")"#,
        ] {
            let overlaid = overlaid(module, 7).expect("a form");
            wasmparser::validate(&overlaid).expect("valid");
            let image = Image::read(&overlaid).expect("an image");
            let (place, memory) = image.memory().expect("a memory");
            assert_eq!((place, memory.len(), memory[8]), (1, 7 << 16, b'a'));
        }
    }

    #[test]
    fn what_has_no_such_form_says_why() {
        assert!(matches!(overlaid("(func)", 1), Err(NotOverlaid::Memories)));
        let nobody =
            wat::parse_str(r#"(component (core module (memory 1) (export "m" (memory 0))))"#).expect("a component");
        assert!(matches!(component(&nobody, 1), Err(NotOverlaid::NoInstance)));
    }
}
