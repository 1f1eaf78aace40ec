//! When the office is open. Who is let in then is not decided here.

use jiff::{
    Timestamp,
    civil::{Date, Time, Weekday},
    tz::TimeZone,
};
use sluice_plugin::ConfigErrors;

use crate::config::{Config, Day, Hours};

/// Opening hours in a time zone, ready to be asked.
#[derive(Debug)]
pub(crate) struct Schedule {
    zone: TimeZone,
    ranges: Vec<Range>,
    closed: Vec<Closed>,
}

/// One range: `from` on a day to `to` on that day or, when that is not later, on the next one.
#[derive(Debug)]
struct Range {
    days: Vec<Weekday>,
    from: Time,
    /// `None` is midnight at the day's end.
    to: Option<Time>,
}

/// A day on which no range begins.
#[derive(Debug, PartialEq, Eq)]
enum Closed {
    Once(Date),
    Yearly { month: i8, day: i8 },
}

impl Schedule {
    /// Checks the whole configuration and resolves the time zone, once.
    pub(crate) fn new(config: &Config) -> Result<Self, ConfigErrors> {
        let mut errors = ConfigErrors::default();
        let zone = TimeZone::get(&config.time_zone).unwrap_or_else(|_| {
            errors.push("/time_zone", "no such time zone; write an IANA name, such as Europe/Berlin");
            TimeZone::UTC
        });
        let ranges = config.hours.iter().enumerate().filter_map(|(index, hours)| range(hours, index, &mut errors));
        let ranges = ranges.collect();
        let mut closed = Vec::new();
        for (index, text) in config.closed.iter().enumerate() {
            match closed_on(text) {
                Some(day) => closed.push(day),
                None => {
                    errors.push(format!("/closed/{index}"), "write a date as 2026-05-14, or as 12-25 for every year")
                }
            }
        }
        errors.into_result()?;
        Ok(Self { zone, ranges, closed })
    }

    /// Whether the office is open at this time: milliseconds since 1970-01-01T00:00:00Z. A time that no calendar
    /// reaches is never open.
    ///
    /// Hours are the wall clock's: what a change of daylight saving repeats is open twice, what it skips never comes.
    pub(crate) fn is_open(&self, at: u64) -> bool {
        let Some(instant) = i64::try_from(at).ok().and_then(|at| Timestamp::from_millisecond(at).ok()) else {
            return false;
        };
        let now = self.zone.to_datetime(instant);
        self.ranges.iter().any(|range| {
            let began_today = range.is_in_first_day(now.time()).then_some(now.date());
            let began_yesterday = range.is_in_second_day(now.time()).then(|| now.date().yesterday().ok()).flatten();
            [began_today, began_yesterday]
                .into_iter()
                .flatten()
                .any(|day| range.days.contains(&day.weekday()) && !self.is_closed(day))
        })
    }

    fn is_closed(&self, date: Date) -> bool {
        self.closed.iter().any(|closed| match closed {
            Closed::Once(day) => *day == date,
            Closed::Yearly { month, day } => (*month, *day) == (date.month(), date.day()),
        })
    }
}

impl Range {
    fn is_in_first_day(&self, time: Time) -> bool {
        time >= self.from && self.to.is_none_or(|to| to <= self.from || time < to)
    }

    fn is_in_second_day(&self, time: Time) -> bool {
        self.to.is_some_and(|to| to <= self.from && time < to)
    }
}

fn range(hours: &Hours, index: usize, errors: &mut ConfigErrors) -> Option<Range> {
    let from = time(&hours.from);
    if from.is_none() {
        errors.push(format!("/hours/{index}/from"), "write a time of day as 09:00");
    }
    let to = if hours.to == "24:00" { Some(None) } else { time(&hours.to).map(Some) };
    if to.is_none() {
        errors.push(format!("/hours/{index}/to"), "write a time of day as 18:00, or 24:00 for midnight");
    }
    if hours.days.is_empty() {
        errors.push(format!("/hours/{index}/days"), "name at least one day");
    }
    Some(Range { days: hours.days.iter().copied().map(weekday).collect(), from: from?, to: to? })
}

/// Exactly `HH:MM`.
fn time(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    Time::new(two_digits(hour)?, two_digits(minute)?, 0, 0).ok()
}

fn two_digits(text: &str) -> Option<i8> {
    (text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

fn closed_on(text: &str) -> Option<Closed> {
    if let Some((month, day)) = text.split_once('-').filter(|_| text.len() == 5) {
        let (month, day) = (two_digits(month)?, two_digits(day)?);
        // A leap year, so that 29 February can be named.
        return Date::new(2000, month, day).ok().map(|_| Closed::Yearly { month, day });
    }
    let date: Date = (text.len() == 10).then(|| text.parse().ok()).flatten()?;
    // What `parse` takes beyond plain dates is not what the schema promises.
    (date.to_string() == text).then_some(Closed::Once(date))
}

const fn weekday(day: Day) -> Weekday {
    match day {
        Day::Monday => Weekday::Monday,
        Day::Tuesday => Weekday::Tuesday,
        Day::Wednesday => Weekday::Wednesday,
        Day::Thursday => Weekday::Thursday,
        Day::Friday => Weekday::Friday,
        Day::Saturday => Weekday::Saturday,
        Day::Sunday => Weekday::Sunday,
    }
}
