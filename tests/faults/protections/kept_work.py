"""Once it is answered it is kept, done, and done once."""

from __future__ import annotations

from tests.faults.protections.kind import FIND_EXACT, POSTGRES, Protection

_TOLD_EARLY = """\
                from django.db import transaction
                with transaction.atomic():
                    told = self._write(jobs)
                    transaction.set_rollback(True)
                _tell(jobs, told)
                time.sleep(0.5)
                told = self._write(jobs)
"""
_LOOK_IN_JIRA = (
    "        key = self._find(work, client)\n        if key:",
    '        key = ""\n        if key:',
)
_CALL_ON_RECORD = (
    "attempt.state, attempt.called_at, attempt.calls = State.RUNNING, now, attempt.calls + 1",
    "attempt.state, attempt.called_at, attempt.calls = State.SCHEDULED, now, attempt.calls + 1",
)
_GIVEN_UP = ("if ticket.work_attempts > claims.MOST_ATTEMPTS:", "if ticket.work_attempts < 0:")
_OWN_LIFE = (
    "filter(due, needs_work=True)",
    'filter(due, needs_work=True, opened_at__gt=globals().setdefault("_began", now))',
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
        "requests are answered before the loop ends that their threads ask",
        "journey/test_orderly_end.py::test_server_that_is_stopped_while_people_ask_ends_by_itself",
        "aiops/web_server.py",
        "(sockets if isinstance(protocol, WebSocketProtocol) else requests)", "sockets",
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
        "ingestion/identity/known.py", *FIND_EXACT,
    ),
    Protection(
        "reports that were counted together are stored with their batch",
        "door/test_batches.py::test_report_that_is_counted_when_another_fails_is_counted_once",
        "ingestion/batch.py",
        "earlier_id)\n        self._occurrences.store()\n", "earlier_id)\n",
    ),
    Protection(
        "openers of look-alikes queue on a guard",
        "door/test_concurrency.py::test_fifty_copies_in_three_forms_in_transactions_of_their_own_are_one_ticket",
        "ingestion/identity/reading.py", "    queue_on_guards(_guard_names(failures))\n", needs=POSTGRES,
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
        "ingestion/identity/known.py", *FIND_EXACT,
    ),
    Protection(
        "the look at Jira before an issue is made",
        "deliveries/test_killed.py::test_killed_between_effect_and_record_makes_no_second_effect",
        "integrations/deliveries/jira_acts.py", *_LOOK_IN_JIRA,
    ),
    Protection(
        "the look at Jira before an issue is made",
        "deliveries/test_exactly_once.py::test_fault_of_a_vendor_makes_no_second_effect_and_loses_none",
        "integrations/deliveries/jira_acts.py", *_LOOK_IN_JIRA,
    ),
    Protection(
        "the call is on record before it is made",
        "remediation/test_crashes.py::test_death_at_any_line_neither_repeats_nor_forgets_a_run",
        "remediation/running/calling.py", *_CALL_ON_RECORD,
    ),
    Protection(
        "the call is on record before it is made",
        "remediation/test_killed.py::test_killed_between_a_run_and_its_record_starts_no_second_and_forgets_none",
        "remediation/running/calling.py", *_CALL_ON_RECORD,
    ),
    Protection(
        "what was told is marked on its row, where every clock looks",
        "clock/test_many_processes.py::test_two_clocks_and_three_workers_tell_everything_once",
        "tickets/services/sla_watch.py",
        "ticket.sla_status, ticket.sla_breached_at = SlaStatus.BREACHED, now", "ticket.sla_breached_at = now",
        POSTGRES,
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
)  # fmt: skip
