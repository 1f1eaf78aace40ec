//! Measures and prints tables. An argument names one part; without any, all are measured.
//!
//! What is compared is measured by turns within one run, because machines change their speed from one minute to the next.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "in a benchmark, a panic is the report, and tables are the result"
)]

mod addresses;
mod before;
mod calls;
mod fairness;
mod http;
mod kinds;
mod links;
mod lists;
mod log_ins;
mod replay;
mod scale;
mod table;
mod words;

fn main() {
    // cargo adds `--bench`.
    let named: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let parts: [(&str, fn()); 11] = [
        ("calls", calls::run),
        ("scale", scale::run),
        ("addresses", addresses::run),
        ("kinds", kinds::run),
        ("links", links::run),
        ("lists", lists::run),
        ("log-ins", log_ins::run),
        ("http", http::run),
        ("fairness", fairness::run),
        ("replay", replay::run),
        ("before", before::run),
    ];
    for (name, run) in parts {
        if named.is_empty() || named.iter().any(|wanted| wanted == name) {
            run();
        }
    }
}
