//! Every media type that content can turn out to be, and the categories that it has then. A list that names another type could never match.

use std::collections::BTreeSet;

use super::Category;

/// By category; some are in several.
const TYPES: [(Category, &str); 8] = [
    (
        Category::Image,
        "application/dicom application/fits application/vnd.wordperfect application/x-navi-animation image/apng \
         image/avif image/avif-sequence image/bmp image/bpg image/cineon image/emf image/flif image/gif image/heic \
         image/heic-sequence image/heif image/heif-sequence image/jls image/jp2 image/jpeg image/jpm image/jpx image/jxl \
         image/jxr image/ktx image/ktx2 image/png image/svg+xml image/tiff image/vnd.adobe.photoshop \
         image/vnd.microsoft.icon image/vnd.ms-dds image/vnd.radiance image/webp image/wmf image/x-astc image/x-canon-cr2 \
         image/x-canon-cr3 image/x-canon-crw image/x-dpx image/x-eps image/x-exr image/x-ff image/x-fuji-raf image/x-icns \
         image/x-jng image/x-jp2-codestream image/x-miff image/x-mng image/x-nikon-nef image/x-olympus-orf \
         image/x-panasonic-rw2 image/x-pcx image/x-pfm image/x-portable-arbitrarymap image/x-portable-bitmap \
         image/x-portable-graymap image/x-portable-pixmap image/x-qoi image/x-sgi image/x-sketch image/x-sony-arw \
         image/x-tga image/x-win-bitmap image/x-xcf image/x-xpixmap",
    ),
    (
        Category::Audio,
        "audio/3gpp audio/3gpp2 audio/aac audio/ac3 audio/basic audio/flac audio/matroska audio/midi audio/mp4 audio/mpeg \
         audio/ogg audio/qcelp audio/vnd.wave audio/wavpack audio/webm audio/x-8svx audio/x-aiff audio/x-ape audio/x-avr \
         audio/x-dsf audio/x-it audio/x-mod audio/x-ms-wma audio/x-musepack audio/x-pn-realaudio audio/x-qoa audio/x-s3m \
         audio/x-soundfont audio/x-tta audio/x-voc audio/x-xm",
    ),
    (Category::Voice, "audio/amr audio/ogg audio/opus audio/webm"),
    (
        Category::Video,
        "application/mxf application/vnd.ms-asf video/3gpp video/3gpp2 video/matroska video/mp2t video/mp4 video/mpeg \
         video/ogg video/quicktime video/webm video/x-amv video/x-flc video/x-fli video/x-flv video/x-m4v video/x-ms-wmv \
         video/x-msvideo video/x-mtv video/x-pn-realvideo video/x-sgi-movie video/x-wtv",
    ),
    (
        Category::Document,
        "application/atom+xml application/dash+xml application/epub+zip application/gpx+xml application/hwp+zip \
         application/json application/mathml+xml application/msword application/oxps application/pdf \
         application/postscript application/rss+xml application/rtf application/smil+xml application/ttml+xml \
         application/vnd.adobe.indesign-idml-package application/vnd.apple.keynote application/vnd.apple.numbers \
         application/vnd.apple.pages application/vnd.garmin.tcx+xml application/vnd.google-earth.kml+xml \
         application/vnd.jgraph.mxfile application/vnd.ms-excel application/vnd.ms-outlook application/vnd.ms-powerpoint \
         application/vnd.ms-project application/vnd.ms-publisher application/vnd.ms-visio.drawing.main+xml \
         application/vnd.ms-works application/vnd.oasis.opendocument.chart application/vnd.oasis.opendocument.formula \
         application/vnd.oasis.opendocument.formula-template application/vnd.oasis.opendocument.graphics \
         application/vnd.oasis.opendocument.graphics-template application/vnd.oasis.opendocument.presentation \
         application/vnd.oasis.opendocument.presentation-template application/vnd.oasis.opendocument.spreadsheet \
         application/vnd.oasis.opendocument.spreadsheet-template application/vnd.oasis.opendocument.text \
         application/vnd.oasis.opendocument.text-master application/vnd.oasis.opendocument.text-template \
         application/vnd.oasis.opendocument.text-web \
         application/vnd.openxmlformats-officedocument.presentationml.presentation \
         application/vnd.openxmlformats-officedocument.spreadsheetml.sheet \
         application/vnd.openxmlformats-officedocument.wordprocessingml.document application/vnd.recordare.musicxml \
         application/vnd.recordare.musicxml+xml application/vnd.stardivision.calc application/vnd.stardivision.writer \
         application/vnd.sun.xml.calc application/vnd.sun.xml.draw application/vnd.sun.xml.impress \
         application/vnd.sun.xml.math application/vnd.sun.xml.writer application/vnd.sun.xml.writer.template \
         application/vnd.visio application/vnd.wordperfect application/vnd.xmind.workbook application/x-abiword \
         application/x-corelpresentations application/x-fb2+xml application/x-fbz application/x-hwp \
         application/x-indesign application/x-lrf application/x-mobipocket-ebook application/x-ms-reader \
         application/x-mswrite application/x-ole-storage application/x-subrip application/x-tmx+xml application/x-tsx+xml \
         application/xliff+xml application/xslt+xml application/xspf+xml audio/x-mpegurl audio/x-scpls image/vnd.djvu \
         message/rfc822 model/vnd.collada+xml model/x3d+xml text/calendar text/csv text/html text/plain text/vcard \
         text/vtt text/wasm text/x-3d-model text/x-tex text/xml",
    ),
    (
        Category::Archive,
        "application/gzip application/vnd.ms-cab-compressed application/vnd.rar application/x-7z-compressed \
         application/x-ace-compressed application/x-alz-compressed application/x-amiga-disk-format \
         application/x-apple-diskimage application/x-archive application/x-arj application/x-bzip application/x-bzip2 \
         application/x-bzip3 application/x-compress application/x-cpio application/x-iso9660-image application/x-lrzip \
         application/x-lz4 application/x-lzfse application/x-lzh-compressed application/x-lzip application/x-lzma \
         application/x-lzop application/x-mla application/x-mozilla-archive application/x-ms-wim application/x-qemu-disk \
         application/x-rzip application/x-sbx application/x-snappy-framed application/x-squashfs application/x-stuffit \
         application/x-stuffitx application/x-tar application/x-vhd application/x-vhdx application/x-virtualbox-vdi \
         application/x-vmdk application/x-xar application/x-xz application/x-zoo application/x-zpaq application/zip \
         application/zstd",
    ),
    (
        Category::Executable,
        "application/java-archive application/java-vm application/vnd.adobe.air-application-installer-package+zip \
         application/vnd.android.aab application/vnd.android.dex application/vnd.android.dey \
         application/vnd.android.package-archive application/vnd.debian.binary-package \
         application/vnd.microsoft.portable-executable application/vnd.ms-appx application/vnd.ms-appx.bundle \
         application/vnd.ms-htmlhelp application/vsix application/wasm application/winhlp application/x-appimage \
         application/x-coff application/x-commodore-64-program application/x-coredump application/x-dosexec \
         application/x-executable application/x-google-chrome-extension application/x-ios-app application/x-llvm \
         application/x-lua-bytecode application/x-mach-binary application/x-ms-ne-executable application/x-ms-shortcut \
         application/x-msi application/x-nintendo-switch-executable application/x-nintendo-switch-package \
         application/x-object application/x-rpm application/x-sharedlib application/x-shockwave-flash \
         application/x-silverlight-app application/x-xbox-executable application/x-xbox360-executable \
         application/x-xpinstall text/x-autorun text/x-msdos-batch text/x-shellscript",
    ),
    (
        Category::Other,
        "application/octet-stream application/ogg application/pgp application/pgp-keys application/pgp-signature \
         application/vnd.android.arsc application/vnd.android.axml application/vnd.apache.arrow.file \
         application/vnd.apache.avro application/vnd.apache.parquet application/vnd.autodesk.fbx \
         application/vnd.font-fontforge-sfd application/vnd.google-earth.kmz application/vnd.iccprofile \
         application/vnd.ms-asf application/vnd.ms-developer application/vnd.ms-fontobject application/vnd.ms-outlook \
         application/vnd.ms-package.3dmanufacturing-3dmodel+xml application/vnd.ms-works-db \
         application/vnd.oasis.opendocument.base application/vnd.oasis.opendocument.database application/vnd.rn-realmedia \
         application/vnd.sketchup.skp application/vnd.sqlite3 application/vnd.tcpdump.pcap application/vnd.wordperfect \
         application/x-3ds application/x-age-encryption application/x-amf application/x-angelcode-bmfont \
         application/x-apple-alias application/x-atari-7800-rom application/x-bittorrent application/x-blender \
         application/x-cdf application/x-cfb application/x-commodore-64-cartridge application/x-dwg application/x-dxf \
         application/x-empty application/x-esri-shape application/x-fit application/x-gameboy-color-rom \
         application/x-gameboy-rom application/x-gamegear-rom application/x-gba-rom application/x-genesis-rom \
         application/x-gettext-translation application/x-id3v2 application/x-java-keystore application/x-krita \
         application/x-matlab-data application/x-matroska application/x-maya-binary application/x-mie \
         application/x-msaccess application/x-mso application/x-n64-rom application/x-neo-geo-pocket-rom \
         application/x-nintendo-ds-rom application/x-nintendo-nes-rom application/x-nintendo-switch-rom \
         application/x-pcapng application/x-pem-file application/x-sms-rom application/x-tasty application/x-x509-ca-cert \
         font/collection font/otf font/ttf font/woff font/woff2 image/openraster model/gltf-binary model/iges model/step \
         model/u3d model/vnd.collada+xml model/vnd.dwf model/vnd.usdz+zip model/vrml model/x-3d-model model/x-3dm \
         model/x-c4d model/x-draco model/x-iqe model/x-iqm model/x-ply-ascii model/x-ply-binary model/x-stl-ascii \
         model/x-usd model/x-vox model/x-wire model/x3d+xml",
    ),
];

/// Each type, those of several categories more than once.
fn all() -> impl Iterator<Item = (Category, &'static str)> {
    TYPES.into_iter().flat_map(|(category, types)| types.split(' ').map(move |one| (category, one)))
}

/// Whether content can turn out to be of that type, by its own name.
pub(super) fn is_known(media_type: &str) -> bool {
    all().any(|(_, known)| known == media_type)
}

/// What files are called that are of a type for which `fits`; sound may be a voice message.
pub(super) fn categories(fits: impl Fn(&str) -> bool) -> BTreeSet<Category> {
    let mut found: BTreeSet<Category> = all().filter(|(_, known)| fits(known)).map(|(category, _)| category).collect();
    if found.contains(&Category::Audio) {
        found.insert(Category::Voice);
    }
    found
}

/// The known type that is written most alike, of the same kind where there is one.
pub(super) fn nearest(media_type: &str) -> &'static str {
    let top = |media_type: &str| media_type.split('/').next().unwrap_or_default().to_owned();
    let wanted = top(media_type);
    let is_alike = all().any(|(_, known)| top(known) == wanted);
    let best = all()
        .filter(|(_, known)| !is_alike || top(known) == wanted)
        .map(|(_, known)| (distance(media_type, known), known))
        .min();
    match best {
        // Code and settings are text of no known form.
        Some((far, _)) if wanted == "text" && far > 2 => "text/plain",
        Some((_, known)) => known,
        None => "application/octet-stream",
    }
}

/// How many letters differ, two that changed places counting once (optimal string alignment).
pub(super) fn distance(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=other.len()).collect()];
    for (at, letter) in one.iter().enumerate() {
        let mut row = vec![at + 1];
        for (index, against) in other.iter().enumerate() {
            let change = rows[at][index] + usize::from(letter != against);
            let mut least = change.min(rows[at][index + 1] + 1).min(row[index] + 1);
            if at > 0 && index > 0 && one[at - 1] == *against && other[index - 1] == *letter {
                least = least.min(rows[at - 1][index - 1] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[one.len()][other.len()]
}
