"""Towards one answer a person and attempt; it was one an e-mail, which people can change."""

from __future__ import annotations

from typing import Any

from django.db import migrations


def keep_first_of_each_person(apps: Any, schema_editor: Any) -> None:
    """A second answer of the same person stays readable, as nobody's: it counts no more."""
    approvals = apps.get_model("remediation", "Approval").objects.using(schema_editor.connection.alias)
    seen = set()
    for row in approvals.filter(person__isnull=False).order_by("id").only("id", "attempt_id", "person_id"):
        if (row.attempt_id, row.person_id) in seen:
            approvals.filter(pk=row.pk).update(person=None)
        seen.add((row.attempt_id, row.person_id))


class Migration(migrations.Migration):
    dependencies = [("remediation", "0001_initial")]

    operations = [
        migrations.RemoveConstraint(model_name="approval", name="approval_once"),
        migrations.RunPython(keep_first_of_each_person, migrations.RunPython.noop, elidable=True),
    ]
