//! A short conversation between a client and an operator, played through the account with plugins and the one without.

use std::io::Write;

use anyhow::bail;
use sluice_domain::{
    message::Direction,
    verdict::{Code, Severity, State},
};

use super::{
    accounts::DemoAccounts,
    api::{Account, Answer, Played},
    table::{Cell, Column, Look, Page, Side, cell, number},
};

use Direction::{Incoming, Outgoing};

/// Who says what. The words that rules find are in `host/demo/*.json`.
const LINES: [(Direction, &str); 12] = [
    (Incoming, "Hi! I ordered a kettle on Monday and it still says \"preparing\". Is it on its way?"),
    (Outgoing, "Good morning! Let me look: order 20418, handed to the courier today, it arrives on Thursday."),
    (Incoming, "Great. I was charged twice though, the card is 4111 1111 1111 1111, can you check?"),
    (Outgoing, "I see the second charge. Please never send card numbers here, I can find it by your order."),
    (Incoming, "So do I get a refund for it?"),
    (Outgoing, "Yes, it is back on your account in 3 days. For next time, a gift card is quicker than a transfer."),
    (Incoming, "Спасибо! А чайник точно приедет в четверг? Мой номер +7 916 123-45-67."),
    (Outgoing, "Да, в четверг до 18:00. Курьер позвонит заранее."),
    (Incoming, "And tell your courier he is an 1d1ot, he left the last parcel in the rain!"),
    (Outgoing, "I am sorry about that. I have asked for a delivery to the door."),
    (Outgoing, "Between us, he really is an idiot."),
    (Incoming, "Thank you, that was quick. Have a nice day!"),
];

const COLUMNS: [Column; 6] = [
    Column("from", 8, Side::Left),
    Column("message", 34, Side::Left),
    Column("verdict", 7, Side::Left),
    Column("rule", 14, Side::Left),
    Column("µs", 5, Side::Right),
    Column("what became of it", 22, Side::Left),
];

/// Plays the conversation twice and says what to try next.
pub(super) async fn play<W: Write>(accounts: &DemoAccounts, page: &mut Page<W>) -> anyhow::Result<()> {
    page.line(Look::Bold, "An account with three plugins: blocked words, sensitive data, office hours.")?;
    let lines = through(&accounts.with_plugins(Incoming), &accounts.with_plugins(Outgoing), page).await?;
    let spoken = lines.iter().filter(|played| played.decision.verdict > Severity::Allow).count();

    page.line(Look::Bold, "\nThe same messages in an account without plugins.")?;
    let plain = through(&accounts.without_plugins(Incoming), &accounts.without_plugins(Outgoing), page).await?;
    let passed = plain.iter().filter(|played| played.decision.verdict == Severity::Allow).count();

    let all = LINES.len();
    page.line(
        Look::Normal,
        &format!("\nWith plugins, rules spoke up about {spoken} of {all} messages; without, {passed} of {all} passed."),
    )?;
    page.line(Look::Normal, "µs is what the rules took, each in a sandbox that was made for that one call.")?;
    page.line(Look::Normal, "\nTry next:")?;
    for hint in [
        "  sluice demo --file FILE.csv     your own messages (CSV or JSON lines), with counts by verdict",
        "  make demo-real                  thousands of real text messages from a public collection",
        "  make bench                      what a rule costs, with 10 words and with 10,000",
    ] {
        page.line(Look::Normal, hint)?;
    }
    page.line(Look::Normal, &format!("  {}/api/openapi.json   everything that the API can do", accounts.url()))?;
    Ok(())
}

/// Plays the conversation through one account, and shows each message as soon as its answer is there.
async fn through<W: Write>(clients: &Account, operators: &Account, page: &mut Page<W>) -> anyhow::Result<Vec<Played>> {
    let conversation = clients.start_conversation("Carla").await?;
    page.head(&COLUMNS)?;
    let mut all = Vec::with_capacity(LINES.len());
    for (direction, text) in LINES {
        let sender = match direction {
            Incoming => clients,
            Outgoing => operators,
        };
        match sender.post(conversation, text).await? {
            Answer::Decided(played) => {
                page.row(&COLUMNS, &row(direction, text, &played))?;
                all.push(*played);
            }
            Answer::Refused { code, detail } => bail!("the server refused a message: {detail} ({code})"),
        }
    }
    Ok(all)
}

fn row(direction: Direction, text: &str, played: &Played) -> [Cell; 6] {
    let decision = &played.decision;
    let verdict = decision.verdict;
    let spoke = decision.rules.iter().filter(|rule| rule.verdict > Severity::Allow);
    let rules: Vec<&str> = spoke.map(|rule| rule.rule.name().as_str()).collect();
    let micros: u64 = decision.rules.iter().map(|rule| rule.cost.micros).sum();
    [
        cell(match direction {
            Incoming => "client",
            Outgoing => "operator",
        }),
        cell(text),
        cell(verdict.as_str()).looking(Look::Verdict(verdict)),
        cell(if rules.is_empty() { "-".to_owned() } else { rules.join(" ") }),
        cell(if decision.rules.is_empty() { "-".to_owned() } else { number(micros) }),
        cell(became(direction, played)),
    ]
}

fn became(direction: Direction, played: &Played) -> String {
    let decision = &played.decision;
    let labels: Vec<&str> = decision.labels.iter().map(Code::as_str).collect();
    match (decision.state(), direction) {
        (State::Delivered, _) if decision.verdict == Severity::Redact => {
            format!("delivered as: {}", played.text.as_deref().unwrap_or_default())
        }
        (State::Delivered, _) if !labels.is_empty() => format!("delivered, marked {}", labels.join(", ")),
        (State::Delivered, _) => "delivered".to_owned(),
        (State::Held, _) => "waits for a supervisor".to_owned(),
        (State::Blocked, Incoming) => "withheld; administrators can see it".to_owned(),
        (State::Blocked, Outgoing) => "back to its author, not kept".to_owned(),
    }
}
