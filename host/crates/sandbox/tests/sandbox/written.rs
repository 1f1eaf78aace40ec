//! Plugins written instruction by instruction, for what no compiler would make.

use sluice_domain::installation::Budget;
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// A message filter. Its memory: what it answers with and its manifest in the first page, then what it is given.
#[derive(Clone, Copy)]
pub(crate) struct Written<'t> {
    pub(crate) name: &'t [u8],
    pub(crate) version: &'t str,
    pub(crate) summary: &'t str,
    pub(crate) schema: &'t str,
    /// The version of the contract that it is built against.
    pub(crate) contract: &'t str,
    /// Functions that it imports.
    pub(crate) imports: &'t str,
    /// Its memory at the start, in pages.
    pub(crate) pages: u32,
    /// Further parts of the module.
    pub(crate) more: &'t str,
    /// Instructions of `describe`, before it answers.
    pub(crate) describe: &'t str,
    /// Instructions of `configure`, before it accepts; the configuration is at `$json`.
    pub(crate) configure: &'t str,
    /// Instructions of `check`, before it allows; the message is at `$message`. It may return `$BLOCK`.
    pub(crate) check: &'t str,
}

impl Default for Written<'_> {
    fn default() -> Self {
        Self {
            name: b"written",
            version: "1.0.0",
            summary: "Written by hand.",
            schema: "{}",
            contract: "1.1.0",
            imports: "",
            pages: 2,
            more: "",
            describe: "",
            configure: "",
            check: "",
        }
    }
}

/// Where the verdict to block is in memory.
const BLOCK: u32 = 64;
/// Where the texts are.
const TEXTS: u32 = 128;

impl Written<'_> {
    /// The component that it is.
    pub(crate) fn component(&self) -> Vec<u8> {
        let mut module = wat::parse_str(self.module()).unwrap();
        let mut resolve = Resolve::default();
        let (package, _) = resolve.push_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../wit/v1")).unwrap();
        resolve.packages[package].name.version = Some(self.contract.parse().unwrap());
        let world = resolve.select_world(&[package], Some("message-filter-plugin")).unwrap();
        embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8, false).unwrap();
        ComponentEncoder::default().module(&module).unwrap().encode().unwrap()
    }

    fn module(&self) -> String {
        let Self { contract, imports, pages, more, describe, configure, check, .. } = self;
        let texts = [self.name, self.version.as_bytes(), self.summary.as_bytes(), self.schema.as_bytes(), b"block"];
        let mut places = Vec::new();
        let mut at = TEXTS;
        for text in texts {
            let length = u32::try_from(text.len()).unwrap();
            places.push([at.to_le_bytes(), length.to_le_bytes()].concat());
            at += length;
        }
        let manifest = data(&places[..4].concat());
        // A reason's code and its text.
        let block = data(&[&4_u32.to_le_bytes()[..], &places[4], &places[4]].concat());
        let texts = data(&texts.concat());
        format!(
            r#"(module
              {imports}
              (memory (export "memory") {pages})
              (global $free (mut i32) (i32.const 65536))
              (data (i32.const 0) "{manifest}")
              (data (i32.const {BLOCK}) "{block}")
              (data (i32.const {TEXTS}) "{texts}")
              {more}
              (func (export "cabi_realloc") (param i32 i32) (param $align i32) (param $size i32) (result i32)
                (local $at i32)
                (local.set $at (i32.and
                  (i32.add (global.get $free) (i32.sub (local.get $align) (i32.const 1)))
                  (i32.sub (i32.const 0) (local.get $align))))
                (global.set $free (i32.add (local.get $at) (local.get $size)))
                (if (i32.gt_u (global.get $free) (i32.shl (memory.size) (i32.const 16)))
                  (then (if (i32.eq (memory.grow (i32.const 16)) (i32.const -1)) (then unreachable))))
                (local.get $at))
              (func (export "sluice:policy/plugin@{contract}#describe") (result i32)
                {describe} (i32.const 0))
              (func (export "sluice:policy/plugin@{contract}#configure") (param $json i32) (param i32) (result i32)
                {configure} (i32.const 32))
              (func (export "sluice:policy/message-filter@{contract}#check") (param $message i32) (result i32)
                {check} (i32.const 32)))"#
        )
        .replace("$BLOCK", &format!("(i32.const {BLOCK})"))
    }
}

/// Bytes as WebAssembly's text format writes them.
fn data(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("\\{byte:02x}")).collect()
}

/// A plugin that takes all the memory that it gets. By the first letter of a message it then
/// - `f`: fills it, and allows,
/// - `t`: fills it, and traps,
/// - `l`: fills it, and never ends,
/// - `s`: blocks when one byte of what nobody wrote to is not zero.
///
/// Configured with `1`, it fills its memory at once.
pub(crate) fn archivist(name: &str) -> Vec<u8> {
    let pages = Budget::CALL.memory >> 16;
    let more = r#"
      (func $take (loop $more (br_if $more (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))))
      (func $fill
        (memory.fill
          (global.get $free) (i32.const 0xa5) (i32.sub (i32.shl (memory.size) (i32.const 16)) (global.get $free))))
      (func $is_clean (param $at i32) (param $end i32) (result i32)
        (local.set $at (i32.and (i32.add (local.get $at) (i32.const 7)) (i32.const -8)))
        (loop $next
          (if (i64.ne (i64.load (local.get $at)) (i64.const 0)) (then (return (i32.const 0))))
          (local.set $at (i32.add (local.get $at) (i32.const 8)))
          (br_if $next (i32.lt_u (local.get $at) (local.get $end))))
        (i32.const 1))"#;
    let configure = r#"
      (if (i32.eq (i32.load8_u (local.get $json)) (i32.const 0x31))
        (then (drop (memory.grow (i32.const 64))) (call $fill)))"#;
    let check = format!(
        r#"(local $letter i32)
      (local.set $letter (i32.load8_u (i32.load offset=56 (local.get $message))))
      (call $take)
      ;; Neither more nor less than its budget.
      (if (i32.ne (memory.size) (i32.const {pages})) (then unreachable))
      (if (i32.eq (local.get $letter) (i32.const 0x73)) (then
        (if (i32.eqz (call $is_clean (i32.const 8192) (i32.const 65536))) (then (return $BLOCK)))
        (if (i32.eqz (call $is_clean (global.get $free) (i32.shl (memory.size) (i32.const 16))))
          (then (return $BLOCK))))
      (else
        (call $fill)
        (if (i32.eq (local.get $letter) (i32.const 0x74)) (then unreachable))
        (if (i32.eq (local.get $letter) (i32.const 0x6c)) (then (loop $on (br $on))))))"#
    );
    Written { name: name.as_bytes(), more, configure, check: &check, ..Written::default() }.component()
}

/// What a secret is made of, eight bytes as WebAssembly reads them.
pub(crate) const SECRET: &[u8; 8] = b"s3cr3t!\n";

/// A plugin that hoards what it is told, and looks for the [`SECRET`], which it knows by heart and has nowhere in its memory or globals.
/// By the first letter of a message it then
/// - `h`: writes the text all over the memory that it gets and into its globals, and allows,
/// - `t`: does the same, and traps,
/// - `k`: writes the first eight bytes after the letter to the very end of its memory, and looks for them,
/// - `g`: writes them into a global, and looks for them,
/// - `s`: looks for them.
///
/// It blocks when it finds them.
pub(crate) fn hoarder(name: &str) -> Vec<u8> {
    let pages = Budget::CALL.memory >> 16;
    // As it stands in the code: so that a copy of the code, were there one in memory, is not taken for the secret.
    let known = u64::from_le_bytes(*SECRET) ^ u64::MAX;
    let more = format!(
        r#"
      (global $first (mut i64) (i64.const 0))
      (global $last (mut i64) (i64.const 0))
      (func $end (result i32) (i32.shl (memory.size) (i32.const 16)))
      (func $is_secret (param i64) (result i32) (i64.eq (i64.xor (local.get 0) (i64.const -1)) (i64.const {known})))
      (func $hoard (param $text i32) (param $length i32)
        (local $at i32)
        (global.set $first (i64.load (local.get $text)))
        (global.set $last (i64.load (local.get $text)))
        (local.set $at (i32.add (local.get $text) (local.get $length)))
        (loop $next
          (memory.copy (local.get $at) (local.get $text) (local.get $length))
          (local.set $at (i32.add (local.get $at) (local.get $length)))
          (br_if $next (i32.lt_u (i32.add (local.get $at) (local.get $length)) (call $end))))
        ;; Also below what it answers with and what it was told: the stack of a compiled plugin would be there.
        (memory.copy (i32.const 8192) (local.get $text) (i32.const 50000)))
      (func $look (result i32)
        (local $at i32)
        (if (call $is_secret (global.get $first)) (then (return (i32.const 1))))
        (if (call $is_secret (global.get $last)) (then (return (i32.const 1))))
        (loop $next
          (if (call $is_secret (i64.load (local.get $at))) (then (return (i32.const 1))))
          (local.set $at (i32.add (local.get $at) (i32.const 1)))
          (br_if $next (i32.le_u (local.get $at) (i32.sub (call $end) (i32.const 8)))))
        (i32.const 0))"#
    );
    let check = format!(
        r#"(local $text i32) (local $letter i32)
      (local.set $text (i32.load offset=56 (local.get $message)))
      (local.set $letter (i32.load8_u (local.get $text)))
      (local.set $text (i32.add (local.get $text) (i32.const 1)))
      (loop $take (br_if $take (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
      ;; Neither more nor less than its budget.
      (if (i32.ne (memory.size) (i32.const {pages})) (then unreachable))
      (if (i32.eq (local.get $letter) (i32.const 0x68)) (then
        (call $hoard (local.get $text) (i32.sub (i32.load offset=60 (local.get $message)) (i32.const 1)))
        (return (i32.const 32))))
      (if (i32.eq (local.get $letter) (i32.const 0x74)) (then
        (call $hoard (local.get $text) (i32.sub (i32.load offset=60 (local.get $message)) (i32.const 1)))
        unreachable))
      (if (i32.eq (local.get $letter) (i32.const 0x6b)) (then
        (i64.store (i32.sub (call $end) (i32.const 8)) (i64.load (local.get $text)))
        (i64.store (local.get $text) (i64.const 0))))
      (if (i32.eq (local.get $letter) (i32.const 0x67)) (then
        (global.set $last (i64.load (local.get $text)))
        (i64.store (local.get $text) (i64.const 0))))
      (if (call $look) (then (return $BLOCK)))"#
    );
    Written { name: name.as_bytes(), more: &more, check: &check, ..Written::default() }.component()
}
