//! What is uploaded becomes an inspected plugin or an error that says what to do, whatever its bytes are.

use std::{collections::BTreeSet, time::Duration};

use sluice_domain::{
    limits,
    plugin::{Hook, Inspection},
};
use sluice_sandbox::{InspectError, WorkerLimits};

use crate::{lab::Lab, written::Written};

fn inspect(lab: &Lab, component: &[u8]) -> Result<Inspection, InspectError> {
    lab.sandbox.inspect(component)
}

fn code(inspected: Result<Inspection, InspectError>) -> &'static str {
    inspected.map_or_else(|error| error.code(), |_| "inspected")
}

#[test]
fn a_plugin_is_what_it_says_of_itself() {
    let inspection = inspect(&Lab::new(), &Written::default().component()).unwrap();
    assert_eq!(inspection.manifest.name.as_str(), "written");
    assert_eq!(inspection.manifest.version.to_string(), "1.0.0");
    assert_eq!(inspection.manifest.summary, "Written by hand.");
    assert_eq!(inspection.manifest.config_schema, "{}");
    assert_eq!(inspection.hooks, BTreeSet::from([Hook::MessageFilter]));
    assert_eq!(inspection.imports, BTreeSet::new(), "it imports nothing, although it could");
}

#[test]
fn a_bad_manifest_is_refused_by_the_field_that_is_bad() {
    let lab = Lab::new();
    let good = Written::default();
    let long = "x".repeat(limits::CONFIG_SCHEMA_BYTES + 1);
    let name_too_long = [b'x'; limits::PLUGIN_NAME_BYTES + 1];
    let named = |name| Written { name, ..good };
    for name in [&b""[..], b"Written", b"7", b"a b", b"../etc", &name_too_long] {
        assert_eq!(code(inspect(&lab, &named(name).component())), "manifest-invalid", "{name:?}");
    }
    // The canonical ABI traps on what is no text.
    assert_eq!(code(inspect(&lab, &named(b"caf\xe9").component())), "describe-failed");
    for version in ["", "1", "1.0", "v1.0.0", "1.0.0.0", "latest"] {
        let versioned = Written { version, ..good };
        assert_eq!(code(inspect(&lab, &versioned.component())), "manifest-invalid", "{version}");
    }
    for summary in ["", &long[..=limits::SUMMARY_BYTES]] {
        let summed = Written { summary, ..good };
        assert_eq!(code(inspect(&lab, &summed.component())), "manifest-invalid", "{}", summary.len());
    }
    let fetched = r#"{"$ref": "http://127.0.0.1:1/schema.json"}"#;
    for schema in ["", "{", "true", r#"{"type": "banana"}"#, fetched, &long] {
        let with_schema = Written { schema, pages: 8, ..good };
        assert_eq!(code(inspect(&lab, &with_schema.component())), "schema-invalid", "{}", schema.len());
    }
}

#[test]
fn whatever_describe_does_it_is_the_plugins_failure() {
    let lab = Lab::new();
    let outside = "(drop (i32.load (i32.const -4)))";
    let recursing = "(func $again (call $again))";
    let starting = "(func $on (loop $on (br $on))) (start $on)";
    let grown = "(if (i32.ne (memory.grow (i32.const 65000)) (i32.const -1)) (then unreachable))";
    let forever = "(loop $on (br $on))";
    for (more, describe, expected) in [
        ("", "unreachable", "describe-failed"),
        ("", forever, "describe-failed"),
        ("", outside, "describe-failed"),
        (recursing, "(call $again)", "describe-failed"),
        (starting, "", "describe-failed"),
        ("", "(return (i32.const 3))", "describe-failed"),
        ("", "(return (i32.const -1))", "describe-failed"),
        ("(table 100000000 funcref)", "", "too-demanding"),
        (
            "(table 1 funcref) (table 1 funcref) (table 1 funcref) (table 1 funcref) (table 1 funcref)",
            "",
            "too-demanding",
        ),
    ] {
        let inspected = inspect(&lab, &Written { more, describe, ..Written::default() }.component());
        assert_eq!(code(inspected.clone()), expected, "{more} {describe}: {inspected:?}");
    }
    let refused_growth = Written { describe: grown, ..Written::default() };
    let inspected = inspect(&lab, &refused_growth.component());
    assert!(matches!(code(inspected.clone()), "describe-failed" | "inspected"), "{inspected:?}");
}

#[test]
fn a_plugin_that_is_cut_or_has_a_byte_changed_anywhere_is_refused_or_is_a_plugin() {
    let lab = Lab::new();
    let whole = Written::default().component();
    for length in (1..whole.len()).step_by(29) {
        let inspected = inspect(&lab, &whole[..length]);
        // Between two sections it is a component that lacks what was cut off.
        let known = ["not-wasm", "component-invalid", "plugin-not-exported", "no-hook"];
        assert!(known.contains(&code(inspected.clone())), "cut at {length}: {inspected:?}");
    }
    // A fixed walk over places and bits: the same on each run.
    let mut state = 0x5eed_u64;
    let mut ends = BTreeSet::new();
    for _ in 0..300 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let place = usize::try_from(state >> 33).unwrap() % whole.len();
        let mut changed = whole.clone();
        changed[place] ^= 1 << ((state >> 29) % 8);
        let inspected = inspect(&lab, &changed);
        let end = code(inspected.clone());
        assert!(!["internal", "inspection-crashed"].contains(&end), "byte {place}: {inspected:?}");
        ends.insert(end);
    }
    assert!(ends.contains("inspected") && ends.contains("component-invalid") && ends.len() > 3, "{ends:?}");
}

#[test]
fn a_component_that_takes_too_long_or_too_much_memory_is_refused() {
    let check = "(drop (i32.load (i32.const 4)))".repeat(400_000);
    let large = Written { check: &check, ..Written::default() }.component();
    let small = Written::default().component();
    let usual = WorkerLimits::default();
    for (limits, component, expected) in [
        (WorkerLimits { wall: Duration::from_millis(1), ..usual }, &small, "compile-too-slow"),
        (WorkerLimits { address_space: 512 << 20, ..usual }, &large, "compile-too-large"),
        (WorkerLimits { address_space: 512 << 20, ..usual }, &small, "inspected"),
    ] {
        let lab = Lab::with(|config| config.limits = limits);
        let inspected = inspect(&lab, component);
        assert_eq!(code(inspected.clone()), expected, "{limits:?}: {inspected:?}");
    }
}

#[test]
fn more_uploads_than_workers_wait_for_their_turn() {
    let lab = Lab::with(|config| config.limits.at_once = 1);
    let written = Written::default().component();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| assert_eq!(code(inspect(&lab, &written)), "inspected"));
        }
    });
}
