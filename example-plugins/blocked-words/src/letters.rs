//! What a character stands for: the same letter in another script, width, case or style, with or without marks, or a
//! digit or sign in a letter's place.
//!
//! Two answers of different precision. A *class* is one byte, looked up while a text is scanned; characters that could
//! ever mean the same share a class, and some that could not do too. The *readings* of a character are exact, and are
//! asked for only where classes agree with a pattern. Where words begin and end is not decided here.

use sluice_plugin::text::{caseless, digit, is_free_mark, is_invisible, is_unspaced};

use crate::marked::MARKED;

/// The class of everything between words.
pub(crate) const SEPARATOR: u8 = 0;
/// The class of what is not there for a reader: marks, zero-width characters.
pub(crate) const DROPPED: u8 = 0xff;
/// What several letters stand for, such as `ß`: see [`expansion`].
pub(crate) const EXPANDED: u8 = 0xfe;
/// Set in the class of a sign that may stand for a letter, such as `$`.
pub(crate) const SIGN: u8 = 0x80;

/// Letters that look the same in lower case, each line under its first.
const TWINS: &[&str] = &[
    "aаαɑ", "cсϲ", "dԁ", "eе", "gɡ", "hһ", "iіι", "jј", "kкκ", "lӏ", "mм", "oоο", "pрρ", "qԛ", "sѕ", "tтτ", "uυ",
    "vνѵ", "wԝω", "xхχ", "yуүγ",
];

/// Characters, and the letters besides themselves that they may be read as: capitals that look the same, digits and
/// signs in a letter's place. One-way: a text's `0` may be an `o`, but a pattern's `0` is a zero.
const READINGS: &[(char, [char; 2])] = &[
    ('!', ['i', 'i']),
    ('$', ['s', 's']),
    ('+', ['t', 't']),
    ('0', ['o', 'o']),
    ('1', ['i', 'l']),
    ('3', ['e', 'з']),
    ('4', ['a', 'ч']),
    ('5', ['s', 's']),
    ('6', ['b', 'б']),
    ('7', ['t', 't']),
    ('8', ['b', 'в']),
    ('9', ['g', 'g']),
    ('@', ['a', 'a']),
    ('B', ['в', 'в']),
    ('H', ['н', 'н']),
    ('n', ['п', 'п']),
    ('r', ['г', 'г']),
    ('u', ['и', 'и']),
    ('w', ['ш', 'ш']),
    ('|', ['i', 'l']),
    ('Β', ['b', 'в']),
    ('Η', ['h', 'н']),
    ('Ν', ['n', 'n']),
    ('В', ['b', 'b']),
    ('Н', ['h', 'h']),
    ('г', ['r', 'r']),
    ('и', ['u', 'u']),
    ('п', ['n', 'n']),
    ('ш', ['w', 'w']),
    ('ь', ['b', 'b']),
    ('э', ['e', 'e']),
    ('я', ['r', 'r']),
    ('є', ['e', 'e']),
    ('€', ['e', 'e']),
];

/// Characters that READINGS connects, directly or not, share a class: its index here, plus one.
const CLASSES: &[&str] =
    &["aч4@", "bвбь68β", "eзэє3€", "hнη", "il1!|", "nпv", "uи", "rгя", "wш", "s5$", "t7+", "g9", "o0"];

/// Latin letters in another dress: first and last of a range, and the first letter or digit that it stands for.
const STYLED_RANGES: &[(u32, u32, char)] = &[
    (0x249c, 0x24b5, 'a'),
    (0x24b6, 0x24cf, 'a'),
    (0x24d0, 0x24e9, 'a'),
    (0xff01, 0xff5e, '!'),
    (0x1f130, 0x1f149, 'a'),
    (0x1f150, 0x1f169, 'a'),
    (0x1f170, 0x1f189, 'a'),
    (0x1f1e6, 0x1f1ff, 'a'),
];

/// Characters below this have their class in a table.
pub(crate) const TABLE: usize = 0x800;

/// The tables, made once, in `configure`.
#[derive(Debug)]
pub(crate) struct Letters {
    classes: Box<[u8; TABLE]>,
    /// The same of the bytes that are letters by themselves, and [`SEPARATOR`] for all others.
    bytes: Box<[u8; 256]>,
    plain: Vec<(char, char)>,
    twins: Vec<(char, char)>,
    look_alikes: bool,
}

impl Letters {
    /// With `look_alikes` off, only case, width, style and marks are folded.
    pub(crate) fn new(look_alikes: bool) -> Self {
        let pairs = |(letter, forms): (char, &'static str)| forms.chars().map(move |form| (form, letter));
        let mut plain: Vec<_> = MARKED.iter().copied().flat_map(pairs).collect();
        plain.sort_unstable();
        let first = |line: &'static str| line.chars().next().map(|first| (first, line));
        let mut twins: Vec<_> = TWINS.iter().filter_map(|line| first(line)).flat_map(pairs).collect();
        twins.sort_unstable();
        let (classes, bytes) = (Box::new([SEPARATOR; TABLE]), Box::new([SEPARATOR; 256]));
        let mut letters = Self { classes, bytes, plain, twins, look_alikes };
        for code in 0..TABLE {
            letters.classes[code] = char::from_u32(code as u32).map_or(SEPARATOR, |c| letters.work_out_class(c));
        }
        for code in (0..0x80).filter(|&code| letters.classes[code] < SIGN) {
            letters.bytes[code] = letters.classes[code];
        }
        letters
    }

    /// The class of a letter or digit of ASCII; [`SEPARATOR`] for every other byte.
    #[inline]
    pub(crate) fn of_byte(&self, byte: u8) -> u8 {
        self.bytes[usize::from(byte)]
    }

    /// The classes of the first characters.
    pub(crate) fn table(&self) -> &[u8; TABLE] {
        &self.classes
    }

    /// The class of a character.
    pub(crate) fn class(&self, c: char) -> u8 {
        match self.classes.get(c as usize) {
            Some(&class) => class,
            None => self.work_out_class(c),
        }
    }

    fn work_out_class(&self, c: char) -> u8 {
        if is_plain(c) {
            return class_of_other(c);
        }
        if is_dropped(c) {
            return DROPPED;
        }
        if !expansion(c).is_empty() {
            return EXPANDED;
        }
        let styled = without_style(c);
        if matches!(styled, '!' | '$' | '+' | '@' | '|' | '€') {
            return SIGN | class_of_letter(styled);
        }
        if is_part_of_words(styled) { class_of_letter(self.twin(self.without_marks(styled))) } else { SEPARATOR }
    }

    /// The letter that a pattern with this character asks for, and the first reading of it in a text.
    pub(crate) fn letter(&self, c: char) -> char {
        let letter = self.without_marks(without_style(c));
        if self.look_alikes { self.twin(letter) } else { letter }
    }

    /// Whether a text's `c` may be read as a pattern's `letter`.
    pub(crate) fn may_be_read_as(&self, c: char, letter: char) -> bool {
        if self.letter(c) == letter {
            return true;
        }
        let reads = |c| match READINGS.binary_search_by_key(&c, |&(from, _)| from) {
            Ok(at) => READINGS[at].1.contains(&letter),
            Err(_) => false,
        };
        let styled = without_style(c);
        self.look_alikes && (reads(styled) || reads(self.letter(c)))
    }

    fn without_marks(&self, c: char) -> char {
        // Scripts without spaces have no case.
        let folded = if is_unspaced(c) { c } else { caseless(c).next().unwrap_or(c) };
        look_up(&self.plain, folded)
    }

    fn twin(&self, letter: char) -> char {
        look_up(&self.twins, letter)
    }
}

fn look_up(table: &[(char, char)], c: char) -> char {
    table.binary_search_by_key(&c, |&(from, _)| from).map_or(c, |at| table[at].1)
}

/// Letters that are in no table here, and many in texts that have them: of Chinese, of Korean as syllables, of Hindi and Thai.
const fn is_plain(c: char) -> bool {
    matches!(c, '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' | '\u{e01}'..='\u{e3a}' | '\u{e40}'..='\u{e4e}'
        | '\u{904}'..='\u{939}' | '\u{93e}'..='\u{94d}')
}

const fn class_of_other(letter: char) -> u8 {
    52 + (letter as u32 % 74) as u8
}

/// Classes 1 to 13 are those of [`CLASSES`], 16 to 51 Latin letters and digits; other letters share the rest.
fn class_of_letter(letter: char) -> u8 {
    if letter >= '\u{500}' && letter != '€' {
        return class_of_other(letter);
    }
    if let Some(index) = CLASSES.iter().position(|class| class.contains(letter)) {
        return index as u8 + 1;
    }
    match letter {
        'a'..='z' => 16 + (letter as u8 - b'a'),
        '0'..='9' => 42 + (letter as u8 - b'0'),
        other => class_of_other(other),
    }
}

/// Combining marks, points of Hebrew and Arabic, the voiced marks of kana, and all that is invisible.
fn is_dropped(c: char) -> bool {
    matches!(c, '\u{591}'..='\u{5bd}' | '\u{610}'..='\u{61a}' | '\u{640}' | '\u{64b}'..='\u{65f}' | '\u{670}'
        | '\u{3099}' | '\u{309a}')
        || is_free_mark(c)
        || is_invisible(c)
}

/// The letters that a character is, where it is several when case and style make no difference (Unicode's full case folding, and its
/// compatible decompositions of Latin and Armenian); empty where it is one.
pub(crate) const fn expansion(c: char) -> &'static str {
    match c {
        'ß' | 'ẞ' => "ss",
        'ĳ' | 'Ĳ' => "ij",
        'ŉ' => "n",
        'Ǆ' | 'ǅ' | 'ǆ' | 'Ǳ' | 'ǲ' | 'ǳ' => "dz",
        'Ǉ' | 'ǈ' | 'ǉ' => "lj",
        'Ǌ' | 'ǋ' | 'ǌ' => "nj",
        '\u{587}' => "\u{565}\u{582}",
        'ﬀ' => "ff",
        'ﬁ' => "fi",
        'ﬂ' => "fl",
        'ﬃ' => "ffi",
        'ﬄ' => "ffl",
        'ﬅ' | 'ﬆ' => "st",
        '\u{fb13}' => "\u{574}\u{576}",
        '\u{fb14}' => "\u{574}\u{565}",
        '\u{fb15}' => "\u{574}\u{56b}",
        '\u{fb16}' => "\u{57e}\u{576}",
        '\u{fb17}' => "\u{574}\u{56d}",
        _ => "",
    }
}

/// Full-width, circled, squared and mathematical letters and digits as the plain ones.
fn without_style(c: char) -> char {
    let code = c as u32;
    if let Some(value) = digit(c) {
        return char::from(b'0' + value);
    }
    if code < 0x249c {
        return c;
    }
    let plain = match code {
        // Mathematical alphabets: 13 of 52 letters.
        0x1d400..=0x1d6a3 => {
            let letter = (code - 0x1d400) % 52;
            char::from_u32(if letter < 26 { 0x41 + letter } else { 0x61 + letter - 26 })
        }
        _ => STYLED_RANGES
            .iter()
            .find(|&&(first, last, _)| (first..=last).contains(&code))
            .and_then(|&(first, _, plain)| char::from_u32(plain as u32 + code - first)),
    };
    plain.unwrap_or(c)
}

/// Letters and digits of any script, and in scripts of India and South-East Asia also the vowel signs within a word.
fn is_part_of_words(c: char) -> bool {
    c.is_alphanumeric()
        || is_unspaced(c)
        || (matches!(c as u32, 0x900..=0x109f) && !matches!(c as u32, 0x964 | 0x965 | 0x970 | 0xe3f))
}

#[cfg(test)]
mod tests {
    use unicode_normalization::UnicodeNormalization;

    use super::*;

    #[test]
    fn the_tables_are_in_order() {
        assert!(READINGS.is_sorted_by_key(|&(from, _)| from));
    }

    #[test]
    fn whatever_may_be_read_as_a_letter_has_its_class() {
        let letters = Letters::new(true);
        for &(from, readings) in READINGS {
            for letter in readings {
                assert_eq!(letters.class(from) & !SIGN, letters.class(letter), "{from} as {letter}");
            }
        }
        for twins in TWINS {
            let classes: Vec<u8> = twins.chars().map(|twin| letters.class(twin)).collect();
            assert!(classes.iter().all(|&class| class == classes[0]), "{twins}");
        }
    }

    #[test]
    fn no_letter_has_the_class_of_something_else() {
        let letters = Letters::new(true);
        for c in ('\0'..=char::MAX).filter(|&c| !is_dropped(c) && expansion(c).is_empty()) {
            let class = letters.class(c);
            assert_ne!(class, DROPPED, "{c}");
            assert_eq!(class == SEPARATOR, class & !SIGN == 0, "{c}");
        }
    }

    /// The short way for letters that are many says what the long one does.
    #[test]
    fn letters_that_are_in_no_table_are_plain() {
        let letters = Letters::new(true);
        for c in ('\0'..=char::MAX).filter(|&c| is_plain(c)) {
            assert!(!is_dropped(c) && expansion(c).is_empty() && is_part_of_words(c), "{c}");
            assert_eq!((without_style(c), letters.without_marks(c), letters.twin(c)), (c, c, c));
        }
        let listed = CLASSES.iter().flat_map(|class| class.chars());
        assert!(listed.into_iter().all(|c| c < '\u{500}' || c == '€'));
    }

    #[test]
    fn composed_and_decomposed_text_folds_alike() {
        let letters = Letters::new(true);
        for code in (0xc0..0x250).chain(0x370..0x530).chain(0x600..0x700).chain(0x1e00..0x2000).chain(0x3040..0x3100) {
            let c = char::from_u32(code).unwrap();
            let decomposed: Vec<char> = [c].into_iter().nfd().filter(|&part| !is_dropped(part)).collect();
            if let [part] = decomposed[..]
                && c.is_alphanumeric()
            {
                assert_eq!(letters.letter(part), letters.letter(c), "{c} {code:x}");
                assert_eq!(letters.class(part), letters.class(c), "{c} {code:x}");
            }
        }
    }

    /// Case is folded as Unicode says: one letter as one, several as several.
    #[test]
    fn letters_of_either_case_fold_alike() {
        let letters = Letters::new(false);
        let folded = |text: &str| -> String {
            let plain = text
                .chars()
                .flat_map(|c| if expansion(c).is_empty() { vec![c] } else { expansion(c).chars().collect() });
            plain.filter(|&c| !is_dropped(c)).map(|c| letters.letter(c)).collect()
        };
        let differs = |&c: &char| {
            let whole: String = caseless(c).collect();
            // One letter may be several with marks, which do not count.
            folded(&c.to_string()).chars().next() != folded(&whole).chars().next()
                || !expansion(c).is_empty() && letters.class(c) != EXPANDED
        };
        let wrong: Vec<char> = ('\0'..=char::MAX).filter(|c| c.is_alphabetic()).filter(differs).collect();
        assert_eq!(wrong, ['ŉ', '\u{345}'], "without its apostrophe; a mark that is large as a letter");
        for (one, other) in
            [("STRASSE", "straße"), ("GROẞ", "gross"), ("ΣΊΣΥΦΟΣ", "σίσυφος"), ("İIı", "iii"), ("ﬁﬃ", "FIFFI")]
        {
            assert_eq!(folded(one), folded(other), "{one}");
        }
    }

    #[test]
    fn styles_are_folded() {
        let letters = Letters::new(false);
        for c in ['Ａ', 'ａ', '𝐀', '𝒂', '🅰', '🇦', 'ⓐ', 'Ⓐ', 'Á'] {
            assert_eq!(letters.letter(c), 'a', "{c}");
        }
        assert_eq!(letters.letter('７'), '7');
        assert_eq!(letters.letter('٧'), '7');
        assert_eq!(letters.letter('⑦'), '7');
        assert_eq!(letters.letter('𝟕'), '7');
    }
}
