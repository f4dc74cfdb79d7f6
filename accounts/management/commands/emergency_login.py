"""`manage.py emergency_login EMAIL`: a link that signs a superuser in once, when nothing else does."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.emergency import VALID_SECONDS, NoSuchSuperuserError, make_link


class Command(BaseCommand):
    help = "Print a link that signs a superuser in once; made links and their use are in the audit trail."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", metavar="EMAIL")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            link = make_link(options["email"])
        except NoSuchSuperuserError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(link)
        self.stderr.write(f"Good once, for {VALID_SECONDS // 60} minutes.")
