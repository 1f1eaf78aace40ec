//! Native code is loaded only as a worker of this server made it; anything else on disk is compiled anew.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use sluice_domain::{digest::Digest, installation::Budget, verdict::Severity};
use sluice_sandbox::{ConfigureError, Configured, LoadError, Sandbox, SandboxConfig, Use};

use crate::{
    lab::{Lab, component, config, message},
    written::Written,
};

const BLOCKS: &str = r#"{"behaviour": "block"}"#;
const HOLDS: &str = r#"{"behaviour": "hold"}"#;

/// Whether the plugin is loaded from disk: without its component, it cannot be compiled.
fn is_loaded(sandbox: &Sandbox, component: &[u8], config: &str) -> bool {
    let lost = || Err(io::Error::other("not to be had"));
    match sandbox.configure(lost, Digest::of(component), config, Use::Installed) {
        Ok(ready) => match ready.load() {
            Ok(()) => true,
            Err(LoadError::Lost) => false,
            Err(LoadError::Host(error)) => panic!("{error}"),
        },
        Err(ConfigureError::Host(_)) => false,
        Err(other) => panic!("{other}"),
    }
}

fn severity(plugin: &Configured) -> Severity {
    plugin.check_message(&message("hello"), Budget::CALL).answer.unwrap().severity()
}

/// A sandbox in the folder of another.
fn beside(lab: &Lab, key: u8, change: impl FnOnce(&mut SandboxConfig)) -> Sandbox {
    let mut config = config(lab.folder.path().to_owned(), key);
    change(&mut config);
    Sandbox::new(config).unwrap()
}

/// What the configured plugin has for itself, in a folder that holds one plugin with one configuration.
fn configured_artefact(lab: &Lab) -> PathBuf {
    lab.artefacts().into_iter().find(|path| path.extension().is_some_and(|end| end == "overlay")).unwrap()
}

pub(crate) fn is_base(path: &Path) -> bool {
    path.file_name().unwrap().to_str().unwrap().contains("-base-")
}

#[test]
fn a_server_that_starts_again_loads_what_was_compiled() {
    let (lab, hostile) = (Lab::new(), component("hostile-plugins"));
    assert!(!is_loaded(&lab.sandbox, &hostile, BLOCKS));
    lab.ready(&hostile, BLOCKS);
    assert!(is_loaded(&lab.sandbox, &hostile, BLOCKS));
    assert!(is_loaded(&beside(&lab, 1, |_| {}), &hostile, BLOCKS));
    assert!(!is_loaded(&lab.sandbox, &hostile, HOLDS), "another configuration");
    assert!(!is_loaded(&lab.sandbox, &component("office-hours"), BLOCKS), "another component");
}

#[test]
fn an_artefact_of_another_key_or_another_engine_is_not_loaded() {
    let (lab, hostile) = (Lab::new(), component("hostile-plugins"));
    lab.ready(&hostile, BLOCKS);
    let stranger = beside(&lab, 2, |_| {});
    assert!(!is_loaded(&stranger, &hostile, BLOCKS));
    let other_engine = beside(&lab, 1, |config| config.memory_ceiling = 32 << 20);
    assert!(!is_loaded(&other_engine, &hostile, BLOCKS));

    // Each makes its own, and the answers are the same.
    for sandbox in [&stranger, &other_engine] {
        let ready = sandbox.configure(|| Ok(hostile.clone()), Digest::of(&hostile), BLOCKS, Use::Installed).unwrap();
        assert_eq!(severity(&ready), Severity::Block);
        assert!(is_loaded(sandbox, &hostile, BLOCKS));
    }
    assert!(!is_loaded(&lab.sandbox, &hostile, BLOCKS), "the stranger's artefact has this one's name");
}

#[test]
fn an_artefact_under_another_name_is_not_loaded() {
    let (lab, hostile) = (Lab::new(), component("hostile-plugins"));
    lab.ready(&hostile, BLOCKS);
    let blocking = fs::read(configured_artefact(&lab)).unwrap();
    fs::remove_file(configured_artefact(&lab)).unwrap();
    lab.ready(&hostile, HOLDS);
    let place = configured_artefact(&lab);
    fs::write(&place, blocking).unwrap();
    assert!(!is_loaded(&lab.sandbox, &hostile, HOLDS), "of another configuration");
    let base = lab.artefacts().into_iter().find(|path| is_base(path)).unwrap();
    fs::copy(base, &place).unwrap();
    assert!(!is_loaded(&lab.sandbox, &hostile, HOLDS), "of the plugin before it was configured");
    assert_eq!(severity(&lab.ready(&hostile, HOLDS)), Severity::Hold);
}

#[test]
fn an_artefact_with_one_byte_changed_or_cut_anywhere_is_never_loaded() {
    let written = Written::default().component();
    for (component, config, overlay_bytes) in
        [(component("hostile-plugins"), BLOCKS, 0), (component("hostile-plugins"), BLOCKS, 1 << 20), (written, "{}", 0)]
    {
        let lab = Lab::with(|config| config.overlay_bytes = overlay_bytes);
        lab.ready(&component, config);
        let files = lab.artefacts().into_iter().filter(|path| !is_base(path));
        let files: Vec<_> = files.map(|path| (fs::read(&path).unwrap(), path)).collect();
        assert_eq!(files.len(), if overlay_bytes == 0 { 1 } else { 2 }, "{files:?}");
        for (kept, path) in &files {
            let try_with = |changed: &[u8], what: &str| {
                files.iter().for_each(|(kept, path)| fs::write(path, kept).unwrap());
                fs::write(path, changed).unwrap();
                assert!(!is_loaded(&lab.sandbox, &component, config), "{what} of {}", path.display());
            };
            // All of the MAC and the beginning of the code, then samples: the MAC is over all of it.
            let step = kept.len().div_ceil(50);
            for position in (0..48).chain((48..kept.len()).step_by(step)) {
                let mut changed = kept.clone();
                changed[position] ^= 1 << (position % 8);
                try_with(&changed, &format!("byte {position}"));
            }
            for length in (0..48).chain((48..kept.len()).step_by(step * 3)).chain([kept.len() - 1]) {
                try_with(&kept[..length], &format!("{length} bytes"));
            }
            try_with(&[kept.as_slice(), b"x"].concat(), "a byte after the end");
        }
        files.iter().for_each(|(kept, path)| fs::write(path, kept).unwrap());
        assert!(is_loaded(&lab.sandbox, &component, config), "as it was");
    }
}

/// Something that happens to a file.
type Harm = fn(&Path);

const HARMS: [(&str, Harm); 4] = [
    ("deleted", |path| fs::remove_file(path).unwrap()),
    ("emptied", |path| fs::write(path, b"").unwrap()),
    ("halved", |path| {
        let bytes = fs::read(path).unwrap();
        fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
    }),
    ("changed", |path| {
        let mut bytes = fs::read(path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 0x10;
        fs::write(path, bytes).unwrap();
    }),
];

#[test]
fn broken_artefacts_are_made_anew_and_answer_the_same() {
    let (lab, hostile) = (Lab::new(), component("hostile-plugins"));
    lab.ready(&hostile, BLOCKS);
    for (happened, harm) in HARMS {
        for only_configured in [true, false] {
            let harmed = lab.artefacts().into_iter().filter(|path| !only_configured || !is_base(path));
            harmed.for_each(|path| harm(&path));
            assert!(!is_loaded(&lab.sandbox, &hostile, BLOCKS), "{happened}");
            assert_eq!(severity(&lab.ready(&hostile, BLOCKS)), Severity::Block, "{happened}");
            assert!(is_loaded(&lab.sandbox, &hostile, BLOCKS), "{happened}: kept again");
        }
    }
}

#[test]
fn a_folder_that_takes_no_files_slows_the_plugin_down_and_changes_nothing_else() {
    let lab = Lab::new();
    // Also root cannot write to a folder that is not there.
    fs::remove_dir_all(lab.folder.path()).unwrap();
    assert_eq!(severity(&lab.ready(&component("hostile-plugins"), BLOCKS)), Severity::Block);
}
