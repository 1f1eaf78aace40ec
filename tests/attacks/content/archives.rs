//! Archives that say of themselves what is not so.

use serde_json::json;

use crate::{
    attack::{Attack, Seen, Takes},
    memory::Watch,
    target::Target,
};

pub(super) const ATTACK: Attack = Attack {
    name: "hostile-archives",
    what: "ZIP files with 60,000 or overlapping entries, lying sizes, no end, hostile names, or 30 archives in each other",
    aim: "each is taken or refused with 4xx, the bombs are found out, and nothing grows by 64 MiB",
    takes: Takes::Seconds,
    play: |target| Box::pin(play(target)),
};

async fn play(target: &Target) -> Seen {
    let victim = target.start().await;
    let api = &victim.without_plugins.administrator;
    let watch = Watch::over(&victim);
    let archives = archives();
    let number = archives.len();
    let mut wrong = Vec::new();
    for (name, archive, is_bomb) in archives {
        let answer = api.send_file("files.zip", archive, "&direction=incoming").await;
        let is_found = answer.body["traits"].as_array().is_some_and(|traits| traits.contains(&json!("archive-bomb")));
        let is_refused = answer.status.is_client_error();
        if !(answer.status == 201 || is_refused) || (is_bomb && !is_found && !is_refused) {
            wrong.push(format!("{name}: {} {}", answer.status.as_u16(), answer.body["traits"]));
        }
    }
    let growth = watch.growth();
    let holds = wrong.is_empty() && growth.bytes < 64 << 20;
    Seen::new(holds, format!("{} of {number} wrong {}; {growth}", wrong.len(), wrong.join(", ")))
}

/// What each is, its bytes, and whether it unpacks to far more than it holds.
fn archives() -> Vec<(&'static str, Vec<u8>, bool)> {
    let plain = Entry { name: b"a.txt".to_vec(), data: b"words".to_vec(), size: 5 };
    let bomb = Entry { name: b"zeros".to_vec(), data: vec![0; 1_000], size: u32::MAX - 1 };
    let whole = zip(std::slice::from_ref(&plain), false);
    let mut lying = whole.clone();
    // How many entries the end of the directory names.
    let end = lying.len() - 12;
    lying[end..end + 2].copy_from_slice(&60_000_u16.to_le_bytes());
    let mut outside = whole.clone();
    // Where it says that the directory begins.
    let end = outside.len() - 6;
    outside[end..end + 4].copy_from_slice(&u32::MAX.to_le_bytes());
    let mut nested = whole.clone();
    for _ in 0..30 {
        nested = zip(&[Entry { name: b"inner.zip".to_vec(), size: length(&nested), data: nested }], false);
    }
    let named = |name: &[u8]| zip(&[Entry { name: name.to_vec(), ..plain.clone() }], false);
    vec![
        ("60,000 entries", zip(&vec![Entry { data: Vec::new(), size: 0, ..plain.clone() }; 60_000], false), false),
        ("one entry that says 4 GiB", zip(std::slice::from_ref(&bomb), false), true),
        (
            "10,000 entries that are the same 100 KB",
            zip(&vec![Entry { data: vec![0; 100_000], size: 100_000, ..plain.clone() }; 10_000], true),
            true,
        ),
        ("sizes of 2^64", zip(&[Entry { size: u32::MAX, ..plain.clone() }], false), false),
        ("a directory that says 60,000", lying, false),
        ("a directory outside of the file", outside, false),
        ("without its end", whole[..whole.len() - 10].to_vec(), false),
        ("30 in each other", nested, false),
        ("a name that leads out", named(b"../../../../etc/passwd"), false),
        ("a name of 60,000 bytes", named(&b"x".repeat(60_000)), false),
        ("a name that is no text", named(b"\xff\xfe\0\0"), false),
        ("a name that says something else", named("invoice\u{202e}fdp.exe".as_bytes()), false),
        ("only an end", b"PK\x05\x06".iter().copied().chain([0; 18]).collect(), false),
        ("an end for every byte", b"PK\x05\x06".repeat(50_000), false),
    ]
}

/// A file in an archive, stored as it is, of which the directory says a size.
#[derive(Clone)]
struct Entry {
    name: Vec<u8>,
    data: Vec<u8>,
    size: u32,
}

fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).expect("a short file")
}

/// An archive (APPNOTE.TXT of PKWARE, section 4.3). With `overlapping`, all entries are the first one's bytes.
fn zip(entries: &[Entry], overlapping: bool) -> Vec<u8> {
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    for (number, Entry { name, data, size }) in entries.iter().enumerate() {
        let at = if overlapping { 0 } else { length(&file) };
        let name_length = u16::try_from(name.len()).expect("a short name").to_le_bytes();
        let is_lie = length(data) != *size;
        // Deflated when the size is a lie: stored files cannot be longer than their bytes.
        let method = u16::from(is_lie) * 8;
        let about = [
            &[20, 0, 0, 0][..],
            &method.to_le_bytes(),
            &[0; 8],
            &length(data).to_le_bytes(),
            &size.to_le_bytes(),
            &name_length,
            &[0; 2],
        ]
        .concat();
        if !overlapping || number == 0 {
            file.extend([b"PK\x03\x04", &about[..], name, data].concat());
        }
        directory.extend([b"PK\x01\x02\x14\0", &about[..], &[0; 10], &at.to_le_bytes(), name].concat());
    }
    let (at, entries) = (length(&file), u16::try_from(entries.len()).expect("few entries").to_le_bytes());
    let end =
        [b"PK\x05\x06\0\0\0\0", &entries[..], &entries, &length(&directory).to_le_bytes(), &at.to_le_bytes(), &[0; 2]];
    [file, directory, end.concat()].concat()
}
