//! What the sandbox promises to the server, held by plugins that misbehave in every way that is known.
//!
//! The components are the built ones of `target/plugins`, and ones that a test writes itself, instruction by instruction.

#![expect(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod artefacts;
mod asking;
mod calls;
mod configuring;
mod determinism;
mod examples;
mod inspecting;
mod isolation;
mod lab;
mod loading;
mod overlays;
mod written;
