//! What a plugin asks of the host: within limits it is put to whoever answers, outside of them it is refused, and nothing that is asked or
//! answered does harm.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex},
    time::Duration,
};

use sluice_domain::{
    import::{Answer, EarlierMessage, HttpResponse, Question, Refusal},
    installation::Budget,
    limits,
    message::{Actor, Direction, Role},
    plugin::{Hook, Import},
    time::Timestamp,
    verdict::{Failure, Verdict},
};
use sluice_sandbox::{Allowance, Call, Configured, Imports, Recorded, Unanswered};

use crate::{
    lab::{Lab, component, message, request},
    written::Written,
};

type Answerer = dyn FnMut(&Question) -> Result<Answer, Unanswered> + Send;

/// Answers as a test says, and keeps what was asked.
#[derive(Clone)]
struct Answers {
    answer: Arc<Mutex<Box<Answerer>>>,
    asked: Arc<Mutex<Vec<Question>>>,
}

impl Answers {
    fn by(answer: impl FnMut(&Question) -> Result<Answer, Unanswered> + Send + 'static) -> Self {
        Self { answer: Arc::new(Mutex::new(Box::new(answer))), asked: Arc::default() }
    }

    /// Always the same.
    fn same(answer: Answer) -> Self {
        Self::by(move |_| Ok(answer.clone()))
    }

    /// Counts, and knows nothing else.
    fn counting() -> Self {
        let mut counters = HashMap::<String, u64>::new();
        Self::by(move |question| {
            let Question::AddToCounter { key, by, .. } = question else { return Err(Unanswered::Failed) };
            let value = counters.entry(key.clone()).or_default();
            *value += u64::from(*by);
            Ok(Answer::Counter { value: *value })
        })
    }

    fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    fn allowance(&self) -> Allowance {
        Allowance { budget: Budget::CALL, imports: Some(Box::new(self.clone())) }
    }
}

impl Imports for Answers {
    fn answer(&mut self, question: &Question, patience: Duration) -> Result<Answer, Unanswered> {
        assert!(patience <= Duration::from_millis(limits::IMPORT_MILLIS));
        self.asked.lock().unwrap().push(question.clone());
        self.answer.lock().unwrap()(question)
    }
}

fn asking(lab: &Lab) -> Configured {
    lab.ready(&component("asking-plugin"), "{}")
}

fn ask(plugin: &Configured, orders: &str, allowed: impl Into<Allowance>) -> Call<Verdict> {
    plugin.check_message(&message(&format!("ask: {orders}")), allowed)
}

/// What the plugin was told.
fn told(call: Call<Verdict>) -> String {
    match call.answer {
        Ok(Verdict::Redact(redaction)) => redaction.text().to_owned(),
        other => panic!("{other:?}: {:?}", call.detail),
    }
}

#[test]
fn every_question_is_answered_in_the_contracts_words_and_written_down() {
    let plugin = asking(&Lab::new());
    let earlier = EarlierMessage {
        direction: Direction::Outgoing,
        author: Actor { id: "per_1".to_owned(), role: Role::Operator, name: "Bob".to_owned() },
        text: "good day".to_owned(),
        sent_at: Timestamp::from_millis(5),
    };
    let answers = Answers::by(move |question| {
        Ok(match question {
            Question::AddToCounter { by, .. } => Answer::Counter { value: u64::from(*by) + 6 },
            Question::FindInList { value, .. } if value == "ann" => Answer::Found { entry: Some("a*".to_owned()) },
            Question::FindInList { .. } => Answer::Found { entry: None },
            Question::EarlierMessages { .. } => Answer::Messages { messages: vec![earlier.clone()] },
            Question::Fetch(request) => {
                Answer::Fetched(HttpResponse { status: 201, headers: Vec::new(), body: request.body.clone() })
            }
        })
    });
    let orders = "count a 1 60; find vip ann; find vip bob; earlier 3; post https://a.example/ 9";
    let call = ask(&plugin, orders, answers.allowance());
    let questions: Vec<_> = call.exchanges.iter().map(|exchange| exchange.question.clone()).collect();
    assert_eq!(questions, *answers.asked.lock().unwrap());
    assert_eq!(call.exchanges[0].answer, Answer::Counter { value: 7 });
    assert!(call.cost.fuel > 5 * 20_000, "questions cost instructions: {:?}", call.cost);
    assert_eq!(told(call), "7; Some(\"a*\"); None; good day; (201, 9)");

    let refusals = [
        (Refusal::NoSuchList, "find a b", "no-such-list"),
        (Refusal::Full, "count a 1 60", "full"),
        (Refusal::TimedOut, "count a 1 60", "timed-out"),
        (Refusal::TimedOut, "earlier 1", "timed-out"),
        (Refusal::HostNotAllowed, "get https://a.example/", "host-not-allowed"),
        (Refusal::AddressNotAllowed, "get https://a.example/", "address-not-allowed"),
        (Refusal::Unreachable, "get https://a.example/", "unreachable"),
        (Refusal::Busy, "get https://a.example/", "busy"),
        (Refusal::NotInPreview, "get https://a.example/", "not-in-preview"),
    ];
    for (refusal, order, expected) in refusals {
        let call = ask(&plugin, order, Answers::same(Answer::Refused(refusal)).allowance());
        assert_eq!(told(call), expected, "{order}: {refusal:?}");
    }
    // An access rule asks in the same way.
    let request = request("ask: count a 1 60", Timestamp::from_millis(1));
    assert_eq!(plugin.check_access(&request, answers.allowance()).exchanges.len(), 1);
}

#[test]
fn what_is_outside_the_contracts_limits_is_refused_and_nobody_is_asked() {
    let plugin = asking(&Lab::new());
    let answers = Answers::same(Answer::Refused(Refusal::Busy));
    let url = format!("get https://a.example/{}", "x".repeat(2_048));
    let value = format!("find vip {}", "x".repeat(513));
    let orders = ["key 0", "key 257", "count a 1 0", "count a 1 2678401", &url, &value, "header 4096"];
    for order in orders.into_iter().chain(["post https://a.example/ 65537"]) {
        let call = ask(&plugin, order, answers.allowance());
        assert!(call.exchanges.is_empty(), "{order}");
        assert_eq!(told(call), "outside-limits", "{order}");
    }
    assert_eq!(answers.asked(), 0);
}

#[test]
fn a_call_asks_so_often_and_hears_so_much() {
    let plugin = asking(&Lab::new());
    let answers = Answers::counting();
    let call = ask(&plugin, "many 1000", answers.allowance());
    assert_eq!((call.exchanges.len(), answers.asked()), (64, 64));
    assert_eq!(told(call), "64 answered, 936 too-much");

    // Of 1 MiB, questions are a part: 17 times 60,019 bytes, and no room for more.
    let empty = Answers::same(Answer::Fetched(HttpResponse { status: 200, headers: Vec::new(), body: Vec::new() }));
    assert_eq!(told(ask(&plugin, "posts 40", empty.allowance())), "17 answered, 23 too-much");
    let body = vec![0; limits::HTTP_RESPONSE_BYTES];
    let large = Answers::same(Answer::Fetched(HttpResponse { status: 200, headers: Vec::new(), body }));
    let call = ask(&plugin, "posts 5", large.allowance());
    // What the plugin was told is what is kept: the fourth answer was not.
    assert_eq!(call.exchanges.last().unwrap().answer, Answer::Refused(Refusal::TooMuch));
    let kept: usize = call.exchanges.iter().map(|kept| kept.question.bytes() + kept.answer.bytes()).sum();
    assert!(kept <= limits::IMPORT_BYTES, "{kept}");
    assert_eq!(told(call), "3 answered, 2 too-much");
}

#[test]
fn questions_are_paid_for_with_the_calls_instructions() {
    let plugin = asking(&Lab::new());
    let budget = Budget { fuel: 300_000, ..Budget::CALL };
    let call = ask(&plugin, "many 64", Allowance { budget, imports: Some(Box::new(Answers::counting())) });
    assert_eq!((call.answer, call.cost.fuel), (Err(Failure::OutOfFuel), 300_000));
    assert!(call.exchanges.len() < 16, "{}", call.exchanges.len());
}

#[test]
fn who_is_not_granted_anything_fails_at_its_first_question() {
    let plugin = asking(&Lab::new());
    let call = ask(&plugin, "count a 1 60", Budget::CALL);
    assert_eq!(call.answer, Err(Failure::Trap));
    assert!(call.detail.unwrap().contains("was not granted"));
    let call = ask(&plugin, "earlier 1", Answers::by(|_| Err(Unanswered::NotGranted)).allowance());
    assert_eq!(call.answer, Err(Failure::Trap));
    assert_eq!(plugin.check_message(&message("hello"), Budget::CALL).answer, Ok(Verdict::Allow));
}

#[test]
fn a_host_that_fails_panics_or_answers_something_else_fails_that_call_only() {
    let plugin = Lab::with(|config| config.slots = 1).ready(&component("asking-plugin"), "{}");
    let broken = [
        Answers::by(|_| Err(Unanswered::Failed)),
        Answers::by(|_| panic!("a bug of the host")),
        Answers::same(Answer::Found { entry: None }),
        Answers::same(Answer::Refused(Refusal::Busy)),
    ];
    for answers in broken {
        assert_eq!(ask(&plugin, "count a 1 60", answers.allowance()).answer, Err(Failure::Host));
        assert_eq!(told(ask(&plugin, "count a 1 60", Answers::counting().allowance())), "1");
    }
}

#[test]
fn recorded_answers_give_the_same_verdict_and_another_question_is_told() {
    let plugin = asking(&Lab::new());
    let recorded = |exchanges| Allowance { budget: Budget::CALL, imports: Some(Box::new(Recorded::new(exchanges))) };
    let orders = "many 70; count a 5 60; key 300";
    let first = ask(&plugin, orders, Answers::counting().allowance());
    let exchanges = first.exchanges.clone();
    let again = ask(&plugin, orders, recorded(exchanges.clone()));
    assert_eq!(again.cost.fuel, first.cost.fuel);
    let shown = |call: &Call<Verdict>| {
        let said = call.exchanges.iter().map(|exchange| (exchange.question.clone(), exchange.answer.clone()));
        said.collect::<Vec<_>>()
    };
    assert_eq!(shown(&again), shown(&first));
    assert_eq!(again.answer, first.answer);

    let mut without_last = exchanges.clone();
    without_last.pop();
    for (orders, exchanges) in [
        ("count b 1 60", exchanges.clone()),
        ("many 64", Vec::new()),
        ("count a 5 60; earlier 1", exchanges.clone()),
        (orders, without_last),
    ] {
        assert_eq!(ask(&plugin, orders, recorded(exchanges)).answer, Err(Failure::Diverged), "{orders}");
    }
    // Who asks less shows it by how much came of it.
    assert_eq!(ask(&plugin, "many 3", recorded(exchanges)).exchanges.len(), 3);
}

#[test]
fn nothing_is_asked_while_a_plugin_is_configured() {
    let plugin = Written {
        imports: r#"(import "sluice:policy/history@1.1.0" "earlier" (func $earlier (param i32 i32)))"#,
        configure: "(call $earlier (i32.const 1) (i32.const 512))",
        ..Written::default()
    };
    let refused = Lab::new().configure(&plugin.component(), "{}").unwrap_err();
    assert!(refused.to_string().contains("imports cannot be called"), "{refused}");
}

#[test]
fn a_plugin_asks_for_what_it_calls_and_for_nothing_else() {
    let lab = Lab::new();
    let imports = |name: &str| lab.sandbox.inspect(&component(name)).unwrap().imports;
    for name in ["blocked-words", "sensitive-data", "office-hours"] {
        assert_eq!(imports(name), BTreeSet::new(), "{name}");
    }
    assert_eq!(imports("rate-limit"), BTreeSet::from([Import::Counters]));
    assert_eq!(imports("hostile-plugins"), BTreeSet::from([Import::Log]));
    let all = BTreeSet::from([Import::Counters, Import::Lists, Import::History, Import::Http]);
    assert_eq!(imports("asking-plugin"), all);
}

/// Contract 1.1.0 serves who was built against 1.0.0.
#[test]
fn a_plugin_built_against_an_older_contract_goes_on_working() {
    let lab = Lab::new();
    let old = Written {
        contract: "1.0.0",
        imports: r#"(import "sluice:policy/log@1.0.0" "write" (func $write (param i32 i32 i32)))"#,
        check: "(call $write (i32.const 1) (i32.const 128) (i32.const 4)) (return $BLOCK)",
        ..Written::default()
    };
    let bytes = old.component();
    let has = |text: &[u8]| bytes.windows(text.len()).any(|window| window == text);
    assert!(has(b"sluice:policy/message-filter@1.0.0") && !has(b"@1.1.0"));
    let inspection = lab.sandbox.inspect(&bytes).unwrap();
    assert_eq!((inspection.hooks, inspection.imports), ([Hook::MessageFilter].into(), [Import::Log].into()));
    let call = lab.ready(&bytes, "{}").check_message(&message("hello"), Budget::CALL);
    assert!(matches!(call.answer, Ok(Verdict::Block(_))), "{call:?}");
    assert_eq!(call.log[0].line, "writ");

    for contract in ["1.2.0", "2.0.0", "1.1.0-rc.1"] {
        let newer = Written { contract, imports: "", check: "", ..old };
        assert_eq!(lab.sandbox.inspect(&newer.component()).unwrap_err().code(), "unknown-import", "{contract}");
    }
}

/// The example that counts, for the tests of examples.
pub(crate) fn counting() -> (impl Fn() -> Allowance, impl FnMut(u64)) {
    let now = Arc::new(Mutex::new(0_u64));
    let clock = now.clone();
    let mut counters = HashMap::<String, (u64, u64)>::new();
    let answers = Answers::by(move |question| {
        let Question::AddToCounter { key, by, lives } = question else { return Err(Unanswered::Failed) };
        let now = *clock.lock().unwrap();
        counters.retain(|_, (_, end)| now < *end);
        let (value, _) = counters.entry(key.clone()).or_insert((0, now + u64::from(*lives) * 1_000));
        *value += u64::from(*by);
        Ok(Answer::Counter { value: *value })
    });
    (move || answers.allowance(), move |at| *now.lock().unwrap() = at)
}
