"""Databases, brokers, clocks, names and vendors that fail."""

from __future__ import annotations

from tests.faults.protections.kind import FIND_EXACT, POSTGRES, Protection

_NO_503 = ('refused(503, "The database is not reachable', 'refused(500, "The database is not reachable')
_SLACK_WAIT = (
    "SLACK_WAITS_FOR_JIRA = timedelta(seconds=2.5)",
    "SLACK_WAITS_FOR_JIRA = timedelta(seconds=60)",
)


PROTECTIONS = (
    Protection(
        "a database that is away is 503",
        "door/test_both_faces.py::test_database_away_is_503_with_retry_after_and_then_well_again",
        "ingestion/services.py", *_NO_503,
    ),
    Protection(
        "a batch whose connection was cut is written on another",
        "journey/test_database_cut.py::test_connections_cut_under_load_are_503_at_worst_and_lose_nothing",
        "ingestion/fast_door/writer.py",
        "                if attempt == 1 and may_be_cut:\n                    continue\n", "                raise\n",
        POSTGRES,
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
        "ingestion/identity/known.py", *FIND_EXACT,
    ),
    Protection(
        "the comparison with the vendors' lists",
        "faults/test_senders.py::test_what_senders_gave_up_during_a_long_outage_is_found_at_the_vendors",
        "aiops/celery.py",
        '"ingestion.reconcile", "schedule": 10.0', '"ingestion.reconcile", "schedule": 3600.0',
    ),
    Protection(
        "a worker inside that ended is started anew",
        "faults/test_sweeps.py::test_worker_inside_that_its_broker_ended_is_started_anew",
        "aiops/embedded.py", "if self._is_ending.wait(PAUSE_SECONDS):", "if True:",
    ),
)  # fmt: skip
