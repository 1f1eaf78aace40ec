//! CSV of unknown making: finds the separator, whether there is a heading, and the column with the messages.

use csv::{Reader, ReaderBuilder, StringRecord};

use super::{MessageFile, NAMES};

/// The likeliest first; the last one is in no text, so that a file without separators has one column.
const SEPARATORS: [u8; 5] = [b'\t', b',', b';', b'|', 0x1f];
/// How many records are looked at to find out how a file is made.
const SAMPLE: usize = 200;
/// Of the sampled records, how many must have the same number of columns, in tenths.
const ALIKE: usize = 8;

/// Reads the messages of `text`.
pub(super) fn read(text: &str) -> MessageFile {
    let mut file = MessageFile::default();
    let (separator, width) = shape(text);
    let sample: Vec<StringRecord> = reader(text, separator).records().flatten().take(SAMPLE).collect();
    let Some(first) = sample.first() else { return file };
    let (column, heading) = column(first, &sample);
    file.column = if heading { first[column].trim().to_owned() } else { format!("column {}", column + 1) };

    for record in reader(text, separator).records().skip(usize::from(heading)) {
        match record {
            Ok(record) => {
                let number = record.position().map_or(0, csv::Position::line);
                match record.get(column) {
                    Some(text) if record.len() == width => file.push(number, text),
                    _ => file.leave_out(number, format!("{} columns, not {width}", record.len())),
                }
            }
            Err(error) => {
                let number = error.position().map_or(0, csv::Position::line);
                file.leave_out(number, error.to_string());
            }
        }
    }
    file
}

fn reader(text: &str, separator: u8) -> Reader<&[u8]> {
    // Between tabs many programs do not quote. A line with a single quotation mark shows that this one did not.
    let quoted = separator != b'\t' || text.lines().all(|line| line.matches('"').count().is_multiple_of(2));
    ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator)
        .quoting(quoted)
        .from_reader(text.as_bytes())
}

/// The separator that makes most records alike, and how many columns they have then.
fn shape(text: &str) -> (u8, usize) {
    let mut best = (0x1f, 1);
    let mut most = 0;
    for separator in SEPARATORS {
        let mut widths: Vec<usize> =
            reader(text, separator).records().flatten().take(SAMPLE).map(|r| r.len()).collect();
        widths.sort_unstable();
        let runs = widths.chunk_by(|a, b| a == b);
        let Some(usual) = runs.max_by_key(|run| run.len()) else { continue };
        if usual[0] > 1 && usual.len() * 10 >= widths.len() * ALIKE && usual.len() > most {
            (best, most) = ((separator, usual[0]), usual.len());
        }
    }
    best
}

/// Where the messages are, and whether the first record is a heading: by a known name, else the column with the longest text, under a
/// heading if the first record has a single short word there.
fn column(first: &StringRecord, sample: &[StringRecord]) -> (usize, bool) {
    let known = |name: &&str| first.iter().position(|cell| cell.trim().eq_ignore_ascii_case(name));
    if let Some(column) = NAMES.iter().find_map(known) {
        return (column, true);
    }
    let length = |column: usize| sample.iter().filter_map(|record| record.get(column)).map(str::len).sum::<usize>();
    let column = (0..first.len()).max_by_key(|column| length(*column)).unwrap_or(0);
    let top = first.get(column).unwrap_or_default();
    let heading = !top.trim().contains(' ') && top.len() * 3 * sample.len() < length(column);
    (column, heading)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        read(text).messages.into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn the_column_is_found_by_its_name() {
        assert_eq!(texts("id,Message,a very long column that is not it\n1,hi,x\n2,\"a, b\",y\n"), ["hi", "a, b"]);
        assert_eq!(texts("v1;v2\nham;one\nspam;two\n"), ["one", "two"]);
    }

    #[test]
    fn without_a_known_name_the_longest_column_is_played() {
        let text = "label,remark\nham,this is a long enough remark\nspam,and another one of them here\n";
        assert_eq!(texts(text), ["this is a long enough remark", "and another one of them here"]);
    }

    #[test]
    fn a_file_without_a_heading_loses_no_message() {
        assert_eq!(
            texts("ham\tsee you there, ok\nspam\tyou won, call now, or not\n"),
            ["see you there, ok", "you won, call now, or not"]
        );
    }

    #[test]
    fn a_single_column_is_not_cut_at_its_commas() {
        assert_eq!(texts("text\nwell, yes\nno, no, no\nmaybe\n"), ["well, yes", "no, no, no", "maybe"]);
    }

    #[test]
    fn quotation_marks_between_tabs_are_text_when_they_are_not_in_pairs() {
        assert_eq!(texts("ham\t\"hello there\nham\the said so\n"), ["\"hello there", "he said so"]);
        assert_eq!(texts("ham\t\"he said \"\"so\"\"\"\nham\tand left\n"), ["he said \"so\"", "and left"]);
    }

    #[test]
    fn a_record_of_another_width_is_named_by_its_line() {
        let file = read("id,text\n1,a\n2\n3,\"b\nb\"\n4,c\n5,d\n6,e\n7,f\n8,g,h\n9,\n");
        assert_eq!(file.messages.len(), 6);
        assert_eq!(file.messages[1].text, "b\nb");
        assert_eq!(file.bad.iter().map(|bad| bad.number).collect::<Vec<_>>(), [3, 10, 11]);
    }

    #[test]
    fn an_empty_file_has_no_messages() {
        assert_eq!(texts(""), Vec::<String>::new());
    }
}
