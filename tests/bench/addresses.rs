//! What asking the rules about addresses costs, by how many there are.

use std::{collections::BTreeSet, hint::black_box, time::Instant};

use sluice_domain::{
    address::{AddressAction, AddressRule, AddressTable, Door},
    id::AddressRuleId,
    message::Role,
    time::Timestamp,
};

use crate::table::Table;

const RULES: [u32; 3] = [10, 1_000, 10_000];
const ASKED: u16 = 4_096;
const ROUNDS: usize = 200;

/// Prints the table.
pub(crate) fn run() {
    let mut table = Table::new(["rules", "family", "a look-up", "against 10 rules"]);
    for family in ["IPv4", "IPv6"] {
        let tables = RULES.map(|count| (count, rules(count, family)));
        let asked = addresses(family);
        let mut fewest = None;
        for (count, rules) in &tables {
            let compiled = AddressTable::compile(rules, Timestamp::from_millis(0));
            let mut best = f64::INFINITY;
            for _ in 0..ROUNDS {
                let began = Instant::now();
                for address in &asked {
                    black_box(compiled.ask(Door::Session, Role::Operator, black_box(address)));
                }
                best = best.min(began.elapsed().as_secs_f64() * 1e9 / f64::from(ASKED));
            }
            let base = *fewest.get_or_insert(best);
            table.row([count.to_string(), family.to_owned(), format!("{best:.0} ns"), format!("{:.2}", best / base)]);
        }
    }
    println!("## Asking the rules about addresses, half of them allowed\n\n{table}");
}

/// Networks all over the family, each allowed.
fn rules(count: u32, family: &str) -> Vec<AddressRule> {
    let mut numbers = Numbers(7);
    let net = |numbers: &mut Numbers| match family {
        "IPv4" => format!("{}/24", std::net::Ipv4Addr::from(numbers.next_u32())),
        _ => format!("2001:{:x}:{:x}::/48", numbers.next_u32() >> 16, numbers.next_u32() >> 16),
    };
    (0..count)
        .map(|_| AddressRule {
            id: AddressRuleId::new(Timestamp::from_millis(1), [0; 10]),
            net: net(&mut numbers).parse().unwrap(),
            action: AddressAction::Allow,
            roles: BTreeSet::new(),
            doors: BTreeSet::new(),
            comment: String::new(),
            expires_at: None,
        })
        .collect()
}

/// Addresses of which the first rules allow every second one.
fn addresses(family: &str) -> Vec<String> {
    let allowed = rules(10, family);
    let mut numbers = Numbers(11);
    (0..usize::from(ASKED))
        .map(|n| match (n % 2, family) {
            (0, _) => allowed[n / 2 % allowed.len()].net.broadcast().to_string(),
            (_, "IPv4") => std::net::Ipv4Addr::from(numbers.next_u32()).to_string(),
            _ => format!("2001:{:x}:{:x}::1", numbers.next_u32() >> 16, numbers.next_u32() >> 16),
        })
        .collect()
}

/// The same numbers in every run (xorshift32).
pub(crate) struct Numbers(pub(crate) u32);

impl Numbers {
    pub(crate) const fn next_u32(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }
}
