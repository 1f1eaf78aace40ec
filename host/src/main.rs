//! The binary `sluice`: the command line and the composition root, and nothing else.

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

mod account;
mod acme;
mod audit;
mod catalogue;
mod certificate;
mod componentize;
mod compose;
mod config;
mod demo;
mod key_file;
mod platform;
mod private;
mod publisher;
mod seed;
mod serve;
mod trust;

/// glibc's allocator keeps what password hashes and uploads took, once for each thread: after a burst of log-ins, hundreds of
/// mebibytes.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A multi-tenant chat server whose tenants' WebAssembly plugins decide about every message.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve. Prints `ready http://HOST:PORT`, or `https`, when it can.
    Serve(config::ServeArgs),
    /// Play a conversation, or a file of messages, through a running server and show what its rules make of it.
    Demo(demo::DemoArgs),
    /// Make and list accounts.
    #[command(subcommand)]
    Account(account::AccountCommand),
    /// Make the account of whoever runs the server.
    #[command(subcommand)]
    Platform(platform::PlatformCommand),
    /// Publish plugins for accounts to take.
    #[command(subcommand)]
    Catalogue(catalogue::CatalogueCommand),
    /// Verify the audit logs.
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// For authors of plugins.
    #[command(subcommand)]
    Plugin(PluginCommand),
    /// Print the limits of what everybody shares, as they are documented.
    Limits,
    /// Inspect and compile one plugin; started by the server itself.
    #[command(hide = true)]
    Worker,
}

#[derive(Subcommand)]
enum PluginCommand {
    /// Make a component of a core module that was built with the SDK for wasm32-unknown-unknown.
    Componentize {
        /// The core module.
        module: PathBuf,
        /// Where to write the component.
        component: PathBuf,
    },
    /// Make a publisher's key in a new file that only you can read, and print the public key.
    Keygen {
        /// The file.
        key: PathBuf,
    },
    /// Sign a component, and print what to send to `POST /api/v1/plugins/{id}/signatures`.
    Sign {
        /// The component, byte for byte as it was or will be uploaded.
        component: PathBuf,
        /// The file that `sluice plugin keygen` made.
        key: PathBuf,
    },
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        // Nothing is set up before the worker has limited itself.
        Command::Worker => return sluice_sandbox::worker::run(),
        Command::Serve(args) => serve::run(args),
        Command::Account(command) => block_on(account::run(command)),
        Command::Platform(command) => block_on(platform::run(command)),
        Command::Catalogue(command) => block_on(catalogue::run(command)),
        Command::Audit(command) => block_on(audit::run(command)),
        Command::Demo(args) => block_on(demo::run(args)),
        Command::Limits => print_limits(),
        Command::Plugin(PluginCommand::Componentize { module, component }) => {
            componentize::componentize(&module, &component)
        }
        Command::Plugin(PluginCommand::Keygen { key }) => publisher::keygen(&key),
        Command::Plugin(PluginCommand::Sign { component, key }) => publisher::sign(&component, &key),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(&error);
            ExitCode::FAILURE
        }
    }
}

fn block_on(work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(work)
}

#[expect(clippy::print_stdout, reason = "what the command is for")]
fn print_limits() -> anyhow::Result<()> {
    print!("{}", config::limits_table());
    Ok(())
}

#[expect(clippy::print_stderr, reason = "where the command line says what went wrong")]
fn report(error: &anyhow::Error) {
    eprintln!("sluice: {error:#}");
}
