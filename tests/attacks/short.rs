//! The attacks that take seconds, as tests: each on SQLite, and all of them on PostgreSQL, where a cluster takes two seconds to start.

use std::collections::BTreeSet;

use sluice_attacks::{Database, Takes, Verdict, all, allow_many_files, named};

/// Plays one; what was seen, when it does not hold.
fn failure(name: &str, database: &Database) -> Option<String> {
    let attack = named(name).expect("an attack of this name");
    let seen = attack.play(database);
    (seen.verdict == Verdict::Fails).then(|| format!("{name}: {}; aim: {}", seen.what, attack.aim))
}

macro_rules! short {
    ($($test:ident = $name:literal;)*) => {
        const NAMES: &[&str] = &[$($name),*];

        mod on_sqlite {$(
            #[test]
            fn $test() {
                super::allow_many_files();
                assert_eq!(super::failure($name, &super::Database::Sqlite), None);
            }
        )*}
    };
}

short! {
    a_burst_of_guesses_at_one_person_is_counted_before_it_is_looked_at = "guesses-of-one-password";
    a_burst_of_guesses_from_one_address_is_counted_before_it_is_looked_at = "guesses-from-one-address";
    a_burst_of_codes_is_counted_before_it_is_looked_at = "guesses-of-codes";
    one_code_lets_in_once = "one-code-at-once";
    one_recovery_code_lets_in_once = "one-recovery-code-at-once";
    one_link_sets_the_password_once = "one-link-at-once";
    the_link_of_a_corrected_invitation_is_refused = "corrected-invitation";
    a_token_gives_nobody_more_than_itself = "token-of-people-manage";
    an_account_keeps_an_administrator = "mutual-disabling";
    a_used_link_is_seldom_written_down = "used-links";
    what_was_taken_from_a_plugin_stays_taken = "disabling-undone";
    trials_leave_no_files = "files-of-trials";
    nothing_is_delivered_after_the_right_is_gone = "streams-after-the-right";
    authors_do_not_decide_about_their_own_messages = "own-held-messages";
    decisions_are_seen_within_reach = "decisions-beyond-reach";
    clients_are_seen_within_reach = "clients-by-outside-id";
    ids_of_another_account_name_nothing = "ids-of-another-account";
    no_digest_gives_away_what_was_redacted = "redacted-text-from-digests";
    an_audit_log_that_was_rewritten_does_not_verify = "audit-log-rewritten";
    hostile_archives_are_looked_into_or_refused = "hostile-archives";
    a_forged_address_lets_nobody_in = "forged-addresses";
    other_sites_requests_are_refused = "other-sites-requests";
    hostile_json_is_refused = "hostile-json";
    no_request_hides_in_another = "smuggled-requests";
    heads_without_end_are_ended = "continuation-flood";
    resets_without_end_are_ended = "rapid-reset";
}

#[test]
fn all_on_postgresql() {
    allow_many_files();
    let database = Database::postgres();
    let failures: Vec<_> = NAMES.iter().filter_map(|name| failure(name, &database)).collect();
    assert_eq!(failures, Vec::<String>::new());
}

#[test]
fn every_attack_that_takes_seconds_is_a_test() {
    let seconds = all().into_iter().filter(|attack| attack.takes == Takes::Seconds).map(|attack| attack.name);
    assert_eq!(seconds.collect::<BTreeSet<_>>(), NAMES.iter().copied().collect());
}
