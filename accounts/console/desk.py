"""The base of every model's page in the console."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ORDER_VAR, PAGE_VAR
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.views import ChangeList

from accounts.console.paging import BoundedPaginator
from accounts.console.permissions import RolePermissions

OLDER_VAR = "older"
LOOKUPS = ("", "__exact", "__in", "__isnull", "__gt", "__gte", "__lt", "__lte", "_from", "_to")
"""What a filter of a column may be asked in the address, behind the column's name."""


class DeskChangeList(ChangeList):
    """Pages in a window of rows that begins at the newest, or behind the row that `?older=` names by its key."""

    older_address = ""

    def get_filters_params(self, params: dict[str, Any] | None = None) -> dict[str, Any]:
        found: dict[str, Any] = super().get_filters_params(params)
        found.pop(OLDER_VAR, None)
        return found

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request, exclude_parameters)
        key = request.GET.get(OLDER_VAR)
        return rows.filter(self._behind(key)) if key and self._is_paged_by_key(request) else rows

    @property
    def _usual_order(self) -> tuple[str, ...]:
        return tuple(self.model_admin.ordering or self.lookup_opts.ordering)

    def _is_paged_by_key(self, request: HttpRequest) -> bool:
        is_newest_first = all(name.startswith("-") for name in self._usual_order)
        return is_newest_first and ORDER_VAR not in request.GET

    def _behind(self, key: str) -> Q:
        """What comes after that row, newest first: a bound on the first column, so that an index begins there."""
        columns = [name.removeprefix("-") for name in self._usual_order]
        row = self.model._default_manager.filter(pk=key) if key.isdecimal() and len(key) < 19 else None
        values = row.values_list(*columns).first() if row is not None else None
        if values is None:
            raise IncorrectLookupParameters(f"{OLDER_VAR}: there is no such row")
        if len(columns) == 1:
            return Q((f"{columns[0]}__lt", values[0]))
        (first, second), (moment, last) = columns, values
        return Q((f"{first}__lte", moment)) & (Q((f"{first}__lt", moment)) | Q((f"{second}__lt", last)))

    def get_results(self, request: HttpRequest) -> None:
        """unfold writes "N results (show all)" where the total differs; here nobody counts the total."""
        super().get_results(request)
        self.full_result_count = self.result_count
        rows = list(self.result_list) if self.paginator.is_at_its_end else []
        if rows and self._is_paged_by_key(request):
            self.older_address = self.get_query_string({OLDER_VAR: rows[-1].pk}, [PAGE_VAR, OLDER_VAR])

    @property
    def newest_address(self) -> str:
        """Back to the first window; empty there."""
        is_older = OLDER_VAR in self.filter_params
        return str(self.get_query_string(remove=[PAGE_VAR, OLDER_VAR])) if is_older else ""


class DeskAdmin(RolePermissions, ModelAdmin):
    """A page of the console: roles decide, nothing is counted in full, the choice is bounded to one page.

    Where the order is `-id`, or a time and `-id`, pages go on by it however many rows there are.
    """

    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # a count per choice of every filter
    list_disable_select_all = True
    paginator = BoundedPaginator
    list_per_page = 50
    list_max_show_all = 50
    list_filter_sheet = True
    list_filter_submit = True
    linked_lookups: ClassVar[tuple[str, ...]] = ()
    """What links of the console ask for beside the filters of the list."""

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Only what the console offers: a condition of any other column would tell what that column holds."""
        if lookup in self.linked_lookups:
            return True
        for item in self.list_filter if request is None else self.get_list_filter(request):
            if isinstance(item, type) and issubclass(item, SimpleListFilter):
                names: tuple[str, ...] = (str(item.parameter_name),)
            else:
                column = item[0] if isinstance(item, list | tuple) else item
                names = tuple(f"{column}{end}" for end in LOOKUPS)
            if lookup in names:
                return True
        return False

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return DeskChangeList

    def get_paginator(
        self, request: HttpRequest, queryset: Any, per_page: int, *rest: Any, **named: Any
    ) -> Any:
        paginator = super().get_paginator(request, queryset, per_page, *rest, **named)
        page = request.GET.get(PAGE_VAR, "")
        if isinstance(paginator, BoundedPaginator) and page.isdecimal() and len(page) < 9:
            paginator.shown_page = max(1, int(page))
        return paginator
