//! Plays attacks and prints their table. Arguments name attacks, `sqlite` or `postgresql`; without any, all are played on both.
//!
//! It ends with 1 when something does not hold.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the table is the result, and rows show how far it is")]

use std::process::ExitCode;

use sluice_attacks::{Attack, Database, Table, all, allow_many_files, named};

const DATABASES: [&str; 2] = ["sqlite", "postgresql"];

fn main() -> ExitCode {
    // cargo adds `--bench`.
    let words: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let (databases, names): (Vec<&str>, Vec<&str>) =
        words.iter().map(String::as_str).partition(|word| DATABASES.contains(word));
    if names.contains(&"list") {
        all().iter().for_each(|attack| println!("{:28} {}", attack.name, attack.what));
        return ExitCode::SUCCESS;
    }
    let mut chosen = Vec::new();
    for name in &names {
        let Some(attack) = named(name) else {
            eprintln!("there is no attack `{name}`: `list` names them all");
            return ExitCode::from(2);
        };
        chosen.push(attack);
    }
    let chosen = if names.is_empty() { all() } else { chosen };
    allow_many_files();
    // What breaks an attack off is in its row: where, is enough here.
    std::panic::set_hook(Box::new(|panic| eprintln!("{panic}")));
    let table = play(&chosen, &databases);
    println!("{table}");
    if table.failed() > 0 {
        println!("{} do not hold.", table.failed());
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn play(attacks: &[Attack], databases: &[&str]) -> Table {
    let wanted = |name: &str| databases.is_empty() || databases.contains(&name);
    let mut table = Table::default();
    let sqlite = wanted("sqlite").then_some(Database::Sqlite);
    let postgres = wanted("postgresql").then(Database::postgres);
    for attack in attacks {
        for database in [&sqlite, &postgres].into_iter().flatten() {
            let begin = std::time::Instant::now();
            let seen = attack.play(database);
            let took = begin.elapsed().as_secs();
            eprintln!("{} on {}, {took} s: {:?}: {}", attack.name, database.name(), seen.verdict, seen.what);
            table.add(attack, database.name(), &seen);
        }
    }
    table
}
