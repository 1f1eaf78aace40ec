//! How much memory the server takes while it is attacked. One that takes far too much is ended, for the sake of the machine.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use sluice_tests::Server;

use crate::figures::mib;

/// Growth beyond which the server is ended.
const ENDS_AT: u64 = 1 << 30;
const EVERY: Duration = Duration::from_millis(10);

/// Looks on from now until it is asked.
pub(crate) struct Watch {
    before: u64,
    most: Arc<AtomicU64>,
    over: Arc<AtomicBool>,
    looking: Option<JoinHandle<()>>,
}

/// What a server took more than before.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Growth {
    pub(crate) bytes: u64,
    ended: bool,
}

impl Watch {
    pub(crate) fn over(server: &Server) -> Self {
        let pid = server.pid();
        let before = resident(pid);
        let most = Arc::new(AtomicU64::new(before));
        let over = Arc::new(AtomicBool::new(false));
        let (seen, ended) = (most.clone(), over.clone());
        let looking = thread::spawn(move || {
            while !ended.load(Ordering::Relaxed) {
                let now = resident(pid);
                seen.fetch_max(now, Ordering::Relaxed);
                if now.saturating_sub(before) > ENDS_AT {
                    ended.store(true, Ordering::Relaxed);
                    let _ = Pid::from_raw(pid.cast_signed()).map(|pid| kill_process(pid, Signal::KILL));
                }
                thread::sleep(EVERY);
            }
        });
        Self { before, most, over, looking: Some(looking) }
    }

    /// Whether the server was ended.
    pub(crate) fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    /// The most that was seen, beyond what there was in the beginning.
    pub(crate) fn growth(&self) -> Growth {
        Growth { bytes: self.most.load(Ordering::Relaxed).saturating_sub(self.before), ended: self.is_over() }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        let _ = self.looking.take().map(JoinHandle::join);
    }
}

impl std::fmt::Display for Growth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "grew by {}", mib(self.bytes))?;
        if self.ended { write!(f, ", and was ended there") } else { Ok(()) }
    }
}

/// What a process has resident now; nothing when it is gone.
fn resident(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or_default() << 10
}
