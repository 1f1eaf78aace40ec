//! The built-in content filter: what may be sent and received, without writing a plugin.
//!
//! Which rules an account has, and in which order they stand before its plugins, is not decided here.

use std::{borrow::Borrow as _, collections::BTreeSet, ops::Range};

use serde::{Deserialize, Serialize};

pub use self::{
    domain_name::{DomainName, NotADomain},
    texts::general_notice,
};
use crate::{
    content::{Category, FileType, Trait},
    entity,
    id::AttachmentId,
    installation::Scope,
    language::Language,
    limits, link,
    message::{Attachment, Message, Role},
    review::{BadSetting, is_text},
    verdict::{Code, Edit, Reason, Redaction, Verdict},
};

mod domain_name;
mod texts;

macro_rules! subjects {
    ($($(#[$doc:meta])* $name:ident = $word:literal;)*) => {
        /// What a rule is about.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Subject { $($(#[$doc])* $name,)* }

        impl Subject {
            /// Every one.
            pub const ALL: [Self; [$($word),*].len()] = [$(Self::$name),*];

            /// As it is written in requests, answers and codes.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word),* }
            }
        }
    };
}

// What is worst comes first: the first that a rule hits names the reason.
subjects! {
    /// Programs and scripts: by their content, by a name that a machine would run, or inside an archive.
    Executables = "executables";
    /// Archives that unpack to far more than they hold.
    ArchiveBombs = "archive-bombs";
    /// Files whose name and content say different things, or that are two things at once.
    DisguisedFiles = "disguised-files";
    /// Files with scripts or macros inside.
    ActiveContent = "active-content";
    /// Files that nobody can look into: encrypted ones, and containers that are broken.
    EncryptedFiles = "encrypted-files";
    /// Pictures.
    Images = "images";
    /// Sound that is no voice message.
    Audio = "audio";
    /// Voice messages.
    Voice = "voice";
    /// Moving pictures.
    Video = "video";
    /// Text, tables, slides, PDF.
    Documents = "documents";
    /// Files in a file.
    Archives = "archives";
    /// Files of no other kind.
    OtherFiles = "other-files";
    /// Links in the text, however they are written.
    Links = "links";
    /// E-mail addresses in the text.
    EmailAddresses = "email-addresses";
    /// Phone numbers in the text.
    PhoneNumbers = "phone-numbers";
    /// Emoji in the text.
    Emoji = "emoji";
}

impl Subject {
    /// Whether it is about files rather than about the text.
    pub const fn is_of_files(self) -> bool {
        match self {
            Self::Executables
            | Self::ArchiveBombs
            | Self::DisguisedFiles
            | Self::ActiveContent
            | Self::EncryptedFiles
            | Self::Images
            | Self::Audio
            | Self::Voice
            | Self::Video
            | Self::Documents
            | Self::Archives
            | Self::OtherFiles => true,
            Self::Links | Self::EmailAddresses | Self::PhoneNumbers | Self::Emoji => false,
        }
    }

    fn covers(self, category: Category, traits: &BTreeSet<Trait>) -> bool {
        let any = |wanted: &[Trait]| wanted.iter().any(|one| traits.contains(one));
        match self {
            Self::Executables => {
                category == Category::Executable
                    || any(&[Trait::ExecutableName, Trait::Script, Trait::ExecutableInside])
            }
            Self::ArchiveBombs => any(&[Trait::ArchiveBomb]),
            Self::DisguisedFiles => {
                any(&[Trait::NameMismatch, Trait::DoubleExtension, Trait::DeceptiveName, Trait::Polyglot])
            }
            Self::ActiveContent => any(&[Trait::ActiveContent, Trait::Macros]),
            Self::EncryptedFiles => any(&[Trait::Encrypted, Trait::Unreadable]),
            Self::Images => category == Category::Image,
            Self::Audio => category == Category::Audio,
            Self::Voice => category == Category::Voice,
            Self::Video => category == Category::Video,
            Self::Documents => category == Category::Document,
            Self::Archives => category == Category::Archive,
            Self::OtherFiles => category == Category::Other,
            Self::Links | Self::EmailAddresses | Self::PhoneNumbers | Self::Emoji => false,
        }
    }

    /// Whether it is about what files are, rather than about what is suspicious about them, or about the text.
    const fn is_of_category(self) -> bool {
        match self {
            Self::Images
            | Self::Audio
            | Self::Voice
            | Self::Video
            | Self::Documents
            | Self::Archives
            | Self::OtherFiles
            | Self::Links
            | Self::EmailAddresses
            | Self::PhoneNumbers
            | Self::Emoji => true,
            Self::Executables
            | Self::ArchiveBombs
            | Self::DisguisedFiles
            | Self::ActiveContent
            | Self::EncryptedFiles => false,
        }
    }

    /// Whether it covers every file of the category.
    fn covers_every(self, category: Category) -> bool {
        self.covers(category, &BTreeSet::new())
    }

    /// The code of a reason, and the label of a flag.
    pub fn code(self) -> Code {
        Code::try_from(format!("filter.{}", self.as_str())).expect("subjects are of the alphabet of codes")
    }
}

/// What becomes of a message that a rule hits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// It is delivered, with a label for the account's people.
    Flag,
    /// It is delivered without what was hit.
    Redact,
    /// It waits for a supervisor.
    Hold,
    /// It is not delivered.
    Block,
}

impl Action {
    /// Every one, from the mildest to the strictest.
    pub const ALL: [Self; 4] = [Self::Flag, Self::Redact, Self::Hold, Self::Block];
}

impl Action {
    /// Its place among the rules of an account: what would not let a message pass is asked first, and what takes something out of it last, so
    /// that no rule hides from another what that would hit.
    pub const fn place(self) -> u8 {
        match self {
            Self::Block => 0,
            Self::Hold => 1,
            Self::Flag => 2,
            Self::Redact => 3,
        }
    }
}

/// A rule of the filter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FilterRule {
    /// At least one.
    pub what: BTreeSet<Subject>,
    /// Which messages it is asked about.
    #[serde(default)]
    pub scope: Scope,
    /// What becomes of what it hits.
    pub action: Action,
    /// Links to these are never hit.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub except_domains: BTreeSet<DomainName>,
    /// Only links to these are hit; to all when empty.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub only_domains: BTreeSet<DomainName>,
    /// Files of these types are never hit.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub except_types: BTreeSet<FileType>,
    /// Only files of these types are hit; of all when empty.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub only_types: BTreeSet<FileType>,
    /// Only files of more bytes are hit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub larger_than: Option<u64>,
    /// What the author of a message, and the account's people, read as the reason; the server's own text when not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What a client is told whose message was blocked; the server's own text when not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<String>,
    /// For those who edit the rules.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub comment: String,
}

/// What of a message a rule hits.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Hits {
    /// In the text: byte ranges, in order of their start, perhaps overlapping.
    spans: Vec<(Range<usize>, Subject)>,
    files: Vec<(AttachmentId, Subject)>,
    /// Whether there may be more in the text than are listed.
    is_cut: bool,
}

impl FilterRule {
    /// Whether it can be used.
    ///
    /// # Errors
    /// [`BadSetting`] for the first thing that cannot.
    pub fn check(&self) -> Result<(), BadSetting> {
        let bad = |field, problem: &'static str| Err(BadSetting { field, problem: problem.into() });
        let (files, links) = (self.what.iter().any(|one| one.is_of_files()), self.what.contains(&Subject::Links));
        let domains = [("except_domains", &self.except_domains), ("only_domains", &self.only_domains)];
        let types = [("except_types", &self.except_types), ("only_types", &self.only_types)];
        if self.what.is_empty() {
            return bad("what", "name at least one thing, such as `images` or `links`");
        }
        for (field, list) in domains {
            if !list.is_empty() && !links {
                return bad(field, "domains are for rules about `links`");
            } else if list.len() > limits::FILTER_LIST {
                return bad(field, "at most 1,000 entries");
            }
        }
        for (field, list) in types {
            if !list.is_empty() && !files {
                return bad(field, "types are for rules about files");
            } else if list.len() > limits::FILTER_LIST {
                return bad(field, "at most 1,000 entries");
            }
        }
        self.check_reach()?;
        if self.larger_than.is_some() && !files {
            return bad("larger_than", "sizes are for rules about files");
        }
        for (field, text) in [("reason", &self.reason), ("notice", &self.notice)] {
            if text.as_ref().is_some_and(|text| !is_text(text)) {
                return bad(field, "1 to 1,024 bytes of text");
            }
        }
        let scope = &self.scope;
        let long = |channel: &String| channel.len() > limits::CHANNEL_BYTES;
        if scope.channels.len() > limits::FILTER_LIST || scope.channels.iter().any(long) {
            return bad("scope", "at most 1,000 channels of at most 256 bytes");
        } else if scope.groups.len() > limits::FILTER_LIST {
            return bad("scope", "at most 1,000 groups");
        }
        if self.comment.len() > limits::ADDRESS_COMMENT_BYTES || self.comment.contains('\0') {
            return bad("comment", "at most 256 bytes of text");
        }
        Ok(())
    }

    /// Whether each entry of its lists can make a difference: one that never matches is a mistake, and a list of such is no filter.
    fn check_reach(&self) -> Result<(), BadSetting> {
        let bad = |field, problem: String| Err(BadSetting { field, problem: problem.into() });
        let categories: BTreeSet<Category> = Category::ALL
            .into_iter()
            .filter(|one| self.what.iter().any(|subject| subject.covers_every(*one)))
            .collect();
        for (field, list) in [("except_types", &self.except_types), ("only_types", &self.only_types)] {
            for one in list {
                if let Err(never) = one.check() {
                    return bad(field, never.to_string());
                }
                // Of what files say of themselves, any type can be; of what they are, only some.
                if self.what.iter().all(|subject| subject.is_of_category()) && one.categories().is_disjoint(&categories)
                {
                    let found: Vec<&str> = one.categories().into_iter().map(Category::as_str).collect();
                    return bad(
                        field,
                        format!("`{one}` is never among `what`: such files are of category {}", found.join(", ")),
                    );
                }
            }
        }
        if !self.only_types.is_empty() && self.only_types.is_subset(&self.except_types) {
            return bad(
                "only_types",
                "all of these are in `except_types` too, so nothing is hit: leave one of both out".into(),
            );
        }
        for (field, list) in [("except_domains", &self.except_domains), ("only_domains", &self.only_domains)] {
            if let Some(never) = list.iter().find(|domain| !domain.can_be_a_host()) {
                let problem = format!(
                    "`{}` is no address that a link leads to: write all four numbers, without zeros before them",
                    String::from((*never).clone())
                );
                return bad(field, problem);
            }
        }
        let is_excepted = |domain: &DomainName| domain_name::covers(&self.except_domains, domain.borrow());
        if !self.only_domains.is_empty() && self.only_domains.iter().all(is_excepted) {
            return bad(
                "only_domains",
                "all of these are in `except_domains` too, so nothing is hit: leave one of both out".into(),
            );
        }
        if !self.scope.roles.is_empty() && self.scope.roles.iter().all(|role| *role == Role::Support) {
            return bad("scope", "support writes no messages: name a role that does, or none for all".into());
        }
        Ok(())
    }

    /// What it says about a message that its scope covers; anything else is allowed.
    pub fn verdict(&self, message: &Message, language: Language) -> Verdict {
        if !self.scope.covers_message(message) {
            return Verdict::Allow;
        }
        let hits = self.hits(message);
        let subjects: BTreeSet<Subject> =
            hits.spans.iter().map(|(_, subject)| *subject).chain(hits.files.iter().map(|(_, one)| *one)).collect();
        let Some(first) = subjects.first().copied() else { return Verdict::Allow };
        match self.action {
            Action::Flag => Verdict::Flag(subjects.into_iter().map(Subject::code).collect()),
            Action::Hold => Verdict::Hold(self.reason_for(first, texts::held(first, language))),
            Action::Block => Verdict::Block(self.reason_for(first, texts::blocked(first, language))),
            Action::Redact => redaction(message, hits, language).map_or_else(
                // What cannot be taken out whole is not delivered unseen.
                || Verdict::Hold(self.reason_for(first, texts::held(first, language))),
                Verdict::Redact,
            ),
        }
    }

    /// Whether it blocks a file of this category, whatever else the file turns out to be, in a message like `message`.
    /// `size`: of what has arrived so far, in bytes.
    pub fn blocks_upload(&self, message: &Message, category: Category, size: u64) -> bool {
        self.action == Action::Block
            && self.except_types.is_empty()
            && self.only_types.is_empty()
            && self.larger_than.is_none_or(|largest| size > largest)
            && self.scope.covers_message(message)
            && self.what.iter().any(|subject| subject.covers(category, &BTreeSet::new()))
    }

    /// Whether it is about links, which must be found first then.
    pub fn is_about_links(&self) -> bool {
        self.what.contains(&Subject::Links)
    }

    /// What it says when it blocks a file of this category before all of it has arrived.
    pub fn upload_reason(&self, category: Category, language: Language) -> Reason {
        let subject = self.what.iter().find(|subject| subject.covers(category, &BTreeSet::new()));
        let subject = subject.copied().unwrap_or(Subject::OtherFiles);
        self.reason_for(subject, texts::blocked(subject, language))
    }

    /// What a client is told whose message it blocked for `code`, which is one of its reasons'.
    pub fn notice_for(&self, code: &Code, language: Language) -> Option<String> {
        let subject = self.what.iter().find(|subject| subject.code() == *code)?;
        Some(self.notice.clone().unwrap_or_else(|| texts::notice(*subject, language)))
    }

    fn reason_for(&self, subject: Subject, own: String) -> Reason {
        Reason { code: subject.code(), text: self.reason.clone().unwrap_or(own) }
    }

    fn hits(&self, message: &Message) -> Hits {
        let mut hits = Hits::default();
        for subject in self.what.iter().copied() {
            let spans = match subject {
                Subject::Links => self.links(message),
                Subject::EmailAddresses => entity::email_addresses(&message.text),
                Subject::PhoneNumbers => entity::phone_numbers(&message.text),
                Subject::Emoji => entity::emoji(&message.text),
                Subject::Executables
                | Subject::ArchiveBombs
                | Subject::DisguisedFiles
                | Subject::ActiveContent
                | Subject::EncryptedFiles
                | Subject::Images
                | Subject::Audio
                | Subject::Voice
                | Subject::Video
                | Subject::Documents
                | Subject::Archives
                | Subject::OtherFiles => {
                    hits.files.extend(self.files(message, subject));
                    continue;
                }
            };
            hits.is_cut |= spans.len() >= limits::LINKS || message.links.len() >= limits::LINKS;
            hits.spans.extend(spans.into_iter().map(|span| (span, subject)));
        }
        hits.spans.sort_by_key(|(span, _)| (span.start, span.end));
        hits
    }

    fn links(&self, message: &Message) -> Vec<Range<usize>> {
        let hit = |link: &&link::Link| {
            let among = |list: &BTreeSet<DomainName>| domain_name::covers(list, &link.host);
            (self.only_domains.is_empty() || among(&self.only_domains)) && !among(&self.except_domains)
        };
        let mut hits: Vec<_> =
            message.links.iter().filter(hit).map(|link| link.start as usize..link.end as usize).collect();
        // What comes after as many links as are listed may have any link in it.
        if let Some(last) = message.links.last().filter(|_| message.links.len() >= limits::LINKS)
            && (last.end as usize) < message.text.len()
        {
            hits.push(last.end as usize..message.text.len());
        }
        hits
    }

    fn files(&self, message: &Message, subject: Subject) -> Vec<(AttachmentId, Subject)> {
        let hit = |file: &&Attachment| {
            let among = |list: &BTreeSet<FileType>| list.iter().any(|one| one.covers(&file.detected_type));
            subject.covers(file.category, &file.traits)
                && (self.only_types.is_empty() || among(&self.only_types))
                && !among(&self.except_types)
                && self.larger_than.is_none_or(|largest| file.size > largest)
        };
        message.attachments.iter().filter(hit).map(|file| (file.id, subject)).collect()
    }
}

/// Takes out what was hit, and says what stood there; `None` when not all of it can be taken out.
fn redaction(message: &Message, hits: Hits, language: Language) -> Option<Redaction> {
    if hits.is_cut {
        return None;
    }
    let mut edits: Vec<Edit> = Vec::new();
    for (span, subject) in hits.spans {
        let (start, end) = (u32::try_from(span.start).ok()?, u32::try_from(span.end).ok()?);
        match edits.last_mut() {
            // One in another: what is left of both goes.
            Some(last) if start < last.end => last.end = last.end.max(end),
            Some(_) | None => {
                edits.push(Edit { start, end, replacement: texts::removed(subject, language).to_owned() })
            }
        }
    }
    let mut removed = BTreeSet::new();
    let mut said = String::new();
    for (file, subject) in hits.files {
        if removed.insert(file) {
            if !(message.text.is_empty() && said.is_empty()) {
                said.push('\n');
            }
            said.push_str(texts::removed(subject, language));
        }
    }
    if !said.is_empty() {
        let end = u32::try_from(message.text.len()).ok()?;
        edits.push(Edit { start: end, end, replacement: said });
    }
    Redaction::new(&message.text, edits).ok().map(|redaction| redaction.removing(removed))
}

#[cfg(test)]
mod tests;
