"""PostgreSQL finds any part of a ticket's text by trigrams. The expression is `tickets.search.SearchText`.

Where the extension is missing and may not be created, search works without the index, only slower.
"""

import logging

from django.db import DatabaseError, migrations, transaction

logger = logging.getLogger(__name__)

NAME = "ticket_search_trigrams"
EXPRESSION = (
    "UPPER(key || chr(10) || pipeline || chr(10) || run_id || chr(10) || itsm_ticket_id || chr(10) || error_type"
    " || chr(10) || left(error_message, 8000) || chr(10) || left(root_cause, 8000))"
)


def create_index(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    try:
        with transaction.atomic(using=schema_editor.connection.alias):
            schema_editor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
            schema_editor.execute(
                f"CREATE INDEX IF NOT EXISTS {NAME} ON tickets_ticket USING gin (({EXPRESSION}) gin_trgm_ops)"
            )
    except DatabaseError as error:
        logger.warning("Search goes without its index: pg_trgm cannot be used (%s).", str(error).strip())


def drop_index(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"DROP INDEX IF EXISTS {NAME}")


class Migration(migrations.Migration):
    dependencies = [("tickets", "0001_initial")]

    operations = [migrations.RunPython(create_index, drop_index)]
