//! Words that tell names of hosts from prose and from files. Each list is short on purpose: a word that is on it hides links.

/// Suffixes that are extensions of files at least as often: a bare name with one of them (`main.rs`, `archive.zip`) is a
/// file. With `www.`, a scheme, or a port and a path, it is a link. Extensions of which whole countries or trades live
/// (`.ai`, `.cc`, `.so`, `.pl`, `.app`, `.io`) are not here.
pub(super) const FILES: [&str; 10] = ["cab", "md", "mov", "pm", "properties", "ps", "py", "rs", "sh", "zip"];

/// Suffixes that are words with which sentences begin. With a capital letter, after a name in another case, they begin
/// a sentence whose space is missing: `Hello.How are you`, `да.Дети рады`.
pub(super) const SENTENCES: [&str; 71] = [
    "am",
    "as",
    "at",
    "be",
    "best",
    "bet",
    "bot",
    "business",
    "buy",
    "by",
    "cal",
    "call",
    "can",
    "case",
    "cool",
    "day",
    "do",
    "family",
    "fast",
    "for",
    "fun",
    "game",
    "go",
    "good",
    "got",
    "help",
    "here",
    "hot",
    "how",
    "id",
    "in",
    "is",
    "it",
    "just",
    "life",
    "like",
    "live",
    "love",
    "man",
    "me",
    "men",
    "money",
    "moi",
    "my",
    "new",
    "news",
    "next",
    "no",
    "now",
    "ok",
    "one",
    "only",
    "open",
    "or",
    "pay",
    "play",
    "read",
    "save",
    "save",
    "so",
    "stream",
    "then",
    "to",
    "today",
    "us",
    "we",
    "work",
    "you",
    "дети",
    "москва",
    "сайт",
];

/// Suffixes that are words and hardly ever are the end of a bare name of two: `hello.how are you`.
pub(super) const NEVER_BARE: [&str; 3] = ["here", "how", "now"];

/// Suffixes that people mean when they write `example . com` or `example dot com`. Those which are words of prose
/// (`it`, `in`, `so`) are left out.
pub(super) const SPELLED: [&str; 58] = [
    "ai", "app", "biz", "by", "bz", "ca", "cc", "ch", "club", "cn", "co", "com", "cz", "de", "dev", "edu", "es", "eu",
    "fi", "fm", "fr", "gg", "gl", "gov", "icu", "info", "io", "jp", "kz", "link", "live", "ly", "me", "mobi", "net",
    "nl", "online", "org", "pl", "pro", "ru", "shop", "site", "space", "store", "su", "tech", "tk", "top", "tv", "ua",
    "uk", "vip", "website", "ws", "xyz", "рф", "укр",
];

/// Suffixes as they sound in Russian, and what is meant.
pub(crate) const SPOKEN: [(&str, &str); 12] = [
    ("ру", "ru"),
    ("ком", "com"),
    ("орг", "org"),
    ("нет", "net"),
    ("инфо", "info"),
    ("су", "su"),
    ("ио", "io"),
    ("ме", "me"),
    ("тв", "tv"),
    ("онлайн", "онлайн"),
    ("сайт", "сайт"),
    ("рф", "рф"),
];

/// Of those, the ones that are no suffixes themselves and no words of prose, so that `пример.ру` is readable, too.
pub(super) const SPOKEN_AFTER_DOT: [(&str, &str); 2] = [("ру", "ru"), ("инфо", "info")];

/// Suffixes of most hosts, which no name of a folder or a file ends in.
pub(super) const USUAL: [&str; 6] = ["com", "info", "net", "org", "ru", "рф"];

/// Suffixes that functions of programs are called, too: `stream.play()`.
pub(super) const CALLED: [&str; 40] = [
    "as", "at", "bid", "build", "call", "click", "date", "day", "do", "download", "host", "id", "in", "info", "is",
    "link", "map", "name", "new", "next", "now", "open", "page", "pay", "play", "post", "read", "report", "review",
    "run", "save", "search", "select", "show", "style", "to", "today", "top", "vote", "watch",
];

/// What `.` is called.
pub(crate) const DOTS: [&str; 6] = ["dot", "d0t", "точка", "тчк", "дот", "punkt"];

/// What `/` is called.
pub(super) const SLASHES: [&str; 4] = ["slash", "слеш", "слэш", "слаш"];

/// Words before ` dot com` or ` .com` that are prose and no name: `the dot com bubble`, `I use .net`.
pub(crate) const PROSE_BEFORE: [&str; 77] = [
    "a",
    "all",
    "an",
    "and",
    "another",
    "any",
    "are",
    "at",
    "bought",
    "but",
    "buy",
    "by",
    "core",
    "each",
    "every",
    "first",
    "for",
    "from",
    "get",
    "good",
    "had",
    "has",
    "have",
    "his",
    "her",
    "in",
    "into",
    "is",
    "its",
    "it",
    "last",
    "learn",
    "like",
    "love",
    "many",
    "microsoft",
    "modern",
    "more",
    "most",
    "my",
    "new",
    "no",
    "not",
    "of",
    "old",
    "on",
    "one",
    "or",
    "our",
    "polka",
    "red",
    "some",
    "than",
    "that",
    "the",
    "their",
    "these",
    "they",
    "this",
    "to",
    "use",
    "used",
    "uses",
    "using",
    "via",
    "was",
    "we",
    "were",
    "with",
    "you",
    "your",
    "в",
    "и",
    "на",
    "с",
    "эта",
    "одна",
];

/// Words after ` dot com` or ` .com` that show that a suffix was meant and no host: `dot com bubble`, `.net developer`.
pub(super) const PROSE_AFTER: [&str; 30] = [
    "boom",
    "bubble",
    "bust",
    "business",
    "businesses",
    "companies",
    "company",
    "core",
    "crash",
    "days",
    "developer",
    "developers",
    "domain",
    "domains",
    "era",
    "files",
    "framework",
    "programmer",
    "standard",
    "startup",
    "startups",
    "suffix",
    "tld",
    "zone",
    "домен",
    "домены",
    "домене",
    "зона",
    "зоне",
    "разработчик",
];

/// Schemes of hosts that are misspelled so that they are not clicked, and what is meant.
pub(super) const MISSPELLED: [(&str, &str); 19] = [
    ("hxxp", "http"),
    ("hxxps", "https"),
    ("hxtp", "http"),
    ("hxtps", "https"),
    ("htxp", "http"),
    ("htxps", "https"),
    ("hppt", "http"),
    ("hppts", "https"),
    ("htpp", "http"),
    ("htpps", "https"),
    ("htp", "http"),
    ("htps", "https"),
    ("htttp", "http"),
    ("htttps", "https"),
    ("ttp", "http"),
    ("ttps", "https"),
    ("xttp", "http"),
    ("fxp", "ftp"),
    ("h__p", "http"),
];

/// Schemes of messengers, and the host that their links stand for.
pub(super) const MESSENGERS: [(&str, &str); 4] =
    [("tg", "t.me"), ("telegram", "t.me"), ("whatsapp", "wa.me"), ("viber", "viber.com")];
