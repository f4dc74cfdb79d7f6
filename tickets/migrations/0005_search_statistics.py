"""PostgreSQL learns how rare a word is: with its usual sample it takes one ticket in a thousand for one in a hundred,
and walks the newest tickets where its trigram index would find them at once. `ANALYZE` brings the numbers."""

from django.db import migrations

NAME = "ticket_search_trigrams"
SAMPLED = 400


def learn(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"ALTER INDEX IF EXISTS {NAME} ALTER COLUMN 1 SET STATISTICS {SAMPLED}")


def forget(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"ALTER INDEX IF EXISTS {NAME} ALTER COLUMN 1 SET STATISTICS -1")


class Migration(migrations.Migration):
    dependencies = [("tickets", "0004_search_index_of_sqlite")]

    operations = [migrations.RunPython(learn, forget)]
