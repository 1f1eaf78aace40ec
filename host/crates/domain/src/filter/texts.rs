//! What the built-in filter says to people, in each language.

use super::Subject;
use crate::language::Language;

/// The words for one subject in one language.
struct Words {
    /// At the start of a sentence, many of them.
    many: &'static str,
    /// What stands where one was.
    removed: &'static str,
}

/// The reason of a block.
pub(super) fn blocked(subject: Subject, language: Language) -> String {
    let many = words(subject, language).many;
    match language {
        Language::En => format!("{many} may not be sent in this conversation."),
        Language::Ru => format!("{many} нельзя отправлять в этом диалоге."),
    }
}

/// The reason of a hold.
pub(super) fn held(subject: Subject, language: Language) -> String {
    let many = words(subject, language).many;
    match language {
        Language::En => format!("{many} are delivered once a supervisor has approved them."),
        Language::Ru => format!("{many} доставляются после проверки супервайзером."),
    }
}

/// What a client is told whose message was blocked.
pub(super) fn notice(subject: Subject, language: Language) -> String {
    let many = words(subject, language).many;
    match language {
        Language::En => format!("Your message was not delivered. {many} are not accepted here."),
        Language::Ru => format!("Ваше сообщение не доставлено. {many} здесь не принимаются."),
    }
}

/// What a client is told whose message was blocked by a rule that says nothing to clients.
pub fn general_notice(language: Language) -> &'static str {
    match language {
        Language::En => "Your message was not delivered: it is against the rules of this conversation.",
        Language::Ru => "Ваше сообщение не доставлено: оно нарушает правила этого диалога.",
    }
}

/// What stands in a text where something was taken out.
pub(super) fn removed(subject: Subject, language: Language) -> &'static str {
    words(subject, language).removed
}

const fn words(subject: Subject, language: Language) -> Words {
    let (many, removed) = match language {
        Language::En => english(subject),
        Language::Ru => russian(subject),
    };
    Words { many, removed }
}

const fn english(subject: Subject) -> (&'static str, &'static str) {
    match subject {
        Subject::Images => ("Images", "[image removed]"),
        Subject::Audio => ("Audio files", "[audio removed]"),
        Subject::Voice => ("Voice messages", "[voice message removed]"),
        Subject::Video => ("Videos", "[video removed]"),
        Subject::Documents => ("Documents", "[document removed]"),
        Subject::Archives => ("Archives", "[archive removed]"),
        Subject::Executables => ("Programs and scripts", "[program removed]"),
        Subject::OtherFiles => ("Files of this kind", "[file removed]"),
        Subject::DisguisedFiles => ("Files that pretend to be something else", "[file removed]"),
        Subject::ArchiveBombs => ("Archives that unpack to far more than they hold", "[archive removed]"),
        Subject::EncryptedFiles => ("Encrypted files", "[encrypted file removed]"),
        Subject::ActiveContent => ("Files with scripts or macros inside", "[file removed]"),
        Subject::Links => ("Links", "[link removed]"),
        Subject::Emoji => ("Emoji", "[emoji removed]"),
        Subject::PhoneNumbers => ("Phone numbers", "[phone number removed]"),
        Subject::EmailAddresses => ("E-mail addresses", "[e-mail address removed]"),
    }
}

const fn russian(subject: Subject) -> (&'static str, &'static str) {
    match subject {
        Subject::Images => ("Изображения", "[изображение удалено]"),
        Subject::Audio => ("Аудиофайлы", "[аудио удалено]"),
        Subject::Voice => ("Голосовые сообщения", "[голосовое сообщение удалено]"),
        Subject::Video => ("Видео", "[видео удалено]"),
        Subject::Documents => ("Документы", "[документ удалён]"),
        Subject::Archives => ("Архивы", "[архив удалён]"),
        Subject::Executables => ("Программы и скрипты", "[программа удалена]"),
        Subject::OtherFiles => ("Файлы этого вида", "[файл удалён]"),
        Subject::DisguisedFiles => ("Файлы, которые выдают себя за другие,", "[файл удалён]"),
        Subject::ArchiveBombs => ("Архивы, которые распаковываются в слишком большой объём,", "[архив удалён]"),
        Subject::EncryptedFiles => ("Зашифрованные файлы", "[зашифрованный файл удалён]"),
        Subject::ActiveContent => ("Файлы со скриптами или макросами", "[файл удалён]"),
        Subject::Links => ("Ссылки", "[ссылка удалена]"),
        Subject::Emoji => ("Эмодзи", "[эмодзи удалено]"),
        Subject::PhoneNumbers => ("Номера телефонов", "[номер телефона удалён]"),
        Subject::EmailAddresses => ("Адреса электронной почты", "[адрес почты удалён]"),
    }
}
