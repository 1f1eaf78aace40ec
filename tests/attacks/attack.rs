//! What an attack is, and what it comes to.

use std::{any::Any, thread, time::Duration};

use futures::future::LocalBoxFuture;

use crate::target::{Database, Target};

/// Longest that an attack may take before it counts as broken off.
const LONGEST: Duration = Duration::from_secs(600);

/// How an attack is played against a server of its own.
pub(crate) type Play = for<'t> fn(&'t Target) -> LocalBoxFuture<'t, Seen>;

/// One attack.
#[derive(Clone, Copy)]
pub struct Attack {
    /// By which it is chosen.
    pub name: &'static str,
    /// What is done.
    pub what: &'static str,
    /// What should be seen.
    pub aim: &'static str,
    /// How long it takes.
    pub takes: Takes,
    pub(crate) play: Play,
}

/// How long an attack takes, and so where it is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// A few seconds, and nothing in it is timed: it is a test, too.
    Seconds,
    /// Longer, or times are compared: it is played by itself only.
    Minutes,
}

/// What was seen.
#[derive(Debug)]
pub struct Seen {
    /// In words and figures.
    pub what: String,
    /// Whether it is what was aimed at.
    pub verdict: Verdict,
}

/// Whether what was seen is what was aimed at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is.
    Holds,
    /// It is not, or the attack broke off.
    Fails,
    /// It could not be played on this machine.
    Skipped,
}

impl Seen {
    pub(crate) fn new(holds: bool, what: impl Into<String>) -> Self {
        Self { what: what.into(), verdict: if holds { Verdict::Holds } else { Verdict::Fails } }
    }

    pub(crate) fn skipped(why: impl Into<String>) -> Self {
        Self { what: why.into(), verdict: Verdict::Skipped }
    }
}

impl Attack {
    /// Plays it. What breaks it off is what is seen.
    pub fn play(&self, database: &Database) -> Seen {
        let (play, target) = (self.play, Target::new(database.clone()));
        // On threads of its own: one that panics takes nothing with it.
        let played = thread::spawn(move || {
            let mut runtime = tokio::runtime::Builder::new_multi_thread();
            let runtime = runtime.worker_threads(2).enable_all().build().expect("a runtime");
            let seen = runtime.block_on(async { tokio::time::timeout(LONGEST, play(&target)).await });
            runtime.shutdown_background();
            seen.unwrap_or_else(|_| Seen::new(false, format!("not over after {} s", LONGEST.as_secs())))
        });
        played.join().unwrap_or_else(|panic| Seen::new(false, format!("broke off: {}", words_of(&*panic))))
    }
}

/// What a panic says, on one line.
fn words_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    let words: Vec<_> = text.unwrap_or("a panic").split_whitespace().collect();
    words.join(" ").chars().take(300).collect()
}
