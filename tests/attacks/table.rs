//! The table of what was seen, as text that is also Markdown.

use crate::{Attack, Seen, Verdict};

const HEAD: [&str; 6] = ["attack", "database", "what is done", "seen", "aim", "holds"];

/// Rows of attacks that were played.
#[derive(Debug, Default)]
pub struct Table {
    rows: Vec<[String; 6]>,
    failed: usize,
}

impl Table {
    /// Adds what one attack came to.
    pub fn add(&mut self, attack: &Attack, database: &str, seen: &Seen) {
        let holds = match seen.verdict {
            Verdict::Holds => "yes",
            Verdict::Fails => {
                self.failed += 1;
                "**no**"
            }
            Verdict::Skipped => "not played",
        };
        let cells = [attack.name, database, attack.what, &seen.what, attack.aim, holds];
        self.rows.push(cells.map(|cell| cell.replace('|', "/")));
    }

    /// How many attacks did not hold.
    pub fn failed(&self) -> usize {
        self.failed
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "| {} |", HEAD.join(" | "))?;
        writeln!(f, "|{}", "---|".repeat(HEAD.len()))?;
        self.rows.iter().try_for_each(|row| writeln!(f, "| {} |", row.join(" | ")))
    }
}
