"""Seals, verifications, prunings and erasures of the record in the console: read-only."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import BooleanRadioFilter

from accounts.console.display import badge, moment
from aiops.console.record_admin import RecordAdmin
from audit.models import AuditErasure, AuditPruning, AuditSeal, AuditVerification


@admin.register(AuditSeal)
class AuditSealAdmin(RecordAdmin):
    list_display = ("number", "sealed", "first_id", "last_id", "count", "short_hash", "is_signed")
    exclude = ("leaves",)
    sortable_by = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuditSeal]:
        found: QuerySet[AuditSeal] = super().get_queryset(request)
        return found.defer("leaves")

    @admin.display(description="Sealed (UTC)")
    def sealed(self, seal: AuditSeal) -> SafeString:
        return moment(seal.created_at)

    @admin.display(description="Hash")
    def short_hash(self, seal: AuditSeal) -> str:
        return f"{seal.hash[:16]}…"

    @admin.display(description="Signed", boolean=True)
    def is_signed(self, seal: AuditSeal) -> bool:
        return bool(seal.signature)


@admin.register(AuditVerification)
class AuditVerificationAdmin(RecordAdmin):
    list_display = ("verified", "verdict", "message", "entries", "seals", "unsealed", "seconds")
    list_filter = (("is_whole", BooleanRadioFilter),)
    sortable_by = ()

    @admin.display(description="When (UTC)")
    def verified(self, verification: AuditVerification) -> SafeString:
        return moment(verification.created_at)

    @admin.display(description="Verdict")
    def verdict(self, verification: AuditVerification) -> SafeString:
        return badge("whole", "met") if verification.is_whole else badge("broken", "critical")


@admin.register(AuditPruning)
class AuditPruningAdmin(RecordAdmin):
    list_display = ("last_seal", "first_seal", "count", "export_name", "created_at")
    sortable_by = ()


@admin.register(AuditErasure)
class AuditErasureAdmin(RecordAdmin):
    list_display = ("entry_id", "recorded_by", "created_at")
    sortable_by = ()
