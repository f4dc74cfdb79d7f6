"""`GET /api/remediation`, `POST /api/remediation/{id}/approve`, `/reject`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.exceptions import APIException, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from accounts.permissions import IsApprover
from audit.api.conditional import ConditionalView
from audit.api.paging import page_by_number
from audit.api.responses import answers, conditional_answers
from remediation import services
from remediation.api.serializers import (
    AnswerSerializer,
    AttemptAnswerSerializer,
    AttemptListSerializer,
    AttemptQuery,
)
from remediation.models import Attempt
from remediation.selectors import attempt_row, find_attempts


class NotPossible(APIException):
    status_code = status.HTTP_409_CONFLICT
    default_code = "not_possible"


class AttemptsView(ConditionalView):
    @extend_schema(
        operation_id="list_remediation",
        summary="Proposals and attempts at repairing, newest first",
        tags=["remediation"],
        parameters=[AttemptQuery],
        responses=conditional_answers(AttemptListSerializer, errors=(400,)),
    )
    def get(self, request: Request) -> Response:
        asked = AttemptQuery.read(request)
        found = find_attempts(ticket=asked.get("ticket", ""), states=asked.get("state", ()))
        shown, following = page_by_number(request, found, asked)
        return Response({"attempts": [attempt_row(attempt) for attempt in shown], "next": following})


def answer_schema(operation_id: str, summary: str) -> Any:
    return extend_schema(
        operation_id=operation_id,
        summary=summary,
        tags=["remediation"],
        request=AnswerSerializer,
        responses=answers(AttemptAnswerSerializer, errors=(400, 404, 409)),
    )


class AnswerView(APIView):
    """The base of yes and no."""

    permission_classes = (IsApprover,)
    answer: ClassVar[Callable[..., Attempt]]

    def give(self, request: Request, attempt_id: str) -> Response:
        assert isinstance(request.user, User)
        form = AnswerSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            type(self).answer(int(attempt_id), request.user, way="api", note=form.validated_data["note"])
        except Attempt.DoesNotExist as error:
            raise Http404(f"There is no attempt {attempt_id}.") from error
        except services.NotAllowedError as error:
            raise PermissionDenied(str(error)) from error
        except services.NotPossibleError as error:
            raise NotPossible(str(error)) from error
        return Response({"attempt": attempt_row(find_attempts().get(pk=attempt_id))})


class ApproveView(AnswerView):
    answer = staticmethod(services.approve)

    @answer_schema("approve_remediation", "Say yes to a proposal")
    def post(self, request: Request, attempt_id: str) -> Response:
        return self.give(request, attempt_id)


class RejectView(AnswerView):
    answer = staticmethod(services.reject)

    @answer_schema("reject_remediation", "Say no to a proposal, or to what is scheduled")
    def post(self, request: Request, attempt_id: str) -> Response:
        return self.give(request, attempt_id)
