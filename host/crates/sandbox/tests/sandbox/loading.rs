//! Configured plugins are loaded when they are called, once for all who have the same, and unloaded when others were called more lately.

use std::{fs, io, thread};

use sluice_domain::{
    digest::Digest,
    installation::Budget,
    verdict::{Failure, Severity, Verdict},
};
use sluice_sandbox::{Configured, Content, LoadError, Use};

use crate::lab::{Lab, attachment, component, message};

const BEHAVIOURS: [(&str, Severity); 4] =
    [("block", Severity::Block), ("hold", Severity::Hold), ("flag", Severity::Flag), ("redact", Severity::Redact)];

/// The hostile plugin with each of the behaviours.
fn configured(lab: &Lab) -> [Configured; 4] {
    let hostile = component("hostile-plugins");
    BEHAVIOURS.map(|(behaviour, _)| lab.ready(&hostile, &format!(r#"{{"behaviour": "{behaviour}"}}"#)))
}

fn severity(plugin: &Configured) -> Severity {
    plugin.check_message(&message("hello"), Budget::CALL).answer.unwrap().severity()
}

fn loaded(plugins: &[Configured; 4]) -> [bool; 4] {
    plugins.each_ref().map(Configured::is_loaded)
}

#[test]
fn what_was_called_longest_ago_is_unloaded_first() {
    let lab = Lab::with(|config| config.loaded_count = 3);
    let plugins = configured(&lab);
    assert_eq!(loaded(&plugins), [false, true, true, true]);
    severity(&plugins[1]);
    severity(&plugins[0]);
    assert_eq!(loaded(&plugins), [true, true, false, true]);
    severity(&plugins[2]);
    assert_eq!(loaded(&plugins), [true, true, true, false]);
}

#[test]
fn only_so_many_bytes_are_loaded_and_always_what_is_called() {
    let lab = Lab::with(|config| config.loaded_bytes = 1);
    let plugins = configured(&lab);
    for _ in 0..3 {
        for (n, (_, expected)) in BEHAVIOURS.into_iter().enumerate() {
            assert_eq!(severity(&plugins[n]), expected);
            assert_eq!(loaded(&plugins).map(usize::from), std::array::from_fn(|other| usize::from(other == n)));
        }
    }
}

#[test]
fn the_same_plugin_with_the_same_configuration_is_loaded_once_as_long_as_somebody_has_it() {
    let (lab, hostile) = (Lab::new(), component("hostile-plugins"));
    let one = lab.ready(&hostile, "{}");
    let other = lab.ready(&hostile, "{}");
    assert!(one.is_loaded() && other.is_loaded());
    drop(one);
    assert!(other.is_loaded());
    drop(other);
    let again = lab.ready(&hostile, "{}");
    assert!(!again.is_loaded());
    again.load().unwrap();
    assert!(again.is_loaded());
}

#[test]
fn a_plugin_whose_artefact_is_gone_is_unavailable_until_it_is_made_anew() {
    let lab = Lab::with(|config| config.loaded_count = 1);
    let [plugin, ..] = configured(&lab);
    assert!(!plugin.is_loaded());
    for path in lab.artefacts() {
        fs::remove_file(path).unwrap();
    }
    let call = plugin.check_message(&message("hello"), Budget::CALL);
    assert_eq!((call.answer, call.cost.fuel), (Err(Failure::Unavailable), 0));
    assert_eq!(plugin.load(), Err(LoadError::Lost));
    lab.ready(&component("hostile-plugins"), r#"{"behaviour": "block"}"#);
    assert_eq!(severity(&plugin), Severity::Block, "also for who had it before");
}

#[test]
fn a_plugin_whose_artefact_is_broken_is_made_anew_once_that_was_found_out() {
    let lab = Lab::with(|config| config.loaded_count = 1);
    let [plugin, ..] = configured(&lab);
    for path in lab.artefacts() {
        fs::write(path, "something else").unwrap();
    }
    let lost = || Err(io::Error::other("not to be had"));
    let digest = Digest::of(&component("hostile-plugins"));
    let known = lab.sandbox.configure(lost, digest, r#"{"behaviour": "block"}"#, Use::Installed);
    assert_eq!(known.unwrap().load(), Err(LoadError::Lost), "nothing was read before");
    lab.ready(&component("hostile-plugins"), r#"{"behaviour": "block"}"#);
    assert_eq!(severity(&plugin), Severity::Block);
}

/// Content whose reading makes a call of another plugin.
struct Calls(Configured);

impl Content for Calls {
    fn size(&self) -> u64 {
        1
    }

    fn read(&mut self, _: u64, buffer: &mut [u8]) -> io::Result<usize> {
        severity(&self.0);
        buffer[0] = 1;
        Ok(1)
    }
}

#[test]
fn a_call_keeps_what_it_runs_although_that_is_unloaded_meanwhile() {
    let lab = Lab::with(|config| config.loaded_count = 1);
    let [other, ..] = configured(&lab);
    let plugin = lab.obedient();
    let budget = Budget { fuel: 1_000_000, ..Budget::CALL };
    let call = plugin.check_attachment(&attachment("hostile: read-too-much"), Calls(other.clone()), budget);
    assert_eq!(call.answer, Err(Failure::OutOfFuel));
    assert!(!plugin.is_loaded() && other.is_loaded());
    assert_eq!(plugin.check_message(&message("hello"), Budget::CALL).answer, Ok(Verdict::Allow));
}

#[test]
fn answers_stay_right_while_plugins_are_loaded_and_unloaded_on_all_threads() {
    let lab = Lab::with(|config| config.loaded_count = 2);
    let plugins = configured(&lab);
    thread::scope(|scope| {
        for thread in 0..4 {
            let plugins = &plugins;
            scope.spawn(move || {
                for call in 0..50 {
                    let n = (thread * 3 + call * 7) % BEHAVIOURS.len();
                    assert_eq!(severity(&plugins[n]), BEHAVIOURS[n].1);
                }
            });
        }
    });
    assert_eq!(loaded(&plugins).iter().filter(|loaded| **loaded).count(), 2);
}
