//! Whatever comes in: no panic, no more than allowed is read, and what is forecast holds.

use std::{cell::Cell, rc::Rc};

use proptest::prelude::*;

use super::*;

/// Counts what is read.
struct Counted(Cursor<Vec<u8>>, Rc<Cell<u64>>);

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.0.read(buffer)?;
        self.1.set(self.1.get() + read as u64);
        Ok(read)
    }
}

impl Seek for Counted {
    fn seek(&mut self, position: io::SeekFrom) -> io::Result<u64> {
        self.0.seek(position)
    }
}

fn holds(content: &[u8]) {
    let read = Rc::new(Cell::new(0));
    for said_voice in [false, true] {
        read.set(0);
        let found = inspect(Counted(Cursor::new(content.to_vec()), read.clone()), "a.pdf.exe", "image/png", said_voice)
            .unwrap();
        assert!(read.get() <= READ_LIMIT);
        let head = &content[..content.len().min(HEAD_BYTES)];
        assert!(forecast(head, said_voice).contains(&found.category));
        assert!(forecast(content, said_voice).contains(&found.category));
    }
}

#[test]
fn forecasts_hold_for_every_sample_and_each_of_its_beginnings() {
    for sample in samples::all() {
        let step = (sample.content.len() / 200).max(1);
        for end in (0..=sample.content.len()).step_by(step) {
            holds(&sample.content[..end]);
        }
        // As files that are longer than the head.
        for filling in [0, b' ', b'a', 0xff] {
            let mut long = sample.content.clone();
            long.resize(long.len() + 2 * HEAD_BYTES, filling);
            holds(&long);
        }
    }
}

#[test]
fn what_can_only_be_one_thing_is_forecast_as_that() {
    let mut picture = samples::PNG.to_vec();
    picture.resize(HEAD_BYTES, 0);
    assert_eq!(forecast(&picture, false), [Category::Image].into());
    let mut archive = samples::zip(&[("a", &[0; HEAD_BYTES])]);
    archive.truncate(HEAD_BYTES);
    let possible = forecast(&archive, false);
    assert!(possible.contains(&Category::Archive) && possible.contains(&Category::Document));
    assert!(!possible.contains(&Category::Image) && !possible.contains(&Category::Video));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn random_bytes_are_something(content in prop::collection::vec(any::<u8>(), 0..3_000)) {
        holds(&content);
    }

    #[test]
    fn spoilt_samples_are_something(
        index in 0..samples::all().len(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
        end in any::<prop::sample::Index>(),
        longer in prop::option::of((0..3_usize, any::<u8>())),
        cut in any::<bool>(),
    ) {
        let mut content = samples::all().swap_remove(index).content;
        for (at, byte) in changes {
            if !content.is_empty() {
                let at = at.index(content.len());
                content[at] = byte;
            }
        }
        if cut && !content.is_empty() {
            content.truncate(end.index(content.len()));
        }
        if let Some((heads, byte)) = longer {
            content.resize(content.len() + heads * HEAD_BYTES, byte);
        }
        holds(&content);
    }

    #[test]
    fn extreme_numbers_are_something(
        index in 0..samples::all().len(),
        at in any::<prop::sample::Index>(),
        width in prop::sample::select(vec![1_usize, 2, 4, 8]),
        byte in prop::sample::select(vec![0_u8, 1, 0x7f, 0x80, 0xff]),
    ) {
        let mut content = samples::all().swap_remove(index).content;
        if !content.is_empty() {
            let at = at.index(content.len());
            let end = (at + width).min(content.len());
            content[at..end].fill(byte);
        }
        holds(&content);
    }

    #[test]
    fn any_name_is_judged(name in "\\PC{0,40}", tail in "[\\PC\u{202e}\u{0}.]{0,20}") {
        inspect(Cursor::new(samples::PNG), &format!("{name}{tail}"), &tail, false).unwrap();
    }
}
