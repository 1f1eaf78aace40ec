//! One plugin that asks the host whatever it is told to: what plugins may ask, and how often, is tested with it.
//!
//! A message `ask: count key 1 60; earlier 5` becomes what was answered: `1; hello, good day`. A `User-Agent` that says the same is denied with the
//! answers as its reason. What can be asked is in [`ask`]. Other messages and requests pass.

use std::fmt::{Debug, Display};

use schemars::JsonSchema;
use serde::Deserialize;
use sluice_plugin::{
    Access, AccessRequest, AccessRule, ConfigErrors, Edits, Message, MessageFilter, Plugin, Verdict, counters, history,
    http::{self, Request},
    lists,
};

/// Nothing to set.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {}

/// The plugin.
#[derive(Debug)]
pub struct Asking;

impl Plugin for Asking {
    type Config = Config;

    fn configure(_: Config) -> Result<Self, ConfigErrors> {
        Ok(Self)
    }
}

impl MessageFilter for Asking {
    fn check(&self, message: &Message) -> Verdict {
        let Some(answers) = answers(&message.text) else { return Verdict::Allow };
        let mut edits = Edits::of(&message.text);
        edits.replace(0..message.text.len(), answers);
        edits.into_verdict()
    }
}

impl AccessRule for Asking {
    fn check(&self, request: &AccessRequest) -> Access {
        answers(&request.user_agent).map_or(Access::Allow, |answers| Access::deny("answer", answers))
    }
}

fn answers(orders: &str) -> Option<String> {
    let orders = orders.strip_prefix("ask:")?;
    Some(orders.split(';').map(|order| ask(order.trim())).collect::<Vec<_>>().join("; "))
}

/// What is answered to one of
/// - `count KEY BY SECONDS`, `find LIST VALUE`, `earlier COUNT`, `get URL`, `post URL BYTES`,
/// - `key BYTES`: a counter with a name of so many bytes; `header BYTES`: a request with such a header,
/// - `many TIMES`: reads the same counter over and over; what was answered how often,
/// - `posts TIMES`: the same request of 60,000 bytes over and over.
fn ask(order: &str) -> String {
    let words: Vec<&str> = order.split(' ').collect();
    match words[..] {
        ["count", key, by, seconds] => told(counters::add(key, number(by), number(seconds))),
        ["find", list, value] => told(lists::find(list, value)),
        ["earlier", count] => match history::earlier(number(count)) {
            Ok(messages) => messages.iter().map(|message| message.text.as_str()).collect::<Vec<_>>().join(", "),
            Err(error) => name(&error),
        },
        ["get", url] => sent(&Request::get(url)),
        ["post", url, bytes] => sent(&Request::post(url, vec![b'x'; number(bytes) as usize])),
        ["key", bytes] => told(counters::add(&"k".repeat(number(bytes) as usize), 1, 60)),
        ["header", bytes] => sent(&Request::get("https://a.example/").header("a", "x".repeat(number(bytes) as usize))),
        ["many", times] => often(number(times), || counters::add("many", 0, 60).map(drop)),
        ["posts", times] => {
            let request = Request::post("https://a.example/", vec![b'x'; 60_000]);
            often(number(times), || http::send(&request).map(drop))
        }
        _ => format!("what is {order:?}?"),
    }
}

fn number(word: &str) -> u32 {
    word.parse().unwrap_or(0)
}

fn told<T: Debug, E: Display>(answer: Result<T, E>) -> String {
    answer.map_or_else(|error| name(&error), |value| format!("{value:?}"))
}

/// An error as the contract names it; it is shown with its number behind it.
fn name(error: &impl Display) -> String {
    error.to_string().split(' ').next().unwrap_or_default().to_owned()
}

fn sent(request: &Request) -> String {
    told(http::send(request).map(|response| (response.status, response.body.len())))
}

fn often<E: Display + PartialEq>(times: u32, mut ask: impl FnMut() -> Result<(), E>) -> String {
    let mut answered = 0;
    let mut errors: Vec<(E, u32)> = Vec::new();
    for _ in 0..times {
        let Err(error) = ask() else {
            answered += 1;
            continue;
        };
        match errors.iter_mut().find(|(known, _)| *known == error) {
            Some((_, count)) => *count += 1,
            None => errors.push((error, 1)),
        }
    }
    let errors: String = errors.iter().map(|(error, count)| format!(", {count} {}", name(error))).collect();
    format!("{answered} answered{errors}")
}

sluice_plugin::export!(Asking: MessageFilter + AccessRule);

#[cfg(test)]
mod tests {
    use sluice_plugin::testing;

    use super::*;

    #[test]
    fn it_tells_what_it_was_told() {
        testing::said_before(&testing::message("hello"));
        testing::list("vip", ["ann"]);
        let message = testing::message(
            "ask: count a 2 60; many 3; find vip ann; find no ann; earlier 5; get https://a.example/; key 300; nonsense",
        );
        testing::assert_redacts_to(
            &message,
            MessageFilter::check(&Asking, &message),
            "2; 3 answered; Some(\"ann\"); no-such-list; hello; unreachable; outside-limits; what is \"nonsense\"?",
        );
        testing::assert_allows(MessageFilter::check(&Asking, &testing::message("hello")));
        let request = testing::log_in(sluice_plugin::Role::Operator);
        testing::assert_denies(AccessRule::check(&Asking, &request.with_user_agent("ask: earlier 0")), "answer");
    }
}
