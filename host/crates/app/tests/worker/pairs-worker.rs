//! The worker of this crate's tests: what the server's binary does with its hidden command.

use std::process::ExitCode;

fn main() -> ExitCode {
    sluice_sandbox::worker::run()
}
