"""Names in rarer forms: addresses of Terraform, images, ids, the only name in a text; and what is none after all."""

from __future__ import annotations

import pytest

from rca.providers.rules.entities import affected_entity
from rca.providers.rules.text import prepare


@pytest.mark.parametrize(
    ("text", "cause", "entity"),
    [
        ("module.lake.databricks_cluster.etl: Still creating...", "timeout", "module.lake.databricks_cluster.etl"),
        ("no results for the query\n  with data.acme_zone.eu,\n  on z.tf line 3", "configuration_error",
         "data.acme_zone.eu"),
        ("Error pulling container image reg.example/etl:7: access denied", "authentication_failure",
         "reg.example/etl:7"),
        ("manifest for reg.example/ml:2 not found", "resource_not_found", "reg.example/ml:2"),
        ("Could not find file 'D:\\My Drops\\new\\table.csv'.", "missing_source_data", "D:\\My Drops\\new\\table.csv"),
        ("nothing was found under landing/2026/03/", "missing_source_data", "landing/2026/03/"),
        ("No files matched in container drops", "missing_source_data", "drops"),
        ("division by zero in column share_pct", "bad_data", "share_pct"),
        ("Received an invalid column length from the bcp client for colid 9.", "bad_data", "colid 9"),
        ("the model is missing inputs ['height']", "schema_or_type_mismatch", "height"),
        ("Invalid spark version 99.1.x-acme-scala2.13.", "configuration_error", "99.1.x-acme-scala2.13"),
        ('An argument named "nod_size" is not expected here.', "configuration_error", "nod_size"),
        ("The Self-hosted Integration Runtime (name: 'ir-eu') is offline", "cluster_infrastructure_failure", "ir-eu"),
        ("Operation failed: log shows: cannot find Synapse pl_load_eu pipeline.", "resource_not_found", "pl_load_eu"),
        ("Storage Credential '0f0e0d0c-0b0a-4908-8706-050403020100' does not exist.", "resource_not_found",
         "0f0e0d0c-0b0a-4908-8706-050403020100"),
        ("No such host is known. (api.partner.example:443)", "network_connectivity", "api.partner.example"),
        ("Failed to connect to Hive Metastore", "network_connectivity", "Hive Metastore"),
        ("Task load_bills failed with message: see the output", "unknown", "load_bills"),
        ("Run 7788990 failed with result state FAILED", "unknown", "7788990"),
        ("the activity 'Delete old drops' timed out", "unknown", "Delete old drops"),
        ('The name "factory_name" does not exist in the current context.', "syntax_or_code_error", "factory_name"),
        ("it broke because of this table -> bills.raw.lines", "unknown", "bills.raw.lines"),
        ("Expected id '778899001122' to be a folder", "configuration_error", "778899001122"),
        ("acme_catalog must not be migrated", "configuration_error", "acme_catalog"),
        ("could not read acme://lake/in", "missing_source_data", "acme://lake/in"),
        ("sync of <lake name> has ended", "unknown", "<lake name>"),
    ],
)  # fmt: skip
def test_rarer_forms_are_named_too(text: str, cause: str, entity: str) -> None:
    assert affected_entity(prepare(text).raw, cause) == entity


@pytest.mark.parametrize(
    "text",
    [
        "Division by zero. Use `try_divide`",
        "The value 'n/a' cannot be cast",
        "Error: service_unavailable, try later",
        '{"code": "PasswordTooShort", "message": "see the details"}',
        "Text '31/12/2026' could not be parsed",
        "neither left_side nor right_side is small enough",
        "at acme.jobs.Load.run_all(Load.scala:7)",
        "See https://aka.ms/acme-help",
        "tables are read in schema evolution.",
    ],
)
@pytest.mark.parametrize("cause", ["unknown", "bad_data", "configuration_error"])
def test_last_resort_takes_no_advice_value_code_or_one_of_two(text: str, cause: str) -> None:
    assert affected_entity(prepare(text).raw, cause) == ""


@pytest.mark.parametrize(
    ("message", "raw"),
    [
        (r"cannot open C:\temp\new\report.csv", r"cannot open C:\temp\new\report.csv"),
        (r"\\files07\share\raw\in.csv is locked", r"\\files07\share\raw\in.csv is locked"),
        (r"failed\nat line 3", "failed\nat line 3"),
        (r"read C:\drop\in.csv\nthen stopped", "read C:\\drop\\in.csv\nthen stopped"),
        (r"a\tb", "a b"),
    ],
)
def test_escapes_are_read_except_in_windows_paths(message: str, raw: str) -> None:
    assert prepare(message).raw == raw
