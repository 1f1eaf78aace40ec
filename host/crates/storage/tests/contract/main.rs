//! What storage promises, held by both databases: every case runs on SQLite and on PostgreSQL.
//!
//! On PostgreSQL all cases are one test, because each test is a process and a cluster takes two seconds to start.

#![expect(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod accounts;
mod attachments;
mod audit;
mod chain;
mod chat;
mod conversations;
mod counters;
mod decisions;
mod fixture;
mod isolation;
mod library;
mod lists;
mod outbox;
mod paging;
mod people;
mod preview;
mod reach;
mod schema;
mod search;
mod transactions;

use std::panic::{AssertUnwindSafe, catch_unwind};

use fixture::{Fixture, Postgres, block_on};

macro_rules! cases {
    ($($module:ident { $($case:ident)* })*) => {
        mod on_sqlite {$($(
            #[test]
            fn $case() {
                let folder = tempfile::tempdir().unwrap();
                super::block_on(async { super::$module::$case(super::Fixture::sqlite(folder.path()).await).await });
            }
        )*)*}

        #[test]
        fn every_case_holds_on_postgresql() {
            let postgres = Postgres::start();
            let mut failed = Vec::new();
            $($(
                let case = concat!(stringify!($module), "::", stringify!($case));
                let run = || block_on(async { $module::$case(Fixture::postgres(&postgres).await).await });
                let passed = catch_unwind(AssertUnwindSafe(run)).is_ok();
                println!("{case} ... {}", if passed { "ok" } else { "FAILED" });
                if !passed {
                    failed.push(case);
                }
            )*)*
            assert!(failed.is_empty(), "failed on PostgreSQL: {failed:#?}");
        }
    };
}

cases! {
    accounts {
        an_account_reads_back_as_written
        an_e_mail_address_belongs_to_one_person_of_all_accounts_in_any_case
        a_session_is_found_by_its_secret_until_it_ends
        a_token_is_found_by_its_secret_with_its_persons_role
        the_audit_log_is_numbered_sealed_and_found_by_what_it_says
        a_look_into_the_audit_log_ends_after_as_many_entries_however_few_fit
        an_answer_is_kept_once_for_an_actors_key
    }
    attachments {
        an_attachment_goes_with_one_message_and_counts_until_it_is_removed
        a_message_reads_back_with_its_attachments
        a_filter_rule_reads_back_changes_and_goes
        messaging_settings_have_defaults_and_read_back
        held_messages_wait_in_order_until_one_decision
        what_waited_too_long_is_found_over_all_accounts
        the_newest_messages_come_with_their_place
    }
    audit {
        any_change_of_a_sealed_log_is_found
        any_change_of_what_was_sealed_later_is_found
        a_log_that_does_not_hold_is_accepted_as_it_is_and_says_how_much
    }
    chain {
        a_plugin_reads_back_as_written
        a_component_is_uploaded_once_an_account
        installations_keep_the_order_in_which_they_were_made
        an_installation_changes_and_goes
        every_change_of_the_chain_has_a_new_version
        configurations_of_the_past_stay
        installations_are_put_into_another_order
        an_installation_is_suspended_until_it_is_let_on_or_changed
        the_oldest_chains_go_with_what_only_they_name
        a_chain_is_found_by_every_version_at_which_it_was_in_force
        plugins_are_switched_off_for_an_account_and_for_all
    }
    chat {
        a_conversation_closes_with_its_request_and_opens_with_another
        conversations_are_listed_by_state_assignee_tag_and_reach
        what_a_client_wrote_counts_as_unread_until_it_is_read
        a_clients_mark_never_goes_back
        comments_are_in_their_order_and_gone_when_removed
        tags_are_unique_and_taken_from_all_when_removed
        templates_of_answers_have_names_and_commands_of_their_own
        clients_are_listed_by_external_id_tag_and_reach
    }
    conversations {
        a_client_is_found_by_what_another_system_calls_it
        a_conversation_has_its_clients_name
        a_message_reads_back_as_written
        decisions_are_found_by_rule_verdict_and_conversation
        a_decision_about_access_reads_back_as_written
        what_a_decision_was_about_is_kept_and_forgotten_oldest_first
    }
    decisions {
        every_combination_of_filters_gives_what_passes_them_in_pages
        a_look_ends_after_so_many_entries_and_is_gone_on_from
        decisions_are_counted_by_bucket_and_outcome
        what_wrote_the_messages_of_earlier_decisions_is_found
    }
    counters {
        a_counter_lives_from_its_first_addition_and_begins_again
        plugins_and_shadow_count_apart
        no_addition_is_lost_or_seen_twice
        an_account_has_so_many_counters_until_some_expire
        earlier_messages_are_delivered_ones_of_the_conversation_newest_first
    }
    isolation {
        another_accounts_rows_look_as_if_they_were_not_there
        another_accounts_rows_cannot_be_changed
        another_accounts_rows_cannot_be_referred_to
    }
    library {
        versions_of_a_plugin_are_listed_and_removed_unless_they_are_installed
        what_is_enabled_counts_and_what_is_disabled_does_not
        signatures_read_back_as_written
        quotas_and_trust_have_defaults_and_read_back
        an_entry_of_the_catalogue_is_seen_by_those_it_is_for
        a_version_is_in_the_catalogue_once
        an_entry_is_signed_and_withdrawn
        a_component_is_used_until_the_last_row_goes
    }
    lists {
        a_list_reads_back_changes_and_goes_with_its_entries
        entries_are_added_once_counted_and_removed
        entries_are_paged_by_their_keys
        ten_thousand_entries_are_added_and_removed_at_once
    }
    outbox {
        events_are_numbered_without_gaps_under_eight_writers
        an_event_that_was_rolled_back_leaves_no_gap
        an_account_that_is_not_there_has_no_outbox
    }
    paging {
        messages_are_paged_in_both_directions
        lists_are_paged_from_the_newest
        conversations_are_paged_by_what_happened_last
    }
    people {
        a_step_and_a_recovery_code_are_used_once
        a_passkey_is_kept_used_and_removed_and_a_challenge_taken_once
        support_is_let_in_enters_and_leaves
        there_is_one_account_of_the_platform
        rules_about_addresses_read_back_in_their_order
        a_person_changes_and_a_deleted_one_is_not_listed
        a_password_is_set_for_nobody_who_is_kept_out_and_lets_nobody_in
        a_password_is_set_rehashed_and_remembered
        an_invitation_keeps_nobody_of_another_account_from_an_address
        sessions_are_listed_and_ended_with_their_reason
        a_network_is_known_for_a_time
        a_link_is_used_once
        a_token_is_renewed_with_an_overlap_and_revoked
        a_throttle_is_written_read_and_forgotten
        a_group_has_members_and_reaches_its_conversations
        templates_are_kept_by_name
        security_settings_read_back_and_have_a_version
    }
    preview {
        messages_are_replayed_oldest_first_with_their_place what_clients_wrote_and_was_withheld_is_replayed_for_who_sees_it
        the_newest_messages_of_a_period_are_counted_in_steps
        shadow_verdicts_are_counted_by_day_and_variant
    }
    reach {
        what_a_reader_does_not_reach_is_not_there
    }
    schema {
        opening_again_keeps_the_rows
        a_schema_of_a_newer_program_is_refused
        a_migration_that_was_changed_is_refused
        two_programs_that_open_at_once_agree
    }
    search {
        messages_are_found_by_all_their_words_newest_first
        words_of_all_alphabets_are_found_in_any_case
        what_means_something_to_a_database_means_nothing_in_a_search
        an_entry_is_replaced
        a_look_gives_what_its_reader_reaches_and_goes_on
        messages_from_before_the_table_are_found
        words_are_found_in_every_form_and_numbers_in_every_grouping
        messages_that_were_indexed_by_another_rule_are_found
    }
    transactions {
        a_failing_closure_takes_nothing_with_it
        a_panic_in_a_closure_is_answered_and_takes_nothing_with_it
        success_after_a_failed_statement_is_an_error
        a_conflict_says_what_must_be_unique
        a_text_with_a_nul_is_refused
        a_write_is_seen_by_the_next_read
        a_read_sees_one_state
        a_read_cannot_write
        many_writers_get_each_their_own_answer
        closing_finishes_what_was_accepted_and_takes_no_more
        a_ping_is_answered_until_the_database_is_closed
    }
}

#[test]
fn a_lost_connection_is_an_error_and_then_forgotten() {
    let postgres = Postgres::start();
    block_on(async {
        transactions::a_lost_connection_is_replaced(Fixture::postgres(&postgres).await, &postgres).await
    });
}
