//! A worker's look at the schema of a plugin's configurations, and at configurations that must fit it.
//!
//! What a schema asks for may double with each of its references, in a few hundred bytes. So it is looked at by a thread with a share of
//! processor time; the worker answers when that is used up, and ends, which ends the thread.

use std::{panic::resume_unwind, sync::mpsc, thread, time::Duration};

use rustix::time::{ClockId, clock_gettime};
use sluice_domain::{limits, plugin::ConfigError};

use crate::{error::ConfigureError, outline::bounded};

/// Processor time for one look. Schemas as people write them take less than a hundredth.
const TIME: Duration = Duration::from_secs(1);
/// How often the time is looked at.
const EVERY: Duration = Duration::from_millis(50);
/// Stack for schemas that refer to themselves, as much as the main thread has.
const STACK: usize = 8 << 20;

/// Whether configurations can be checked against `schema`.
pub(crate) fn check(schema: &str) -> Result<(), String> {
    let schema = schema.to_owned();
    in_time(move || validator(&schema).map(drop)).unwrap_or_else(|| Err(too_long("it")))
}

/// Whether `config` fits `schema`.
pub(crate) fn fits(schema: &str, config: &str) -> Result<(), ConfigureError> {
    if config.len() > limits::CONFIG_BYTES {
        return Err(refused("", format!("a configuration has at most {} bytes of JSON", limits::CONFIG_BYTES)));
    }
    let (schema, config) = (schema.to_owned(), config.to_owned());
    in_time(move || compare(&schema, &config)).unwrap_or_else(|| Err(ConfigureError::Failed(too_long("its schema"))))
}

fn compare(schema: &str, config: &str) -> Result<(), ConfigureError> {
    let config: serde_json::Value =
        serde_json::from_str(config).map_err(|error| refused("", format!("not JSON: {error}")))?;
    let validator = validator(schema).map_err(|problem| ConfigureError::Failed(format!("its schema: {problem}")))?;
    let errors: Vec<_> = validator
        .iter_errors(&config)
        .take(limits::CONFIG_ERRORS)
        .map(|error| ConfigError { path: error.instance_path().to_string(), message: bounded(&error.to_string()) })
        .collect();
    if errors.is_empty() { Ok(()) } else { Err(ConfigureError::Refused(errors)) }
}

/// What checks configurations against `schema`, which must stand alone: nothing is ever fetched.
fn validator(schema: &str) -> Result<jsonschema::Validator, String> {
    if schema.len() > limits::CONFIG_SCHEMA_BYTES {
        return Err(format!("it is longer than {} bytes", limits::CONFIG_SCHEMA_BYTES));
    }
    let schema: serde_json::Value = serde_json::from_str(schema).map_err(|error| format!("it is not JSON: {error}"))?;
    if !schema.is_object() {
        return Err("it must be a JSON object".to_owned());
    }
    let options = jsonschema::options().with_draft(jsonschema::Draft::Draft202012).should_validate_formats(false);
    options.build(&schema).map_err(|error| bounded(&error.to_string()))
}

fn refused(path: &str, message: String) -> ConfigureError {
    ConfigureError::Refused(vec![ConfigError { path: path.to_owned(), message }])
}

fn too_long(what: &str) -> String {
    format!("{what} takes more than {} s of processor time: let it refer less often to its own parts", TIME.as_secs())
}

/// What `work` gives, or nothing when it takes more processor time than [`TIME`]: then it is left to end with the process. Where it
/// panics, so does this.
fn in_time<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let begin = spent();
    let (done, waiting) = mpsc::sync_channel(1);
    let started = thread::Builder::new().stack_size(STACK).spawn(move || {
        // Nobody waits any more for what comes too late.
        let _ = done.send(work());
    });
    let worker = started.unwrap_or_else(|error| resume_unwind(Box::new(error)));
    loop {
        match waiting.recv_timeout(EVERY) {
            Ok(result) => return Some(result),
            Err(mpsc::RecvTimeoutError::Timeout) if spent().saturating_sub(begin) < TIME => {}
            Err(mpsc::RecvTimeoutError::Timeout) => return None,
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                resume_unwind(worker.join().err().unwrap_or_else(|| Box::new(())))
            }
        }
    }
}

/// The processor time of this process so far.
fn spent() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ProcessCPUTime)).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_schema_stands_alone_and_is_a_schema() {
        assert!(validator(r##"{"type": "object", "properties": {"a": {"$ref": "#/$defs/a"}}, "$defs": {"a": {"type": "string"}}}"##).is_ok());
        for bad in [
            "",
            "7",
            "true",
            "{",
            r#"{"type": "banana"}"#,
            r#"{"$ref": "https://example.com/schema.json"}"#,
            r#"{"$ref": "file:///etc/passwd"}"#,
        ] {
            assert!(check(bad).is_err(), "{bad}");
        }
        assert!(check(&format!(r#"{{"title": "{}"}}"#, "x".repeat(limits::CONFIG_SCHEMA_BYTES))).is_err());
    }

    #[test]
    fn a_schema_that_doubles_with_each_reference_is_given_up() {
        for keyword in ["allOf", "anyOf", "oneOf"] {
            let next = |number: usize| json!({"$ref": format!("#/$defs/d{}", number + 1)});
            let mut definitions: serde_json::Map<String, Value> =
                (0..60).map(|number| (format!("d{number}"), json!({keyword: [next(number), next(number)]}))).collect();
            definitions.insert("d60".to_owned(), json!({"type": "string"}));
            let schema = json!({"$ref": "#/$defs/d0", "$defs": definitions}).to_string();
            let error = fits(&schema, "1").expect_err(keyword);
            assert!(error.to_string().contains("processor time"), "{keyword}: {error}");
        }
    }
}
