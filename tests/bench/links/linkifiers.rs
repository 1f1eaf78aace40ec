//! Links with signs around them: in how many texts two linkifiers of npm see the same link, and in how many of those none is found here.

use std::{fs, io, path::Path, process::Command};

use sluice_domain::link;

use super::cut;
use crate::table::Table;

const SCRIPT: &str = include_str!("linkifiers.mjs");
const PACKAGES: [&str; 2] = ["linkify-it@5", "linkifyjs@4"];

/// Signs that people put around links, and emoji.
const SIGNS: &str = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~—–…«»“”„‘’・。、（）【】「」｜：；！？＠＃＿×→•·№€£©™😀✅👉\t\n\u{a0}\u{200b}\u{fe0f}";

/// Prints the table, or why there is none.
pub(super) fn run(links: &[String]) {
    println!("## Links with signs around them\n");
    match compare(links) {
        Ok(table) => println!("{table}"),
        Err(error) => println!("Left out: {error}. This part needs node, npm and the registry of npm.\n"),
    }
}

fn compare(links: &[String]) -> io::Result<Table> {
    let texts = wrapped(links);
    let seen = seen_by_both(&texts)?;
    let both: Vec<_> = texts.iter().zip(&seen).filter(|(_, hosts)| !hosts.is_empty()).collect();
    let missed: Vec<_> = both.iter().filter(|(text, _)| link::find(text).is_empty()).collect();
    let mut table = Table::new(["links", "texts", "links to both", "found by nobody here"]);
    table.row([links.len(), texts.len(), both.len(), missed.len()].map(|count| count.to_string()));
    missed.iter().for_each(|(text, hosts)| println!("- {}: {hosts}", cut(text)));
    Ok(table)
}

/// Each link with each sign before it, behind it, and on both sides.
fn wrapped(links: &[String]) -> Vec<String> {
    let signed =
        |link: &String, sign: char| [format!("{sign}{link}"), format!("{link}{sign}"), format!("{sign}{link}{sign}")];
    links.iter().flat_map(|link| SIGNS.chars().flat_map(move |sign| signed(link, sign))).collect()
}

/// The hosts of the links that both linkifiers find in each text.
fn seen_by_both(texts: &[String]) -> io::Result<Vec<String>> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("linkifiers");
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("package.json"), "{}")?;
    fs::write(folder.join("linkifiers.mjs"), SCRIPT)?;
    fs::write(folder.join("texts.json"), serde_json::to_vec(texts)?)?;
    output(Command::new("npm").args(["install", "--no-audit", "--no-fund"]).args(PACKAGES).current_dir(&folder))?;
    let seen = output(Command::new("node").args(["linkifiers.mjs", "texts.json"]).current_dir(&folder))?;
    Ok(seen.lines().map(str::to_owned).collect())
}

fn output(command: &mut Command) -> io::Result<String> {
    let done = command.output()?;
    if done.status.success() {
        Ok(String::from_utf8_lossy(&done.stdout).into_owned())
    } else {
        Err(io::Error::other(format!("{command:?}: {}", String::from_utf8_lossy(&done.stderr))))
    }
}
