//! The tracks of Matroska and WebM (RFC 8794, RFC 9559).

use std::io::{Read, Seek};

use super::super::{
    Category,
    detect::Detected,
    source::{Source, Stop},
};

/// How many elements are looked at before the first cluster.
const ELEMENTS: u32 = 1_024;

#[derive(Default)]
struct Tracks {
    webm: bool,
    pictures: bool,
    sound: bool,
    words: bool,
    /// Whether some sound is no Opus.
    other_than_opus: bool,
}

/// Finds out whether there are pictures, and whether the sound is what browsers record voice as.
pub(in super::super) fn look<R: Read + Seek>(source: &mut Source<R>, detected: &mut Detected) -> Result<(), Stop> {
    let mut tracks = Tracks::default();
    let end = tracks.walk(source);
    let (video, audio) = match tracks.webm {
        true => ("video/webm", "audio/webm"),
        false => ("video/matroska", "audio/matroska"),
    };
    match tracks {
        Tracks { pictures: true, .. } => detected.settle(video, Category::Video),
        Tracks { sound: true, other_than_opus: false, .. } => detected.settle(audio, Category::Voice),
        Tracks { sound: true, .. } => detected.settle(audio, Category::Audio),
        Tracks { words: true, .. } => detected.settle("application/x-matroska", Category::Other),
        Tracks { .. } => {
            detected.settle(video, Category::Video);
            return end.and(Err(Stop::Broken));
        }
    }
    match end {
        Err(Stop::Broken | Stop::Spent) | Ok(()) => Ok(()),
        Err(Stop::Io(error)) => Err(Stop::Io(error)),
    }
}

/// Whether a track of pictures is found in what is there.
pub(in super::super) fn has_pictures<R: Read + Seek>(source: &mut Source<R>) -> bool {
    let mut tracks = Tracks::default();
    // It ends where the head does, which says nothing.
    let _ = tracks.walk(source);
    tracks.pictures
}

impl Tracks {
    fn walk<R: Read + Seek>(&mut self, source: &mut Source<R>) -> Result<(), Stop> {
        let mut at = 0_u64;
        for _ in 0..ELEMENTS {
            if at >= source.len() {
                break;
            }
            let header = source.bytes(at, 32)?;
            let (id, id_len) = number(&header, 4, true).ok_or(Stop::Broken)?;
            let (size, size_len) = number(&header[id_len..], 8, false).ok_or(Stop::Broken)?;
            let body = id_len + size_len;
            let unknown = size == (1 << (7 * size_len)) - 1;
            let most = usize::try_from(size).unwrap_or(usize::MAX);
            let content = &header[body.min(header.len())..body.saturating_add(most).min(header.len())];
            let known = self.pictures || self.sound || self.words;
            let enter = match id {
                // EBML, Segment, Tracks, TrackEntry
                0x1a45_dfa3 | 0x1853_8067 | 0x1654_ae6b | 0xae => true,
                // Cluster
                0x1f43_b675 if known || unknown => return Ok(()),
                _ => {
                    self.note(id, content);
                    false
                }
            };
            if unknown && !enter {
                return Err(Stop::Broken);
            }
            at = at.checked_add(body as u64 + if enter { 0 } else { size }).ok_or(Stop::Broken)?;
        }
        Ok(())
    }

    fn note(&mut self, id: u64, content: &[u8]) {
        match (id, content) {
            // DocType
            (0x4282, _) => self.webm = content.starts_with(b"webm"),
            // TrackType
            (0x83, [.., 1 | 3]) => self.pictures = true,
            (0x83, [.., 2]) => self.sound = true,
            (0x83, [.., 0x11]) => self.words = true,
            // CodecID
            (0x86, [b'A', b'_', codec @ ..]) => self.other_than_opus |= !codec.starts_with(b"OPUS"),
            _ => {}
        }
    }
}

/// A number whose first byte says how long it is, and its length; an identifier keeps the mark of its length.
fn number(bytes: &[u8], most: usize, keep_mark: bool) -> Option<(u64, usize)> {
    let first = *bytes.first()?;
    let len = first.leading_zeros() as usize + 1;
    let rest = bytes.get(1..len).filter(|_| len <= most)?;
    let start = if keep_mark { u64::from(first) } else { u64::from(first) & ((1 << (8 - len)) - 1) };
    Some((rest.iter().fold(start, |number, byte| number << 8 | u64::from(*byte)), len))
}
