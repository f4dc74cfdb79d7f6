"""Time in a maintenance window is not waiting."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("remediation", "0003_one_answer_a_person")]

    operations = [
        migrations.AddField(
            model_name="attempt", name="paused_until", field=models.DateTimeField(blank=True, null=True)
        ),
    ]
