"""`/api/config`: what a page must know before anybody has signed in."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView


class ConfigSerializer(serializers.Serializer[Any]):
    itsm_tool = serializers.ChoiceField(["none", "jira"])
    jira_domain = serializers.CharField(allow_blank=True)


class ConfigView(APIView):
    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(
        operation_id="read_config",
        summary="Which ITSM tool is connected, and where",
        tags=["service"],
        responses=ConfigSerializer,
    )
    def get(self, request: Request) -> Response:
        return Response({"itsm_tool": settings.ITSM_TOOL, "jira_domain": settings.JIRA_DOMAIN})
