"""One answer a person and attempt. Apart from 0002: rows and their table are not changed in one transaction."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("remediation", "0002_second_answers_are_nobodys")]

    operations = [
        migrations.AddConstraint(
            model_name="approval",
            constraint=models.UniqueConstraint(
                fields=["attempt", "person"],
                condition=models.Q(person__isnull=False),
                name="approval_once_a_person",
            ),
        ),
    ]
