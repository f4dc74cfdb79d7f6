#!/usr/bin/env python
"""Django's command line. A configuration that cannot be used ends with one sentence, not with a traceback."""

from __future__ import annotations

import gc
import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aiops.settings")
    # Two hundred thousand objects are made and stay: looking through them again and again took a sixth of the start.
    gc.disable()  # until every app is there (aiops/apps.py)
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"aiops: {error}")


if __name__ == "__main__":
    main()
