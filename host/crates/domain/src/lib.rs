//! Sluice's types and decisions. No I/O, no clock, no async: everything here can be a property test.
//!
//! Parsing from and to HTTP, SQL and WebAssembly is not done here; those layers turn what they read into these types.

pub mod access;
pub mod address;
pub mod audit;
pub mod catalogue;
pub mod content;
pub mod conversation;
pub mod digest;
pub mod email;
pub mod entity;
pub mod filter;
mod folded;
pub mod forwarding;
pub mod histogram;
pub mod id;
pub mod import;
pub mod installation;
pub mod keyed_digest;
pub mod language;
pub mod limits;
pub mod link;
pub mod list;
pub mod message;
pub mod network;
pub mod permission;
pub mod plugin;
pub mod public_address;
pub mod public_url;
pub mod quota;
pub mod review;
pub mod search;
pub mod security;
pub mod server_limits;
pub mod shares;
pub mod signature;
mod steps;
pub mod support;
pub mod tag;
pub mod tally;
pub mod throttle;
pub mod time;
pub mod turns;
pub mod verdict;
pub mod visibility;

#[doc(inline)]
pub use sluice_text as text;
