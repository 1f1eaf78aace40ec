//! The worker: the process in which an uploaded component is parsed, compiled and run for the first time.
//!
//! It limits itself before it reads anything, takes one order on standard input, answers on standard output, and ends.

use std::{
    io::{self, BufReader, BufWriter},
    process::ExitCode,
};

use rustix::process::{Resource, Rlimit, Signal, setrlimit};

use crate::{
    configure, frames, inspect,
    protocol::{self, Answered, Order, Work},
};

/// Most bytes of one order.
pub(crate) const MOST: usize = 256 << 20;

/// Does what the order on standard input says. For the binary's hidden command, started by the server itself.
pub fn run() -> ExitCode {
    match work() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::debug!(%error, "a worker ends");
            ExitCode::FAILURE
        }
    }
}

fn work() -> io::Result<()> {
    // Not to outlive the server, not to gain rights, not to leave anything behind.
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
    rustix::thread::set_no_new_privs(true)?;
    limit(Resource::Core, 0)?;
    limit(Resource::Nofile, 16)?;

    let mut frames = frames::read(&mut BufReader::with_capacity(frames::BUFFER, io::stdin().lock()), MOST)?.into_iter();
    let order: Order = serde_json::from_slice(&next(&mut frames)?)?;
    // These are part of the order, which the server wrote; the component is not looked at before they hold.
    limit(Resource::As, order.limits.address_space)?;
    // No files are written, but the engine keeps a component's memory image in an anonymous one.
    limit(Resource::Fsize, order.limits.address_space)?;
    limit(Resource::Cpu, order.limits.cpu_seconds)?;

    let component = next(&mut frames)?;
    match order.work {
        Work::Inspect => match inspect::inspect(&component, order.memory_ceiling) {
            Ok((inspection, made)) => answer(&Ok::<_, ()>(inspection), made.frames()),
            Err(error) => answer(&Err::<(), _>(error), Vec::new()),
        },
        Work::Configure { overlay_bytes } => {
            let artefact = next(&mut frames)?;
            let config = String::from_utf8(next(&mut frames)?).map_err(|_| io::ErrorKind::InvalidData)?;
            let functions = protocol::functions(frames);
            let ceiling = order.memory_ceiling;
            match configure::configure(&component, &artefact, &config, functions, ceiling, overlay_bytes) {
                Ok(form) => {
                    let (head, frames) = form.frames();
                    answer(&Answered::Ok(head), frames)
                }
                Err(error) => answer(&Answered::Err(error), Vec::new()),
            }
        }
        Work::Overlaid { pages } => {
            let artefact = next(&mut frames)?;
            let functions = protocol::functions(frames);
            match configure::overlaid(&component, &artefact, functions, order.memory_ceiling, pages) {
                Ok(made) => answer(&Ok::<_, ()>(()), made.frames()),
                Err(error) => answer(&Err::<(), _>(error), Vec::new()),
            }
        }
    }
}

fn limit(resource: Resource, most: u64) -> io::Result<()> {
    Ok(setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })?)
}

fn next(frames: &mut impl Iterator<Item = Vec<u8>>) -> io::Result<Vec<u8>> {
    frames.next().ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
}

fn answer(head: &impl serde::Serialize, rest: Vec<&[u8]>) -> io::Result<()> {
    let head = serde_json::to_vec(head)?;
    let frames: Vec<&[u8]> = [head.as_slice()].into_iter().chain(rest).collect();
    frames::write(&mut BufWriter::with_capacity(frames::BUFFER, io::stdout().lock()), frames.into_iter())
}
