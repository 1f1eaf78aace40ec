//! The server's side of a worker: starting it, bounding it, and telling why it died.

use std::{
    ffi::OsString,
    io::{self, BufReader, BufWriter, Read},
    os::unix::process::ExitStatusExt,
    path::PathBuf,
    process::{Child, ChildStderr, Command, ExitStatus, Stdio},
    sync::{
        Condvar, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};

use crate::{frames, worker::MOST};

/// How a worker is started: the server's own binary, run again.
#[derive(Debug, Clone)]
pub struct WorkerCommand {
    /// Which program.
    pub program: PathBuf,
    /// With which arguments.
    pub args: Vec<OsString>,
}

/// What a worker may use.
#[derive(Debug, Clone, Copy)]
pub struct WorkerLimits {
    /// Address space, in bytes. A component of 12 MB that has a JavaScript engine in it compiles in less than 2 GiB.
    pub address_space: u64,
    /// Processor time over all threads, in seconds.
    pub cpu_seconds: u64,
    /// Time from start to end.
    pub wall: Duration,
    /// How many run at once; more wait.
    pub at_once: usize,
}

impl Default for WorkerLimits {
    fn default() -> Self {
        Self { address_space: 4 << 30, cpu_seconds: 60, wall: Duration::from_secs(60), at_once: 2 }
    }
}

/// Why a worker gave no answer.
#[derive(Debug)]
pub(crate) enum Died {
    TookTooLong,
    TookTooMuchMemory,
    Crashed,
    /// It could not be started.
    NotStarted(io::Error),
}

/// Starts workers, a bounded number at once.
pub(crate) struct Workers {
    command: WorkerCommand,
    pub(crate) limits: WorkerLimits,
    running: Mutex<usize>,
    ended: Condvar,
}

impl Workers {
    pub(crate) fn new(command: WorkerCommand, limits: WorkerLimits) -> Self {
        Self { command, limits, running: Mutex::new(0), ended: Condvar::new() }
    }

    /// Sends `order` to a new worker and gives its answer's frames. Blocks until the worker has ended.
    pub(crate) fn ask(&self, order: &[&[u8]]) -> Result<Vec<Vec<u8>>, Died> {
        let _place = self.place();
        let mut child = self.start().map_err(Died::NotStarted)?;
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(mut stdin), Some(mut stdout), Some(stderr)) = (stdin, stdout, stderr) else {
            return Err(Died::NotStarted(io::Error::other("a worker without pipes")));
        };
        let pid = Pid::from_child(&child);
        let late = AtomicBool::new(false);
        let (done, waiting) = mpsc::channel::<()>();
        let (answer, complaint, status) = thread::scope(|scope| {
            // The child is reaped only after this thread has ended, so the number cannot be another process's.
            let (wall, late) = (self.limits.wall, &late);
            let watch = scope.spawn(move || {
                if waiting.recv_timeout(wall) == Err(mpsc::RecvTimeoutError::Timeout) {
                    late.store(true, Ordering::Relaxed);
                    if let Err(error) = kill_process(pid, Signal::KILL) {
                        tracing::error!(%error, "a worker that takes too long cannot be ended");
                    }
                }
            });
            let complaint = scope.spawn(|| tail(stderr));
            scope.spawn(move || {
                let mut stdin = BufWriter::with_capacity(frames::BUFFER, &mut stdin);
                // A worker that ends early is told by its status.
                if let Err(error) = frames::write(&mut stdin, order.iter().copied()) {
                    tracing::debug!(%error, "a worker did not take its whole order");
                }
            });
            let answer = frames::read(&mut BufReader::with_capacity(frames::BUFFER, &mut stdout), MOST);
            // What comes after the answer is not waited for.
            drop(stdout);
            let complaint = complaint.join().unwrap_or_default();
            drop(done);
            let watched = watch.join();
            debug_assert!(watched.is_ok(), "the watching thread does not panic");
            (answer, complaint, wait(&mut child))
        });
        answer.map_err(|_| why(status, &complaint, late.load(Ordering::Relaxed)))
    }

    fn start(&self) -> io::Result<Child> {
        let mut command = Command::new(&self.command.program);
        command.args(&self.command.args).env_clear().current_dir("/");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()
    }

    fn place(&self) -> Place<'_> {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let full = |running: &mut usize| *running >= self.limits.at_once;
        let mut running = self.ended.wait_while(running, full).unwrap_or_else(PoisonError::into_inner);
        *running += 1;
        Place(self)
    }
}

struct Place<'w>(&'w Workers);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        *self.0.running.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        self.0.ended.notify_one();
    }
}

fn wait(child: &mut Child) -> Option<ExitStatus> {
    child.wait().inspect_err(|error| tracing::error!(%error, "a worker cannot be waited for")).ok()
}

/// The beginning of what a worker wrote before it died; the rest is read and dropped, so that it never blocks.
fn tail(mut stderr: ChildStderr) -> String {
    let mut kept = Vec::new();
    let read = (&mut stderr).take(4 << 10).read_to_end(&mut kept);
    let dropped = io::copy(&mut stderr, &mut io::sink());
    if let Err(error) = read.and(dropped) {
        tracing::debug!(%error, "a worker's last words are lost");
    }
    String::from_utf8_lossy(&kept).into_owned()
}

fn why(status: Option<ExitStatus>, complaint: &str, late: bool) -> Died {
    let signal = status.and_then(|status| status.signal()).and_then(Signal::from_named_raw);
    // The kernel ends a process that used up its processor time with XCPU, and with KILL at the hard limit, which is the same here.
    if late || matches!(signal, Some(Signal::XCPU | Signal::KILL)) {
        return Died::TookTooLong;
    }
    let memory = ["memory allocation", "Cannot allocate memory", "out of memory"];
    if memory.iter().any(|words| complaint.contains(words)) {
        return Died::TookTooMuchMemory;
    }
    tracing::warn!(?status, complaint, "a worker crashed");
    Died::Crashed
}
