//! Posts a second: one read and one write of seven statements each, commits on the disk, on both databases.
//!
//! `cargo run --release -p sluice-storage --example throughput`
#![expect(clippy::print_stdout, reason = "the table is the result")]

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use sluice_domain::{
    id::{AccountId, ClientId, ConversationId, DecisionId, MessageId, PersonId},
    message::{Actor, Direction, Role},
    permission::Reach,
    time::Timestamp,
    verdict::{Severity, State},
};
use sluice_storage::{
    AccountRow, Assignment, ClientRow, ClientUpdate, Database, DatabaseConfig, DecisionRow, Evidence, MessageRow,
    NewConversation, Outcome, Reader, StorageError,
    test_support::{Durability, PostgresCluster},
};

const ACCOUNTS: u64 = 32;
const TIME: Duration = Duration::from_secs(4);

fn main() -> Result<(), StorageError> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cluster = PostgresCluster::start(Durability::Durable);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    println!("database    callers  posts/s  p50 us  p99 us   reads/s  p50 us");
    for (name, config) in [
        ("sqlite", DatabaseConfig::Sqlite { path: folder.path().join("sluice.db") }),
        ("postgresql", DatabaseConfig::Postgres { url: cluster.database() }),
    ] {
        runtime.block_on(measure(name, &config))?;
    }
    Ok(())
}

async fn measure(name: &str, config: &DatabaseConfig) -> Result<(), StorageError> {
    let database = Database::open(config).await?;
    let places = Arc::new(prepare(&database).await?);
    for callers in [1, 8, 64, 256] {
        let posts = run(callers, {
            let (database, places) = (database.clone(), places.clone());
            move |n| post(database.clone(), places[(n % ACCOUNTS) as usize], n)
        })
        .await?;
        let reads = run(callers, {
            let (database, places) = (database.clone(), places.clone());
            move |n| read(database.clone(), places[(n % ACCOUNTS) as usize])
        })
        .await?;
        println!(
            "{name:<10} {callers:>8} {:>8} {:>7} {:>7} {:>9} {:>7}",
            posts.per_second(),
            posts.percentile(50),
            posts.percentile(99),
            reads.per_second(),
            reads.percentile(50)
        );
    }
    database.close().await;
    Ok(())
}

#[derive(Clone, Copy)]
struct Place {
    account: AccountId,
    conversation: ConversationId,
}

async fn prepare(database: &Database) -> Result<Vec<Place>, StorageError> {
    let mut places = Vec::new();
    for n in 0..ACCOUNTS {
        let now = Timestamp::from_millis(1);
        let account = AccountId::new(now, random(n));
        let place = Place { account, conversation: ConversationId::new(now, random(n)) };
        places.push(place);
        let insert = database.write(Some(account), move |tx| {
            tx.insert_account(&AccountRow::new(account, "Account".to_owned(), now))?;
            let client = ClientRow {
                id: ClientId::new(now, random(n)),
                name: "Client".to_owned(),
                external_id: None,
                created_at: now,
                known: ClientUpdate::default(),
                tags: Vec::new(),
            };
            tx.account(account).insert_client(&client)?;
            tx.account(account).insert_conversation(&NewConversation {
                id: place.conversation,
                client_id: client.id,
                transport: "widget".to_owned(),
                channel: "site".to_owned(),
                assignment: Assignment::default(),
                created_at: now,
                activity: 0,
            })
        });
        insert.await?;
    }
    Ok(places)
}

/// Spreads the numbers: identifiers of one millisecond are random.
fn random(n: u64) -> [u8; 10] {
    let mut bytes = [0; 10];
    bytes[..8].copy_from_slice(&n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    bytes
}

async fn read(database: Database, place: Place) -> Result<(), StorageError> {
    let reader = Reader { person: PersonId::new(Timestamp::from_millis(1), [1; 10]), reach: Reach::All };
    let row = database.read(move |tx| tx.account(place.account).conversation(place.conversation, reader)).await?;
    assert!(row.is_some());
    Ok(())
}

async fn post(database: Database, place: Place, n: u64) -> Result<(), StorageError> {
    read(database.clone(), place).await?;
    let now = Timestamp::from_millis(i64::try_from(n / 5).unwrap_or(0));
    let message_id = MessageId::new(now, random(n));
    let decision = DecisionRow {
        id: DecisionId::new(now, random(n)),
        outcome: Outcome::Message(Severity::Allow),
        shadow: false,
        message_id: Some(message_id),
        conversation_id: Some(place.conversation),
        rules: Vec::new(),
        codes: BTreeSet::new(),
        author_id: Some(format!("cli_{:032x}", n % 1_000)),
        input: None,
        body: r#"{"verdict":"allow","rules":[{"installation":"ins_0","plugin":"plg_0","rule":"blocked-words"}]}"#
            .repeat(3),
        evidence: Evidence::default(),
        created_at: now,
    };
    let mut message = MessageRow {
        id: message_id,
        conversation_id: place.conversation,
        seq: 0,
        direction: Direction::Incoming,
        author: Actor { id: "cli_0".to_owned(), role: Role::Client, name: "Client".to_owned() },
        text: "Good morning, is the bread of yesterday still to be had? ".repeat(3),
        state: State::Delivered,
        reason: None,
        attachments: Vec::new(),
        notice: None,
        review: None,
        held_until: None,
        delivered_seq: Some(0),
        decision_id: decision.id,
        created_at: now,
    };
    let event = serde_json::json!({"message": message_id, "conversation": place.conversation});
    let write = database.write(Some(place.account), move |tx| {
        let mut rows = tx.account(place.account);
        rows.insert_decision(&decision)?;
        message.seq = rows.append_event("message", &event, now)?;
        rows.insert_message(&message)?;
        rows.note_message(message.conversation_id, message.seq).map(drop)
    });
    write.await
}

struct Times(Vec<Duration>);

impl Times {
    fn per_second(&self) -> u128 {
        self.0.len() as u128 * 1000 / TIME.as_millis()
    }

    /// In microseconds.
    fn percentile(&self, percent: usize) -> u128 {
        self.0.get(self.0.len() * percent / 100).map_or(0, Duration::as_micros)
    }
}

async fn run<F, Fut>(callers: usize, work: F) -> Result<Times, StorageError>
where
    F: Fn(u64) -> Fut + Clone + Send + 'static,
    Fut: Future<Output = Result<(), StorageError>> + Send + 'static,
{
    // Numbers are never used twice, because they become identifiers.
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let end = Instant::now() + TIME;
    let tasks: Vec<_> = (0..callers)
        .map(|_| {
            let work = work.clone();
            tokio::spawn(async move {
                let mut times = Vec::new();
                while Instant::now() < end {
                    let start = Instant::now();
                    work(NEXT.fetch_add(1, Ordering::Relaxed)).await?;
                    times.push(start.elapsed());
                }
                Ok::<_, StorageError>(times)
            })
        })
        .collect();
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await.expect("callers do not panic")?);
    }
    times.sort_unstable();
    Ok(Times(times))
}
