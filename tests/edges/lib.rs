//! Holds the shape of the workspace: who may depend on whom, and under which licences the rest comes.
//!
//! A package of its own, so that `make check` builds nothing else for it.

#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};

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
