"""SQLite's trigram index over the searched text. `tickets.search_index` fills it; nothing is taken in here."""

from django.db import migrations

CREATE = (
    # Only which tickets hold a trigram, not where: a third of the size, and all that LIKE needs.
    "CREATE VIRTUAL TABLE tickets_search USING fts5(body, tokenize='trigram', detail=none, columnsize=0)",
    "CREATE TABLE tickets_searchmark (ticket_id integer NOT NULL, event_id integer NOT NULL)",
    "INSERT INTO tickets_searchmark VALUES (0, 0)",
)
DROP = ("DROP TABLE tickets_search", "DROP TABLE tickets_searchmark")


def create(apps, schema_editor):
    _run(schema_editor, CREATE)


def drop(apps, schema_editor):
    _run(schema_editor, DROP)


def _run(schema_editor, statements):
    if schema_editor.connection.vendor == "sqlite":
        for statement in statements:
            schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("tickets", "0003_filter_indexes")]

    operations = [migrations.RunPython(create, drop)]
