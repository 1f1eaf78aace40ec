//! What public sample files are found to be, against what they are, and how fast.
//!
//! `scripts/samples` fetches them; `tests/data/samples.tsv` says what each is, by the `file` program and by what its package has it
//! for, never by the library that Sluice asks.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Cursor,
    path::Path,
    time::{Duration, Instant},
};

use sluice_domain::content::{Category, Findings, inspect};

use crate::table::{Table, micros, quantile};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
const ROUNDS: usize = 20;

/// A line of the list.
struct Sample<'a> {
    package: &'a str,
    path: &'a str,
    media_type: &'a str,
    category: &'a str,
}

/// Prints the tables.
pub(crate) fn run() {
    println!("## What public sample files are found to be\n");
    let list = fs::read_to_string(format!("{ROOT}/tests/data/samples.tsv")).unwrap();
    let folder = format!("{ROOT}/target/samples");
    if !Path::new(&folder).is_dir() {
        println!("There are none: run scripts/samples.\n");
        return;
    }
    let samples: Vec<Sample<'_>> = list.lines().map(sample).collect();
    let contents: Vec<Vec<u8>> = samples.iter().map(|sample| read(&folder, sample)).collect();
    let found: Vec<Findings> =
        samples.iter().zip(&contents).map(|(sample, content)| look(content, sample.path)).collect();
    println!("{}", by_category(&samples, &found));
    print_wrong(&samples, &found);
    println!("{}", speed(&samples, &contents));
}

fn sample(line: &str) -> Sample<'_> {
    let mut fields = line.split('\t');
    let mut next = || fields.next().unwrap();
    Sample { package: next(), path: next(), media_type: next(), category: next() }
}

fn read(folder: &str, sample: &Sample<'_>) -> Vec<u8> {
    let path = format!("{folder}/{}/{}", sample.package, sample.path);
    fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}; run scripts/samples"))
}

/// As it would be sent: under the last part of its path.
fn look(content: &[u8], path: &str) -> Findings {
    let name = path.rsplit('/').next().unwrap();
    inspect(Cursor::new(content), name, "", false).unwrap()
}

fn by_category(samples: &[Sample<'_>], found: &[Findings]) -> Table {
    let mut table = Table::new(["category", "files", "types", "category right", "type right"]);
    let mut row = |name: &str, wanted: &dyn Fn(&Sample<'_>) -> bool| {
        let pairs: Vec<_> = samples.iter().zip(found).filter(|(sample, _)| wanted(sample)).collect();
        let types: BTreeSet<&str> = pairs.iter().map(|(sample, _)| sample.media_type).collect();
        let categories = pairs.iter().filter(|(sample, found)| found.category.as_str() == sample.category).count();
        let right = pairs.iter().filter(|(sample, found)| found.detected_type == sample.media_type).count();
        let counts = [pairs.len(), types.len(), categories, right].map(|count| count.to_string());
        let [files, types, categories, right] = counts;
        table.row([name.to_owned(), files, types, categories, right]);
    };
    for category in Category::ALL {
        row(category.as_str(), &|sample| sample.category == category.as_str());
    }
    row("all", &|_| true);
    table
}

/// One line for each file that is taken for something else, and how often each trait was seen.
fn print_wrong(samples: &[Sample<'_>], found: &[Findings]) {
    let mut traits = BTreeMap::<&str, usize>::new();
    for (sample, found) in samples.iter().zip(found) {
        found.traits.iter().for_each(|one| *traits.entry(one.as_str()).or_default() += 1);
        let (media_type, category) = (found.detected_type.as_str(), found.category.as_str());
        if (media_type, category) != (sample.media_type, sample.category) {
            let Sample { package, path, media_type: expected, category: called } = sample;
            println!("wrong: {package}/{path}: {expected} ({called}), found {media_type} ({category})");
        }
    }
    println!("\nTraits seen: {traits:?}\n");
}

fn speed(samples: &[Sample<'_>], contents: &[Vec<u8>]) -> Table {
    let mut times = Vec::new();
    for (sample, content) in samples.iter().zip(contents) {
        let mut best = Duration::MAX;
        for _ in 0..ROUNDS {
            let began = Instant::now();
            std::hint::black_box(look(content, sample.path));
            best = best.min(began.elapsed());
        }
        times.push(best);
    }
    let bytes: usize = contents.iter().map(Vec::len).sum();
    let megabytes = bytes as f64 / 1e6;
    let all: Duration = times.iter().sum();
    let rate = format!("{:.0} MB/s", megabytes / all.as_secs_f64());
    let mut table = Table::new(["files", "together", "one, median", "99 %", "slowest", "rate"]);
    let quantiles = [0.5, 0.99, 1.0].map(|part| micros(quantile(&mut times, part)));
    let [median, most, slowest] = quantiles;
    table.row([samples.len().to_string(), format!("{megabytes:.1} MB"), median, most, slowest, rate]);
    table
}
