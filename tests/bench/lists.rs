//! What looking into a list costs, by its kind and by how many entries it has.

use std::{hint::black_box, net::Ipv4Addr, time::Instant};

use sluice_domain::{
    id::ListId,
    list::{List, ListKind},
    time::Timestamp,
};

use crate::{addresses::Numbers, table::Table};

const ENTRIES: [usize; 3] = [10, 1_000, 100_000];
const ASKED: u16 = 4_096;
const ROUNDS: usize = 100;
const KINDS: [(&str, ListKind); 4] = [
    ("exact", ListKind::Exact),
    ("prefix", ListKind::Prefix),
    ("network", ListKind::Network),
    ("domain", ListKind::Domain),
];

/// Prints the table.
pub(crate) fn run() {
    let mut table = Table::new(["kind", "entries", "a look-up", "against 10 entries"]);
    for (name, kind) in KINDS {
        let id = ListId::new(Timestamp::from_millis(1), [0; 10]);
        let lists = ENTRIES.map(|count| List::compile(id, 1, kind, entries(kind, count)));
        let asked = values(kind);
        let mut best = [f64::INFINITY; ENTRIES.len()];
        // By turns, so that a slow moment of the machine touches all of them.
        for _ in 0..ROUNDS {
            for (list, best) in lists.iter().zip(&mut best) {
                let began = Instant::now();
                for value in &asked {
                    black_box(list.find(black_box(value)));
                }
                *best = best.min(began.elapsed().as_secs_f64() * 1e9 / f64::from(ASKED));
            }
        }
        for (count, found) in ENTRIES.iter().zip(best) {
            let against = format!("{:.2}", found / best[0]);
            table.row([name.to_owned(), count.to_string(), format!("{found:.0} ns"), against]);
        }
    }
    println!("## Looking into a list, half of the values in it\n\n{table}");
}

fn entries(kind: ListKind, count: usize) -> Vec<String> {
    let mut numbers = Numbers(7);
    (0..count).map(|_| entry(kind, &mut numbers)).collect()
}

fn entry(kind: ListKind, numbers: &mut Numbers) -> String {
    match kind {
        ListKind::Exact => format!("client {:08x}", numbers.next_u32()),
        // Of seven lengths, as numbers of telephones have.
        ListKind::Prefix => {
            let number = numbers.next_u32();
            format!("+{}", &format!("{number:010}")[..4 + number as usize % 7])
        }
        ListKind::Network => format!("{}/24", Ipv4Addr::from(numbers.next_u32())),
        ListKind::Domain => format!("d{:08x}.example.com", numbers.next_u32()),
    }
}

/// Values of which the first entries find every second one.
fn values(kind: ListKind) -> Vec<String> {
    let known = entries(kind, 10);
    let mut numbers = Numbers(11);
    (0..usize::from(ASKED))
        .map(|n| match (n % 2, kind) {
            (0, ListKind::Network) => known[n / 2 % known.len()].replace("/24", ""),
            (0, ListKind::Domain) => format!("www.{}", known[n / 2 % known.len()]),
            (0, ListKind::Exact | ListKind::Prefix) => known[n / 2 % known.len()].clone(),
            (_, ListKind::Network) => Ipv4Addr::from(numbers.next_u32()).to_string(),
            (_, ListKind::Domain) => format!("www.{}", entry(kind, &mut numbers)),
            (_, ListKind::Exact | ListKind::Prefix) => entry(kind, &mut numbers),
        })
        .collect()
}
