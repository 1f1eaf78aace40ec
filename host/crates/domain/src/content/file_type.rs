//! Types of files as people write them in lists.

use serde::{Deserialize, Serialize};

use std::collections::BTreeSet;

use super::{Category, extension, known};

/// The longest entry of a list, in bytes: RFC 6838 allows 127 on each side of the slash.
const LONGEST: usize = 255;

/// A type of files as people write it: `pdf`, `.PDF`, `image/png`, `image/*`. It is about content: `pdf` is every PDF,
/// whatever its name, and no other file that is called `.pdf`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FileType(String);

/// Why some words are no type of files.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileTypeError {
    /// Neither an extension nor a media type.
    #[error("`{0}` is neither an extension (`pdf`) nor a media type (`image/png`, `image/*`)")]
    Malformed(String),
    /// An extension that no content is known by.
    #[error("files cannot be told to be `{written}` by their content; the nearest that can is `{nearest}`")]
    Unknown {
        /// What was written.
        written: String,
        /// An extension that is written much alike.
        nearest: &'static str,
    },
    /// A type that no content turns out to be, so that nothing would ever match it.
    #[error("no file is ever told to be `{written}` by its content; the nearest type that is told is `{nearest}`")]
    NeverFound {
        /// What was written.
        written: String,
        /// A media type that is written much alike.
        nearest: String,
    },
}

impl FileType {
    /// Whether content of this media type, as [`super::Findings::detected_type`] has it, is of the type.
    pub fn covers(&self, detected_type: &str) -> bool {
        self.matcher()(extension::canonical(detected_type))
    }

    /// Tells media types, by their own names, that are of the type.
    fn matcher(&self) -> impl Fn(&str) -> bool {
        let types = if self.0.contains('/') { Vec::new() } else { extension::types(&self.0).unwrap_or_default() };
        move |detected| match self.0.split_once('/') {
            Some((top, "*")) => detected.split_once('/').is_some_and(|(detected, _)| detected == top),
            Some(_) => self.0 == detected || extension::is_kind_of(detected, &self.0),
            None => types.contains(&detected),
        }
    }

    /// What files of the type are called; nothing when no content is of it.
    pub fn categories(&self) -> BTreeSet<Category> {
        known::categories(self.matcher())
    }

    /// Whether content can be of the type. Types that were written down before this was asked stay what they are, and never match.
    ///
    /// # Errors
    /// [`FileTypeError::NeverFound`].
    pub fn check(&self) -> Result<(), FileTypeError> {
        if !self.categories().is_empty() {
            return Ok(());
        }
        let nearest = match extension::types(&self.0).and_then(|types| types.first().copied()) {
            Some(media_type) => known::nearest(media_type).to_owned(),
            None => match self.0.strip_suffix("/*") {
                Some(top) => {
                    known::nearest(&format!("{top}/")).split('/').next().unwrap_or("application").to_owned() + "/*"
                }
                None => known::nearest(&self.0).to_owned(),
            },
        };
        Err(FileTypeError::NeverFound { written: self.0.clone(), nearest })
    }

    /// In lower case, an extension without its dot.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for FileType {
    type Error = FileTypeError;

    fn try_from(written: String) -> Result<Self, Self::Error> {
        let lower = written.trim().to_ascii_lowercase();
        let is_word =
            |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || "!#$&^_.+-".contains(c));
        let extension = lower.strip_prefix("*.").or_else(|| lower.strip_prefix('.')).unwrap_or(&lower);
        match lower.split_once('/') {
            Some((top, sub)) if lower.len() <= LONGEST && is_word(top) && (sub == "*" || is_word(sub)) => {
                Ok(Self(extension::canonical(&lower).to_owned()))
            }
            None if extension.len() <= LONGEST && is_word(extension) => match extension::types(extension) {
                Some(_) => Ok(Self(extension.to_owned())),
                None => Err(FileTypeError::Unknown {
                    written: extension.to_owned(),
                    nearest: extension::nearest(extension),
                }),
            },
            Some(_) | None => Err(FileTypeError::Malformed(written)),
        }
    }
}

impl std::str::FromStr for FileType {
    type Err = FileTypeError;

    fn from_str(written: &str) -> Result<Self, Self::Err> {
        Self::try_from(written.to_owned())
    }
}

impl From<FileType> for String {
    fn from(file_type: FileType) -> Self {
        file_type.0
    }
}

impl std::fmt::Display for FileType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
