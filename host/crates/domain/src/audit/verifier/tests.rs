//! Any change of a log, of an entry or of what is kept beside the entries, is found.

use proptest::prelude::*;

use super::*;
use crate::time::Timestamp;

const KEY: SealKey = SealKey::new([7; 32]);

fn account() -> AccountId {
    AccountId::new(Timestamp::from_millis(1), [1; 10])
}

/// A log as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Log {
    entries: Vec<KeptEntry>,
    end: End,
    seal: String,
}

impl Log {
    /// Of these entries, the first `unsealed` of which had no MAC.
    fn written(mut entries: Vec<KeptEntry>, unsealed: usize) -> Self {
        let mut earlier = Earlier::NONE;
        let before = unsealed as i64;
        let mut chain = Chain::begin(&KEY, account(), before);
        let mut head = None;
        for (at, kept) in entries.iter_mut().enumerate() {
            kept.seq = at as i64 + 1;
            if at < unsealed {
                kept.mac = String::new();
                earlier = earlier.with(&KEY, account(), kept);
            } else {
                chain = chain.with(&KEY, &kept.entry());
                kept.mac = chain.head().to_string();
                head = Some(chain.head());
            }
        }
        let end = End { unsealed: before, earlier: earlier.head(), seq: entries.len() as i64, head };
        Self { seal: end.seal(&KEY, account()).to_string(), entries, end }
    }

    fn verify(&self, accepted: i64) -> Verification {
        let mut entries = self.entries.clone();
        // As a database gives them.
        entries.sort_by_key(|kept| kept.seq);
        let mut verifier = Verifier::new(
            &KEY,
            account(),
            KeptLog {
                end: Some(self.end),
                named: self.end.seq,
                seal: self.seal.clone(),
                count: entries.len() as i64,
                highest: entries.last().map_or(0, |kept| kept.seq),
            },
        );
        entries.iter().filter(|kept| kept.seq <= self.end.seq).all(|kept| verifier.take(kept));
        verifier.finish(accepted)
    }

    fn breach(&self) -> Option<Breach> {
        self.verify(i64::MAX).breach
    }
}

fn entry() -> impl Strategy<Value = KeptEntry> {
    (any::<i64>(), prop::array::uniform7("[ab]{0,3}")).prop_map(|(at, texts)| {
        let [id, actor, role, action, target, address, details] = texts;
        KeptEntry { seq: 0, mac: String::new(), id, at, actor, role, action, target, address, details }
    })
}

fn plain() -> KeptEntry {
    let nothing = String::new;
    KeptEntry {
        seq: 0,
        mac: nothing(),
        id: "a".to_owned(),
        at: 1,
        actor: nothing(),
        role: nothing(),
        action: "login.accepted".to_owned(),
        target: nothing(),
        address: nothing(),
        details: nothing(),
    }
}

fn created(mut kept: KeptEntry) -> KeptEntry {
    kept.action = Action::AccountCreated.as_str().to_owned();
    kept.target = account().to_string();
    kept
}

prop_compose! {
    fn log()(entries in prop::collection::vec(entry(), 1..12))
            (unsealed in 0..=entries.len(), mut entries in Just(entries)) -> Log {
        entries[0] = created(entries[0].clone());
        Log::written(entries, unsealed)
    }
}

/// Something that can be done to a log by who has not the key.
#[derive(Debug, Clone)]
enum Harm {
    Text(prop::sample::Index, usize, String),
    At(prop::sample::Index, i64),
    Seq(prop::sample::Index, i64),
    Mac(prop::sample::Index, MacHarm),
    Remove(prop::sample::Index),
    RemoveAndRenumber(prop::sample::Index),
    Insert(prop::sample::Index, prop::sample::Index),
    Append(prop::sample::Index),
    Swap(prop::sample::Index, prop::sample::Index),
    CutBeginning(prop::sample::Index),
    CutEnd(prop::sample::Index),
    CutEndAndRow(prop::sample::Index),
    Unsealed(i64),
    NamedSeq(i64),
    NoHead,
    HeadOf(prop::sample::Index),
    NoEarlier,
    NoSeal,
    /// All entries are said to be from before the chain.
    AllUnsealed {
        seal: bool,
    },
    Everything,
}

#[derive(Debug, Clone)]
enum MacHarm {
    None,
    UpperCase,
    Of(prop::sample::Index),
}

fn harm() -> impl Strategy<Value = Harm> {
    let any = any::<prop::sample::Index>;
    let mac = prop_oneof![Just(MacHarm::None), Just(MacHarm::UpperCase), any().prop_map(MacHarm::Of)];
    prop_oneof![
        (any(), 0..7_usize, "[abX]{0,3}").prop_map(|(at, field, text)| Harm::Text(at, field, text)),
        (any(), proptest::num::i64::ANY).prop_map(|(at, value)| Harm::At(at, value)),
        (any(), -3..16_i64).prop_map(|(at, seq)| Harm::Seq(at, seq)),
        (any(), mac).prop_map(|(at, mac)| Harm::Mac(at, mac)),
        any().prop_map(Harm::Remove),
        any().prop_map(Harm::RemoveAndRenumber),
        (any(), any()).prop_map(|(from, to)| Harm::Insert(from, to)),
        any().prop_map(Harm::Append),
        (any(), any()).prop_map(|(one, other)| Harm::Swap(one, other)),
        any().prop_map(Harm::CutBeginning),
        any().prop_map(Harm::CutEnd),
        any().prop_map(Harm::CutEndAndRow),
        (-2..16_i64).prop_map(Harm::Unsealed),
        (-2..16_i64).prop_map(Harm::NamedSeq),
        Just(Harm::NoHead),
        any().prop_map(Harm::HeadOf),
        Just(Harm::NoEarlier),
        Just(Harm::NoSeal),
        proptest::bool::ANY.prop_map(|seal| Harm::AllUnsealed { seal }),
        Just(Harm::Everything),
    ]
}

fn renumber(entries: &mut [KeptEntry]) {
    entries.iter_mut().zip(1..).for_each(|(kept, seq)| kept.seq = seq);
}

impl Harm {
    fn to(&self, log: &Log) -> Log {
        let mut log = log.clone();
        let count = log.entries.len();
        let Log { entries, end, seal } = &mut log;
        match self {
            Self::Text(at, field, text) => {
                let KeptEntry { id, actor, role, action, target, address, details, .. } = &mut entries[at.index(count)];
                *[id, actor, role, action, target, address, details][*field] = text.clone();
            }
            Self::At(at, value) => entries[at.index(count)].at = *value,
            Self::Seq(at, seq) => entries[at.index(count)].seq = *seq,
            Self::Mac(at, harm) => {
                let mac = match harm {
                    MacHarm::None => String::new(),
                    MacHarm::UpperCase => entries[at.index(count)].mac.to_uppercase(),
                    MacHarm::Of(other) => entries[other.index(count)].mac.clone(),
                };
                entries[at.index(count)].mac = mac;
            }
            Self::Remove(at) => _ = entries.remove(at.index(count)),
            Self::RemoveAndRenumber(at) => {
                entries.remove(at.index(count));
                renumber(entries);
            }
            Self::Insert(from, to) => {
                let copy = entries[from.index(count)].clone();
                entries.insert(to.index(count + 1), copy);
                renumber(entries);
            }
            Self::Append(from) => {
                let copy = KeptEntry { seq: end.seq + 1, ..entries[from.index(count)].clone() };
                entries.push(copy);
            }
            Self::Swap(one, other) => {
                entries.swap(one.index(count), other.index(count));
                renumber(entries);
            }
            Self::CutBeginning(at) => {
                entries.drain(..=at.index(count));
                renumber(entries);
            }
            Self::CutEnd(at) => entries.truncate(at.index(count)),
            Self::CutEndAndRow(at) => {
                entries.truncate(at.index(count));
                end.seq = entries.len() as i64;
                end.head = entries.last().and_then(|kept| kept.mac.parse().ok());
            }
            Self::Unsealed(unsealed) => end.unsealed = *unsealed,
            Self::NamedSeq(seq) => end.seq = *seq,
            Self::NoHead => end.head = None,
            Self::HeadOf(at) => end.head = entries[at.index(count)].mac.parse().ok(),
            Self::NoEarlier => end.earlier = None,
            Self::NoSeal => seal.clear(),
            Self::AllUnsealed { seal: kept } => {
                *end = End { unsealed: count as i64, earlier: None, seq: count as i64, head: None };
                entries.iter_mut().for_each(|kept| kept.mac.clear());
                if !kept {
                    seal.clear();
                }
            }
            Self::Everything => {
                entries.clear();
                *end = End::default();
                seal.clear();
            }
        }
        log
    }
}

proptest! {
    #[test]
    fn what_was_written_holds(log in log()) {
        let found = log.verify(log.end.unsealed);
        prop_assert_eq!((found.entries, found.unsealed, found.breach), (log.end.seq, log.end.unsealed, None));
    }

    #[test]
    fn any_change_is_found(log in log(), harms in prop::collection::vec(harm(), 1..4)) {
        let touched = harms.iter().fold(log.clone(), |log, harm| if log.entries.is_empty() { log } else { harm.to(&log) });
        let (mut is, mut was) = (touched.entries.clone(), log.entries.clone());
        // In which order rows lie is nothing that anybody reads.
        is.sort_by_key(|kept| kept.seq);
        was.sort_by_key(|kept| kept.seq);
        let same = (is, touched.end, &touched.seal) == (was, log.end, &log.seal);
        prop_assert_eq!(touched.breach().is_none(), same, "{:?}", touched);
    }

    #[test]
    fn entries_from_before_the_chain_are_said_and_have_to_be_accepted(log in log(), accepted in 0..12_i64) {
        let End { unsealed, .. } = log.end;
        let expected = (unsealed > accepted).then_some(Breach::Unsealed { unsealed, accepted });
        prop_assert_eq!(log.verify(accepted).breach, expected);
    }

    #[test]
    fn what_was_sealed_as_it_was_found_twice_is_found(log in log(), marks in 1..4_usize) {
        let mut entries = log.entries.clone();
        for _ in 0..marks {
            entries.push(KeptEntry { action: Action::AuditSealed.as_str().to_owned(), ..entries[0].clone() });
        }
        let sealed = Log::written(entries, usize::try_from(log.end.unsealed).unwrap_or(0));
        let second = (marks > 1).then_some(Breach::SealedAgain(log.end.seq + 2));
        prop_assert_eq!(sealed.breach(), second);
    }
}

#[test]
fn a_log_that_does_not_begin_with_its_account_was_begun_anew() {
    let entry = plain();
    assert_eq!(Log::written(vec![entry.clone()], 0).breach(), Some(Breach::Beginning));
    assert_eq!(Log::written(vec![], 0).breach(), Some(Breach::Beginning));
    assert_eq!(Log::written(vec![created(entry)], 0).breach(), None);
}

#[test]
fn a_log_whose_end_was_sealed_from_its_beginning_is_never_sealed_as_it_is_found() {
    let entry = KeptEntry { details: format!("{{\"name\":\"Acme\",\"{BORN_SEALED}\":true}}"), ..created(plain()) };
    let mark = KeptEntry { action: Action::AuditSealed.as_str().to_owned(), ..plain() };
    assert_eq!(Log::written(vec![entry.clone(), plain()], 0).breach(), None);
    assert_eq!(Log::written(vec![entry.clone(), mark.clone()], 0).breach(), Some(Breach::SealedAgain(2)));
    assert_eq!(Log::written(vec![created(plain()), mark.clone()], 0).breach(), None, "an older one is, once");
    // Accepted as it is, it is whole again, and what comes later is held as before.
    let accepted = Log::written(vec![entry.clone(), mark.clone(), plain()], 2);
    assert_eq!(accepted.verify(2).breach, None);
    let again = Log::written(vec![entry.clone(), mark.clone(), plain(), mark.clone()], 2);
    assert_eq!(again.verify(2).breach, Some(Breach::SealedAgain(4)));
    let named = KeptEntry { details: r#"{"name":"\"sealed_end\":true"}"#.to_owned(), ..created(plain()) };
    assert_eq!(Log::written(vec![named, mark.clone()], 0).breach(), None, "a name says nothing");
    // What was found empty may have been emptied.
    let emptied = Log::written(vec![mark, plain()], 0);
    assert_eq!(emptied.verify(0).breach, Some(Breach::Unsealed { unsealed: 1, accepted: 0 }));
    assert_eq!(emptied.verify(1).breach, None);
}

#[test]
fn nothing_holds_under_another_key_or_for_another_account() {
    let end = End { unsealed: 0, earlier: None, seq: 1, head: Some(Digest::of(b"head")) };
    let other = AccountId::new(Timestamp::from_millis(1), [2; 10]);
    assert_ne!(end.seal(&KEY, account()), end.seal(&KEY, other));
    assert_ne!(end.seal(&KEY, account()), end.seal(&SealKey::new([8; 32]), account()));
    // What the seal is over stands in fields of their own.
    let moved = End { earlier: end.head, head: None, ..end };
    assert_ne!(end.seal(&KEY, account()), moved.seal(&KEY, account()));
    assert_ne!(end.seal(&KEY, account()), End { unsealed: 1, seq: 0, ..end }.seal(&KEY, account()));
}
