//! Many who ask at once, each on a connection of their own from an address of their own, again and again until they are told to stop.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::task::JoinHandle;

use crate::wire::{Reply, Wire};

/// How long one waits before trying again whom the server gave no connection.
const BREATH: Duration = Duration::from_millis(50);

/// The address of one of many attackers, each in a network of its own.
pub(crate) fn address(number: usize) -> Ipv4Addr {
    let [.., a, b] = u32::try_from(number).expect("few attackers").to_be_bytes();
    Ipv4Addr::new(127, 64 + a, b, 1)
}

/// Loops of requests.
pub(crate) struct Crowd {
    goes_on: Arc<AtomicBool>,
    answers: Arc<Mutex<BTreeMap<u16, usize>>>,
    loops: Vec<JoinHandle<()>>,
    begin: Instant,
}

/// What a crowd was answered.
pub(crate) struct Answers {
    pub(crate) statuses: BTreeMap<u16, usize>,
    pub(crate) took: Duration,
}

impl Crowd {
    /// Begins: `request` makes the request of each number.
    pub(crate) fn begin(
        to: SocketAddr,
        loops: usize,
        request: impl Fn(u64) -> Vec<u8> + Send + Sync + 'static,
    ) -> Self {
        let goes_on = Arc::new(AtomicBool::new(true));
        let answers = Arc::new(Mutex::new(BTreeMap::<u16, usize>::new()));
        let (request, next) = (Arc::new(request), Arc::new(AtomicU64::new(0)));
        let one = |number: usize| {
            let (goes_on, answers) = (goes_on.clone(), Arc::clone(&answers));
            let (request, next) = (request.clone(), next.clone());
            tokio::spawn(async move {
                let mut wire = None;
                while goes_on.load(Ordering::Relaxed) {
                    let bytes = request(next.fetch_add(1, Ordering::Relaxed));
                    let reply = ask(&mut wire, to, address(number), &bytes).await;
                    if reply.as_ref().is_ok_and(|reply| reply.ends) {
                        wire = None;
                    }
                    let status = reply.map_or(0, |reply| reply.status);
                    *answers.lock().unwrap().entry(status).or_default() += 1;
                    if status == 0 {
                        wire = None;
                        tokio::time::sleep(BREATH).await;
                    }
                }
            })
        };
        let loops = (0..loops).map(one).collect();
        Self { goes_on, answers, loops, begin: Instant::now() }
    }

    /// Waits until so many were answered, whatever, or some time has passed.
    pub(crate) async fn answered(&self, wanted: usize, longest: Duration) {
        let end = Instant::now() + longest;
        while self.answers.lock().unwrap().values().sum::<usize>() < wanted && Instant::now() < end {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Hangs up, whatever is still waited for.
    pub(crate) fn end(self) -> Answers {
        self.goes_on.store(false, Ordering::Relaxed);
        self.loops.iter().for_each(JoinHandle::abort);
        Answers { statuses: self.answers.lock().unwrap().clone(), took: self.begin.elapsed() }
    }
}

async fn ask(wire: &mut Option<Wire>, to: SocketAddr, from: Ipv4Addr, bytes: &[u8]) -> std::io::Result<Reply> {
    if wire.is_none() {
        *wire = Some(Wire::connect(to, from).await?);
    }
    match wire {
        Some(wire) => wire.ask(bytes).await,
        None => Err(std::io::ErrorKind::NotConnected.into()),
    }
}

impl std::fmt::Display for Answers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let seconds = self.took.as_secs_f64();
        for (index, (status, times)) in self.statuses.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            let name = if *status == 0 { "no answer".to_owned() } else { status.to_string() };
            write!(f, "{separator}{times} x {name}")?;
        }
        write!(f, " in {seconds:.0} s")
    }
}
