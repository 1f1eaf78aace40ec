//! The tracks of an MP4 (ISO/IEC 14496-12).

use std::io::{Read, Seek};

use super::super::{
    Category,
    detect::Detected,
    source::{Source, Stop, u32_be, u64_le},
};

/// How many boxes are looked at; a fragmented film has its tracks before its fragments.
const BOXES: u32 = 4_096;

/// Finds out whether there are pictures. Still pictures, as covers and chapters have them, do not count.
pub(in super::super) fn look<R: Read + Seek>(source: &mut Source<R>, detected: &mut Detected) -> Result<(), Stop> {
    let mut tracks = Tracks::default();
    let end = tracks.walk(source);
    match tracks {
        Tracks { pictures: true, .. } => {}
        Tracks { sound: true, .. } => {
            let media_type = match detected.media_type.as_ref() {
                "video/3gpp" => "audio/3gpp",
                "video/3gpp2" => "audio/3gpp2",
                _ => "audio/mp4",
            };
            detected.settle(media_type, Category::Audio);
        }
        Tracks { .. } => return end.and(Err(Stop::Broken)),
    }
    match end {
        // The tracks are known: that the rest is cut is the player's matter.
        Err(Stop::Broken | Stop::Spent) | Ok(()) => Ok(()),
        Err(Stop::Io(error)) => Err(Stop::Io(error)),
    }
}

#[derive(Default)]
struct Tracks {
    pictures: bool,
    sound: bool,
    /// In a track of pictures whose coding is not known yet.
    undecided: bool,
}

/// Whether a track of pictures is found in what is there.
pub(in super::super) fn has_pictures<R: Read + Seek>(source: &mut Source<R>) -> bool {
    let mut tracks = Tracks::default();
    // It ends where the head does, which says nothing.
    let _ = tracks.walk_boxes(source);
    tracks.pictures
}

impl Tracks {
    fn walk<R: Read + Seek>(&mut self, source: &mut Source<R>) -> Result<(), Stop> {
        self.walk_boxes(source)?;
        self.coding(b"");
        Ok(())
    }

    fn walk_boxes<R: Read + Seek>(&mut self, source: &mut Source<R>) -> Result<(), Stop> {
        let mut at = 0_u64;
        for _ in 0..BOXES {
            if at >= source.len() {
                break;
            }
            let header = source.bytes(at, 32)?;
            let kind = header.get(4..8).ok_or(Stop::Broken)?;
            let (size, body) = match u32_be(&header, 0) {
                0 => (source.len() - at, 8),
                1 => (u64_le(&header, 8).swap_bytes(), 16),
                size => (u64::from(size), 8),
            };
            if size < body {
                return Err(Stop::Broken);
            }
            let content = header.get(usize::try_from(body).unwrap_or(8)..).unwrap_or_default();
            let enter = match kind {
                b"moov" | b"trak" | b"mdia" | b"minf" | b"stbl" => true,
                b"hdlr" => {
                    self.handler(content.get(8..12).unwrap_or_default());
                    false
                }
                b"stsd" => {
                    self.coding(content.get(12..16).unwrap_or_default());
                    false
                }
                _ => false,
            };
            at = at.checked_add(if enter { body } else { size }).ok_or(Stop::Broken)?;
        }
        Ok(())
    }

    fn handler(&mut self, kind: &[u8]) {
        match kind {
            b"vide" => {
                // The track before never said how it is coded.
                self.coding(b"");
                self.undecided = true;
            }
            b"soun" => self.sound = true,
            _ => {}
        }
    }

    fn coding(&mut self, coding: &[u8]) {
        let still = matches!(coding, b"jpeg" | b"png " | b"mjpa" | b"mjpb");
        self.pictures = self.pictures || (self.undecided && !still);
        self.undecided = false;
    }
}
