"""A ticket export from the console, as `django-import-export` wants to be told of it."""

from __future__ import annotations

from typing import Any

from import_export.fields import Field
from import_export.resources import ModelResource
from import_export.widgets import Widget

from audit.api.sql_lines import joined_items
from tickets.export_columns import CONSOLE_COLUMNS
from tickets.models import Ticket


class Items(Widget):
    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> Any:
        return joined_items(value) if isinstance(value, list) else super().render(value, obj, **kwargs)


class TicketResource(ModelResource):
    class Meta:
        model = Ticket
        fields = ()
        name = "Tickets"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.fields = {
            name: Field(attribute=path, column_name=name, readonly=True, widget=Items())
            for name, path in CONSOLE_COLUMNS.items()
        }

    def get_export_order(self) -> tuple[str, ...]:
        return tuple(CONSOLE_COLUMNS)

    def get_import_order(self) -> tuple[str, ...]:
        return tuple(CONSOLE_COLUMNS)
