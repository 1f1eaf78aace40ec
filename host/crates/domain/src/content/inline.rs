//! What browsers may show inside a page.

/// The media type to serve a file as that browsers may show inside a page: pictures, sound and films that nothing can
/// run in. Nothing for all else, which is served as `application/octet-stream`: SVG, HTML, XML and PDF run what is in
/// them in the page's name.
pub fn inline_type(detected_type: &str) -> Option<&'static str> {
    Some(match detected_type {
        "image/png" => "image/png",
        "image/apng" => "image/apng",
        "image/jpeg" => "image/jpeg",
        "image/gif" => "image/gif",
        "image/webp" => "image/webp",
        "image/avif" => "image/avif",
        "image/bmp" => "image/bmp",
        "audio/mpeg" => "audio/mpeg",
        "audio/mp4" | "audio/x-m4a" => "audio/mp4",
        "audio/aac" => "audio/aac",
        "audio/flac" => "audio/flac",
        "audio/vnd.wave" | "audio/wav" => "audio/wav",
        // audio/opus is a stream's type (RFC 7587); files of it are Ogg.
        "audio/ogg" | "audio/opus" => "audio/ogg",
        "audio/webm" => "audio/webm",
        "video/mp4" | "video/x-m4v" => "video/mp4",
        "video/webm" => "video/webm",
        "video/ogg" => "video/ogg",
        _ => return None,
    })
}
