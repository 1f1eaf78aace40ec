//! Which format a ZIP is, by what is in it.

use super::super::super::Category;

/// What was seen among the entries.
#[derive(Debug, Default)]
pub(in super::super::super) struct Contents {
    /// The format that an entry alone gives away, and how sure that is: the first one that is surer counts.
    format: Option<(u8, &'static str, Category)>,
    /// The format by a folder, which counts only with a list of content types.
    office: Option<&'static str>,
    content_types: bool,
    /// The two parts that an e-book has.
    container: bool,
    package: bool,
    /// Parts of documents of Apple and of maps of thoughts, which say little each.
    parts: Parts,
    /// How many entries there are, as far as they were counted.
    pub(in super::super::super) entries: u64,
    /// Whether there are macros.
    pub(in super::super::super) macros: bool,
}

/// Whole names.
const NAMES: [(&[u8], u8, &str, Category); 17] = [
    (b"AndroidManifest.xml", 3, "application/vnd.android.package-archive", Category::Executable),
    (b"BundleConfig.pb", 3, "application/vnd.android.aab", Category::Executable),
    (b"classes.dex", 2, "application/vnd.android.package-archive", Category::Executable),
    (b"AppManifest.xaml", 3, "application/x-silverlight-app", Category::Executable),
    (b"AppxManifest.xml", 3, "application/vnd.ms-appx", Category::Executable),
    (b"AppxMetadata/AppxBundleManifest.xml", 3, "application/vnd.ms-appx.bundle", Category::Executable),
    (
        b"META-INF/AIR/application.xml",
        3,
        "application/vnd.adobe.air-application-installer-package+zip",
        Category::Executable,
    ),
    (b"META-INF/application.xml", 2, "application/java-archive", Category::Executable),
    (b"WEB-INF/web.xml", 2, "application/java-archive", Category::Executable),
    (b"META-INF/MANIFEST.MF", 1, "application/java-archive", Category::Executable),
    (b"META-INF/mozilla.rsa", 3, "application/x-xpinstall", Category::Executable),
    (b"install.rdf", 2, "application/x-xpinstall", Category::Executable),
    (b"extension.vsixmanifest", 3, "application/vsix", Category::Executable),
    (b"doc.kml", 1, "application/vnd.google-earth.kmz", Category::Other),
    (b"FixedDocSeq.fdseq", 1, "application/oxps", Category::Document),
    (b"index.apxl", 1, "application/vnd.apple.keynote", Category::Document),
    (b"index.apxl.gz", 1, "application/vnd.apple.keynote", Category::Document),
];

/// Folders of office documents.
const FOLDERS: [(&[u8], &str); 5] = [
    (b"word/", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    (b"xl/", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    (b"ppt/", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
    (b"visio/", "application/vnd.ms-visio.drawing.main+xml"),
    (b"3D/", "application/vnd.ms-package.3dmanufacturing-3dmodel+xml"),
];

impl Contents {
    /// Notes one entry; `content` is that of a stored `mimetype`, and empty for any other.
    pub(super) fn note(&mut self, name: &[u8], content: &[u8]) {
        for (whole, rank, media_type, category) in NAMES {
            if name == whole {
                self.learn(rank, media_type, category);
            }
        }
        for (folder, media_type) in FOLDERS {
            if name.starts_with(folder) {
                self.office.get_or_insert(media_type);
            }
        }
        match name {
            b"[Content_Types].xml" => self.content_types = true,
            b"mimetype" => self.learn_type(content.trim_ascii()),
            b"META-INF/container.xml" => self.container = true,
            b"index.xml" => self.parts.index = true,
            b"buildVersionHistory.plist" | b"Metadata/BuildVersionHistory.plist" => self.parts.history = true,
            b"content.json" => self.parts.map = true,
            b"metadata.json" | b"manifest.json" => self.parts.about_map = true,
            b"content.xml" => self.parts.content = true,
            b"META-INF/manifest.xml" => self.parts.manifest = true,
            b"settings.xml" => self.parts.settings = true,
            _ if name.ends_with(b".opf") => self.package = true,
            _ => {}
        }
        if let Some(part) = name.strip_prefix(b"Index/").filter(|part| part.ends_with(b".iwa")) {
            self.parts.apple = true;
            self.parts.slides |=
                part.starts_with(b"Slide") || part.starts_with(b"MasterSlide") || part.starts_with(b"TemplateSlide");
            self.parts.tables |= part.starts_with(b"Tables/");
        }
        let root = !name.contains(&b'/');
        if name.starts_with(b"Payload/") && name.windows(5).any(|part| part == b".app/") {
            self.learn(3, "application/x-ios-app", Category::Executable);
        } else if root && name.ends_with(b".fb2") {
            self.learn(1, "application/x-fbz", Category::Document);
        } else if root && (name.ends_with(b".usdc") || name.ends_with(b".usda") || name.ends_with(b".usd")) {
            self.learn(1, "model/vnd.usdz+zip", Category::Other);
        } else if name.starts_with(b"Documents/") && name.ends_with(b".fpage") {
            self.learn(1, "application/oxps", Category::Document);
        }
        let lower = name.to_ascii_lowercase();
        self.macros |= lower.ends_with(b"vbaproject.bin") || lower.starts_with(b"xl/macrosheets/") || is_basic(&lower);
    }

    fn learn(&mut self, rank: u8, media_type: &'static str, category: Category) {
        if self.format.is_none_or(|(known, ..)| known < rank) {
            self.format = Some((rank, media_type, category));
        }
    }

    fn learn_type(&mut self, declared: &[u8]) {
        for (media_type, category) in DECLARED {
            if declared == media_type.as_bytes() {
                self.learn(2, media_type, category);
            }
        }
    }

    /// What the ZIP is, when it is more than a ZIP. That a machine would run it goes before that people would read it.
    pub(in super::super::super) fn format(&self) -> Option<(&'static str, Category)> {
        let by_entry = self.format.map(|(_, media_type, category)| (media_type, category));
        match (by_entry, self.office) {
            (Some((_, Category::Executable)), _) => by_entry,
            (_, Some(office)) if self.content_types => {
                let category = if office.contains("3dmanufacturing") { Category::Other } else { Category::Document };
                Some((office, category))
            }
            (None, _) if self.container && self.package => Some(("application/epub+zip", Category::Document)),
            (None, _) => self.parts.format().map(|media_type| (media_type, Category::Document)),
            _ => by_entry,
        }
    }
}

/// Names that only together say something.
#[derive(Debug, Default)]
struct Parts {
    apple: bool,
    slides: bool,
    tables: bool,
    index: bool,
    history: bool,
    map: bool,
    about_map: bool,
    content: bool,
    manifest: bool,
    settings: bool,
}

impl Parts {
    /// Of Apple's three, tables are in documents of each, so that Pages and Numbers are told apart by what is usual.
    const fn format(&self) -> Option<&'static str> {
        if self.slides {
            Some("application/vnd.apple.keynote")
        } else if self.apple && self.tables {
            Some("application/vnd.apple.numbers")
        } else if self.apple || (self.index && self.history) {
            Some("application/vnd.apple.pages")
        } else if (self.map && self.about_map) || (self.content && self.manifest && !self.settings) {
            Some("application/vnd.xmind.workbook")
        } else {
            None
        }
    }
}

/// Macros of OpenDocument: modules of Basic, and scripts of other languages.
fn is_basic(lower: &[u8]) -> bool {
    (lower.starts_with(b"basic/")
        && lower.ends_with(b".xml")
        && !lower.ends_with(b"-lc.xml")
        && !lower.ends_with(b"-lb.xml"))
        || (lower.starts_with(b"scripts/") && !lower.ends_with(b"/"))
}

/// What a `mimetype` entry may say.
const DECLARED: [(&str, Category); 28] = [
    ("application/hwp+zip", Category::Document),
    ("application/vnd.xmind.workbook", Category::Document),
    ("application/epub+zip", Category::Document),
    ("application/vnd.adobe.indesign-idml-package", Category::Document),
    ("application/vnd.oasis.opendocument.base", Category::Other),
    ("application/vnd.oasis.opendocument.database", Category::Other),
    ("application/vnd.oasis.opendocument.chart", Category::Document),
    ("application/vnd.oasis.opendocument.formula", Category::Document),
    ("application/vnd.oasis.opendocument.formula-template", Category::Document),
    ("application/vnd.oasis.opendocument.graphics", Category::Document),
    ("application/vnd.oasis.opendocument.graphics-template", Category::Document),
    ("application/vnd.oasis.opendocument.presentation", Category::Document),
    ("application/vnd.oasis.opendocument.presentation-template", Category::Document),
    ("application/vnd.oasis.opendocument.spreadsheet", Category::Document),
    ("application/vnd.oasis.opendocument.spreadsheet-template", Category::Document),
    ("application/vnd.oasis.opendocument.text", Category::Document),
    ("application/vnd.oasis.opendocument.text-master", Category::Document),
    ("application/vnd.oasis.opendocument.text-template", Category::Document),
    ("application/vnd.oasis.opendocument.text-web", Category::Document),
    ("application/vnd.recordare.musicxml", Category::Document),
    ("application/vnd.sun.xml.calc", Category::Document),
    ("application/vnd.sun.xml.draw", Category::Document),
    ("application/vnd.sun.xml.impress", Category::Document),
    ("application/vnd.sun.xml.math", Category::Document),
    ("application/vnd.sun.xml.writer", Category::Document),
    ("application/vnd.sun.xml.writer.template", Category::Document),
    ("application/x-krita", Category::Other),
    ("image/openraster", Category::Other),
];
