//! Extensions that say what a file is, and the media types that they stand for.

use file_format::FileFormat;

use super::Category;

/// What content a name promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expected {
    /// Anything of that category.
    Category(Category),
    /// One of these media types.
    Types(&'static [&'static str]),
    /// Text of any kind.
    Text,
}

const WORD: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
const SHEET: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const SLIDES: &str = "application/vnd.openxmlformats-officedocument.presentationml.presentation";

const IWORK: [&str; 3] =
    ["application/vnd.apple.pages", "application/vnd.apple.numbers", "application/vnd.apple.keynote"];

/// What well-known extensions promise. Those that stand for several things (`.ts`, `.pub`, `.md` of games) are left out
/// or given to what people send.
const PROMISES: [(&[&str], Expected); 15] = [
    (
        &[
            "jpg", "jpeg", "jpe", "jfif", "png", "apng", "gif", "webp", "bmp", "dib", "tif", "tiff", "ico", "cur",
            "heic", "heif", "avif", "jp2", "jxl", "psd", "tga", "xcf", "cr2", "cr3", "nef", "arw", "dng", "orf", "rw2",
            "emf", "wmf",
        ],
        Expected::Category(Category::Image),
    ),
    (
        &[
            "mp3", "mp2", "m4a", "m4b", "aac", "ogg", "oga", "opus", "spx", "flac", "wav", "wma", "amr", "aif", "aiff",
            "mid", "midi", "ape", "ac3", "mka", "weba", "wv", "caf", "au",
        ],
        Expected::Category(Category::Audio),
    ),
    (
        &[
            "mp4", "m4v", "mov", "avi", "mkv", "webm", "wmv", "flv", "mpg", "mpeg", "3gp", "3g2", "ogv", "m2ts", "vob",
            "asf",
        ],
        Expected::Category(Category::Video),
    ),
    (
        &[
            "doc", "dot", "xls", "xlt", "ppt", "pps", "pot", "rtf", "odt", "ods", "odp", "odg", "epub", "fb2", "mobi",
            "djvu", "vsd",
        ],
        Expected::Category(Category::Document),
    ),
    (&["pdf"], Expected::Types(&["application/pdf"])),
    (&["docx", "docm", "dotx", "dotm"], Expected::Types(&[WORD, "application/x-ole-storage"])),
    (&["xlsx", "xlsm", "xltx", "xltm", "xlsb"], Expected::Types(&[SHEET, "application/x-ole-storage"])),
    (&["pptx", "pptm", "ppsx", "ppsm", "potx"], Expected::Types(&[SLIDES, "application/x-ole-storage"])),
    (
        &[
            "zip", "7z", "rar", "tar", "gz", "tgz", "bz2", "tbz2", "xz", "txz", "zst", "lz4", "lzma", "cab", "iso",
            "dmg", "arj", "lzh", "cpio", "svgz", "z",
        ],
        Expected::Category(Category::Archive),
    ),
    (
        &[
            "exe", "dll", "scr", "msi", "lnk", "jar", "apk", "deb", "rpm", "class", "dex", "wasm", "elf", "appimage",
            "chm", "so",
        ],
        Expected::Category(Category::Executable),
    ),
    (&["svg"], Expected::Types(&["image/svg+xml"])),
    (&["pages", "numbers"], Expected::Category(Category::Document)),
    (&["xmind"], Expected::Category(Category::Document)),
    (&["ttf", "otf", "woff", "woff2", "sqlite", "db3", "glb", "pcap"], Expected::Category(Category::Other)),
    (
        &[
            "txt",
            "text",
            "log",
            "md",
            "markdown",
            "csv",
            "tsv",
            "json",
            "xml",
            "xsd",
            "xsl",
            "html",
            "htm",
            "xhtml",
            "yaml",
            "yml",
            "toml",
            "ini",
            "cfg",
            "conf",
            "properties",
            "css",
            "scss",
            "js",
            "mjs",
            "jsx",
            "tsx",
            "py",
            "rb",
            "php",
            "pl",
            "rs",
            "go",
            "java",
            "kt",
            "swift",
            "c",
            "h",
            "cpp",
            "hpp",
            "cs",
            "sql",
            "sh",
            "bash",
            "bat",
            "cmd",
            "ps1",
            "vbs",
            "lua",
            "tex",
            "srt",
            "vtt",
            "ics",
            "vcf",
            "eml",
            "mht",
            "mhtml",
            "m3u",
            "m3u8",
            "kml",
            "gpx",
            "geojson",
            "reg",
            "inf",
            "url",
        ],
        Expected::Text,
    ),
];

/// What a name with that extension, in lower case, promises.
pub(super) fn expected(extension: &str) -> Option<Expected> {
    PROMISES.iter().find(|(extensions, _)| extensions.contains(&extension)).map(|(_, expected)| *expected)
}

/// Media types of extensions that file-format has no or another format for. Text cannot be told apart by its content:
/// what is only text counts as each of its kinds.
const TYPES: [(&[&str], &[&str]); 36] = [
    (&["py", "rb", "pl", "lua", "tcl", "php", "clj"], &["text/plain", "text/x-shellscript"]),
    (
        &["c", "h", "cpp", "hpp", "cs", "java", "go", "rs", "kt", "swift", "jsx", "tsx", "scss", "properties", "vb"],
        &["text/plain"],
    ),
    (&["tex"], &["text/x-tex", "text/plain"]),
    (&["srt"], &["application/x-subrip", "text/plain"]),
    (&["eml", "mht", "mhtml"], &["message/rfc822"]),
    (&["pages", "numbers", "key"], &IWORK),
    (&["xmind"], &["application/vnd.xmind.workbook"]),
    (&["ai"], &["application/pdf", "application/postscript", "image/x-eps"]),
    (&["jpeg", "jpe", "jfif"], &["image/jpeg"]),
    (&["png"], &["image/png", "image/apng"]),
    (&["tif"], &["image/tiff"]),
    (&["heic", "heif"], &["image/heic", "image/heif", "image/heic-sequence", "image/heif-sequence"]),
    (&["avif"], &["image/avif", "image/avif-sequence"]),
    (&["htm", "xhtml"], &["text/html"]),
    (&["txt", "text", "log"], &["text/plain", "text/csv"]),
    (&["csv", "tsv"], &["text/csv", "text/plain"]),
    (
        &["md", "markdown", "ini", "cfg", "conf", "yaml", "yml", "toml", "css", "js", "mjs", "sql", "ps1", "vbs"],
        &["text/plain"],
    ),
    (&["json", "geojson"], &["application/json"]),
    (&["bat", "cmd"], &["text/x-msdos-batch", "text/plain"]),
    (&["sh", "bash"], &["text/x-shellscript"]),
    (&["mpeg", "mpe"], &["video/mpeg"]),
    (&["mp4"], &["video/mp4", "audio/mp4", "video/x-m4v"]),
    (&["m4a", "m4b"], &["audio/mp4"]),
    (&["ogg", "oga"], &["audio/ogg", "audio/opus", "application/ogg"]),
    (&["webm", "weba"], &["video/webm", "audio/webm"]),
    (&["3gp"], &["video/3gpp", "audio/3gpp"]),
    (&["aif"], &["audio/x-aiff"]),
    (&["midi"], &["audio/midi"]),
    (&["tgz", "gzip"], &["application/gzip"]),
    (&["tbz2"], &["application/x-bzip2"]),
    (&["docm", "dotx", "dotm"], &[WORD]),
    (&["xlsm", "xltx", "xltm", "xlsb"], &[SHEET]),
    (&["pptm", "ppsx", "ppsm", "potx"], &[SLIDES]),
    (&["msg"], &["application/vnd.ms-outlook"]),
    (
        &["exe", "scr"],
        &["application/vnd.microsoft.portable-executable", "application/x-dosexec", "application/x-ms-ne-executable"],
    ),
    (&["elf", "so", "o"], &["application/x-executable", "application/x-sharedlib", "application/x-object"]),
];

/// Media types of content that people call by the extension; nothing for extensions that nobody knows.
pub(super) fn types(extension: &str) -> Option<Vec<&'static str>> {
    let ours = TYPES.iter().find(|(extensions, _)| extensions.contains(&extension)).map(|(_, types)| types.to_vec());
    let theirs = || {
        let formats = FileFormat::from_extension(extension);
        (!formats.is_empty()).then(|| formats.iter().map(|format| canonical(format.media_type())).collect())
    };
    ours.or_else(theirs)
}

/// The extension that is written most alike, of those that people send.
pub(super) fn nearest(extension: &str) -> &'static str {
    let all = TYPES.iter().map(|(extensions, _)| *extensions).chain(PROMISES.iter().map(|(extensions, _)| *extensions));
    let known = all.flatten().copied().filter(|known| types(known).is_some());
    known
        .min_by_key(|known| (super::known::distance(extension, known), known.len().abs_diff(extension.len()), *known))
        .unwrap_or("pdf")
}

/// Whether one type is a kind of another: streams and sound in Ogg (RFC 5334, RFC 7845), and what is written in JSON (RFC 6839).
pub(super) fn is_kind_of(media_type: &str, other: &str) -> bool {
    match other {
        "audio/ogg" => media_type == "audio/opus",
        "application/ogg" => matches!(media_type, "audio/ogg" | "audio/opus" | "video/ogg"),
        "application/json" => media_type.ends_with("+json"),
        _ => false,
    }
}

/// Names that media types have beside those that [`super::inspect`] gives.
const ALIASES: [(&str, &[&str]); 50] = [
    ("image/jpeg", &["image/jpg", "image/pjpeg", "image/jfif"]),
    ("image/png", &["image/x-png"]),
    ("image/bmp", &["image/x-ms-bmp", "image/x-bmp", "image/x-windows-bmp"]),
    ("image/vnd.microsoft.icon", &["image/x-icon", "image/ico", "image/icon"]),
    ("image/svg+xml", &["image/svg", "image/svg-xml", "application/svg+xml"]),
    ("image/tiff", &["image/tif", "image/x-tiff"]),
    (
        "image/vnd.adobe.photoshop",
        &["image/x-photoshop", "application/x-photoshop", "image/psd", "application/photoshop"],
    ),
    ("image/vnd.djvu", &["image/x-djvu", "image/x.djvu"]),
    ("image/emf", &["image/x-emf", "application/x-emf"]),
    ("image/wmf", &["image/x-wmf", "application/x-msmetafile"]),
    ("image/x-eps", &["application/eps", "application/x-eps", "image/eps"]),
    ("image/jp2", &["image/jpeg2000", "image/x-jp2"]),
    ("audio/mpeg", &["audio/mp3", "audio/x-mp3", "audio/x-mpeg", "audio/mpeg3", "audio/mpg"]),
    ("audio/vnd.wave", &["audio/wav", "audio/x-wav", "audio/wave", "audio/x-pn-wav"]),
    ("audio/flac", &["audio/x-flac"]),
    ("audio/mp4", &["audio/x-m4a", "audio/m4a", "audio/x-mp4"]),
    ("audio/aac", &["audio/x-aac", "audio/aacp", "audio/x-hx-aac-adts"]),
    ("audio/ogg", &["audio/x-ogg", "audio/vorbis", "audio/x-vorbis+ogg"]),
    ("application/ogg", &["application/x-ogg"]),
    ("audio/opus", &["audio/x-opus+ogg"]),
    ("audio/x-aiff", &["audio/aiff", "audio/aif"]),
    ("audio/midi", &["audio/mid", "audio/x-midi", "audio/x-mid"]),
    ("audio/amr", &["audio/x-amr", "audio/amr-nb"]),
    ("audio/x-mpegurl", &["application/vnd.apple.mpegurl", "application/x-mpegurl", "audio/mpegurl"]),
    ("video/matroska", &["video/x-matroska", "video/mkv", "video/x-mkv"]),
    ("audio/matroska", &["audio/x-matroska"]),
    ("video/x-msvideo", &["video/avi", "video/msvideo", "video/vnd.avi"]),
    ("video/x-flv", &["video/flv"]),
    ("video/x-m4v", &["video/m4v"]),
    ("video/quicktime", &["video/mov"]),
    ("application/vnd.ms-asf", &["video/x-ms-asf"]),
    ("text/xml", &["application/xml"]),
    ("text/csv", &["application/csv", "text/comma-separated-values", "text/x-csv", "text/tab-separated-values"]),
    ("text/html", &["application/xhtml+xml", "application/html"]),
    ("text/vcard", &["text/x-vcard", "text/directory"]),
    ("text/x-shellscript", &["application/x-sh", "text/x-sh", "application/x-shellscript", "text/x-script.sh"]),
    ("text/x-msdos-batch", &["application/x-bat", "application/bat", "text/x-bat"]),
    (
        "application/json",
        &["text/json", "application/x-json", "application/feed+json", "application/geo+json", "application/ld+json"],
    ),
    ("application/rtf", &["text/rtf", "application/x-rtf", "text/richtext"]),
    ("application/pdf", &["application/x-pdf", "application/acrobat", "text/pdf", "application/vnd.adobe.illustrator"]),
    ("application/postscript", &["application/ps", "application/x-postscript"]),
    ("application/zip", &["application/x-zip-compressed", "application/x-zip", "multipart/x-zip"]),
    ("application/vnd.rar", &["application/x-rar-compressed", "application/x-rar", "application/rar"]),
    ("application/gzip", &["application/x-gzip", "application/x-gunzip", "application/gzipped", "application/x-tgz"]),
    ("application/x-tar", &["application/tar", "application/x-gtar", "application/x-ustar"]),
    ("application/x-7z-compressed", &["application/7z", "application/x-7z"]),
    (
        "application/vnd.microsoft.portable-executable",
        &[
            "application/x-msdownload",
            "application/x-exe",
            "application/exe",
            "application/x-msdos-program",
            "application/x-winexe",
        ],
    ),
    ("application/x-executable", &["application/x-elf", "application/elf"]),
    ("application/java-archive", &["application/x-java-archive", "application/x-jar", "application/jar"]),
    ("message/rfc822", &["multipart/related", "application/x-mimearchive", "message/global"]),
];

/// The name that [`super::inspect`] gives.
pub(super) fn canonical(media_type: &str) -> &str {
    ALIASES.iter().find(|(_, aliases)| aliases.contains(&media_type)).map_or(media_type, |(name, _)| *name)
}
