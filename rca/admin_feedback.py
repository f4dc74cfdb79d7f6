"""The console's form on an analysis: right or wrong, and what the person knows better. Read by `rca.feedback`."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import reverse
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from accounts.actors import person
from accounts.console.permissions import has_role, signed_in
from accounts.roles import Role
from rca.models import Analysis, Feedback
from rca.services import give_feedback
from tickets.choices import CauseClass

LONGEST_NOTE = 10_000


class FeedbackForm(forms.Form):
    verdict = forms.ChoiceField(
        label="Verdict",
        choices=Feedback.Verdict.choices,
        widget=UnfoldAdminSelectWidget(),
        help_text="A finding called wrong is used for no further ticket.",
    )
    cause_class = forms.ChoiceField(
        label="Right cause class",
        required=False,
        choices=[("", "As the analysis says"), *CauseClass.choices],
        widget=UnfoldAdminSelectWidget(),
    )
    root_cause = forms.CharField(
        label="What the cause was",
        required=False,
        max_length=LONGEST_NOTE,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text="Shown first when a failure like this comes again.",
    )
    fix = forms.CharField(
        label="What resolved it",
        required=False,
        max_length=LONGEST_NOTE,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
    )


def may_judge(request: HttpRequest) -> bool:
    return has_role(request, Role.ANALYST)


def form_for(analysis: Analysis, request: HttpRequest, given: list[Feedback]) -> FeedbackForm | None:
    """The form with what this person said before; None where nothing can be said."""
    if not may_judge(request) or analysis.state != Analysis.State.SUCCEEDED:
        return None
    author = person(signed_in(request)).name
    mine = next((one for one in given if one.author == author), None)
    initial: dict[str, Any] = {}
    if mine is not None:
        initial = {name: getattr(mine, name) for name in ("verdict", "root_cause", "fix")}
        initial["cause_class"] = "" if mine.cause_class == analysis.cause_class else mine.cause_class
    return FeedbackForm(initial=initial, auto_id=f"analysis{analysis.pk}_%s")


def take_feedback(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep one person's verdict and go back to the ticket's analyses."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    if not may_judge(request):
        raise PermissionDenied
    analysis = Analysis.objects.only("ticket_id").filter(pk=pk, state=Analysis.State.SUCCEEDED).first()
    if analysis is None:
        raise Http404
    form = FeedbackForm(request.POST)
    if form.is_valid():
        give_feedback(analysis.ticket_id, pk, actor=person(signed_in(request)), **form.cleaned_data)
        messages.success(request, "Your verdict is kept; similar failures will be told.")
    else:
        for field, errors in form.errors.items():
            messages.error(request, f"{form.fields[field].label}: {' '.join(map(str, errors))}")
    page = reverse("admin:tickets_ticket_change", args=[analysis.ticket_id])
    return HttpResponseRedirect(f"{page}?tab=analyses")
