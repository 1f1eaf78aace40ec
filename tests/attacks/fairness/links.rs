//! Texts that are made to take long.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::{
    attack::{Attack, Seen, Takes},
    crowd::Crowd,
    fairness::Others,
    figures::millis,
    target::Target,
    wire::{bearer_once, post},
};

pub(super) const OF_TRIALS: Attack = Attack {
    name: "trials-with-links",
    what: "16 loops of one account try messages of 64 KiB of `mailto:@/`",
    aim: "others' p99 is at most 3 times as late as alone",
    takes: Takes::Minutes,
    play: |target| Box::pin(of_trials(target)),
};

pub(super) const OF_ONE_MESSAGE: Attack = Attack {
    name: "longest-texts",
    what: "messages of 64 KiB that are made to take long, with rules about links, addresses, phone numbers and emoji",
    aim: "each takes less than 20 ms more than a short one",
    takes: Takes::Minutes,
    play: |target| Box::pin(of_one_message(target)),
};

const LONGEST: usize = 65_536;
const LOOPS: usize = 16;

async fn of_trials(target: &Target) -> Seen {
    let victim = target.start().await;
    let others = Others::of(&victim, &victim.with_plugins).await;
    let alone = others.go().await;
    // On new connections, which the server's threads share evenly.
    let shows = bearer_once(&victim.without_plugins.members[0].api_token);
    let body = json!({"message": {"text": filled("mailto:@/"), "direction": "incoming"}});
    let request = post("/api/v1/policy/evaluate", &shows, &body);
    let crowd = Crowd::begin(victim.address(), LOOPS, move |_| request.clone());
    tokio::time::sleep(Duration::from_secs(1)).await;
    let beside = others.go().await;
    let answers = crowd.end();
    Seen::new(beside.keep_within(&alone), format!("{}; trials: {answers}", beside.beside(&alone)))
}

/// What is repeated to the length of the longest text. Each begins something that a scanner may follow to the end of the text.
const PIECES: [&str; 39] = [
    "mailto:@/",
    "mailto:a@b/",
    "mailto:a@b.com,",
    "http://",
    "http://a/",
    "https://[",
    "//",
    "a.",
    "a.b.",
    "a@",
    "@",
    "a@b",
    "www.",
    "hxxp[:]//a[.]",
    "a dot ",
    "a [dot] b ",
    "e x . ",
    "[a](",
    "<a href=",
    "<a href=\"x\">",
    "tg://",
    "t.me/",
    "(((",
    "%2e",
    "1.1.1.1:",
    "0x7f.",
    "12345678 ",
    "+1 ",
    "+1-(2)-",
    "1-1-",
    "\u{1F468}\u{200D}",
    "\u{200B}",
    "\u{FF41}\u{FF0E}",
    "xn--a.",
    "\u{0430}.\u{0440}\u{0444} ",
    "a\u{0301}",
    "example.com/(",
    "javascript:a//",
    "a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a@aāăąćĉċčďđēĕėęěĝğġģĥħĩīĭįıĳĵķĺļľłńņňŋōŏőœŕŗřśŝşšţťŧũūŭůűųŵŷźżž。жж。зз。ии。кк ",
];

async fn of_one_message(target: &Target) -> Seen {
    let victim = target.start().await;
    let api = &victim.without_plugins.administrator;
    for what in ["links", "email-addresses", "phone-numbers", "emoji"] {
        api.filter(json!({"what": [what], "action": "flag"})).await.is(201);
    }
    let path = format!("/api/v1/conversations/{}/messages", api.conversation().await);
    // The shortest of three: what else the machine does is not the text's.
    let took = async |text: String| {
        let mut shortest = Duration::MAX;
        for _ in 0..3 {
            let body: Value = json!({"text": text, "direction": "incoming"});
            let begin = Instant::now();
            api.post(&path, body).await.is(201);
            shortest = shortest.min(begin.elapsed());
        }
        shortest
    };
    let short = took("hello".to_owned()).await;
    let mut slowest = (Duration::ZERO, "");
    for piece in PIECES {
        slowest = slowest.max((took(filled(piece)).await.saturating_sub(short), piece));
    }
    let (longest, piece) = slowest;
    let seen = format!("{} more for {piece:?}, the slowest of {} texts", millis(longest), PIECES.len());
    Seen::new(longest < Duration::from_millis(20), seen)
}

fn filled(piece: &str) -> String {
    // With a sign that shows something: nothing else is taken for a message.
    format!(".{}", piece.repeat((LONGEST - 1) / piece.len()))
}
