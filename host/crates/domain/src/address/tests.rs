//! The table against a plain look through all rules.

use proptest::prelude::*;

use super::*;

fn rule(net: IpNet, action: AddressAction) -> AddressRule {
    AddressRule {
        id: AddressRuleId::new(Timestamp::from_millis(1), [0; 10]),
        net,
        action,
        roles: BTreeSet::new(),
        doors: BTreeSet::new(),
        comment: String::new(),
        expires_at: None,
    }
}

fn net(text: &str) -> IpNet {
    text.parse().expect("a network")
}

/// Addresses near to each other, so that networks overlap and meet.
fn address_text() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        (0..4_u8, any::<[u8; 2]>(), 0..8_u8).prop_map(|(a, [b, c], d)| IpAddr::from([10 + a, b & 3, c, d])),
        (0..3_u16, 0..3_u16, any::<u16>()).prop_map(|(a, b, c)| IpAddr::from([0x2001, a, b, 0, 0, 0, 0, c])),
        any::<[u8; 4]>().prop_map(IpAddr::from),
        any::<[u8; 16]>().prop_map(IpAddr::from),
        any::<[u8; 4]>().prop_map(|four| IpAddr::from(std::net::Ipv4Addr::from(four).to_ipv6_mapped())),
    ]
}

fn rules() -> impl Strategy<Value = Vec<AddressRule>> {
    let net = (address_text(), 0..=128_u8).prop_map(|(address, prefix)| {
        let longest = if address.is_ipv4() { 32 } else { 128 };
        IpNet::new(address, prefix.min(longest)).expect("a prefix that fits")
    });
    let action = prop_oneof![3 => Just(AddressAction::Allow), 1 => Just(AddressAction::Deny)];
    let roles = prop::collection::btree_set(prop::sample::select(&ROLES[..]), 0..3);
    let doors = prop::collection::btree_set(prop::sample::select(&DOORS[..]), 0..3);
    let end = prop::option::of((0..20_i64).prop_map(Timestamp::from_millis));
    let one = (net, action, roles, doors, end).prop_map(|(net, action, roles, doors, expires_at)| AddressRule {
        roles,
        doors,
        expires_at,
        ..rule(net, action)
    });
    prop::collection::vec(one, 0..60)
}

fn plainly(rules: &[AddressRule], door: Door, role: Role, address: IpAddr, now: Timestamp) -> Entry {
    let about = || rules.iter().filter(|rule| rule.counts(now) && rule.is_about(door, role));
    let covers = |rule: &&AddressRule| folded(rule.net).contains(&address.to_canonical());
    let of = |action| about().filter(move |rule| rule.action == action);
    if of(AddressAction::Deny).any(|rule| covers(&rule)) {
        Entry::Denied
    } else if of(AddressAction::Allow).next().is_some() && !of(AddressAction::Allow).any(|rule| covers(&rule)) {
        Entry::NotAllowed
    } else {
        Entry::Allowed
    }
}

proptest! {
    #[test]
    fn the_table_says_what_the_rules_say(
        rules in rules(),
        addresses in prop::collection::vec(address_text(), 1..20),
        now in (0..25_i64).prop_map(Timestamp::from_millis),
        door in prop::sample::select(&DOORS[..]),
        role in prop::sample::select(&ROLES[..]),
    ) {
        let table = AddressTable::compile(&rules, now);
        prop_assert!(table.is_valid(now));
        // The ends of networks too, and what is right beside them.
        let ends = rules.iter().flat_map(|rule| [rule.net.network(), rule.net.broadcast()]);
        for address in addresses.into_iter().chain(ends) {
            let expected = plainly(&rules, door, role, address, now);
            prop_assert_eq!(table.ask(door, role, &address.to_string()), expected, "{}", address);
        }
    }

    #[test]
    fn a_table_is_valid_until_the_next_rule_expires(rules in rules(), now in 0..25_i64, later in 0..25_i64) {
        let [now, later] = [now.min(later), now.max(later)].map(Timestamp::from_millis);
        let table = AddressTable::compile(&rules, now);
        if table.is_valid(later) {
            let address = IpAddr::from([10, 1, 1, 1]);
            let expected = plainly(&rules, Door::LogIn, Role::Operator, address, later);
            prop_assert_eq!(table.ask(Door::LogIn, Role::Operator, "10.1.1.1"), expected);
        }
    }
}

#[test]
fn ten_thousand_networks_answer_as_each_of_them_would() {
    let allowed: Vec<_> = (0..10_000_u32)
        .map(|n| rule(net(&format!("{}.{}.{}.0/25", 20 + n / 2_500, n / 10 % 250, n % 10 * 20)), AddressAction::Allow))
        .collect();
    let table = AddressTable::compile(&allowed, Timestamp::from_millis(0));
    let now = Timestamp::from_millis(0);
    for n in (0..40_000_u32).step_by(11) {
        let address = IpAddr::from([20 + (n % 5) as u8, (n / 160 % 256) as u8, (n / 7 % 256) as u8, (n % 256) as u8]);
        let expected = decisive(&allowed, Door::Token, Role::Operator, address, now).is_some();
        let said = table.ask(Door::Token, Role::Operator, &address.to_string()) == Entry::Allowed;
        assert_eq!(said, expected, "{address}");
    }
}

#[test]
fn mapped_addresses_and_networks_are_those_of_ipv4() {
    for written in ["192.0.2.0/24", "::ffff:192.0.2.0/120", "192.0.2.77/24"] {
        let table = AddressTable::compile(&[rule(net(written), AddressAction::Deny)], Timestamp::from_millis(0));
        for address in ["192.0.2.1", "::ffff:192.0.2.1"] {
            assert_eq!(table.ask(Door::LogIn, Role::Operator, address), Entry::Denied, "{written} {address}");
        }
        assert_eq!(table.ask(Door::LogIn, Role::Operator, "192.0.3.1"), Entry::Allowed);
    }
}

/// Octets and lengths as people and programs write them: plainly, or with what means something else to others.
fn number(most: u32) -> impl Strategy<Value = (String, bool)> {
    (0..=most, prop::sample::select(vec!["", "", "", "0", "00", "+", "0x", " "]))
        .prop_map(|(number, before)| (format!("{before}{number}"), before.is_empty()))
}

proptest! {
    #[test]
    fn a_number_is_written_in_one_way(octets in [number(255), number(255), number(255), number(255)], length in number(32)) {
        let plain = octets.iter().all(|(_, plain)| *plain);
        let octets = octets.each_ref().map(|(text, _)| text.as_str()).join(".");
        let net = format!("{octets}/{}", length.0);
        prop_assert_eq!(address(&octets).is_some(), plain, "{}", &octets);
        prop_assert_eq!(network(&octets).is_ok(), plain, "{}", &octets);
        prop_assert_eq!(network(&net).is_ok(), plain && length.1, "{}", &net);
        prop_assert_eq!(network(&format!("::ffff:{octets}")).is_ok(), plain, "{}", &octets);
        // The same network is meant by whoever reads it.
        if let Ok(read) = network(&net) {
            prop_assert_eq!(Some(read), net.parse().ok().map(folded));
        }
    }

    #[test]
    fn what_is_written_out_is_read_again(written in address_text(), length in 0..=128_u8) {
        let written: IpAddr = written;
        let net = IpNet::new(written, length.min(if written.is_ipv4() { 32 } else { 128 })).expect("a network");
        prop_assert_eq!(network(&net.to_string()), Ok(folded(net)));
        prop_assert_eq!(address(&written.to_string()), Some(written));
    }
}

#[test]
fn what_others_read_otherwise_is_no_network() {
    for text in [
        "010.0.0.0/8",
        "010.0.0.1",
        "10.0.0.0/08",
        "10.0.0.0/+8",
        "10.1",
        "167772161",
        "0xa.0.0.1",
        "",
        "/8",
        "10.0.0.0/",
    ] {
        assert_eq!(network(text), Err(NotANetwork), "{text}");
    }
}

#[test]
fn what_is_no_address_is_refused_where_there_is_a_rule() {
    let mut only_tokens = rule(net("10.0.0.0/8"), AddressAction::Deny);
    only_tokens.doors = BTreeSet::from([Door::Token]);
    let table = AddressTable::compile(&[only_tokens], Timestamp::from_millis(0));
    assert_eq!(table.ask(Door::Token, Role::Operator, ""), Entry::NotAllowed);
    assert_eq!(table.ask(Door::Session, Role::Operator, ""), Entry::Allowed);
}
