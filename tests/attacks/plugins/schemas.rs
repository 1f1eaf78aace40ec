//! Schemas of configurations that explode when something is checked against them.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use sluice_tests::Api;

use crate::{
    attack::{Attack, Seen, Takes},
    bystander::Bystander,
    memory::Watch,
    plugins::written::with_schema,
    target::Target,
};

pub(super) const ATTACK: Attack = Attack {
    name: "exploding-schemas",
    what: "plugins whose schemas refer to themselves, double with each `$ref`, nest, backtrack, or ask for other servers, and configurations for them",
    aim: "each upload and each configuration is answered within 5 s; grows by less than 256 MiB",
    takes: Takes::Minutes,
    play: |target| Box::pin(play(target)),
};

const AIM: Duration = Duration::from_secs(5);
/// Longest that an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

async fn play(target: &Target) -> Seen {
    let victim = target.start().await;
    let api = &victim.without_plugins.administrator;
    let watch = Watch::over(&victim);
    let others = Bystander::of_health(victim.url());
    let (mut late, mut wrong) = (Vec::new(), Vec::new());
    let (mut refused, mut unanswered) = (0, 0);
    let cases = cases();
    let number = cases.len();
    for (index, (name, schema, config)) in cases.into_iter().enumerate() {
        let begin = Instant::now();
        let attack = try_out(api, with_schema(&format!("schema-{index}"), &schema.to_string()), config);
        let (status, beside) = futures::join!(attack, others.goes(5, Duration::from_millis(20)));
        unanswered += usize::from(!beside.all_answered());
        let took = begin.elapsed();
        if took > AIM {
            late.push(format!("{name} {} s", took.as_secs()));
        }
        match status {
            Some(201) => {}
            Some(400..500) => refused += 1,
            other => wrong.push(format!("{name} {}", other.map_or_else(|| "never".to_owned(), |one| one.to_string()))),
        }
    }
    let growth = watch.growth();
    let holds = wrong.is_empty() && late.is_empty() && unanswered == 0 && growth.bytes < 256 << 20;
    let (late, wrong) = (late.join(", "), wrong.join(", "));
    let seen = format!(
        "{refused} of {number} refused; late: {late}; failed: {wrong}; others waited in {unanswered}; {growth}"
    );
    Seen::new(holds, seen)
}

/// Uploads a plugin and installs it with a configuration; the status of what was refused, or of the last answer.
async fn try_out(api: &Api, component: Vec<u8>, config: Value) -> Option<u16> {
    let upload = api.request(Method::POST, "/api/v1/plugins").header("Content-Type", "application/wasm");
    let uploaded = upload.body(component).timeout(PATIENCE).send().await.ok()?;
    let status = uploaded.status().as_u16();
    if status != 201 {
        return Some(status);
    }
    let uploaded: Value = uploaded.json().await.ok()?;
    let install = json!({"plugin_id": uploaded["id"], "mode": "enforce", "config": config, "grants": []});
    let install = api.request(Method::POST, "/api/v1/installations").json(&install).timeout(PATIENCE);
    install.send().await.ok().map(|installed| installed.status().as_u16())
}

/// What each is, the schema, and a configuration.
fn cases() -> Vec<(&'static str, Value, Value)> {
    [references(), shapes(), patterns()].concat()
}

/// Definitions that each refer `times` to the next, with a keyword.
fn chain(keyword: &str, depth: usize, times: usize) -> Value {
    let definition = |number: usize| {
        let next = json!({"$ref": format!("#/$defs/d{}", number + 1)});
        (format!("d{number}"), json!({keyword: vec![next; times]}))
    };
    let mut definitions: serde_json::Map<String, Value> = (0..depth).map(definition).collect();
    definitions.insert(format!("d{depth}"), json!({"type": "string"}));
    json!({"$ref": "#/$defs/d0", "$defs": definitions})
}

fn references() -> Vec<(&'static str, Value, Value)> {
    let text = json!("x");
    let both = json!({"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"});
    let nested = (0..400).fold(json!({}), |inner, _| json!({"a": inner, "b": 1}));
    let tree = json!({"type": "object", "properties": {"a": {"allOf": [{"$ref": "#"}, {"$ref": "#"}]}}});
    vec![
        ("refers to itself", json!({"$ref": "#"}), text.clone()),
        ("refers to itself in allOf", json!({"allOf": [{"$ref": "#"}, {"$ref": "#"}]}), text.clone()),
        ("two that refer to each other", both, text.clone()),
        ("dynamic reference to itself", json!({"$dynamicAnchor": "x", "$dynamicRef": "#x"}), text.clone()),
        ("allOf doubles 30 times", chain("allOf", 30, 2), json!(1)),
        ("anyOf doubles 30 times", chain("anyOf", 30, 2), json!(1)),
        ("oneOf doubles 30 times", chain("oneOf", 30, 2), json!(1)),
        ("oneOf doubles 30 times, and fits", chain("oneOf", 30, 2), text.clone()),
        ("anyOf ten times, 9 deep", chain("anyOf", 9, 10), json!(1)),
        ("a chain of 2,000 allOf", chain("allOf", 2_000, 1), text.clone()),
        ("doubles with each level of the configuration", tree, nested),
        ("asks another server", json!({"$ref": "http://127.0.0.1:1/schema.json"}), text.clone()),
        ("asks for a file", json!({"$ref": "file:///etc/passwd"}), text.clone()),
        ("names another dialect", json!({"$schema": "http://127.0.0.1:1/dialect.json"}), text.clone()),
        ("identifies itself as elsewhere", json!({"$id": "http://127.0.0.1:1/", "$ref": "other.json"}), text),
    ]
}

fn shapes() -> Vec<(&'static str, Value, Value)> {
    let wrap = |depth: usize, keyword: &str| (0..depth).fold(json!({}), |inner, _| json!({keyword: inner}));
    let lists = (0..200).fold(json!([]), |inner, _| json!([inner]));
    let numbers: Vec<_> = (0..50_000).collect();
    let objects: Vec<_> = (0..3_000).map(|number| json!({"a": [number, {"b": number}]})).collect();
    let unevaluated = (0..12).fold(json!({"unevaluatedProperties": false}), |inner, number| {
        json!({"anyOf": [inner, {"properties": {format!("p{number}"): inner}}], "unevaluatedProperties": false})
    });
    let properties: serde_json::Map<String, Value> = (0..12).map(|n| (format!("p{n}"), json!({}))).collect();
    vec![
        ("120 times not", wrap(120, "not"), json!("x")),
        ("120 times additionalProperties", wrap(120, "additionalProperties"), json!({})),
        ("contains itself in lists", json!({"contains": {"$ref": "#"}, "minContains": 0}), lists),
        ("50,000 unique numbers", json!({"uniqueItems": true}), json!(numbers)),
        ("3,000 unique objects", json!({"uniqueItems": true}), json!(objects)),
        ("what is left unevaluated", unevaluated, json!(properties)),
        ("1,000 branches", json!({"oneOf": vec![json!({"minLength": 1}); 1_000]}), json!("x".repeat(100_000))),
        ("a tiny divisor", json!({"multipleOf": 1e-300}), json!(1e300)),
        ("a huge bound", json!({"minLength": 1e300, "maxItems": 1e300}), json!("x")),
    ]
}

fn patterns() -> Vec<(&'static str, Value, Value)> {
    let text = json!(format!("{}!", "a".repeat(50_000)));
    let pattern = |pattern: &str| json!({"pattern": pattern});
    let names: serde_json::Map<String, Value> =
        (0..400).map(|number| (format!("(a|a{number})+$"), json!({"type": "string"}))).collect();
    let fields: serde_json::Map<String, Value> =
        (0..400).map(|n| (format!("{}{n}", "a".repeat(50)), json!(1))).collect();
    vec![
        ("(a+)+$", pattern("^(a+)+$"), text.clone()),
        ("(a|aa)+$", pattern("^(a|aa)+$"), text.clone()),
        ("(a*)*b with a look ahead", pattern("^(?=(a*)*b)(a*)*$"), text.clone()),
        ("back references", pattern("^(a*)(a*)(a*)\\1\\2\\3b$"), text.clone()),
        ("repetitions of repetitions", pattern("((a{1,1000}){1,1000}){1,1000}"), text.clone()),
        ("a wide class, often", pattern("(\\p{L}{1,500}){1,100}"), text.clone()),
        ("20,000 alternatives", pattern(&vec!["ab"; 10_000].join("|")), text.clone()),
        ("2,000 brackets", pattern(&("(".repeat(2_000) + &")".repeat(2_000))), text.clone()),
        ("a format that is a pattern", json!({"format": "regex"}), json!("(((a{1000}){1000}){1000})")),
        ("400 patterns of names", json!({"patternProperties": names}), json!(fields)),
        (
            "names that match a pattern",
            json!({"propertyNames": pattern("^(a+)+$")}),
            json!({"a".repeat(50_000) + "!": 1}),
        ),
    ]
}
