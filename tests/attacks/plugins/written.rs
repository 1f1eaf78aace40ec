//! A plugin that is nothing but a schema of its configuration: it accepts whatever fits, and allows every message.

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// Where the texts are in memory, after what `describe` answers with.
const TEXTS: u32 = 128;

/// The component.
pub(super) fn with_schema(name: &str, schema: &str) -> Vec<u8> {
    let mut module = wat::parse_str(module(name, schema)).expect("a module");
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../../wit/v1")).expect("the contract");
    let world = resolve.select_world(&[package], Some("message-filter-plugin")).expect("the world of filters");
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8, false).expect("a module that fits");
    ComponentEncoder::default().module(&module).and_then(|encoder| encoder.encode()).expect("a component")
}

/// The contract that the project is at.
fn contract() -> String {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../../wit/v1")).expect("the contract");
    resolve.packages[package].name.version.as_ref().expect("a version").to_string()
}

fn module(name: &str, schema: &str) -> String {
    let contract = contract();
    let (mut places, mut at) = (Vec::new(), TEXTS);
    let texts = [name, "1.0.0", "Nothing but a schema.", schema];
    for text in texts {
        let length = u32::try_from(text.len()).expect("a short text");
        places.extend([at.to_le_bytes(), length.to_le_bytes()].concat());
        at += length;
    }
    let (manifest, texts) = (data(&places), data(texts.concat().as_bytes()));
    let free = at.next_multiple_of(65_536);
    let pages = free / 65_536 + 1;
    format!(
        r#"(module
          (memory (export "memory") {pages})
          (global $free (mut i32) (i32.const {free}))
          (data (i32.const 0) "{manifest}")
          (data (i32.const {TEXTS}) "{texts}")
          (func (export "cabi_realloc") (param i32 i32) (param $align i32) (param $size i32) (result i32)
            (local $at i32)
            (local.set $at (i32.and
              (i32.add (global.get $free) (i32.sub (local.get $align) (i32.const 1)))
              (i32.sub (i32.const 0) (local.get $align))))
            (global.set $free (i32.add (local.get $at) (local.get $size)))
            (if (i32.gt_u (global.get $free) (i32.shl (memory.size) (i32.const 16)))
              (then (if (i32.eq (memory.grow (i32.const 64)) (i32.const -1)) (then unreachable))))
            (local.get $at))
          (func (export "sluice:policy/plugin@{contract}#describe") (result i32) (i32.const 0))
          (func (export "sluice:policy/plugin@{contract}#configure") (param i32 i32) (result i32) (i32.const 32))
          (func (export "sluice:policy/message-filter@{contract}#check") (param i32) (result i32) (i32.const 32)))"#
    )
}

/// Bytes as WebAssembly's text format writes them.
fn data(bytes: &[u8]) -> String {
    use std::fmt::Write as _;

    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "\\{byte:02x}");
        text
    })
}
