//! Programs by their first bytes.

use super::{
    Category,
    detect::{Detected, Look},
    source::{u16_le, u32_be, u32_le},
    text,
};

/// The lowest major version of a Java class file (JDK 1.1); a universal Mach-O has fewer architectures than that.
const FIRST_JAVA: u32 = 45;

/// What is certainly a program, when the head is no text.
pub(super) fn machine_code(head: &[u8]) -> Option<Detected> {
    let media_type = match head {
        [0xca, 0xfe, 0xba, 0xbe, ..] if (1..FIRST_JAVA).contains(&u32_be(head, 4)) => "application/x-mach-binary",
        [0xca, 0xfe, 0xba, 0xbe, ..] => "application/java-vm",
        [0xca, 0xfe, 0xba, 0xbf, ..] | [0xfe, 0xed, 0xfa, 0xce | 0xcf, ..] | [0xce | 0xcf, 0xfa, 0xed, 0xfe, ..] => {
            "application/x-mach-binary"
        }
        [b'M', b'Z', ..] | [b'Z', b'M', ..] => of_windows(head),
        [0x7f, b'E', b'L', b'F', _, _, _, _, b'A', b'I', 1 | 2, ..] => "application/x-appimage",
        [0x7f, b'E', b'L', b'F', ..] => of_unix(head),
        [0, b'a', b's', b'm', ..] => "application/wasm",
        [0x3f, 0x5f, 0x03, 0x00, ..] => "application/winhlp",
        _ => return None,
    };
    Some(Detected::new(media_type, Category::Executable, Look::Nowhere))
}

fn of_windows(head: &[u8]) -> &'static str {
    let at = u32_le(head, 60) as usize;
    match head.get(at..at.saturating_add(4)) {
        Some(b"PE\0\0") => "application/vnd.microsoft.portable-executable",
        Some([b'N', b'E', ..]) => "application/x-ms-ne-executable",
        _ => "application/x-dosexec",
    }
}

/// By the type of object (System V ABI, chapter 4): file-format has one media type for all of them.
fn of_unix(head: &[u8]) -> &'static str {
    let kind = match head.get(5) {
        Some(2) => u16_le(head, 16).swap_bytes(),
        _ => u16_le(head, 16),
    };
    match kind {
        1 => "application/x-object",
        3 => "application/x-sharedlib",
        4 => "application/x-coredump",
        _ => "application/x-executable",
    }
}

/// Whether a file that begins so is a program: for files inside others.
pub(super) fn begins_as_program(head: &[u8]) -> bool {
    match head {
        [b'M', b'Z', ..] => text::read(head).is_none(),
        [0x4c, 0, 0, 0, 0x01, 0x14, 0x02, 0, ..] | [b'd', b'e', b'x', b'\n', ..] => true,
        _ => head.starts_with(b"#!/") || machine_code(head).is_some_and(|found| !found.media_type.ends_with("dosexec")),
    }
}
