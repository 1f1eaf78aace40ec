//! End-to-end cases: each starts the real binary and does what its users do.

#![expect(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod access;
mod acme;
mod addresses;
mod attachments;
mod audit;
mod catalogue;
mod chain;
mod chat;
mod chat_reach;
mod connections;
mod demo;
mod durability;
mod enabling;
mod evaluate;
mod events;
mod evidence;
mod evidence_search;
mod failures;
mod filters;
mod floods;
mod forms;
mod https;
mod imports;
mod input;
mod isolation;
mod library;
mod lists;
mod longest_texts;
mod passkeys;
mod people;
mod permissions;
mod plugins;
mod preview;
mod reach;
mod reviews;
mod routes;
mod search;
mod second_factors;
mod sessions;
mod signatures;
mod story;
mod support;
mod tokens;
mod uploads;
