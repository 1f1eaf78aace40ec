//! Holds the shape of the workspace: who may depend on whom, and under which licences the rest comes.
//!
//! A package of its own, so that `make check` builds nothing else for it.

#![cfg(test)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};

/// What each crate may use of the others. A crate that is not here fails the test: decide where it belongs.
const EDGES: &[(&str, &[&str])] = &[
    ("sluice-text", &[]),
    ("sluice-domain", &["sluice-text"]),
    ("sluice-storage", &["sluice-domain"]),
    ("sluice-sandbox", &["sluice-domain"]),
    ("sluice-app", &["sluice-domain", "sluice-storage", "sluice-sandbox"]),
    ("sluice-web", &["sluice-app", "sluice-domain"]),
    ("sluice", &["sluice-app", "sluice-domain", "sluice-sandbox", "sluice-storage", "sluice-web"]),
    ("sluice-plugin", &["sluice-text"]),
    ("blocked-words", &["sluice-plugin"]),
    ("sensitive-data", &["sluice-plugin"]),
    ("office-hours", &["sluice-plugin"]),
    ("rate-limit", &["sluice-plugin"]),
    ("hostile-plugins", &["sluice-plugin"]),
    ("asking-plugin", &["sluice-plugin"]),
    ("sluice-edges", &[]),
    ("sluice-tests", &["sluice-domain", "sluice-sandbox", "sluice-storage"]),
    ("sluice-attacks", &["sluice-storage", "sluice-tests"]),
];

/// Licences that the code may come under, as SPDX names. The same list stands in `deny.toml`.
const LICENCES: &[&str] = &[
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "MIT",
    "MIT-0",
    "BSD-1-Clause",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    // Of data: the list of authorities that browsers trust.
    "CDLA-Permissive-2.0",
    "ISC",
    // Of webauthn-rs: its own files stay under it, and nothing of ours comes under it by using them.
    "MPL-2.0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

fn metadata() -> Metadata {
    MetadataCommand::new()
        .manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml"))
        .exec()
        .expect("cargo metadata")
}

#[test]
fn code_calls_down_only() {
    let metadata = metadata();
    let allowed: BTreeMap<&str, BTreeSet<&str>> =
        EDGES.iter().map(|(from, to)| (*from, to.iter().copied().collect())).collect();
    let members: BTreeSet<String> = metadata.workspace_packages().iter().map(|p| p.name.to_string()).collect();
    for package in metadata.workspace_packages() {
        let allowed =
            allowed.get(package.name.as_str()).unwrap_or_else(|| panic!("{} has no entry in EDGES", package.name));
        for dependency in package.dependencies.iter().filter(|d| members.contains(&d.name)) {
            let of_tests = dependency.kind == DependencyKind::Development && dependency.name == package.name.as_str();
            assert!(
                of_tests || allowed.contains(dependency.name.as_str()),
                "{} may not depend on {}",
                package.name,
                dependency.name
            );
        }
    }
}

#[test]
fn every_dependency_comes_under_a_licence_that_allows_use() {
    for package in metadata().packages {
        let licence = package.license.clone().unwrap_or_default();
        let any_fits = licence
            .replace('/', " OR ")
            .split(" OR ")
            .any(|choice| choice.split(" AND ").all(|part| LICENCES.contains(&part.trim().trim_matches(['(', ')']))));
        assert!(any_fits, "{} {} comes under `{licence}`", package.name, package.version);
    }
}

/// Every `.rs` file of the workspace under `folder`, as one text.
fn sources(folder: &Path) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        if entry.is_dir() {
            text += &sources(&entry);
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            text += &fs::read_to_string(&entry).expect("a source file");
        }
    }
    text
}

#[test]
fn what_security_says_is_shown_is_shown_by_a_test_that_is_there() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let code: String = ["host", "plugin-sdk", "tests"].map(|folder| sources(&root.join(folder))).concat();
    let security = fs::read_to_string(root.join("SECURITY.md")).expect("SECURITY.md");
    let columns = security.lines().filter_map(|line| line.strip_suffix('|')?.rsplit('|').next());
    let names: Vec<&str> = columns.flat_map(|column| column.split('`').skip(1).step_by(2)).collect();
    assert!(names.len() > 40, "{}", names.len());
    let is_there = |name: &str| {
        if name.contains('_') { code.contains(&format!("fn {name}(")) } else { code.contains(&format!("\"{name}\"")) }
    };
    let of_tests = names.into_iter().filter(|name| name.contains(['_', '-']) && !name.contains('/'));
    let missing: Vec<_> = of_tests.filter(|name| !is_there(name)).collect();
    assert!(missing.is_empty(), "{missing:#?}");
}
