"""What the desk promises, and the tests that show it: `make proof` runs them and prints the table.

A test is named by its file and its function below `tests/`; all its parameters count as tries. A name that
leads nowhere fails `test_promises.py`.
"""

from __future__ import annotations

from typing import NamedTuple


class Promise(NamedTuple):
    text: str
    tests: tuple[str, ...]


PROMISES = (
    Promise(
        "What was answered 2xx survives SIGKILL at any instant",
        (
            "journey/test_storm_and_death.py::test_killed_at_any_instant_loses_nothing_that_was_answered",
            "journey/test_storm_and_death.py::test_terminated_under_load_commits_and_answers_what_it_took_in",
            "journey/test_orderly_end.py::test_server_that_is_stopped_while_people_ask_ends_by_itself",
            "journey/test_embedded_journey.py::test_killed_after_the_answer_finishes_the_work_after_restart",
            "faults/test_kill_points.py::test_killed_at_each_point_of_the_way_loses_and_doubles_nothing",
        ),
    ),
    Promise(
        "Web, worker, beat, Redis and PostgreSQL may be killed in turn",
        ("production/test_killed_in_turn.py::test_each_process_killed_and_each_web_exchanged_under_load_loses_nothing",),
    ),
    Promise(
        "One failure is one ticket, however many tell of it at once",
        (
            "journey/test_storm_and_death.py::test_copies_in_three_forms_at_once_end_in_one_ticket",
            "door/test_concurrency.py::test_fifty_copies_in_three_forms_in_transactions_of_their_own_are_one_ticket",
            "door/test_lost_races.py::test_alert_that_loses_the_race_joins_the_winners_ticket",
            "door/test_lost_races.py::test_replay_that_loses_the_race_joins_the_winners_ticket",
            "door/test_lost_races.py::test_run_that_was_looked_up_and_loses_the_race_joins_the_winners_ticket",
            "evidence/test_run_lookups.py::test_two_lookups_at_the_same_moment_open_each_run_once",
        ),
    ),
    Promise(
        "Each vendor is told once",
        (
            "deliveries/test_killed.py::test_killed_between_effect_and_record_makes_no_second_effect",
            "deliveries/test_killed.py::test_two_workers_racing_tell_thirty_tickets_once_each",
            "deliveries/test_exactly_once.py::test_fault_of_a_vendor_makes_no_second_effect_and_loses_none",
        ),
    ),
    Promise(
        "No run is started twice and none is forgotten",
        (
            "remediation/test_crashes.py::test_death_at_any_line_neither_repeats_nor_forgets_a_run",
            "remediation/test_killed.py::test_killed_between_a_run_and_its_record_starts_no_second_and_forgets_none",
        ),
    ),
    Promise(
        "No notice of the clock comes twice",
        ("clock/test_many_processes.py::test_two_clocks_and_three_workers_tell_everything_once",),
    ),
    Promise(
        "A model's answer that was lost is asked for again",
        ("journey/test_model_journey.py::test_killed_while_the_model_thinks_upgrades_after_the_restart",),
    ),
    Promise(
        "A poisoned payload is parked and the others go on",
        (
            "faults/test_poison.py::test_poisoned_payload_is_parked_after_its_tries_and_the_others_are_told",
            "faults/test_poison.py::test_poisoned_payload_in_a_pool_of_processes_is_parked_and_the_pool_lives_on",
            "journey/test_long_queue.py::test_ticket_whose_workers_died_many_times_is_parked",
            "door/test_concurrency.py::test_failing_alert_costs_its_neighbours_nothing",
        ),
    ),
    Promise(
        "A death in migration, seal or export leaves nothing half done",
        (
            "faults/test_short_deaths.py::test_start_after_deaths_in_the_migration_lock_finds_it_free_and_ends_the_work",
            "faults/test_short_deaths.py::test_seal_that_was_cut_short_leaves_a_record_that_verifies",
            "faults/test_short_deaths.py::test_export_that_was_cut_short_is_never_taken_for_whole",
        ),
    ),
    Promise(
        "A database that is away, locked, full or read-only is 503",
        (
            "door/test_both_faces.py::test_database_away_is_503_with_retry_after_and_then_well_again",
            "journey/test_database_cut.py::test_connections_cut_under_load_are_503_at_worst_and_lose_nothing",
            "faults/test_storage.py::test_read_only_database_is_503_with_retry_after_and_then_well_again",
            "faults/test_storage.py::test_full_disk_is_503_and_the_work_goes_on_when_there_is_room",
            "faults/test_storage.py::test_file_locked_by_another_program_is_503_in_time_and_then_well_again",
            "faults/test_hanging_database.py::test_database_that_stands_still_is_503_in_time_and_then_well_again",
            "faults/test_hanging_database.py::test_connection_to_a_server_that_vanished_is_given_up_within_half_a_minute",
        ),
    ),
    Promise(
        "A broker that is emptied or hangs delays and loses nothing",
        (
            "faults/test_broker.py::test_broker_emptied_under_load_loses_no_work",
            "faults/test_broker.py::test_broker_that_hangs_holds_no_sender",
            "faults/test_sweeps.py::test_one_alert_whose_wake_up_was_lost_is_worked_on_all_the_same",
            "faults/test_sweeps.py::test_one_delivery_after_the_long_pause_that_its_vendor_asked_for_is_made",
            "faults/test_sweeps.py::test_worker_inside_that_its_broker_ended_is_started_anew",
        ),
    ),
    Promise(
        "A clock that jumps leaves no work waiting",
        (
            "faults/test_clock_jumps.py::test_ticket_of_a_machine_whose_clock_was_ahead_does_not_wait_for_that_time",
            "faults/test_clock_jumps.py::test_delivery_of_a_machine_whose_clock_was_ahead_does_not_wait_for_that_time",
            "faults/test_clock_jumps.py::test_look_up_of_a_clock_that_was_ahead_is_done_now",
            "faults/test_clock_jumps.py::test_late_evidence_of_a_clock_that_was_ahead_is_collected_now",
            "faults/test_clock_jumps.py::test_question_of_a_clock_that_was_ahead_is_asked_now",
            "faults/test_clock_jumps.py::test_pause_of_a_channel_holds_unless_it_ends_beyond_the_longest",
            "faults/test_clock_jumps.py::test_turn_of_the_comparison_that_was_taken_in_the_future_stops_no_later_one",
            "faults/test_clock_jumps.py::test_claim_that_another_took_over_after_a_jump_is_not_worked_on_by_the_first",
            "faults/test_clock_jumps.py::test_record_sealed_across_a_jump_verifies",
        ),
    ),
    Promise(
        "A vendor that hangs, lies or cuts holds nobody else",
        (
            "deliveries/test_killed.py::test_hanging_jira_delays_neither_slack_nor_blob_nor_other_tickets",
            "journey/test_evidence_journey.py::test_vendor_that_never_answers_does_not_hold_the_ticket_for_twenty_seconds",
            "faults/test_no_names.py::test_name_server_that_is_gone_delays_and_loses_nothing",
            "integrations/test_http_failures.py::test_one_vendors_outage_does_not_stop_another",
            "integrations/test_http.py::test_html_page_instead_of_json_is_an_error_with_its_title",
            "rca/models/test_sdk_contract.py::test_slow_answer_ends_at_the_timeout_and_opens_the_circuit",
        ),
    ),
    Promise(
        "Senders that behave as documented lose nothing in an outage",
        (
            "faults/test_senders.py::test_azure_and_jira_through_an_outage_lose_nothing_and_double_nothing",
            "faults/test_senders.py::test_what_senders_gave_up_during_a_long_outage_is_found_at_the_vendors",
        ),
    ),
    Promise(
        "Broken bodies get a declared answer",
        (
            "door/test_fuzz.py::test_broken_alert_gets_a_declared_answer",
            "door/test_awkward_bodies.py::test_body_that_is_no_json_object_is_400_and_kept",
            "sources/test_mutants.py::test_mutated_payload_yields_a_declared_outcome",
            "faults/test_every_address.py::test_no_address_answers_with_a_fault_of_ours",
        ),
    ),
    Promise(
        "Slow and flooding clients hold nobody else",
        (
            "faults/test_slow_clients.py::test_hundreds_of_half_open_connections_delay_no_alert",
            "faults/test_slow_clients.py::test_flood_of_headers_is_cut_off_and_takes_no_memory",
            "door/test_writer.py::test_full_queue_is_503_with_retry_after",
        ),
    ),
    Promise(
        "No pattern takes more than linear time on hostile text",
        (
            "faults/test_patterns.py::test_pattern_takes_linear_time_on_hostile_text",
            "rca/rules/test_hostile_texts.py::test_megabyte_of_hostile_text_is_answered_in_bounded_time",
        ),
    ),
    Promise(
        "Secrets are compared in constant time and told to nobody",
        (
            "faults/test_secret_comparisons.py::test_no_secret_is_compared_by_its_first_difference",
            "door/test_no_key_in_logs.py::test_key_in_the_query_is_in_no_line_of_the_log",
            "rca/models/test_secrets.py::test_planted_secrets_are_in_no_request",
            "faults/test_alert_traps.py::test_secrets_of_an_alert_are_in_no_log_no_metric_no_record_and_at_no_vendor",
        ),
    ),
    Promise(
        "Hostile text stays text: pages, files, Slack, Jira, prompts",
        (
            "faults/test_hostile_ticket.py::test_hostile_text_stays_text_on_every_address_and_in_every_file",
            "faults/test_hostile_ticket.py::test_hostile_text_stays_text_at_the_vendors",
            "console/test_tickets.py::test_hostile_text_stays_text_on_every_tab",
            "console/test_tickets.py::test_hostile_text_stays_text_in_every_list",
            "rca/models/test_prompts.py::test_fence_is_new_for_each_prompt_and_before_each_block",
            "rca/models/test_prompts.py::test_text_that_guesses_a_fence_stays_inside",
            "rca/models/test_flow.py::test_model_that_obeys_the_text_is_refused_and_the_rules_stand",
        ),
    ),
    Promise(
        "Nobody gets in without a right, and a forged token is refused",
        (
            "faults/test_hostile_ticket.py::test_stranger_gets_nothing_from_any_address",
            "api/test_access.py::test_each_person_gets_what_the_table_says",
            "console/test_who_may_what.py::test_who_may_not_act_cannot_by_posting_any_action",
            "door/test_entra.py::test_token_signed_with_the_public_key_as_a_shared_secret_is_refused",
            "door/test_entra.py::test_token_signed_by_a_strangers_key_is_refused",
            "door/test_entra.py::test_unsigned_token_is_refused",
        ),
    ),
    Promise(
        "Nobody acts in another's name: forms, sockets, tokens",
        (
            "faults/test_forged_requests.py::test_no_address_acts_for_a_browser_whose_form_has_no_token",
            "faults/test_forged_requests.py::test_form_with_its_token_from_a_foreign_page_is_refused",
            "faults/test_forged_requests.py::test_live_events_are_for_no_foreign_page_that_borrows_a_cookie",
            "faults/test_forged_requests.py::test_forged_token_opens_nothing",
        ),
    ),
    Promise(
        "No alert opens a bomb or leads the desk to an address",
        (
            "faults/test_alert_traps.py::test_packed_body_is_refused_unopened_and_kept",
            "faults/test_alert_traps.py::test_no_address_in_an_alert_is_called",
            "clock/test_escalation.py::test_webhook_reaches_no_address_inside",
            "clock/test_escalation.py::test_redirected_webhook_is_not_followed",
            "integrations/test_pinned_address.py::"
            "test_name_that_answers_otherwise_after_the_check_leads_nowhere_else",
            "remediation/test_hostile.py::test_ids_come_from_the_vendors_answer_and_not_from_the_alert",
        ),
    ),
    Promise(
        "The record cannot be changed unseen",
        ("audit/test_tampering.py", "audit/test_append_only.py"),
    ),
    Promise(
        "Counters equal a recount",
        (
            "door/test_batches.py::test_report_that_is_counted_when_another_fails_is_counted_once",
            "tickets/test_counters.py::test_every_kind_of_change_keeps_the_counters_equal_to_the_tickets",
            "tickets/test_counters.py::test_several_folders_and_writers_at_once_lose_and_double_nothing",
        ),
    ),
)  # fmt: skip

QUICK = (
    "faults/test_storage.py::test_full_disk_is_503_and_the_work_goes_on_when_there_is_room",
    "faults/test_sweeps.py::test_one_alert_whose_wake_up_was_lost_is_worked_on_all_the_same",
    "faults/test_no_names.py::test_name_server_that_is_gone_delays_and_loses_nothing",
    "faults/test_short_deaths.py::test_seal_that_was_cut_short_leaves_a_record_that_verifies",
    "faults/test_slow_clients.py::test_flood_of_headers_is_cut_off_and_takes_no_memory",
)
"""Of the tests that are left out of `make test`, those that every change runs: a minute together on two cores."""
