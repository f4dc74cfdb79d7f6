"""`GET /api/remediation`, `POST /api/remediation/{id}/approve`, `/reject`."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar
from urllib.parse import urlencode

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from accounts.permissions import IsApprover
from audit.api.responses import answers
from remediation import services
from remediation.api.serializers import (
    AnswerSerializer,
    AttemptAnswerSerializer,
    AttemptFilter,
    AttemptListSerializer,
)
from remediation.models import Attempt
from remediation.selectors import attempt_row, find_attempts

MOST = 500


class AttemptsView(APIView):
    @extend_schema(
        operation_id="list_remediation",
        summary="Proposals and attempts at repairing, newest first",
        tags=["remediation"],
        parameters=[AttemptFilter],
        responses=answers(AttemptListSerializer, errors=(400,)),
    )
    def get(self, request: Request) -> Response:
        form = AttemptFilter(data=request.query_params)
        form.is_valid(raise_exception=True)
        asked = form.validated_data
        limit = min(asked["limit"], MOST)
        found = find_attempts(ticket=asked["ticket"], state=asked["state"])
        if asked["before"]:
            found = found.filter(pk__lt=asked["before"])
        rows = list(found[: limit + 1])
        following = None
        if len(rows) > limit:
            kept = {name: asked[name] for name in ("ticket", "state") if asked[name]}
            query = urlencode({**kept, "limit": limit, "before": rows[limit - 1].pk})
            following = request.build_absolute_uri(f"{request.path}?{query}")
        return Response({"attempts": [attempt_row(attempt) for attempt in rows[:limit]], "next": following})


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
            return Response({"detail": str(error)}, status=409)
        return Response({"attempt": attempt_row(find_attempts().get(pk=attempt_id))})


class ApproveView(AnswerView):
    answer = staticmethod(services.approve)

    @extend_schema(
        operation_id="approve_remediation",
        summary="Say yes to a proposal",
        tags=["remediation"],
        request=AnswerSerializer,
        responses=answers(AttemptAnswerSerializer, errors=(400, 404, 409)),
    )
    def post(self, request: Request, attempt_id: str) -> Response:
        return self.give(request, attempt_id)


class RejectView(AnswerView):
    answer = staticmethod(services.reject)

    @extend_schema(
        operation_id="reject_remediation",
        summary="Say no to a proposal, or to what is scheduled",
        tags=["remediation"],
        request=AnswerSerializer,
        responses=answers(AttemptAnswerSerializer, errors=(400, 404, 409)),
    )
    def post(self, request: Request, attempt_id: str) -> Response:
        return self.give(request, attempt_id)
