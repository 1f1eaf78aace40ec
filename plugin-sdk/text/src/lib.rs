//! What characters are to a reader, once for the host and for plugins: digits and what stands between groups of them, what is
//! not seen, letters that count as the same, and where words begin and end.
//!
//! ```
//! use sluice_text as text; // `sluice_plugin::text` in a plugin
//!
//! assert_eq!(text::digit('٣'), Some(3));
//! assert_eq!(text::separator('—'), Some(text::Separator::Dash));
//! assert!(text::is_blank("\u{3164}\u{200b} "));
//! assert_eq!(text::fold("Café"), text::fold("CAFE\u{301}"));
//! let words: Vec<&str> = text::words("I love 上海, really").collect();
//! assert_eq!(words, ["I", "love", "上", "海", "really"]);
//! ```
//!
//! The tables here are short. Tests hold them to ICU's data. What is not called costs a plugin nothing.
//!
//! Not here: what a row of digits is, and what to do about anything.

mod digit;
mod fold;
mod look_alike;
mod mark;
mod seen;
mod separator;
mod word;

pub use digit::{decimal, digit};
pub use fold::{caseless, fold, nfc, nfkc};
pub use look_alike::skeleton;
pub use mark::is_free_mark;
pub use seen::{is_bidi_control, is_blank, is_ignorable, is_invisible, is_space, is_visible};
pub use separator::{Separator, separator};
pub use word::{is_unspaced, words};
