//! One request and its answer, from the request's head until all of the answer was taken: what it holds, and whether somebody takes
//! the answer.

use std::{
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use axum::{
    extract::Request,
    http::{Extensions, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures::task::AtomicWaker;
use hyper::{body::Body as _, rt::Executor};
use sluice_app::AppError;
use sluice_domain::{id::AccountId, shares::Share};
use tokio::{sync::OwnedSemaphorePermit, task::AbortHandle};

use crate::{
    answer::{self, Unread},
    arrival::Arrival,
    connections::OpenConnection,
    problem::Problem,
    room::{Holder, NoRoom, Who},
};

/// What the place of a request covers, in bytes: a body or an answer that is no longer is not counted.
pub(crate) const COVERED: usize = 8 << 10;

tokio::task_local! {
    /// What the task serves, where each exchange has a task of its own: in HTTP/2.
    static CURRENT: Arc<Exchange>;
}

/// One request and its answer.
#[derive(Debug)]
pub(crate) struct Exchange {
    /// Which of its connection's it is.
    number: u64,
    connection: Arc<OpenConnection>,
    standing: Mutex<Standing>,
    owed: Owed,
    /// Ends the exchange alone; there is none where ending it ends the connection.
    task: OnceLock<AbortHandle>,
}

#[derive(Debug, Default)]
struct Standing {
    address: Option<IpAddr>,
    /// Who it is counted for; nobody while it is found out.
    who: Option<Who>,
    place: Option<Share<Holder>>,
    held: Vec<Share<Holder>>,
    /// Kept while the request is worked on.
    turn: Option<OwnedSemaphorePermit>,
}

/// Pieces of the answer that were given and not yet taken.
#[derive(Debug, Default)]
struct Owed {
    pieces: AtomicUsize,
    /// When a piece was taken, or the first of them was given.
    since: AtomicU64,
    /// Who waits until all are taken.
    waiting: AtomicWaker,
}

/// How an exchange can be ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// It was ended alone.
    Alone,
    /// Only its connection can be ended.
    WithItsConnection,
}

impl Exchange {
    pub(crate) fn new(number: u64, connection: Arc<OpenConnection>) -> Self {
        Self { number, connection, standing: Mutex::default(), owed: Owed::default(), task: OnceLock::new() }
    }

    /// The one that the current task serves, or else a new one on `connection`.
    pub(crate) fn current(connection: &Arc<OpenConnection>) -> Arc<Self> {
        CURRENT.try_with(Arc::clone).unwrap_or_else(|_| connection.begin())
    }

    /// The one that a request is part of.
    pub(crate) fn of(extensions: &Extensions) -> Result<Arc<Self>, Problem> {
        let exchange = extensions.get::<Arc<Self>>();
        exchange.cloned().ok_or_else(|| AppError::Internal("finding out on which connection a request came").into())
    }

    /// Who sent the request could not be found out, or need not be: it is counted as a stranger's, if it is not counted yet.
    pub(crate) fn is_from_stranger(&self) -> Result<(), Problem> {
        let who = match *self.standing() {
            Standing { who: None, address: Some(address), .. } => Who::Stranger(address),
            Standing { who: Some(_), .. } => return Ok(()),
            Standing { who: None, address: None, .. } => {
                return Err(AppError::Internal("finding out where a request comes from").into());
            }
        };
        self.count_for(who)
    }

    fn count_for(&self, who: Who) -> Result<(), Problem> {
        let place = self.connection.room().request(who).map_err(|full| {
            // Answers are short. Where many of them are not even taken, whoever has most of them ends.
            self.connection.relieve(who, full);
            no_room(full)
        })?;
        let mut standing = self.standing();
        (standing.who, standing.place) = (Some(who), Some(place));
        Ok(())
    }

    /// Whoever sent the request is somebody of `account`: from here on it is counted there.
    pub(crate) fn is_from(&self, account: AccountId) -> Result<(), Problem> {
        if !self.is_strangers() {
            return Ok(());
        }
        self.connection.is_known_to(account);
        self.count_for(Who::Account(account))
    }

    /// Waits until a request that only reads may be worked on.
    pub(crate) async fn wait_for_its_turn(&self, account: AccountId) {
        let turn = self.connection.room().turn(account).await;
        self.standing().turn = turn;
    }

    /// Whether nobody knows who sent the request.
    pub(crate) fn is_strangers(&self) -> bool {
        !matches!(self.standing().who, Some(Who::Account(_)))
    }

    /// Holds so many bytes more until the answer was taken.
    pub(crate) fn hold(&self, bytes: usize) -> Result<(), Problem> {
        let share = self.bytes(bytes).map_err(no_room)?;
        self.standing().held.push(share);
        Ok(())
    }

    /// Room for so many bytes.
    pub(crate) fn bytes(&self, bytes: usize) -> Result<Share<Holder>, NoRoom> {
        let who = self.standing().who.ok_or(NoRoom::Own)?;
        self.connection.room().bytes(who, bytes)
    }

    /// Holds an open file until the answer was taken.
    pub(crate) fn hold_file(&self, account: AccountId) -> Result<(), Problem> {
        let share = self.connection.room().download(account).map_err(no_room)?;
        self.standing().held.push(share);
        Ok(())
    }

    fn standing(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A piece of the answer was given to the connection.
    pub(crate) fn give_piece(&self) {
        if self.owed.pieces.fetch_add(1, Ordering::Relaxed) == 0 {
            self.owed.since.store(self.connection.now(), Ordering::Relaxed);
        }
    }

    /// A piece has gone out, or will never.
    pub(crate) fn took_piece(&self) {
        self.owed.since.store(self.connection.now(), Ordering::Relaxed);
        if self.owed.pieces.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.owed.waiting.wake();
        }
    }

    /// Whether pieces were given that are not yet taken.
    pub(crate) fn is_owed(&self) -> bool {
        self.owed.pieces.load(Ordering::Acquire) > 0
    }

    /// Waits before a refusal, if whoever it is for got many of them. It takes nobody's place meanwhile.
    async fn hold_back_refusal(&self) {
        let holder = {
            let mut standing = self.standing();
            standing.place = None;
            match (standing.who, standing.address) {
                (Some(Who::Account(account)), _) => Holder::Account(account),
                (_, Some(address)) => Holder::of_network(address),
                (_, None) => return,
            }
        };
        self.connection.room().pauses().wait(holder).await;
        // Its answer counts until it was taken. Where there is no place, it is refused as any other.
        let who = self.standing().who;
        if let Some(who) = who
            && let Ok(place) = self.connection.room().request(who).map_err(|full| self.connection.relieve(who, full))
        {
            self.standing().place = Some(place);
        }
    }

    /// Waits until all pieces are taken.
    pub(crate) fn poll_taken(&self, context: &Context<'_>) -> Poll<()> {
        self.owed.waiting.register(context.waker());
        if self.is_owed() { Poll::Pending } else { Poll::Ready(()) }
    }

    /// Whether it can end alone. Where it cannot, its connection says by itself whether somebody reads.
    pub(crate) fn has_task(&self) -> bool {
        self.task.get().is_some()
    }

    /// Ends it if nobody has taken a piece since `deadline`.
    pub(crate) fn end_if_unread(&self, deadline: u64) -> Option<Ended> {
        if !self.is_owed() || self.owed.since.load(Ordering::Relaxed) >= deadline {
            return None;
        }
        match self.task.get() {
            Some(task) if !task.is_finished() => {
                task.abort();
                Some(Ended::Alone)
            }
            // All of it was given, and waits in the connection.
            Some(_) | None => Some(Ended::WithItsConnection),
        }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.connection.finish(self.number);
    }
}

/// Whether an answer says that somebody asks too much, or is not known.
fn is_refusal(status: StatusCode) -> bool {
    matches!(status, StatusCode::UNAUTHORIZED | StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE)
}

fn no_room(full: NoRoom) -> Problem {
    match full {
        NoRoom::Own => Problem::share_used_up(),
        NoRoom::Everybodys => AppError::Busy.into(),
    }
}

/// Runs each stream of one HTTP/2 connection in a task that can be ended alone.
#[derive(Debug, Clone)]
pub(crate) struct Streams(pub(crate) Arc<OpenConnection>);

impl<F> Executor<F> for Streams
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    fn execute(&self, stream: F) {
        let exchange = self.0.begin();
        let task = tokio::spawn(CURRENT.scope(exchange.clone(), stream));
        // It is set once.
        let _ = exchange.task.set(task.abort_handle());
    }
}

/// Counts a request until its answer was taken, and refuses it where there is no room.
pub(crate) async fn count(request: Request, next: Next) -> Response {
    let exchange = match Exchange::of(request.extensions()) {
        Ok(exchange) => exchange,
        Err(problem) => return problem.into_response(),
    };
    let Some(arrival) = request.extensions().get::<Arrival>() else {
        return Problem::from(AppError::Internal("finding out where a request comes from")).into_response();
    };
    exchange.standing().address = Some(arrival.client);
    // Who shows something is not a stranger before it was looked at: strangers would else take the places of those who are known.
    let shows_something =
        [header::AUTHORIZATION, header::COOKIE].iter().any(|name| request.headers().contains_key(name));
    if !shows_something && let Err(problem) = exchange.is_from_stranger() {
        // What comes of its body is not kept meanwhile.
        drop(request);
        exchange.hold_back_refusal().await;
        return problem.into_response();
    }
    let changes_nothing = request.method().is_safe();
    let response = next.run(request).await;
    exchange.standing().turn = None;
    if is_refusal(response.status()) {
        exchange.hold_back_refusal().await;
    }
    if let Err(problem) = exchange.is_from_stranger() {
        return problem.into_response();
    }
    let length = response.body().size_hint().exact().and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
    if length <= COVERED || response.extensions().get::<answer::Shared>().is_some() {
        return response;
    }
    match exchange.hold(length) {
        Ok(()) => response,
        Err(problem) if changes_nothing => problem.into_response(),
        // What was asked for is done: an answer that says that it is not would be wrong. It breaks off.
        Err(_) => response.map(|_| axum::body::Body::new(Unread)),
    }
}
