//! Aligned tables of plain text for a terminal of 100 columns, and the colours of verdicts where a terminal shows them.

use std::io::{self, Write};

use sluice_domain::verdict::Severity;

/// Between two columns.
const GAP: &str = "  ";

/// Whether to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Paint {
    /// With ANSI escape codes.
    Colour,
    /// Letters only.
    Plain,
}

impl Paint {
    /// Colour on a terminal, unless `NO_COLOR` is set to anything (no-color.org).
    pub(super) fn when(terminal: bool) -> Self {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        if terminal && !refused { Self::Colour } else { Self::Plain }
    }
}

/// How a stretch of text looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// As it is.
    Normal,
    /// For headings.
    Bold,
    /// For what matters less.
    Faint,
    /// As what a verdict means.
    Verdict(Severity),
}

impl Look {
    const fn code(self) -> Option<&'static str> {
        match self {
            Self::Normal => None,
            Self::Bold => Some("1"),
            Self::Faint => Some("2"),
            Self::Verdict(Severity::Allow) => Some("32"),
            Self::Verdict(Severity::Flag) => Some("36"),
            Self::Verdict(Severity::Redact) => Some("35"),
            Self::Verdict(Severity::Hold) => Some("33"),
            Self::Verdict(Severity::Block) => Some("31"),
        }
    }
}

/// On which side of its column a text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    Right,
}

/// A column: its heading, its width in characters, its side. What is longer goes on in the next line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column(pub(super) &'static str, pub(super) usize, pub(super) Side);

/// One cell of a row.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    text: String,
    look: Look,
}

/// A cell with text that looks as it is.
pub(super) fn cell(text: impl Into<String>) -> Cell {
    Cell { text: text.into(), look: Look::Normal }
}

impl Cell {
    pub(super) fn looking(self, look: Look) -> Self {
        Self { look, ..self }
    }
}

/// Where the demo writes.
pub(super) struct Page<W> {
    out: W,
    paint: Paint,
}

impl<W: Write> Page<W> {
    pub(super) fn new(out: W, paint: Paint) -> Self {
        Self { out, paint }
    }

    /// A line of text.
    pub(super) fn line(&mut self, look: Look, text: &str) -> io::Result<()> {
        let painted = self.painted(look, text);
        writeln!(self.out, "{painted}")
    }

    /// The headings of a table.
    pub(super) fn head(&mut self, columns: &[Column]) -> io::Result<()> {
        let cells: Vec<Cell> = columns.iter().map(|column| cell(column.0).looking(Look::Faint)).collect();
        self.row(columns, &cells)
    }

    /// One row, on as many lines as its longest cell needs. Shown at once.
    pub(super) fn row(&mut self, columns: &[Column], cells: &[Cell]) -> io::Result<()> {
        let wrapped: Vec<Vec<String>> =
            columns.iter().zip(cells).map(|(column, cell)| wrap(&printable(&cell.text), column.1)).collect();
        let height = wrapped.iter().map(Vec::len).max().unwrap_or(0);
        for at in 0..height {
            let mut line = String::new();
            // Blanks are written only before a text, so that no line ends with them.
            let mut blanks = 0;
            for ((Column(_, width, side), cell), lines) in columns.iter().zip(cells).zip(&wrapped) {
                let text = lines.get(at).map_or("", String::as_str);
                let rest = width.saturating_sub(text.chars().count());
                let (before, after) = if *side == Side::Right { (rest, 0) } else { (0, rest) };
                if text.is_empty() {
                    blanks += width + GAP.len();
                    continue;
                }
                line.extend(std::iter::repeat_n(' ', blanks + before));
                line.push_str(&self.painted(cell.look, text));
                blanks = after + GAP.len();
            }
            writeln!(self.out, "{line}")?;
        }
        self.out.flush()
    }

    fn painted(&self, look: Look, text: &str) -> String {
        match (self.paint, look.code()) {
            (Paint::Colour, Some(code)) => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
            (Paint::Colour, None) | (Paint::Plain, _) => text.to_owned(),
        }
    }
}

/// Messages come from strangers: what would move a terminal's cursor or change its colours is not printed.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Breaks `text` at blanks into lines of at most `width` characters; a longer word is broken.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut room = 0;
    for word in text.split_whitespace() {
        let letters: Vec<char> = word.chars().collect();
        for (index, piece) in letters.chunks(width.max(1)).enumerate() {
            match lines.last_mut() {
                Some(line) if index == 0 && piece.len() < room => {
                    line.push(' ');
                    line.extend(piece);
                    room -= piece.len() + 1;
                }
                _ => {
                    lines.push(piece.iter().collect());
                    room = width - piece.len();
                }
            }
        }
    }
    lines
}

/// A whole number with its thousands set apart.
pub(super) fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 3] = [Column("a", 5, Side::Left), Column("b", 3, Side::Right), Column("c", 8, Side::Left)];

    fn shown(paint: Paint, cells: &[Cell]) -> String {
        let mut page = Page::new(Vec::new(), paint);
        page.row(&COLUMNS, cells).expect("written");
        String::from_utf8(page.out).expect("text")
    }

    #[test]
    fn a_long_cell_goes_on_in_the_next_line() {
        let cells = [cell("привет"), cell("7"), cell("one two three")];
        assert_eq!(shown(Paint::Plain, &cells), "приве    7  one two\nт           three\n");
    }

    #[test]
    fn a_message_cannot_write_to_the_terminal() {
        let text = shown(Paint::Plain, &[cell("\u{1b}[2J"), cell(""), cell("x")]);
        assert!(!text.contains('\u{1b}'), "{text:?}");
    }

    #[test]
    fn colour_does_not_move_the_columns() {
        let cells = [cell("ab").looking(Look::Verdict(Severity::Block)), cell("7"), cell("c")];
        let painted = shown(Paint::Colour, &cells);
        assert_eq!(painted.replace("\u{1b}[31m", "").replace("\u{1b}[0m", ""), shown(Paint::Plain, &cells));
        assert_ne!(painted, shown(Paint::Plain, &cells));
    }

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(number), ["0", "999", "1,000", "1,234,567"]);
    }
}
