"""The base of every model's page in the console."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.views import ChangeList

from accounts.console.paging import BoundedPaginator
from accounts.console.permissions import RolePermissions


class DeskChangeList(ChangeList):
    """unfold writes "N results (show all)" where the total differs; here nobody counts the total."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.full_result_count = self.result_count


class DeskAdmin(RolePermissions, ModelAdmin):
    """A page of the console: roles decide, nothing is counted in full, the choice is bounded to one page."""

    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # a count per choice of every filter
    list_disable_select_all = True
    paginator = BoundedPaginator
    list_per_page = 50
    list_max_show_all = 50
    list_filter_sheet = True
    list_filter_submit = True

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return DeskChangeList
