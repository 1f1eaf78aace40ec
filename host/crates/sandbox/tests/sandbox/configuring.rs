//! What a plugin does with its configuration becomes a configured plugin or an error that says whose fault it was.

use sluice_domain::{
    installation::Budget,
    limits,
    verdict::{Failure, Verdict},
};
use sluice_sandbox::{ConfigureError, Use};

use crate::lab::{Lab, component, message};

/// Every behaviour of `configure`, with what becomes of it.
pub(crate) const CONFIGURES: [(&str, &str); 7] = [
    ("configure-trap", "failed"),
    ("configure-loop", "failed"),
    ("configure-eat-memory", "failed"),
    ("configure-recurse", "failed"),
    ("configure-log", "failed"),
    ("configure-refuse", "refused"),
    ("configure-huge", "configured"),
];

fn shown<T>(configured: &Result<T, ConfigureError>) -> &'static str {
    match configured {
        Ok(_) => "configured",
        Err(ConfigureError::Refused(_)) => "refused",
        Err(ConfigureError::Failed(_)) => "failed",
        Err(ConfigureError::Snapshot(_)) => "snapshot",
        Err(ConfigureError::TookTooLong) => "took-too-long",
        Err(ConfigureError::TookTooMuchMemory) => "took-too-much-memory",
        Err(ConfigureError::Crashed) => "crashed",
        Err(ConfigureError::Host(_)) => "host",
    }
}

#[test]
fn every_behaviour_of_configure_becomes_its_error() {
    let (lab, hostile) = (Lab::new(), component("hostile-plugins"));
    for (behaviour, expected) in CONFIGURES {
        let configured = lab.configure(&hostile, &format!(r#"{{"behaviour": "{behaviour}"}}"#));
        assert_eq!(shown(&configured), expected, "{behaviour}: {configured:?}");
        if let Err(ConfigureError::Failed(detail)) = configured {
            assert!((1..=300).contains(&detail.len()), "{behaviour}: {detail}");
        }
    }
}

#[test]
fn errors_without_end_are_cut() {
    let configured = Lab::new().configure(&component("hostile-plugins"), r#"{"behaviour": "configure-refuse"}"#);
    let Err(ConfigureError::Refused(errors)) = configured else { panic!("{configured:?}") };
    assert!((1..=limits::CONFIG_ERRORS).contains(&errors.len()), "{}", errors.len());
    assert!(errors.iter().all(|error| error.message.len() <= limits::CONFIG_ERROR_BYTES));
}

#[test]
fn a_configuration_that_the_schema_does_not_allow_is_refused_where_it_is_wrong() {
    let (lab, hostile) = (Lab::new(), component("hostile-plugins"));
    for (config, path) in [
        ("", ""),
        ("{", ""),
        ("7", ""),
        (r#"{"colour": "red"}"#, ""),
        (r#"{"obey": "yes"}"#, "/obey"),
        (r#"{"behaviour": "kindly"}"#, "/behaviour"),
    ] {
        let configured = lab.configure(&hostile, config);
        let Err(ConfigureError::Refused(errors)) = configured else { panic!("{config}: {configured:?}") };
        assert_eq!(errors[0].path, path, "{config}: {errors:?}");
    }
    let long = format!(r#"{{"obey": true}}{}"#, " ".repeat(limits::CONFIG_BYTES));
    assert_eq!(shown(&lab.configure(&hostile, &long)), "refused");
    let deep = "[".repeat(limits::CONFIG_BYTES);
    assert_eq!(shown(&lab.configure(&hostile, &deep)), "refused");
}

#[test]
fn what_configure_left_counts_towards_the_memory_of_a_call() {
    let plugin = Lab::new().ready(&component("hostile-plugins"), r#"{"behaviour": "configure-huge"}"#);
    let enough = plugin.check_message(&message("hello"), Budget::CALL);
    assert_eq!(enough.answer, Ok(Verdict::Allow));
    let little = plugin.check_message(&message("hello"), Budget { memory: 4 << 20, ..Budget::CALL });
    assert_eq!(little.answer, Err(Failure::OutOfMemory));
}

#[test]
fn an_unreadable_component_is_the_hosts_failure() {
    let digest = sluice_domain::digest::Digest::of(b"lost");
    let lost = || Err(std::io::Error::other("the blob is gone"));
    let configured = Lab::new().sandbox.configure(lost, digest, "{}", Use::Installed);
    assert_eq!(shown(&configured), "host", "{configured:?}");
}
