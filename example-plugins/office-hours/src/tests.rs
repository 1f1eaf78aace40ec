//! What the plugin promises, as requests at given times.

use jiff::Timestamp;
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::json;
use sluice_plugin::testing::{assert_admits, assert_challenges, assert_denies, configured, log_in, refused, schema};

use super::*;

fn at(plugin: &OfficeHours, time: &str) -> Access {
    let time: Timestamp = time.parse().unwrap();
    plugin.check(&log_in(Role::Operator).at(time.as_millisecond().try_into().unwrap()))
}

fn is_open(plugin: &OfficeHours, time: &str) -> bool {
    at(plugin, time) == Access::Allow
}

#[derive(Deserialize)]
struct Fixture {
    text: String,
    expect: String,
}

/// Each line of `fixtures/requests.jsonl`: an operator logs in at `text`, under the configuration of `fixtures/config.json`.
#[test]
fn the_fixtures_come_out_as_they_say() {
    let plugin: OfficeHours = configured(serde_json::from_str(include_str!("../fixtures/config.json")).unwrap());
    for line in include_str!("../fixtures/requests.jsonl").lines() {
        let fixture: Fixture = serde_json::from_str(line).unwrap();
        let outcome = match at(&plugin, &fixture.text) {
            Access::Allow => "allow".to_owned(),
            Access::Challenge(reason) => format!("challenge {}", reason.code),
            Access::Deny(reason) => format!("deny {}", reason.code),
        };
        assert_eq!(outcome, fixture.expect, "{}", fixture.text);
    }
}

#[test]
fn by_default_operators_work_nine_to_six_on_weekdays_in_utc() {
    let plugin: OfficeHours = configured(json!({}));
    assert_admits(at(&plugin, "2026-11-24T09:00:00Z"));
    assert_admits(at(&plugin, "2026-11-24T17:59:59.999Z"));
    assert_denies(at(&plugin, "2026-11-24T18:00:00Z"), CODE);
    assert_denies(at(&plugin, "2026-11-24T08:59:59.999Z"), CODE);
    assert_denies(at(&plugin, "2026-11-28T12:00:00Z"), CODE);
}

#[test]
fn only_the_named_roles_are_turned_away() {
    let plugin: OfficeHours =
        configured(json!({ "hours": [], "roles": ["supervisor", "api-token"], "action": "challenge" }));
    assert_admits(plugin.check(&log_in(Role::Operator)));
    assert_admits(plugin.check(&log_in(Role::Administrator)));
    assert_challenges(plugin.check(&log_in(Role::Supervisor)), CODE);
    assert_challenges(plugin.check(&log_in(Role::ApiToken)), CODE);
}

#[test]
fn a_range_across_midnight_belongs_to_the_day_it_begins_on() {
    let plugin: OfficeHours = configured(json!({
        "hours": [{ "days": ["friday"], "from": "22:00", "to": "06:00" }],
        "closed": ["2026-12-25"],
    }));
    assert!(is_open(&plugin, "2026-11-27T23:00:00Z"));
    assert!(is_open(&plugin, "2026-11-28T05:59:00Z"));
    assert!(!is_open(&plugin, "2026-11-28T06:00:00Z"));
    assert!(!is_open(&plugin, "2026-11-27T05:00:00Z"));
    assert!(!is_open(&plugin, "2026-11-28T23:00:00Z"));
    assert!(!is_open(&plugin, "2026-12-25T23:00:00Z"));
    assert!(!is_open(&plugin, "2026-12-26T05:00:00Z"));
}

#[test]
fn midnight_is_a_closing_time_and_equal_times_are_a_whole_day() {
    let plugin: OfficeHours = configured(json!({ "hours": [{ "days": ["monday"], "from": "20:00", "to": "24:00" }] }));
    assert!(is_open(&plugin, "2026-11-23T23:59:59Z"));
    assert!(!is_open(&plugin, "2026-11-24T00:00:00Z"));
    let plugin: OfficeHours = configured(json!({ "hours": [{ "days": ["monday"], "from": "08:00", "to": "08:00" }] }));
    assert!(is_open(&plugin, "2026-11-24T07:59:59Z"));
    assert!(!is_open(&plugin, "2026-11-24T08:00:00Z"));
}

#[test]
fn daylight_saving_moves_the_hours() {
    let plugin: OfficeHours = configured(json!({
        "time_zone": "Europe/Berlin",
        "hours": [{ "days": ["saturday", "sunday", "monday"], "from": "09:00", "to": "18:00" }],
    }));
    // Clocks go forward on 2026-03-29 and back on 2026-10-25.
    assert!(!is_open(&plugin, "2026-03-28T07:30:00Z"));
    assert!(is_open(&plugin, "2026-03-29T07:30:00Z"));
    assert!(is_open(&plugin, "2026-10-24T07:30:00Z"));
    assert!(!is_open(&plugin, "2026-10-25T07:30:00Z"));
}

#[test]
fn an_hour_that_comes_twice_is_open_twice_and_one_that_is_skipped_never() {
    let plugin: OfficeHours = configured(json!({
        "time_zone": "Europe/Berlin",
        "hours": [{ "days": ["sunday"], "from": "02:00", "to": "03:00" }],
    }));
    assert!(is_open(&plugin, "2026-10-25T00:30:00Z"));
    assert!(is_open(&plugin, "2026-10-25T01:30:00Z"));
    assert!(!is_open(&plugin, "2026-10-25T02:00:00Z"));
    for minute in (0..180).step_by(10) {
        let time = format!("2026-03-29T{:02}:{:02}:00Z", minute / 60, minute % 60);
        assert!(!is_open(&plugin, &time), "{time}");
    }
}

#[test]
fn a_day_can_be_closed_once_or_every_year_by_the_offices_calendar() {
    let plugin: OfficeHours = configured(json!({
        "time_zone": "Asia/Tokyo",
        "hours": [{ "days": ["monday", "tuesday", "wednesday", "thursday", "friday"], "from": "00:00", "to": "24:00" }],
        "closed": ["2026-11-25", "12-25", "02-29"],
    }));
    assert!(is_open(&plugin, "2026-11-24T14:59:00Z"));
    assert!(!is_open(&plugin, "2026-11-24T15:00:00Z"));
    assert!(is_open(&plugin, "2026-11-25T15:00:00Z"));
    assert!(!is_open(&plugin, "2028-12-25T03:00:00Z"));
    assert!(!is_open(&plugin, "2028-02-29T03:00:00Z"));
}

#[test]
fn a_wrong_setting_is_refused_where_it_stands() {
    let errors = refused::<OfficeHours>(json!({
        "time_zone": "Europe/Atlantis",
        "hours": [{ "days": [], "from": "9:00", "to": "25:00" }],
        "closed": ["2026-02-30", "12-25", "tomorrow", "13-01"],
    }));
    let paths: Vec<&str> = errors.iter().map(|error| error.path.as_str()).collect();
    assert_eq!(
        paths,
        ["/time_zone", "/hours/0/from", "/hours/0/to", "/hours/0/days", "/closed/0", "/closed/2", "/closed/3"]
    );
    assert_eq!(refused::<OfficeHours>(json!({ "roles": ["boss"] }))[0].path, "/roles/0");
}

#[test]
fn the_notice_is_the_administrators() {
    let plugin: OfficeHours = configured(json!({ "hours": [], "notice": "Come back on Monday." }));
    assert!(
        matches!(plugin.check(&log_in(Role::Operator)), Access::Deny(reason) if reason.text == "Come back on Monday.")
    );
}

#[test]
fn the_schema_names_and_describes_every_setting() {
    let schema = schema::<OfficeHours>();
    for part in [&schema["properties"], &schema["properties"]["hours"]["items"]["properties"]] {
        for (name, property) in part.as_object().unwrap() {
            assert!(property["title"].is_string() && property["description"].is_string(), "{name}: {property}");
        }
    }
}

proptest! {
    #[test]
    fn no_time_breaks_it(at: u64, zone in prop::sample::select(vec!["UTC", "Europe/Moscow", "Pacific/Apia", "America/St_Johns"])) {
        let plugin: OfficeHours = configured(json!({
            "time_zone": zone,
            "hours": [{ "days": ["monday", "sunday"], "from": "22:00", "to": "21:00" }],
        }));
        plugin.check(&log_in(Role::Operator).at(at));
        plugin.check(&log_in(Role::Operator).at(at >> 20));
    }

    #[test]
    fn no_setting_breaks_it(text in "\\PC{0,12}|[0-9:-]{1,10}") {
        let errors = sluice_plugin::export::configured::<OfficeHours>(
            &json!({ "time_zone": &text, "closed": [&text], "hours": [{ "days": ["monday"], "from": &text, "to": &text }] })
                .to_string(),
        );
        prop_assert!(errors.is_err());
    }
}
