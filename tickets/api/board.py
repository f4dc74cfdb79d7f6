"""The dashboard's figures and charts in one answer."""

from __future__ import annotations

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit.api.responses import answers
from tickets.board import board


class BoardView(APIView):
    @extend_schema(
        operation_id="read_board",
        summary="The dashboard's figures and charts",
        tags=["tickets"],
        responses=answers(OpenApiTypes.OBJECT),
    )
    def get(self, request: Request) -> Response:
        """What the live dashboard shows above and below its list; kept for two seconds."""
        return Response(board())
