//! Plays a file of messages through several connections at once, and counts what became of them.

use std::{
    fs::File,
    io::{BufWriter, IsTerminal, Write},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use serde_json::json;
use sluice_domain::message::Direction;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{
    accounts::DemoAccounts,
    api::{Account, Answer, Played},
    message_file::{self, Line, MessageFile},
    table::{Look, Page, number},
    tally::Tally,
};

/// How often progress is shown.
const TICK: Duration = Duration::from_millis(200);
/// How many of the lines that cannot be played are named.
const NAMED: usize = 5;

/// What to play, and how.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) file: PathBuf,
    pub(super) direction: Direction,
    pub(super) connections: usize,
    pub(super) verdicts: Option<PathBuf>,
}

/// What the connections share.
struct Work {
    messages: Vec<Line>,
    next: AtomicUsize,
    stop: CancellationToken,
    record: Mutex<Record>,
}

struct Record {
    tally: Tally,
    verdicts: Option<BufWriter<File>>,
}

/// Plays the file and prints the counts: also when it is interrupted or the server goes away, of what was answered until then.
pub(super) async fn play<W: Write>(accounts: &DemoAccounts, order: Order, page: &mut Page<W>) -> anyhow::Result<()> {
    let file = message_file::read(&order.file)?;
    introduce(&order, &file, page)?;
    let verdicts = order.verdicts.as_deref().map(create).transpose()?;
    let work = Arc::new(Work {
        messages: file.messages,
        next: AtomicUsize::new(0),
        stop: CancellationToken::new(),
        record: Mutex::new(Record { tally: Tally::default(), verdicts }),
    });

    let start = Instant::now();
    let mut connections = JoinSet::new();
    for _ in 0..order.connections.min(work.messages.len()) {
        connections.spawn(connection(work.clone(), accounts.with_plugins(order.direction)));
    }
    let outcome = watch(&work, connections, start).await;
    let elapsed = start.elapsed();

    let mut record = std::mem::replace(
        &mut *work.record.lock().unwrap_or_else(PoisonError::into_inner),
        Record { tally: Tally::default(), verdicts: None },
    );
    if let Some(verdicts) = &mut record.verdicts {
        verdicts.flush().context("writing the verdicts")?;
    }
    let (answered, all) = (record.tally.answered(), work.messages.len() as u64);
    if answered == 0 {
        return outcome;
    }
    let seconds = elapsed.as_secs_f64();
    page.line(Look::Bold, &format!("\n{} of {} messages in {seconds:.1} s", number(answered), number(all)))?;
    record.tally.print(page, elapsed)?;
    outcome
}

fn introduce<W: Write>(order: &Order, file: &MessageFile, page: &mut Page<W>) -> anyhow::Result<()> {
    let (count, connections) = (number(file.messages.len() as u64), order.connections);
    let direction = match order.direction {
        Direction::Incoming => "from clients",
        Direction::Outgoing => "to clients",
    };
    let path = order.file.display();
    page.line(
        Look::Normal,
        &format!("{count} messages {direction}, from {} of {path}, over {connections} connections", file.column),
    )?;
    if !file.bad.is_empty() {
        page.line(Look::Normal, &format!("{} lines cannot be played:", number(file.bad.len() as u64)))?;
        for bad in file.bad.iter().take(NAMED) {
            page.line(Look::Normal, &format!("  line {}: {}", bad.number, bad.why))?;
        }
        if file.bad.len() > NAMED {
            page.line(Look::Normal, "  …")?;
        }
    }
    Ok(())
}

fn create(path: &Path) -> anyhow::Result<BufWriter<File>> {
    Ok(BufWriter::new(File::create(path).with_context(|| format!("writing {}", path.display()))?))
}

/// Waits for the connections. The first Ctrl-C lets each finish its message, the second does not wait for that.
async fn watch(work: &Work, mut connections: JoinSet<anyhow::Result<()>>, start: Instant) -> anyhow::Result<()> {
    let mut progress = Progress { shown: std::io::stderr().is_terminal(), start };
    let mut tick = tokio::time::interval(TICK);
    let mut outcome = Ok(());
    loop {
        tokio::select! {
            joined = connections.join_next() => match joined {
                None => break,
                Some(done) => {
                    let done = done.context("a connection")?;
                    if done.is_err() {
                        work.stop.cancel();
                    }
                    outcome = outcome.and(done);
                }
            },
            interrupted = tokio::signal::ctrl_c() => {
                interrupted?;
                if work.stop.is_cancelled() {
                    break;
                }
                work.stop.cancel();
            }
            _ = tick.tick() => progress.show(work),
        }
    }
    progress.clear();
    outcome
}

/// One connection: a conversation of its own, one message after the other.
async fn connection(work: Arc<Work>, account: Account) -> anyhow::Result<()> {
    let conversation = account.start_conversation("Replay").await?;
    while !work.stop.is_cancelled() {
        let Some(line) = work.messages.get(work.next.fetch_add(1, Ordering::Relaxed)) else { break };
        let answer = account.post(conversation, &line.text).await?;
        let mut record = work.record.lock().unwrap_or_else(PoisonError::into_inner);
        match answer {
            Answer::Decided(played) => {
                record.tally.count(&played);
                record.keep(line, &played)?;
            }
            Answer::Refused { code, .. } if code == "unauthenticated" => bail!("the server no longer knows the token"),
            Answer::Refused { code, detail } => record.tally.count_refused(code, detail),
        }
    }
    Ok(())
}

impl Record {
    fn keep(&mut self, line: &Line, played: &Played) -> anyhow::Result<()> {
        let Some(verdicts) = &mut self.verdicts else { return Ok(()) };
        let decision = &played.decision;
        let kept = json!({"line": line.number, "text": line.text, "verdict": decision.verdict, "became": played.text, "rules": decision.rules});
        writeln!(verdicts, "{kept}").context("writing the verdicts")
    }
}

/// A line on the terminal that says how far it is; nothing where the output is not a terminal.
struct Progress {
    shown: bool,
    start: Instant,
}

impl Progress {
    fn show(&mut self, work: &Work) {
        if self.shown {
            let answered = work.record.lock().unwrap_or_else(PoisonError::into_inner).tally.answered();
            let rate = answered as f64 / self.start.elapsed().as_secs_f64().max(1e-9);
            let all = work.messages.len() as u64;
            self.write(&format!("\r{} of {}, {rate:.0} a second ", number(answered), number(all)));
        }
    }

    fn clear(&mut self) {
        if self.shown {
            self.write("\r\u{1b}[K");
        }
    }

    fn write(&mut self, text: &str) {
        let mut terminal = std::io::stderr().lock();
        // A terminal that has gone away does not end the run, only the progress.
        if terminal.write_all(text.as_bytes()).and_then(|()| terminal.flush()).is_err() {
            self.shown = false;
        }
    }
}
