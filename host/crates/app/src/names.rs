//! What people call things: bounded, and nothing that would break a line.

use crate::AppError;

/// Longest name of most things, in bytes of UTF-8.
pub(crate) const BYTES: usize = 256;

/// Whether a text can be a name of at most `most` bytes.
pub(crate) fn check(field: &'static str, text: &str, most: usize) -> Result<(), AppError> {
    if text.trim().is_empty() || text.len() > most || text.contains(char::is_control) {
        return Err(AppError::invalid(field, format!("1 to {most} bytes of UTF-8 without control characters")));
    }
    Ok(())
}

/// Longest note, in bytes of UTF-8.
pub(crate) const TEXT_BYTES: usize = 1_024;

/// Whether a text can be a note, which may be empty and have lines.
pub(crate) fn check_text(field: &'static str, text: &str) -> Result<(), AppError> {
    if text.len() > TEXT_BYTES || text.contains('\0') {
        return Err(AppError::invalid(field, format!("at most {TEXT_BYTES} bytes of UTF-8, without U+0000")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_empty_too_long_or_breaks_a_line_is_no_name() {
        for bad in ["", "  ", "a\nb", "a\u{7f}", "abcdef"] {
            assert!(check("name", bad, 5).is_err(), "{bad:?}");
        }
        assert!(check("name", "Ünal", 5).is_ok());
    }
}
