"""`manage.py` whose names cannot be resolved while a file exists: `nameless.py FILE COMMAND...`.

As when the name server is gone: addresses go on working, every name is answered with "try again".
"""

from __future__ import annotations

import ipaddress
import os
import socket
import sys
from pathlib import Path
from typing import Any

from django.core.management import execute_from_command_line


def lose_names_while(file: Path) -> None:
    original = socket.getaddrinfo

    def getaddrinfo(host: Any, *arguments: Any, **named: Any) -> Any:
        if file.exists() and not _is_address(host):
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return original(host, *arguments, **named)

    socket.getaddrinfo = getaddrinfo


def _is_address(host: Any) -> bool:
    if host is None:
        return True
    try:
        ipaddress.ip_address(host.decode() if isinstance(host, bytes) else host)
    except ValueError:
        return False
    return True


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    os.environ["DJANGO_SETTINGS_MODULE"] = "aiops.settings"
    lose_names_while(Path(sys.argv[1]))
    execute_from_command_line(["manage.py", *sys.argv[2:]])
