//! The state that a component's modules begin with, as a snapshot has written it into them: memories and globals.

use wasmparser::{BinaryReaderError, ConstExpr, DataKind, Operator, Parser, Payload, TypeRef};

use crate::sections::{self, Section};

/// Bytes of one page of memory.
pub(crate) const PAGE: usize = 65_536;

/// What all modules of a component begin with.
pub(crate) struct Image {
    /// By the component's order of modules.
    pub(crate) states: Vec<State>,
}

/// What a module begins with.
#[derive(Default)]
pub(crate) struct State {
    /// The memory that it defines. Plugins have one each, which the engine's settings see to.
    pub(crate) memory: Option<Vec<u8>>,
    /// The numbers in the mutable globals that it defines, as bits, by the globals' indices.
    pub(crate) globals: Vec<(u32, u64)>,
}

impl Image {
    /// Reads a component that is valid and has its data where a snapshot puts it, at constant places.
    pub(crate) fn read(component: &[u8]) -> Result<Self, BinaryReaderError> {
        let modules = sections::read(component)?.into_iter().filter_map(|section| match section {
            Section::Module(module) => Some(State::read(module)),
            Section::Other(..) => None,
        });
        Ok(Self { states: modules.collect::<Result<_, _>>()? })
    }

    /// The only memory that there is, and the place of the module that defines it.
    pub(crate) fn memory(&self) -> Option<(usize, &[u8])> {
        let mut memories = self.states.iter().enumerate().filter_map(|(n, state)| Some((n, state.memory.as_deref()?)));
        memories.next().filter(|_| memories.next().is_none())
    }
}

impl State {
    fn read(module: &[u8]) -> Result<Self, BinaryReaderError> {
        let mut state = Self::default();
        let mut globals = 0_u32;
        for payload in Parser::new(0).parse_all(module) {
            match payload? {
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        globals += u32::from(matches!(import?.ty, TypeRef::Global(_)));
                    }
                }
                Payload::MemorySection(section) => {
                    for memory in section {
                        let pages = usize::try_from(memory?.initial).unwrap_or(usize::MAX);
                        state.memory = Some(vec![0; pages.saturating_mul(PAGE)]);
                    }
                }
                Payload::GlobalSection(section) => {
                    for global in section {
                        let global = global?;
                        if global.ty.mutable
                            && let Some(bits) = number(&global.init_expr)?
                        {
                            state.globals.push((globals, bits));
                        }
                        globals += 1;
                    }
                }
                Payload::DataSection(section) => {
                    for data in section {
                        let data = data?;
                        if let DataKind::Active { offset_expr, .. } = data.kind
                            && let Some(memory) = &mut state.memory
                            && let Some(at) = number(&offset_expr)?.and_then(|at| usize::try_from(at).ok())
                            && let Some(place) = memory.get_mut(at..).and_then(|rest| rest.get_mut(..data.data.len()))
                        {
                            place.copy_from_slice(data.data);
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(state)
    }
}

/// The number that a constant expression is, as bits; `None` for any other.
fn number(expression: &ConstExpr<'_>) -> Result<Option<u64>, BinaryReaderError> {
    let mut operators = expression.get_operators_reader();
    Ok(match operators.read()? {
        Operator::I32Const { value } => Some(u64::from(value.cast_unsigned())),
        Operator::I64Const { value } => Some(value.cast_unsigned()),
        Operator::F32Const { value } => Some(u64::from(value.bits())),
        Operator::F64Const { value } => Some(value.bits()),
        _ => None,
    })
}
