"""What protects each promise, as text that can be taken out, and the test that must miss it.

`make proof-of-proofs` takes each out in a copy of the tree and runs the test, which has to fail. `test_promises.py`
holds the table to the source: each `old` is found exactly once in its file.
"""

from __future__ import annotations

from typing import NamedTuple

POSTGRES = "PostgreSQL and Redis"


class Protection(NamedTuple):
    """`test` is named as in `promises.py`; `needs` what the test cannot do without; `old` gives way to `new`."""

    what: str
    test: str
    file: str
    old: str
    new: str = ""
    needs: str = ""


_TOLD_EARLY = """\
                from django.db import transaction
                with transaction.atomic():
                    told = self._write(jobs)
                    transaction.set_rollback(True)
                _tell(jobs, told)
                time.sleep(0.5)
                told = self._write(jobs)
"""
_NO_503 = ('refused(503, "The database is not reachable', 'refused(500, "The database is not reachable')
_FIND_EXACT = ("exact = self._by_dedup_key.get(failure.dedup_key)", "exact = None")
_LOOK_IN_JIRA = (
    "        key = self._find(work, client)\n        if key:",
    '        key = ""\n        if key:',
)
_CALL_ON_RECORD = (
    "attempt.state, attempt.called_at, attempt.calls = State.RUNNING, now, attempt.calls + 1",
    "attempt.state, attempt.called_at, attempt.calls = State.SCHEDULED, now, attempt.calls + 1",
)
_GIVEN_UP = ("if attempts > claims.MOST_ATTEMPTS:", "if attempts < 0:")
_EXACT_NUMBERS = ("return int(digits) if len(digits) <= 15 else _TextNumber(digits)", "return int(digits)")
_OWN_LIFE = (
    "filter(due, needs_work=True)",
    'filter(due, needs_work=True, opened_at__gt=globals().setdefault("_began", now))',
)
_SLACK_WAIT = (
    "SLACK_WAITS_FOR_JIRA = timedelta(seconds=2.5)",
    "SLACK_WAITS_FOR_JIRA = timedelta(seconds=60)",
)

PROTECTIONS = (
    Protection(
        "the answer comes after the commit (half a second before it)",
        "journey/test_storm_and_death.py::test_killed_at_any_instant_loses_nothing_that_was_answered",
        "ingestion/fast_door/writer.py", "                told = self._write(jobs)\n", _TOLD_EARLY,
    ),
    Protection(
        "what was committed is answered before the connections go",
        "journey/test_storm_and_death.py::test_terminated_under_load_commits_and_answers_what_it_took_in",
        "aiops/web_server.py", "    def kill_all_applications(self)", "    def unused(self)",
    ),
    Protection(
        "the work is a row, which outlives the process (one that looks at its own life only)",
        "journey/test_embedded_journey.py::test_killed_after_the_answer_finishes_the_work_after_restart",
        "ingestion/claims.py", *_OWN_LIFE,
    ),
    Protection(
        "the claims of a dead desk are handed back at its start",
        "faults/test_kill_points.py::test_killed_at_each_point_of_the_way_loses_and_doubles_nothing",
        "aiops/management/commands/serve.py", " claims.release_all(timezone.now())", " pass",
    ),
    Protection(
        "a batch whose database went away is answered, and the writer lives on",
        "production/test_killed_in_turn.py::"
        "test_each_process_killed_and_each_web_exchanged_under_load_loses_nothing",
        "ingestion/fast_door/writer.py",
        "                if attempt == 1 and may_be_cut:\n                    continue\n", "                raise\n",
    ),
    Protection(
        "a failure finds the ticket of its key",
        "journey/test_storm_and_death.py::test_copies_in_three_forms_at_once_end_in_one_ticket",
        "ingestion/identity.py", *_FIND_EXACT,
    ),
    Protection(
        "openers of look-alikes queue on a guard",
        "door/test_concurrency.py::test_fifty_copies_in_three_forms_in_transactions_of_their_own_are_one_ticket",
        "ingestion/identity.py", "    queue_on_guards(_guard_names(failures))\n", needs=POSTGRES,
    ),
    Protection(
        "another try after a lost race",
        "door/test_lost_races.py::test_alert_that_loses_the_race_joins_the_winners_ticket",
        "ingestion/services.py", "MOST_ATTEMPTS = 3", "MOST_ATTEMPTS = 1", POSTGRES,
    ),
    Protection(
        "another try after a lost race",
        "door/test_lost_races.py::test_replay_that_loses_the_race_joins_the_winners_ticket",
        "ingestion/services.py", "MOST_ATTEMPTS = 3", "MOST_ATTEMPTS = 1", POSTGRES,
    ),
    Protection(
        "another try after a lost race",
        "door/test_lost_races.py::test_run_that_was_looked_up_and_loses_the_race_joins_the_winners_ticket",
        "ingestion/batch.py", "    for _ in range(2):", "    for _ in range(1):", POSTGRES,
    ),
    Protection(
        "a failure finds the ticket of its key",
        "evidence/test_run_lookups.py::test_two_lookups_at_the_same_moment_open_each_run_once",
        "ingestion/identity.py", *_FIND_EXACT,
    ),
    Protection(
        "the look at Jira before an issue is made",
        "deliveries/test_killed.py::test_killed_between_effect_and_record_makes_no_second_effect",
        "integrations/deliveries/jira_acts.py", *_LOOK_IN_JIRA,
    ),
    Protection(
        "count and claim in one transaction",
        "deliveries/test_killed.py::test_two_workers_racing_tell_thirty_tickets_once_each",
        "integrations/deliveries/claims.py",
        "    with transaction.atomic():\n        if is_paused(", "    if True:\n        if is_paused(",
    ),
    Protection(
        "the look at Jira before an issue is made",
        "deliveries/test_exactly_once.py::test_fault_of_a_vendor_makes_no_second_effect_and_loses_none",
        "integrations/deliveries/jira_acts.py", *_LOOK_IN_JIRA,
    ),
    Protection(
        "the call is on record before it is made",
        "remediation/test_crashes.py::test_death_at_any_line_neither_repeats_nor_forgets_a_run",
        "remediation/running.py", *_CALL_ON_RECORD,
    ),
    Protection(
        "the call is on record before it is made",
        "remediation/test_killed.py::test_killed_between_a_run_and_its_record_starts_no_second_and_forgets_none",
        "remediation/running.py", *_CALL_ON_RECORD,
    ),
    Protection(
        "a delivery is claimed for as long as it takes",
        "clock/test_many_processes.py::test_two_clocks_and_three_workers_tell_everything_once",
        "integrations/broadcasts.py",
        "Broadcast.objects.filter(pk=broadcast.pk, state=broadcast.state, due_at=broadcast.due_at)",
        "Broadcast.objects.filter(pk=broadcast.pk)", POSTGRES,
    ),
    Protection(
        "the questions of a dead desk are handed back at its start",
        "journey/test_model_journey.py::test_killed_while_the_model_thinks_upgrades_after_the_restart",
        "aiops/management/commands/serve.py", " questions.release_all(timezone.now())", " pass",
    ),
    Protection(
        "the cap on attempts",
        "faults/test_poison.py::test_poisoned_payload_is_parked_after_its_tries_and_the_others_are_told",
        "ingestion/pipeline.py", *_GIVEN_UP,
    ),
    Protection(
        "the cap on attempts",
        "faults/test_poison.py::test_poisoned_payload_in_a_pool_of_processes_is_parked_and_the_pool_lives_on",
        "ingestion/pipeline.py", *_GIVEN_UP,
    ),
    Protection(
        "the cap on attempts",
        "journey/test_long_queue.py::test_ticket_whose_workers_died_many_times_is_parked",
        "ingestion/pipeline.py", *_GIVEN_UP,
    ),
    Protection(
        "a batch that fails is taken apart",
        "door/test_concurrency.py::test_failing_alert_costs_its_neighbours_nothing",
        "ingestion/services.py",
        "    except Exception:  # each is tried alone", "    except ZeroDivisionError:  # each is tried alone",
    ),
    Protection(
        "a lock that dies with its holder (one that is a file's being there)",
        "faults/test_short_deaths.py::"
        "test_start_after_deaths_in_the_migration_lock_finds_it_free_and_ends_the_work",
        "aiops/alone.py",
        'with path.open("a", encoding="utf-8") as file:', 'with path.open("x", encoding="utf-8") as file:',
    ),
    Protection(
        "a seal is one transaction (half of it is committed apart)",
        "faults/test_short_deaths.py::test_seal_that_was_cut_short_leaves_a_record_that_verifies",
        "audit/sealing.py",
        "                seal.save(force_insert=True)\n",
        "                leaves, seal.leaves = seal.leaves, b''\n"
        "                seal.save(force_insert=True)\n"
        "            seal.leaves = leaves\n"
        "            AuditSeal.objects.filter(pk=seal.pk).update(leaves=leaves)\n",
    ),
    Protection(
        "the demand for a manifest or an entry on record",
        "faults/test_short_deaths.py::test_export_that_was_cut_short_is_never_taken_for_whole",
        "audit/export_check.py",
        "        return _check_in_record(path)\n", "        return FileReport(path.name)\n",
    ),
    Protection(
        "a database that is away is 503",
        "door/test_both_faces.py::test_database_away_is_503_with_retry_after_and_then_well_again",
        "ingestion/services.py", *_NO_503,
    ),
    Protection(
        "a database that is away is 503",
        "journey/test_database_cut.py::test_connections_cut_under_load_are_503_at_worst_and_lose_nothing",
        "ingestion/services.py", *_NO_503, POSTGRES,
    ),
    Protection(
        "PostgreSQL's answer when it only reads is a fault of the database too",
        "faults/test_storage.py::test_read_only_database_is_503_with_retry_after_and_then_well_again",
        "ingestion/services.py",
        "    except (DatabaseError, InterfaceError) as error:\n        return database_away(error)",
        "    except (OperationalError, InterfaceError) as error:\n        return database_away(error)", POSTGRES,
    ),
    Protection(
        "a database that is full is 503",
        "faults/test_storage.py::test_full_disk_is_503_and_the_work_goes_on_when_there_is_room",
        "ingestion/services.py", *_NO_503,
    ),
    Protection(
        "the bound on the wait for SQLite's lock",
        "faults/test_storage.py::test_file_locked_by_another_program_is_503_in_time_and_then_well_again",
        "aiops/databases.py", '"timeout": 10,', '"timeout": 60,',
    ),
    Protection(
        "the bound on the wait for the writer",
        "faults/test_hanging_database.py::test_database_that_stands_still_is_503_in_time_and_then_well_again",
        "ingestion/fast_door/application.py", "asyncio.timeout(LONGEST_WAIT)", "asyncio.timeout(None)",
    ),
    Protection(
        "probes on the database's connections",
        "faults/test_hanging_database.py::"
        "test_connection_to_a_server_that_vanished_is_given_up_within_half_a_minute",
        "aiops/databases.py", " | probes | options", " | options", POSTGRES,
    ),
    Protection(
        "the lease that ends within the minute",
        "faults/test_broker.py::test_broker_emptied_under_load_loses_no_work",
        "ingestion/claims.py", "LEASE = timedelta(seconds=60)", "LEASE = timedelta(minutes=9)",
    ),
    Protection(
        "wake-ups leave by a thread of their own",
        "faults/test_broker.py::test_broker_that_hangs_holds_no_sender",
        "tickets/coalesce.py",
        "        self._asked.set()\n        if self._thread", "        self._action()\n        if self._thread",
    ),
    Protection(
        "the sweep of waiting work",
        "faults/test_sweeps.py::test_one_alert_whose_wake_up_was_lost_is_worked_on_all_the_same",
        "aiops/celery.py", '"ingestion.sweep", "schedule": 2.0', '"ingestion.sweep", "schedule": 3600.0',
    ),
    Protection(
        "the sweep of waiting deliveries",
        "faults/test_sweeps.py::test_one_delivery_after_the_long_pause_that_its_vendor_asked_for_is_made",
        "aiops/celery.py",
        '"integrations.deliver_waiting", "schedule": 2.0', '"integrations.deliver_waiting", "schedule": 3600.0',
    ),
    *(
        Protection(
            "work due further ahead than any pause is due now", f"faults/test_clock_jumps.py::{test}",
            "tickets/due.py", ' | Q(**{f"{field}__gt": now + farthest})',
        )
        for test in (
            "test_ticket_of_a_machine_whose_clock_was_ahead_does_not_wait_for_that_time",
            "test_delivery_of_a_machine_whose_clock_was_ahead_does_not_wait_for_that_time",
            "test_look_up_of_a_clock_that_was_ahead_is_done_now",
            "test_late_evidence_of_a_clock_that_was_ahead_is_collected_now",
            "test_question_of_a_clock_that_was_ahead_is_asked_now",
        )
    ),
    Protection(
        "a pause beyond the longest is none",
        "faults/test_clock_jumps.py::test_pause_of_a_channel_holds_unless_it_ends_beyond_the_longest",
        "integrations/deliveries/claims.py",
        "now < state.paused_until <= now + FARTHEST_RETRY", "now < state.paused_until",
    ),
    Protection(
        "a turn that is yet to come is none",
        "faults/test_clock_jumps.py::"
        "test_turn_of_the_comparison_that_was_taken_in_the_future_stops_no_later_one",
        "ingestion/reconcile.py", " or since < -CLOCK_DIFFERENCE",
    ),
    Protection(
        "a claim is proved by its token",
        "faults/test_clock_jumps.py::"
        "test_claim_that_another_took_over_after_a_jump_is_not_worked_on_by_the_first",
        "ingestion/claims.py",
        "    held = Ticket.objects.filter(pk=ticket_id, needs_work=True, claim_token=token)\n"
        "    return held.update(work_due_at=now + LEASE, work_attempts",
        "    held = Ticket.objects.filter(pk=ticket_id, needs_work=True)\n"
        "    return held.update(work_due_at=now + LEASE, work_attempts",
    ),
    Protection(
        "the times of seals never run backwards",
        "faults/test_clock_jumps.py::test_record_sealed_across_a_jump_verifies",
        "audit/sealing.py", "max(now, top.created_at) if top.created_at else now", "now",
    ),
    Protection(
        "the bound on Slack's wait for Jira's key",
        "deliveries/test_killed.py::test_hanging_jira_delays_neither_slack_nor_blob_nor_other_tickets",
        "integrations/deliveries/planning.py", *_SLACK_WAIT,
    ),
    Protection(
        "the budget of a collection",
        "journey/test_evidence_journey.py::"
        "test_vendor_that_never_answers_does_not_hold_the_ticket_for_twenty_seconds",
        "rca/evidence/collect.py", "BUDGET_SECONDS = 12.0", "BUDGET_SECONDS = 40.0",
    ),
    Protection(
        "a breaker for each vendor",
        "integrations/test_http_failures.py::test_one_vendors_outage_does_not_stop_another",
        "integrations/breaker.py", '    key = f"{vendor} {host}"\n', '    key = "all"\n',
    ),
    Protection(
        "a page instead of JSON is told from half an answer",
        "integrations/test_http.py::test_html_page_instead_of_json_is_an_error_with_its_title",
        "integrations/http_errors.py", "if error_bodies.looks_like_html(body):", "if False:",
    ),
    Protection(
        "the time limit on a model",
        "rca/models/test_sdk_contract.py::test_slow_answer_ends_at_the_timeout_and_opens_the_circuit",
        "rca/providers/gemini/config.py",
        "timeout=settings.GEMINI_TIMEOUT_SECONDS,", "timeout=settings.GEMINI_TIMEOUT_SECONDS * 10,",
    ),
    Protection(
        "a failure finds the ticket of its key",
        "faults/test_senders.py::test_azure_and_jira_through_an_outage_lose_nothing_and_double_nothing",
        "ingestion/identity.py", *_FIND_EXACT,
    ),
    Protection(
        "the comparison with the vendors' lists",
        "faults/test_senders.py::test_what_senders_gave_up_during_a_long_outage_is_found_at_the_vendors",
        "aiops/celery.py",
        '"ingestion.reconcile", "schedule": 10.0', '"ingestion.reconcile", "schedule": 3600.0',
    ),
    Protection(
        "numbers of any length stay text",
        "door/test_fuzz.py::test_broken_alert_gets_a_declared_answer", "ingestion/decoding.py", *_EXACT_NUMBERS,
    ),
    Protection(
        "only an object is an alert",
        "door/test_awkward_bodies.py::test_body_that_is_no_json_object_is_400_and_kept",
        "ingestion/decoding.py",
        '        raise MalformedBodyError(f"The body is a JSON {_kind(value)}; expected a JSON object.")\n',
        "        return {}\n",
    ),
    Protection(
        "numbers of any length stay text",
        "sources/test_mutants.py::test_mutated_payload_yields_a_declared_outcome",
        "ingestion/decoding.py", *_EXACT_NUMBERS,
    ),
    Protection(
        "one event loop for the connections (each holds it for a while)",
        "faults/test_slow_clients.py::test_hundreds_of_half_open_connections_delay_no_alert",
        "ingestion/fast_door/request.py",
        "    message = await receive()\n    if message",
        "    import time\n    time.sleep(3)\n    message = await receive()\n    if message",
    ),
    Protection(
        "the bound on the writer's queue",
        "door/test_writer.py::test_full_queue_is_503_with_retry_after",
        "ingestion/fast_door/writer.py", "self._jobs.qsize() >= MOST_WAITING or", "False or",
    ),
    Protection(
        "bounded repeats in patterns (an exponential one is added)",
        "faults/test_patterns.py::test_pattern_takes_linear_time_on_hostile_text",
        "ingestion/decoding.py", "DEEPEST_NESTING = 100\n",
        'DEEPEST_NESTING = 100\nimport re\n_BAD = re.compile(r"(a+)+$")\n',
    ),
    Protection(
        "only head and tail of a text are read",
        "rca/rules/test_provider.py::test_megabyte_of_hostile_text_is_answered_in_bounded_time",
        "rca/providers/rules/text.py", "HEAD = 6_000\nTAIL = 6_000", "HEAD = 600_000\nTAIL = 600_000",
    ),
    Protection(
        "compare_digest for the metrics token",
        "faults/test_secret_comparisons.py::test_no_secret_is_compared_by_its_first_difference",
        "aiops/health/views.py",
        'return hmac.compare_digest(request.headers.get("Authorization", "").encode(), expected.encode())',
        'return request.headers.get("Authorization", "") == settings.METRICS_TOKEN',
    ),
    Protection(
        "masking in prompts",
        "rca/models/test_secrets.py::test_planted_secrets_are_in_no_request",
        "rca/prompts.py", "    mask = redactor.redact\n", "    mask = str\n",
    ),
    Protection(
        "the apostrophe before a formula in a CSV file",
        "faults/test_hostile_ticket.py::test_hostile_text_stays_text_on_every_address_and_in_every_file",
        "audit/cells.py", 'frozenset("=+-@', 'frozenset("+-@',
    ),
    Protection(
        "the entities in a Slack message",
        "faults/test_hostile_ticket.py::test_hostile_text_stays_text_at_the_vendors",
        "integrations/slack/mrkdwn.py", "_ENTITIES.get(character, character)", "character",
    ),
    Protection(
        "the fence is drawn anew for each prompt",
        "rca/models/test_prompts.py::test_fence_is_new_for_each_prompt_and_before_each_block",
        "rca/prompts.py", 'f"FENCE-{secrets.token_hex(8)}"', '"FENCE-0"',
    ),
    Protection(
        "the fence ends what was written by strangers",
        "rca/models/test_prompts.py::test_text_that_guesses_a_fence_stays_inside",
        "rca/prompts.py", 'f"{fence} END OF UNTRUSTED DATA"', '"END OF UNTRUSTED DATA"',
    ),
    Protection(
        "the escaping in the console's columns",
        "console/test_tickets.py::test_hostile_text_stays_text_in_every_list",
        "tickets/admin/columns.py",
        "    return format_html(\n        '<span class=\"stacked stacked--title\">",
        "    from django.utils.safestring import mark_safe\n"
        "    return (lambda text, *parts: mark_safe(text.format(*parts)))(\n"
        "        '<span class=\"stacked stacked--title\">",
    ),
    Protection(
        "the API asks for the role",
        "api/test_access.py::test_each_person_gets_what_the_table_says",
        "accounts/permissions.py",
        "return user.is_authenticated and user.has_role(self.role)", "return user.is_authenticated",
    ),
    Protection(
        "the API asks who calls",
        "faults/test_hostile_ticket.py::test_stranger_gets_nothing_from_any_address",
        "accounts/permissions.py",
        "return user.is_authenticated and user.has_role(self.role)", "return True",
    ),
    Protection(
        "the console asks for the role",
        "console/test_who_may_what.py::test_who_may_not_act_cannot_by_posting_any_action",
        "accounts/console/permissions.py",
        "return role is not None and has_role(request, role)", "return True",
    ),
    Protection(
        "the signature of a token is checked",
        "door/test_entra.py::test_token_signed_by_a_strangers_key_is_refused",
        "ingestion/entra.py", '"verify_signature": key is not None', '"verify_signature": False',
    ),
    Protection(
        "the triggers of the audit tables",
        "audit/test_append_only.py", "audit/triggers/sqlite.py", 'f"NOT ({_IS_ERASURE})"', '"0"',
    ),
    Protection(
        "an entry is compared with the leaf of its seal",
        "audit/test_tampering.py", "audit/rows.py", "def leaf(self) -> bytes:",
        'def leaf(self) -> bytes:\n        return b"0" * 32\n\n    def other(self) -> bytes:',
    ),
    Protection(
        "a birth is counted",
        "tickets/test_counters.py::test_every_kind_of_change_keeps_the_counters_equal_to_the_tickets",
        "tickets/services/opening.py", "    counter_store.opened(ticket)\n",
    ),
    Protection(
        "the look at how many rows a folder took",
        "tickets/test_counters.py::test_several_folders_and_writers_at_once_lose_and_double_nothing",
        "tickets/counter_store.py", "        if taken != len(waiting):", "        if False:", POSTGRES,
    ),
)  # fmt: skip
