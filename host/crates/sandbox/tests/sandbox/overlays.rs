//! A configuration that changes little is written into instances of code that all configurations have, and nobody can tell.

use std::{collections::BTreeSet, fs};

use sluice_domain::verdict::{Severity, Verdict};

use crate::{
    artefacts::is_base,
    determinism::outcome,
    lab::{Lab, component},
    written::Written,
};

/// A sandbox in which each configuration has code of its own, and one in which none has.
fn both() -> [Lab; 2] {
    [0, 1 << 30].map(|overlay_bytes| Lab::with(|config| config.overlay_bytes = overlay_bytes))
}

/// How many of a folder's files have each ending.
fn endings(lab: &Lab) -> [usize; 3] {
    let files: Vec<_> = lab.artefacts().into_iter().filter(|path| !is_base(path)).collect();
    let names: Vec<_> = files.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
    let count = |is: fn(&str) -> bool| names.iter().filter(|name| is(name)).count();
    let whole = count(|name| name.ends_with(".cwasm") && !name.contains("-overlaid-"));
    [count(|name| name.contains("-overlaid-")), count(|name| name.ends_with(".overlay")), whole]
}

const OBEY: &str = r#"{"obey": true}"#;
const WORDS: &str = r#"{"lists": [{"name": "a", "words": ["idiot", "gift card"]}]}"#;

#[test]
fn answers_and_costs_are_those_of_code_of_its_own() {
    let [whole, overlaid] = both();
    for (plugin, config, texts) in [
        ("blocked-words", WORDS, &["Please pay by G1FT-CARD", "hello", ""][..]),
        ("blocked-words", r#"{"lists": []}"#, &["Please pay by G1FT-CARD"]),
        ("sensitive-data", "{}", &["My card is 4111 1111 1111 1111", "none"]),
        (
            "hostile-plugins",
            OBEY,
            &["hostile: slow", "hostile: log-flood", "hostile: trap", "hostile: recurse", "hostile: loop"],
        ),
        ("hostile-plugins", OBEY, &["hostile: eat-memory", "hostile: labels-many", "hostile: answer-huge", "hello"]),
        ("hostile-plugins", r#"{"behaviour": "configure-huge"}"#, &["hello"]),
    ] {
        let plugins = [&whole, &overlaid].map(|lab| lab.ready(&component(plugin), config));
        for text in texts {
            let [expected, found] = plugins.each_ref().map(|plugin| outcome(plugin, text));
            assert_eq!(found, expected, "{plugin} {config}: {text}");
        }
    }
    assert_eq!(endings(&whole), [0, 0, 5]);
    let [forms, overlays, wholes] = endings(&overlaid);
    assert_eq!((overlays, wholes), (5, 0));
    assert!((3..=5).contains(&forms), "one for each plugin and size of memory: {forms}");
}

/// A plugin whose configuration changes more places than are written at once, globals of each type, and the size of its memory. It
/// blocks when all of that is as it was left, and then changes all of it.
fn forgetful() -> Vec<u8> {
    let more = r#"
      (global $i32 (mut i32) (i32.const 1))
      (global $i64 (mut i64) (i64.const 1))
      (global $f32 (mut f32) (f32.const 1))
      (global $f64 (mut f64) (f64.const 1))
      (global $constant i32 (i32.const 9))
      (func $set (param $value i32) (result i32)
        (global.set $i32 (i32.sub (i32.const 0) (local.get $value)))
        (global.set $i64 (i64.mul (i64.const -5000000000) (i64.extend_i32_u (local.get $value))))
        (global.set $f32 (f32.div (f32.const -1.5) (f32.convert_i32_u (local.get $value))))
        (global.set $f64 (f64.div (f64.const 0.1) (f64.convert_i32_u (local.get $value))))
        (call $places (local.get $value) (i32.const 1)))
      ;; Puts a value into 11 places, or says whether it is in all of them.
      (func $places (param $value i32) (param $puts i32) (result i32)
        (local $at i32)
        (local.set $at (i32.const 131072))
        (loop $next
          (if (local.get $puts) (then (i32.store offset=4 (local.get $at) (local.get $value))))
          (if (i32.ne (i32.load offset=4 (local.get $at)) (local.get $value)) (then (return (i32.const 0))))
          (local.set $at (i32.add (local.get $at) (i32.const 5000)))
          (br_if $next (i32.lt_u (local.get $at) (i32.const 186072))))
        (i32.const 1))
      (func $is_set (param $value i32) (result i32)
        (if (i32.ne (global.get $i32) (i32.sub (i32.const 0) (local.get $value))) (then (return (i32.const 0))))
        (if (i64.ne (global.get $i64) (i64.mul (i64.const -5000000000) (i64.extend_i32_u (local.get $value))))
          (then (return (i32.const 0))))
        (if (f32.ne (global.get $f32) (f32.div (f32.const -1.5) (f32.convert_i32_u (local.get $value))))
          (then (return (i32.const 0))))
        (if (f64.ne (global.get $f64) (f64.div (f64.const 0.1) (f64.convert_i32_u (local.get $value))))
          (then (return (i32.const 0))))
        (if (i32.ne (memory.size) (i32.const 5)) (then (return (i32.const 0))))
        (call $places (local.get $value) (i32.const 0)))"#;
    // The configuration is one digit.
    let configure = r#"
      (drop (memory.grow (i32.const 3)))
      (drop (call $set (i32.sub (i32.load8_u (local.get $json)) (i32.const 48))))"#;
    let check = r#"(local $value i32)
      (local.set $value (i32.sub (i32.load8_u (i32.load offset=56 (local.get $message))) (i32.const 48)))
      (if (call $is_set (local.get $value)) (then
        (drop (call $set (i32.const 77)))
        (return $BLOCK)))"#;
    Written { more, configure, check, ..Written::default() }.component()
}

#[test]
fn all_that_configure_changed_is_there_in_each_call() {
    let plugin = forgetful();
    for (n, lab) in both().into_iter().enumerate() {
        let [three, seven] = ["3", "7"].map(|config| lab.ready(&plugin, config));
        assert_eq!(endings(&lab), [[0, 0, 2], [1, 2, 0]][n]);
        for call in 0..5 {
            for (configured, own, other) in [(&three, "3", "7"), (&seven, "7", "3")] {
                assert_eq!(outcome(configured, own).0.unwrap().severity(), Severity::Block, "{n}, call {call}: {own}");
                assert_eq!(outcome(configured, other).0, Ok(Verdict::Allow), "{n}, call {call}: {own}");
            }
        }
    }
}

#[test]
fn a_second_configuration_is_one_small_file_and_a_long_one_has_code_of_its_own() {
    let (lab, plugin) = (Lab::new(), component("blocked-words"));
    lab.ready(&plugin, WORDS);
    assert_eq!(endings(&lab), [1, 1, 0]);
    let before: BTreeSet<_> = lab.artefacts().into_iter().collect();
    lab.ready(&plugin, &WORDS.replace("idiot", "rascal"));
    let added: Vec<_> = lab.artefacts().into_iter().filter(|path| !before.contains(path)).collect();
    let [added] = added.as_slice() else { panic!("{added:?}") };
    assert!(fs::metadata(added).unwrap().len() < 32 << 10, "{}", added.display());

    let words: Vec<_> = (0..5_000).map(|n| format!(r#""word{n}""#)).collect();
    let many = WORDS.replace(r#""idiot""#, &words.join(", "));
    let configured = lab.ready(&plugin, &many);
    assert_eq!(endings(&lab), [1, 2, 1]);
    assert_eq!(outcome(&configured, "a gift card").0.unwrap().severity(), Severity::Block);
}
