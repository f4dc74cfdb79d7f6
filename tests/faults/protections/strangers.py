"""What strangers send: broken bodies, floods, hostile text, other people's names."""

from __future__ import annotations

from tests.faults.protections.kind import Protection

PROTECTIONS = (
    Protection(
        "only an object is an alert",
        "door/test_awkward_bodies.py::test_body_that_is_no_json_object_is_400_and_kept",
        "ingestion/decoding.py",
        '        raise MalformedBodyError(f"The body is a JSON {_kind(value)}; expected a JSON object.")\n',
        "        return {}\n",
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
        "rca/rules/test_hostile_texts.py::test_megabyte_of_hostile_text_is_answered_in_bounded_time",
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
        "a form without its token is refused (it is let pass)",
        "faults/test_forged_requests.py::test_no_address_acts_for_a_browser_whose_form_has_no_token",
        "aiops/settings/base.py", '    "django.middleware.csrf.CsrfViewMiddleware",\n',
    ),
    Protection(
        "a cookie counts with our own Origin only",
        "faults/test_forged_requests.py::test_live_events_are_for_no_foreign_page_that_borrows_a_cookie",
        "tickets/consumers.py", "return bool(origin.netloc) and (", "return True or (",
    ),
    Protection(
        "a token carries the stamp of its person",
        "faults/test_forged_requests.py::test_forged_token_opens_nothing",
        "accounts/tokens.py", "return constant_time_compare(", "return True or constant_time_compare(",
    ),
    Protection(
        "a packed body is never opened (it is)",
        "faults/test_alert_traps.py::test_packed_body_is_refused_unopened_and_kept",
        "ingestion/decoding.py",
        '        raise MalformedBodyError("The body is compressed (gzip); expected plain JSON in UTF-8.")',
        '        body = __import__("gzip").decompress(body)',
    ),
    Protection(
        "a redirect to another host is not followed",
        "faults/test_alert_traps.py::test_no_address_in_an_alert_is_called",
        "integrations/http.py", " or not transport.same_origin(self.call.url, url)", "",
    ),
    Protection(
        "names are masked in the record",
        "faults/test_alert_traps.py::"
        "test_secrets_of_an_alert_are_in_no_log_no_metric_no_record_and_at_no_vendor",
        "audit/services.py", "return canonical.text(redact(text))[:300]", "return canonical.text(text)[:300]",
    ),
    Protection(
        "addresses inside are refused to escalations",
        "clock/test_escalation.py::test_webhook_reaches_no_address_inside",
        "integrations/public_address.py",
        "if not found or not all(_is_public(address) for address in found):", "if False:",
    ),
    Protection(
        "addresses that were checked are the ones that are called",
        "integrations/test_pinned_address.py::"
        "test_name_that_answers_otherwise_after_the_check_leads_nowhere_else",
        "integrations/transport.py", "    if not call.addresses:\n", "    if True:\n",
    ),
)  # fmt: skip
