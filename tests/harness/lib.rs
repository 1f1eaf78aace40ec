//! What the end-to-end cases are written with: the real binary on a free port with a folder of its own, and the API as its users
//! send it.
//!
//! Nothing here knows how the server works inside, and nothing sleeps: whoever waits, waits for an answer, an event or an exit.

mod answer;
mod api;
mod attachments;
mod authenticator;
mod clients;
mod events;
mod files;
mod seed;
mod server;

pub use crate::{
    answer::Answer,
    api::Api,
    authenticator::Authenticator,
    clients::{client_builder, until},
    events::{Event, Events},
    files::{annotated, component, sluice, version_of},
    server::{Account, Home, Member, Server},
};
