"""`manage.py audit_key`: the public key that checks the seals' signatures."""

from __future__ import annotations

import base64
from argparse import ArgumentParser
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.core.management.base import BaseCommand, CommandError

from audit import signing


class Command(BaseCommand):
    help = (
        "Print the public key of AUDIT_SIGNING_KEY, to be kept outside; --generate makes a new private key."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--generate", action="store_true", help="print a new AUDIT_SIGNING_KEY and its public key"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["generate"]:
            private = Ed25519PrivateKey.generate()
            raw = private.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
            self.stdout.write(f"AUDIT_SIGNING_KEY={base64.b64encode(raw).decode()}")
            public = private.public_key()
        else:
            own = signing.own_public_key()
            if own is None:
                raise CommandError("AUDIT_SIGNING_KEY is not set; --generate makes a key.")
            public = own
        self.stdout.write(f"public key  {signing.public_text(public)}")
        self.stdout.write(f"key id      {signing.key_id(public)}")
