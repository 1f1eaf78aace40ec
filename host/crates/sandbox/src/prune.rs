//! Leaves out of a configured plugin the code that only describing and configuring it needed.
//!
//! What no hook can reach keeps its place and its type, and its body becomes a trap. There is less to compile, so that a
//! configuration is live sooner, and less to keep: of a plugin that reads its configuration with serde, about half.

use std::collections::{BTreeMap, BTreeSet};

use wasm_encoder::{CodeSection, Function, RawSection, SectionId};
use wasmparser::{
    BinaryReaderError, CompositeInnerType, ConstExpr, ElementItems, ExternalKind, FunctionBody, Operator, Parser,
    Payload, TypeRef,
};

use crate::{outline::is_plugin_interface, sections};

/// The component, with modules that do nothing when they are described or configured.
pub(crate) fn component(component: &[u8]) -> Result<Vec<u8>, BinaryReaderError> {
    Ok(sections::rewritten(component, module)?.finish())
}

fn module(module: &[u8]) -> Result<Vec<u8>, BinaryReaderError> {
    let outline = Outline::read(module)?;
    let reachable = outline.reachable()?;
    let mut pruned = wasm_encoder::Module::new();
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::CodeSectionStart { .. } => {
                let mut code = CodeSection::new();
                for (index, body) in outline.bodies() {
                    if reachable.contains(&index) {
                        code.raw(&module[body.range()]);
                    } else {
                        let mut trap = Function::new([]);
                        trap.instructions().unreachable().end();
                        code.function(&trap);
                    }
                }
                pruned.section(&code);
            }
            payload => {
                if let Some((id, range)) = payload.as_section()
                    && id != SectionId::Code as u8
                {
                    pruned.section(&RawSection { id, data: &module[range] });
                }
            }
        }
    }
    Ok(pruned.finish())
}

/// Which functions a module has, and what calls them.
#[derive(Default)]
struct Outline<'m> {
    types: Vec<Option<wasmparser::FuncType>>,
    /// The type of each function, those that are imported first.
    functions: Vec<u32>,
    imported: usize,
    bodies: Vec<FunctionBody<'m>>,
    /// Those that are exported to hooks, begun with or named by a global.
    roots: Vec<u32>,
    /// Those that stand in tables.
    tabled: BTreeSet<u32>,
}

impl<'m> Outline<'m> {
    fn read(module: &'m [u8]) -> Result<Self, BinaryReaderError> {
        let mut outline = Self::default();
        for payload in Parser::new(0).parse_all(module) {
            match payload? {
                Payload::TypeSection(section) => {
                    for group in section {
                        outline.types.extend(group?.into_types().map(|sub| match sub.composite_type.inner {
                            CompositeInnerType::Func(function) => Some(function),
                            _ => None,
                        }));
                    }
                }
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        if let TypeRef::Func(function) | TypeRef::FuncExact(function) = import?.ty {
                            outline.functions.push(function);
                        }
                    }
                    outline.imported = outline.functions.len();
                }
                Payload::FunctionSection(section) => {
                    for function in section {
                        outline.functions.push(function?);
                    }
                }
                Payload::ExportSection(section) => {
                    for export in section {
                        let export = export?;
                        if export.kind == ExternalKind::Func && !of_plugin(export.name) {
                            outline.roots.push(export.index);
                        }
                    }
                }
                Payload::StartSection { func, .. } => outline.roots.push(func),
                Payload::GlobalSection(section) => {
                    for global in section {
                        outline.roots.extend(named(&global?.init_expr)?);
                    }
                }
                Payload::ElementSection(section) => {
                    for element in section {
                        match element?.items {
                            ElementItems::Functions(functions) => {
                                for function in functions {
                                    outline.tabled.insert(function?);
                                }
                            }
                            ElementItems::Expressions(_, expressions) => {
                                for expression in expressions {
                                    outline.tabled.extend(named(&expression?)?);
                                }
                            }
                        }
                    }
                }
                Payload::CodeSectionEntry(body) => outline.bodies.push(body),
                _ => {}
            }
        }
        Ok(outline)
    }

    /// The functions that have a body here, by their index.
    fn bodies(&self) -> impl Iterator<Item = (u32, &FunctionBody<'m>)> {
        (0..).skip(self.imported).zip(&self.bodies)
    }

    /// What hooks can reach: what they call by name, and through tables what has the type that they call.
    fn reachable(&self) -> Result<BTreeSet<u32>, BinaryReaderError> {
        let bodies: BTreeMap<u32, &FunctionBody<'m>> = self.bodies().collect();
        let mut reached = BTreeSet::new();
        let mut called_types = BTreeSet::new();
        let mut next: Vec<u32> = self.roots.clone();
        while let Some(function) = next.pop() {
            if !reached.insert(function) {
                continue;
            }
            let Some(body) = bodies.get(&function) else { continue };
            for operator in body.get_operators_reader()? {
                match operator? {
                    Operator::Call { function_index }
                    | Operator::ReturnCall { function_index }
                    | Operator::RefFunc { function_index } => next.push(function_index),
                    Operator::CallIndirect { type_index, .. } | Operator::ReturnCallIndirect { type_index, .. }
                        if called_types.insert(type_index) =>
                    {
                        next.extend(self.tabled.iter().filter(|tabled| self.is_of_type(**tabled, type_index)));
                    }
                    _ => {}
                }
            }
        }
        Ok(reached)
    }

    fn is_of_type(&self, function: u32, type_index: u32) -> bool {
        let of = |index: u32| self.types.get(index as usize);
        self.functions.get(function as usize).is_some_and(|own| of(*own) == of(type_index))
    }
}

/// Whether an export is one of the interface that describes and configures.
fn of_plugin(name: &str) -> bool {
    let name = name.strip_prefix("cabi_post_").unwrap_or(name);
    name.split_once('#').is_some_and(|(interface, _)| is_plugin_interface(interface))
}

/// The functions that a constant expression names.
fn named(expression: &ConstExpr<'_>) -> Result<Vec<u32>, BinaryReaderError> {
    let mut functions = Vec::new();
    for operator in expression.get_operators_reader() {
        if let Operator::RefFunc { function_index } = operator? {
            functions.push(function_index);
        }
    }
    Ok(functions)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODULE: &str = r#"
        (module
            (type $tabled (func (param i32) (result i32)))
            (import "host" "log" (func $log (param i32)))
            (table 2 funcref)
            (elem (i32.const 0) $by_table $of_another_type)
            (func $by_name (result i32) i32.const 1)
            (func $by_table (type $tabled) local.get 0)
            (func $of_another_type (param i64))
            (func $only_configuring (result i32) i32.const 2)
            (func (export "sluice:policy/plugin@1.1.0#configure") (result i32) call $only_configuring)
            (func (export "cabi_post_sluice:policy/plugin@1.0.0#configure") (param i32))
            (func (export "sluice:policy/message-filter@1.0.0#check") (result i32)
                (call_indirect (type $tabled) (call $by_name) (i32.const 0)))
            (func (export "cabi_realloc") (result i32) i32.const 3))"#;

    /// For each function with a body, whether it does more than trap.
    fn does_something(module: &[u8]) -> Vec<bool> {
        let outline = Outline::read(module).expect("a module");
        let traps = |body: &FunctionBody<'_>| {
            let mut operators = body.get_operators_reader().expect("a body");
            matches!(operators.read().expect("an operator"), Operator::Unreachable)
        };
        outline.bodies().map(|(_, body)| !traps(body)).collect()
    }

    #[test]
    fn what_hooks_reach_stays_and_the_rest_traps() {
        let whole = wat::parse_str(MODULE).expect("a module");
        assert_eq!(does_something(&whole).len(), 8);
        let pruned = module(&whole).expect("a module");
        wasmparser::validate(&pruned).expect("a valid module");
        assert_eq!(does_something(&pruned), [true, true, false, false, false, false, true, true]);
    }

    #[test]
    fn a_component_keeps_everything_but_its_modules_code() {
        let whole =
            wat::parse_str(format!("(component (import \"a\" (func)) (core {} (component))", &MODULE.trim()[1..]));
        let whole = whole.expect("a component");
        let pruned = component(&whole).expect("a component");
        wasmparser::validate(&pruned).expect("a valid component");
        assert_ne!(pruned, whole);
        assert_eq!(component(&pruned).expect("a component"), pruned, "there is nothing more to leave out");
    }
}
