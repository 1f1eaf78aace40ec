//! What two people do to one thing at the same moment: each pair of use cases that touch one row, the first held at each of its steps.
//!
//! The application runs in this process, on a copy of one SQLite file for each run, with a clock that stands still. How HTTP answers is
//! tested in `tests/cases`.

#![expect(clippy::unwrap_used, reason = "in a test, a panic is the report")]
#![expect(clippy::print_stdout, reason = "which pairs were tried is part of the report")]

mod chat;
mod explore;
mod gate;
mod lab;
mod people;
mod plugins;
