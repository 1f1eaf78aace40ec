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

/// What well-known extensions promise. Those that stand for several things (`.ts`, `.pub`, `.md` of games) are left out
/// or given to what people send.
const PROMISES: [(&[&str], Expected); 13] = [
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
const TYPES: [(&[&str], &[&str]); 28] = [
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
    (&["json", "geojson"], &["application/json", "application/feed+json"]),
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

/// Whether content of that media type is what people call by the extension; nothing for extensions that nobody knows.
pub(super) fn stands_for(extension: &str, media_type: &str) -> Option<bool> {
    let ours = TYPES.iter().find(|(extensions, _)| extensions.contains(&extension)).map(|(_, types)| *types);
    let theirs = FileFormat::from_extension(extension);
    match (ours, theirs) {
        (None, []) => None,
        (Some(types), _) => Some(types.contains(&media_type)),
        (None, formats) => Some(formats.iter().any(|format| canonical(format.media_type()) == media_type)),
    }
}

/// Names that media types have beside those that [`super::inspect`] gives.
pub(super) fn canonical(media_type: &str) -> &str {
    match media_type {
        "image/jpg" | "image/pjpeg" => "image/jpeg",
        "image/x-ms-bmp" | "image/x-bmp" => "image/bmp",
        "image/x-icon" => "image/vnd.microsoft.icon",
        "audio/mp3" => "audio/mpeg",
        "audio/wav" | "audio/x-wav" | "audio/wave" => "audio/vnd.wave",
        "audio/x-flac" => "audio/flac",
        "audio/x-m4a" | "audio/m4a" => "audio/mp4",
        "audio/aiff" => "audio/x-aiff",
        "video/x-matroska" => "video/matroska",
        "video/avi" => "video/x-msvideo",
        "application/xml" => "text/xml",
        "text/json" => "application/json",
        "text/rtf" => "application/rtf",
        "application/x-zip-compressed" | "application/x-zip" => "application/zip",
        "application/x-rar-compressed" | "application/x-rar" => "application/vnd.rar",
        "application/x-gzip" => "application/gzip",
        "application/x-msdownload" => "application/vnd.microsoft.portable-executable",
        _ => media_type,
    }
}
