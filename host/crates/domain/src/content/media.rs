//! Sound and moving pictures: whether a container has pictures in it decides what people call it.

use std::io::{Read, Seek};

use super::{
    Category,
    detect::{Detected, Look},
    source::{Source, holds, u32_be},
};

pub(super) mod id3;
pub(super) mod matroska;
pub(super) mod mp4;

/// Whether a container of that kind has a track of pictures in what is there of it.
pub(super) fn has_pictures<R: Read + Seek>(source: &mut Source<R>, look: Look) -> bool {
    match look {
        Look::IsoMedia => mp4::has_pictures(source),
        Look::Matroska => matroska::has_pictures(source),
        Look::Nowhere
        | Look::Unknown
        | Look::Script
        | Look::Zip
        | Look::Tar
        | Look::SevenZip
        | Look::Rar
        | Look::Cabinet
        | Look::Iso
        | Look::Stream
        | Look::Office
        | Look::Pdf
        | Look::Prologue(_)
        | Look::Mail
        | Look::Closed
        | Look::Markup(_)
        | Look::Id3 => false,
    }
}

/// Stream types of ASF (Advanced Systems Format 1.20, section 10.4), within the head that ASF begins with.
pub(super) fn asf(head: &[u8]) -> Detected {
    let video = holds(head, b"\xc0\xef\x19\xbc\x4d\x5b\xcf\x11\xa8\xfd\x00\x80\x5f\x5c\x44\x2b");
    let audio = holds(head, b"\x40\x9e\x69\xf8\x4d\x5b\xcf\x11\xa8\xfd\x00\x80\x5f\x5c\x44\x2b");
    match (video, audio) {
        (true, _) => Detected::new("video/x-ms-wmv", Category::Video, Look::Nowhere),
        (false, true) => Detected::new("audio/x-ms-wma", Category::Audio, Look::Nowhere),
        (false, false) => Detected::new("application/vnd.ms-asf", Category::Video, Look::Nowhere),
    }
}

/// MP4 and its relatives by their brands (the registry at mp4ra), or by a first box that QuickTime has without one.
pub(super) fn iso_media(head: &[u8]) -> Option<Detected> {
    let kind = head.get(4..8)?;
    let size = u32_be(head, 0);
    if kind != b"ftyp" {
        let is_box =
            matches!(kind, b"moov" | b"mdat" | b"wide" | b"free" | b"skip" | b"pnot") && !(2..8).contains(&size);
        return is_box.then(|| Detected::new("video/quicktime", Category::Video, Look::IsoMedia));
    }
    let end = (size as usize).clamp(16, 256).min(head.len());
    let brands = head.get(8..end)?;
    let major = brands.get(..4)?;
    let has = |wanted: &[u8]| brands.chunks_exact(4).any(|brand| brand == wanted);
    let image = |media_type| Some(Detected::new(media_type, Category::Image, Look::Nowhere));
    let moving = |media_type| Some(Detected::new(media_type, Category::Video, Look::IsoMedia));
    match major {
        b"avif" => image("image/avif"),
        b"avis" => image("image/avif-sequence"),
        b"heic" | b"heix" | b"heim" | b"heis" => image("image/heic"),
        b"hevc" | b"hevx" | b"hevm" | b"hevs" => image("image/heic-sequence"),
        b"mif1" | b"mif2" if has(b"avif") => image("image/avif"),
        b"mif1" | b"mif2" if has(b"heic") => image("image/heic"),
        b"mif1" | b"mif2" => image("image/heif"),
        b"msf1" if has(b"avis") => image("image/avif-sequence"),
        b"msf1" => image("image/heif-sequence"),
        b"crx " => image("image/x-canon-cr3"),
        b"jp2 " => image("image/jp2"),
        b"qt  " | b"mqt " => moving("video/quicktime"),
        [b'M', b'4', b'V', _] => moving("video/x-m4v"),
        [b'3', b'g', b'2', _] | b"KDDI" => moving("video/3gpp2"),
        [b'3', b'g', ..] => moving("video/3gpp"),
        _ => moving("video/mp4"),
    }
}

/// The streams of an Ogg file, which all begin before any goes on (RFC 3533, section 4).
pub(super) fn ogg(head: &[u8]) -> Detected {
    let (mut at, mut sound, mut pictures) = (0_usize, None, false);
    while let Some(page) = head.get(at..).filter(|page| page.starts_with(b"OggS")) {
        let begins = page.get(5).is_some_and(|flags| flags & 2 != 0);
        let segments = usize::from(page.get(26).copied().unwrap_or(0));
        let Some(lengths) = page.get(27..27 + segments) else { break };
        let body = &page[27 + segments..];
        if !begins {
            break;
        }
        if [&b"\x80theora"[..], b"\x01video", b"BBCD\0", b"OVP80", b"\x80kate\0\0\0"]
            .iter()
            .any(|codec| body.starts_with(codec))
        {
            pictures = pictures || !body.starts_with(b"\x80kate");
        } else if body.starts_with(b"OpusHead") {
            sound = sound.or(Some(("audio/opus", Category::Voice)));
        } else if body.starts_with(b"Speex  ") {
            sound = sound.or(Some(("audio/ogg", Category::Voice)));
        } else if [&b"\x01vorbis"[..], b"\x7fFLAC", b"PCM     ", b"fLaC"].iter().any(|codec| body.starts_with(codec)) {
            sound = Some(("audio/ogg", Category::Audio));
        }
        at += 27 + segments + lengths.iter().map(|length| usize::from(*length)).sum::<usize>();
    }
    match (pictures, sound) {
        (true, _) => Detected::new("video/ogg", Category::Video, Look::Nowhere),
        (false, Some((media_type, category))) => Detected::new(media_type, category, Look::Nowhere),
        (false, None) => Detected::new("application/ogg", Category::Other, Look::Nowhere),
    }
}

/// Whether an MPEG audio frame begins there, and another one where it ends (ISO/IEC 11172-3, section 2.4.2.3).
pub(super) fn is_mpeg_frame(head: &[u8]) -> bool {
    let Some(length) = frame_length(head) else { return false };
    match head.get(length..) {
        Some(next) if next.len() >= 4 => {
            frame_length(next).is_some() || next.starts_with(b"TAG") || next.starts_with(b"APET")
        }
        _ => true,
    }
}

fn frame_length(frame: &[u8]) -> Option<usize> {
    const KILOBITS: [[usize; 14]; 5] = [
        [32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
        [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
        [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
        [32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
        [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
    ];
    let [0xff, second, third, _] = *frame.get(..4)? else { return None };
    let (version, layer) = (second >> 3 & 3, second >> 1 & 3);
    if second & 0xe0 != 0xe0 || version == 1 || layer == 0 {
        return None;
    }
    let row = match (version, layer) {
        (3, 3) => 0,
        (3, 2) => 1,
        (3, _) => 2,
        (_, 3) => 3,
        _ => 4,
    };
    let bits = KILOBITS[row].get(usize::from(third >> 4).checked_sub(1)?)? * 1_000;
    let rate = [44_100, 48_000, 32_000].get(usize::from(third >> 2 & 3))? >> [2, 0, 1, 0][usize::from(version)];
    let padding = usize::from(third >> 1 & 1);
    Some(match (version, layer) {
        (_, 3) => (12 * bits / rate + padding) * 4,
        (3, _) | (_, 2) => 144 * bits / rate + padding,
        _ => 72 * bits / rate + padding,
    })
}
