//! What a plugin does in a call becomes an answer or a failure, of the right kind and within the budget.

use std::{
    collections::BTreeSet,
    io,
    sync::{Arc, Mutex},
};

use serde_json::Value;
use sluice_domain::{
    access::Access,
    installation::Budget,
    limits,
    time::Timestamp,
    verdict::{Failure, Severity, Verdict},
};
use sluice_sandbox::{Call, Configured, Content};

use crate::{
    configuring::CONFIGURES,
    lab::{Lab, attachment, component, message, request},
};

/// Every behaviour of a call, with what becomes of it for a message, an attachment and a request.
const BEHAVIOURS: [(&str, [&str; 3]); 30] = [
    ("allow", ["allow", "allow", "allow"]),
    ("block", ["block", "block", "deny"]),
    ("hold", ["hold", "hold", "challenge"]),
    ("flag", ["flag", "flag", "allow"]),
    ("redact", ["redact", "bad-answer", "allow"]),
    ("trap", ["trap"; 3]),
    ("loop", ["out-of-fuel"; 3]),
    ("recurse", ["trap"; 3]),
    ("eat-memory", ["out-of-memory"; 3]),
    ("eat-memory-at-once", ["out-of-memory"; 3]),
    ("slow", ["allow"; 3]),
    ("burn", ["allow"; 3]),
    ("edits-out-of-order", ["bad-answer", "bad-answer", "allow"]),
    ("edits-overlapping", ["bad-answer", "bad-answer", "allow"]),
    ("edits-inside-a-character", ["bad-answer", "bad-answer", "allow"]),
    ("edits-past-the-end", ["bad-answer", "bad-answer", "allow"]),
    ("edits-backwards", ["bad-answer", "bad-answer", "allow"]),
    ("edits-too-many", ["bad-answer", "bad-answer", "allow"]),
    ("edits-none", ["bad-answer", "bad-answer", "allow"]),
    ("edits-too-long", ["bad-answer", "bad-answer", "allow"]),
    ("label-bad", ["bad-answer", "bad-answer", "allow"]),
    ("labels-none", ["bad-answer", "bad-answer", "allow"]),
    ("labels-many", ["bad-answer", "bad-answer", "allow"]),
    ("reason-too-long", ["bad-answer"; 3]),
    ("reason-bad-code", ["bad-answer"; 3]),
    ("answer-huge", ["bad-answer"; 3]),
    ("log-flood", ["allow"; 3]),
    ("log-long-line", ["allow"; 3]),
    ("remember", ["allow"; 3]),
    ("read-too-much", ["out-of-fuel"; 3]),
];

fn shown<T>(call: &Call<T>, answer: impl FnOnce(&T) -> &'static str) -> &'static str {
    call.answer.as_ref().map_or_else(|failure| failure.as_str(), answer)
}

fn verdict(verdict: &Verdict) -> &'static str {
    verdict.severity().as_str()
}

fn access(access: &Access) -> &'static str {
    match access {
        Access::Allow => "allow",
        Access::Challenge(_) => "challenge",
        Access::Deny(_) => "deny",
    }
}

/// What every call keeps to, however it ends.
fn check_bounds<T>(call: &Call<T>, told: &str) {
    assert!(call.cost.fuel > 0, "{told}: a call costs something");
    assert!(call.cost.fuel <= Budget::CALL.fuel, "{told}: {:?}", call.cost);
    assert!(call.log.len() <= limits::LOG_LINES, "{told}: {} lines", call.log.len());
    assert!(call.log.iter().all(|line| line.line.len() <= limits::LOG_LINE_BYTES), "{told}");
    assert_eq!(call.detail.is_some(), call.answer.is_err(), "{told}: {:?}", call.detail);
    assert!(call.detail.as_ref().is_none_or(|detail| detail.len() <= 300), "{told}: {:?}", call.detail);
}

#[test]
fn every_behaviour_about_a_message_becomes_its_answer_or_its_failure() {
    let plugin = Lab::new().obedient();
    for (behaviour, [expected, ..]) in BEHAVIOURS {
        // The last character has several bytes, for the edit that cuts one.
        let call = plugin.check_message(&message(&format!("hostile: {behaviour}\u{2003}")), Budget::CALL);
        assert_eq!(shown(&call, verdict), expected, "{behaviour}: {:?}", call.detail);
        check_bounds(&call, behaviour);
    }
}

#[test]
fn every_behaviour_about_an_attachment_becomes_its_answer_or_its_failure() {
    let plugin = Lab::new().obedient();
    for (behaviour, [_, expected, _]) in BEHAVIOURS {
        let content = Bytes(vec![7; 100_000]);
        let call =
            plugin.check_attachment(&attachment(&format!("hostile: {behaviour}\u{2003}")), content, Budget::CALL);
        assert_eq!(shown(&call, verdict), expected, "{behaviour}: {:?}", call.detail);
        check_bounds(&call, behaviour);
    }
}

#[test]
fn every_behaviour_about_a_request_becomes_its_answer_or_its_failure() {
    let plugin = Lab::new().obedient();
    for (behaviour, [.., expected]) in BEHAVIOURS {
        let request = request(&format!("hostile: {behaviour}"), Timestamp::from_millis(1));
        let call = plugin.check_access(&request, Budget::CALL);
        assert_eq!(shown(&call, access), expected, "{behaviour}: {:?}", call.detail);
        check_bounds(&call, behaviour);
    }
}

/// Holds the tables of this file to the plugin.
#[test]
fn no_behaviour_of_the_hostile_plugin_is_forgotten() {
    let inspection = Lab::new().sandbox.inspect(&component("hostile-plugins")).unwrap();
    let schema: Value = serde_json::from_str(&inspection.manifest.config_schema).unwrap();
    let mut named = BTreeSet::new();
    collect_names(&schema["$defs"], &mut named);
    collect_names(&schema["properties"]["behaviour"], &mut named);
    let known = BEHAVIOURS.iter().map(|(name, _)| *name).chain(CONFIGURES.iter().map(|(name, _)| *name));
    assert_eq!(named, known.map(str::to_owned).collect());
}

/// The names that a schema's `const` and `enum` allow.
fn collect_names(schema: &Value, into: &mut BTreeSet<String>) {
    match schema {
        Value::Object(fields) => {
            let listed = fields.get("enum").and_then(Value::as_array).into_iter().flatten();
            into.extend(listed.chain(fields.get("const")).filter_map(Value::as_str).map(str::to_owned));
            fields.values().for_each(|field| collect_names(field, into));
        }
        Value::Array(items) => items.iter().for_each(|item| collect_names(item, into)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn what_is_told_of_a_failure_never_holds_the_message() {
    let lab = Lab::new();
    for behaviour in ["trap", "edits-past-the-end", "edits-inside-a-character", "reason-bad-code", "answer-huge"] {
        let plugin = lab.ready(&component("hostile-plugins"), &format!(r#"{{"behaviour": "{behaviour}"}}"#));
        let call = plugin.check_message(&message("a sécret"), Budget::CALL);
        let detail = call.detail.unwrap();
        assert!(call.answer.is_err() && !detail.contains("cret"), "{behaviour}: {detail}");
    }
}

#[test]
fn a_hook_that_a_plugin_lacks_says_nothing_and_costs_nothing() {
    let plugin = Lab::new().ready(&component("office-hours"), "{}");
    let call = plugin.check_message(&message("hello"), Budget::CALL);
    assert_eq!((call.answer, call.cost.fuel), (Ok(Verdict::Allow), 0));
    let call = plugin.check_attachment(&attachment("a.png"), Broken, Budget::CALL);
    assert_eq!((call.answer, call.cost.fuel), (Ok(Verdict::Allow), 0));
}

#[test]
fn a_budget_of_nothing_fails_the_call_and_nothing_else() {
    let plugin = Lab::new().obedient();
    for fuel in [0, 1, 100, 1_000] {
        let call = plugin.check_message(&message("hello"), Budget { fuel, ..Budget::CALL });
        assert_eq!(call.answer, Err(Failure::OutOfFuel), "{fuel}");
    }
    for memory in [0, 1, 65_536] {
        let call = plugin.check_message(&message("hello"), Budget { memory, ..Budget::CALL });
        assert_eq!(call.answer, Err(Failure::OutOfMemory), "{memory}");
    }
    assert_eq!(plugin.check_message(&message("hello"), Budget::CALL).answer, Ok(Verdict::Allow));
}

/// Content in memory.
struct Bytes(Vec<u8>);

impl Content for Bytes {
    fn size(&self) -> u64 {
        self.0.len() as u64
    }

    fn read(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = &self.0[usize::try_from(offset).unwrap()..];
        let read = rest.len().min(buffer.len());
        buffer[..read].copy_from_slice(&rest[..read]);
        Ok(read)
    }
}

/// Content that cannot be read.
struct Broken;

impl Content for Broken {
    fn size(&self) -> u64 {
        100_000
    }

    fn read(&mut self, _: u64, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("the disk is gone"))
    }
}

/// Content whose reading panics.
struct Panics;

impl Content for Panics {
    fn size(&self) -> u64 {
        100_000
    }

    fn read(&mut self, _: u64, _: &mut [u8]) -> io::Result<usize> {
        panic!("a bug of the host")
    }
}

/// Content that is not as large as it says, and says that it read more than there was place for.
struct Lies {
    read: usize,
}

impl Content for Lies {
    fn size(&self) -> u64 {
        u64::MAX
    }

    fn read(&mut self, _: u64, _: &mut [u8]) -> io::Result<usize> {
        Ok(self.read)
    }
}

fn read_all(plugin: &Configured, content: impl Content + 'static) -> Call<Verdict> {
    plugin.check_attachment(&attachment("hostile: read-too-much"), content, Budget::CALL)
}

#[test]
fn content_that_fails_or_panics_is_the_hosts_failure_and_the_next_call_goes_well() {
    let plugin = Lab::with(|config| config.slots = 1).obedient();
    for _ in 0..20 {
        assert_eq!(read_all(&plugin, Broken).answer, Err(Failure::Host));
        assert_eq!(read_all(&plugin, Panics).answer, Err(Failure::Host));
        let call = plugin.check_attachment(&attachment("hostile: block"), Panics, Budget::CALL);
        assert_eq!(call.answer.unwrap().severity(), Severity::Block, "what is not read does not matter");
    }
}

#[test]
fn content_that_lies_about_its_size_does_no_harm() {
    let plugin = Lab::new().obedient();
    for read in [0, 1, 65_536, usize::MAX] {
        assert_eq!(read_all(&plugin, Lies { read }).answer, Err(Failure::OutOfFuel), "{read}");
    }
}

/// Content that counts what is read of it, and while it is read asks a plugin.
struct Asks {
    plugin: Configured,
    answers: Arc<Mutex<Vec<Result<Verdict, Failure>>>>,
}

impl Content for Asks {
    fn size(&self) -> u64 {
        1
    }

    fn read(&mut self, _: u64, _: &mut [u8]) -> io::Result<usize> {
        let call = self.plugin.check_message(&message("hello"), Budget::CALL);
        self.answers.lock().unwrap().push(call.answer);
        Err(io::Error::other("once is enough"))
    }
}

#[test]
fn a_call_without_a_free_slot_is_the_hosts_failure_and_not_the_plugins() {
    for (slots, expected) in [(1, Err(Failure::Host)), (2, Ok(Verdict::Allow))] {
        let plugin = Lab::with(|config| config.slots = slots).obedient();
        let answers = Arc::default();
        let content = Asks { plugin: plugin.clone(), answers: Arc::clone(&answers) };
        assert_eq!(read_all(&plugin, content).answer, Err(Failure::Host));
        assert_eq!(*answers.lock().unwrap(), [expected]);
        assert_eq!(plugin.check_message(&message("hello"), Budget::CALL).answer, Ok(Verdict::Allow));
    }
}
