//! Counts of what became of many messages, and the tables of them.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    time::Duration,
};

use sluice_domain::verdict::{Code, RuleTrail, Severity};

use super::{
    api::Played,
    table::{Column, Look, Page, Side, cell, number},
};

const SEVERITIES: [Severity; 5] = [Severity::Allow, Severity::Flag, Severity::Redact, Severity::Hold, Severity::Block];

/// What became of the messages so far.
#[derive(Debug, Default)]
pub(super) struct Tally {
    verdicts: BTreeMap<Severity, u64>,
    rules: BTreeMap<String, RuleTally>,
    /// By rule, verdict and what the rule gave as its reason.
    findings: BTreeMap<(String, Severity, String), u64>,
    /// By the code of the problem.
    refused: BTreeMap<String, (u64, String)>,
    latencies: Vec<Duration>,
}

#[derive(Debug, Default)]
struct RuleTally {
    verdicts: BTreeMap<Severity, u64>,
    failed: u64,
    micros: Vec<u64>,
}

impl Tally {
    /// Counts a message that the rules decided about.
    pub(super) fn count(&mut self, played: &Played) {
        *self.verdicts.entry(played.decision.verdict).or_default() += 1;
        self.latencies.push(played.latency);
        for trail in &played.decision.rules {
            let name = trail.rule.name().to_string();
            let rule = self.rules.entry(name.clone()).or_default();
            *rule.verdicts.entry(trail.verdict).or_default() += 1;
            rule.failed += u64::from(trail.failure.is_some());
            rule.micros.push(trail.cost.micros);
            if trail.verdict > Severity::Allow {
                *self.findings.entry((name, trail.verdict, why(trail))).or_default() += 1;
            }
        }
    }

    /// Counts a message that the server did not take.
    pub(super) fn count_refused(&mut self, code: String, detail: String) {
        self.refused.entry(code).or_insert((0, detail)).0 += 1;
    }

    /// How many messages were answered.
    pub(super) fn answered(&self) -> u64 {
        self.verdicts.values().sum::<u64>() + self.refused.values().map(|(n, _)| n).sum::<u64>()
    }

    /// Prints everything; `elapsed` is what playing took.
    pub(super) fn print<W: Write>(mut self, page: &mut Page<W>, elapsed: Duration) -> io::Result<()> {
        self.print_verdicts(page)?;
        self.print_rules(page)?;
        self.print_findings(page)?;
        for (code, (count, detail)) in &self.refused {
            page.line(Look::Normal, &format!("\nnot taken by the server: {} ({code}: {detail})", number(*count)))?;
        }
        let rate = self.answered() as f64 / elapsed.as_secs_f64().max(1e-9);
        self.latencies.sort_unstable();
        let millis = |p| at(&self.latencies, p).unwrap_or_default().as_secs_f64() * 1e3;
        let text = format!(
            "\n{rate:.0} messages a second; an answer after {:.1} ms (p50), {:.1} ms (p99)",
            millis(50),
            millis(99)
        );
        page.line(Look::Bold, &text)
    }

    fn print_verdicts<W: Write>(&self, page: &mut Page<W>) -> io::Result<()> {
        let columns =
            [Column("verdict", 8, Side::Left), Column("messages", 10, Side::Right), Column("share", 8, Side::Right)];
        let all = self.verdicts.values().sum::<u64>().max(1);
        page.head(&columns)?;
        for severity in SEVERITIES {
            let count = self.verdicts.get(&severity).copied().unwrap_or(0);
            let share = count as f64 * 100.0 / all as f64;
            let verdict = cell(severity.as_str()).looking(Look::Verdict(severity));
            page.row(&columns, &[verdict, cell(number(count)), cell(format!("{share:.2} %"))])?;
        }
        Ok(())
    }

    fn print_rules<W: Write>(&mut self, page: &mut Page<W>) -> io::Result<()> {
        if self.rules.is_empty() {
            return page.line(Look::Normal, "\nno rule was asked");
        }
        let right = |name| Column(name, 7, Side::Right);
        let columns = [
            Column("rule", 20, Side::Left),
            right("asked"),
            right("flag"),
            right("redact"),
            right("hold"),
            right("block"),
            right("failed"),
            right("p50 µs"),
            right("p99 µs"),
        ];
        page.line(Look::Normal, "")?;
        page.head(&columns)?;
        for (name, rule) in &mut self.rules {
            rule.micros.sort_unstable();
            let of = |severity| number(rule.verdicts.get(&severity).copied().unwrap_or(0));
            let micros = |p| number(at(&rule.micros, p).unwrap_or_default());
            let cells = [
                name.clone(),
                number(rule.micros.len() as u64),
                of(Severity::Flag),
                of(Severity::Redact),
                of(Severity::Hold),
                of(Severity::Block),
                number(rule.failed),
                micros(50),
                micros(99),
            ];
            page.row(&columns, &cells.map(cell))?;
        }
        Ok(())
    }

    fn print_findings<W: Write>(&self, page: &mut Page<W>) -> io::Result<()> {
        if self.findings.is_empty() {
            return Ok(());
        }
        let columns = [
            Column("rule", 20, Side::Left),
            Column("verdict", 8, Side::Left),
            Column("why", 44, Side::Left),
            Column("messages", 8, Side::Right),
        ];
        page.line(Look::Normal, "")?;
        page.head(&columns)?;
        for ((rule, severity, why), count) in &self.findings {
            let verdict = cell(severity.as_str()).looking(Look::Verdict(*severity));
            page.row(&columns, &[cell(rule), verdict, cell(why), cell(number(*count))])?;
        }
        Ok(())
    }
}

/// What a rule gave as its reason, without anything of the message.
fn why(trail: &RuleTrail) -> String {
    let code = trail.reason.as_ref().map(|reason| reason.code.as_str().to_owned());
    let labels = || trail.labels.iter().map(Code::as_str).collect::<Vec<_>>().join(", ");
    match trail.failure {
        Some(failure) => failure.as_str().to_owned(),
        None => code.unwrap_or_else(labels),
    }
}

/// The `p`th percentile of what is sorted, by the nearest rank.
fn at<T: Copy>(sorted: &[T], p: usize) -> Option<T> {
    let rank = (sorted.len() * p).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied()
}

#[cfg(test)]
mod tests {
    use sluice_domain::verdict::Decision;

    use super::{super::table::Paint, *};

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let sorted: Vec<u64> = (1..=200).collect();
        assert_eq!((at(&sorted, 50), at(&sorted, 99)), (Some(100), Some(198)));
        assert_eq!((at(&[7], 50), at(&[7], 99), at::<u64>(&[], 50)), (Some(7), Some(7), None));
    }

    #[test]
    fn every_message_is_counted_once() {
        let mut tally = Tally::default();
        let decision: Decision = serde_json::from_value(serde_json::json!({
            "verdict": "hold",
            "rules": [{"installation": format!("ins_{:032x}", 1), "plugin": format!("plg_{:032x}", 2), "rule": "words",
                "version": "1.0.0", "verdict": "hold", "reason": {"code": "blocked-word", "text": "no"}, "micros": 9, "fuel": 1}],
        }))
        .expect("a decision");
        tally.count(&Played { text: None, decision, latency: Duration::from_millis(2) });
        tally.count_refused("invalid".to_owned(), "why".to_owned());
        assert_eq!(tally.answered(), 2);
        let mut out = Vec::new();
        tally.print(&mut Page::new(&mut out, Paint::Plain), Duration::from_secs(1)).expect("written");
        let text = String::from_utf8(out).expect("text");
        for part in ["hold               1  100.00 %", "blocked-word", "2 messages a second", "2.0 ms (p50)"] {
            assert!(text.contains(part), "{part} in\n{text}");
        }
    }
}
