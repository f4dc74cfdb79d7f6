"""`manage.py` or `celery` that kills itself with SIGKILL at one place: `mortal.py PLACE WHEN NTH [celery] COMMAND...`.

PLACE is `module:name` or `module:Class.name`, WHEN is `before` or `after` the call of it; `after` counts only calls
that gave something back or raised nothing and are declared to give nothing. `instead` raises an error in its place,
and kills nobody. NTH says which call, from 1. With
`argument=VALUE` instead of a number, every call whose first argument is VALUE dies: a poisoned payload.
The product knows nothing of it: no variable, no hook.
"""

from __future__ import annotations

import functools
import importlib
import itertools
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django
from celery.__main__ import main as celery
from django.core.management import execute_from_command_line


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
    signal.pause()  # the signal is on its way; nothing may happen meanwhile


def deadly(original: Callable[..., Any], when: str, which: str) -> Callable[..., Any]:
    turns = itertools.count(1)
    poison = which.removeprefix("argument=") if which.startswith("argument=") else ""

    def is_the_one(arguments: tuple[Any, ...]) -> bool:
        return str(arguments[0]) == poison if poison else next(turns) == int(which)

    @functools.wraps(original)
    def wrapped(*arguments: Any, **named: Any) -> Any:
        if when != "after" and is_the_one(arguments):
            if when == "instead":
                raise RuntimeError("as the test wanted it")
            die()
        answer = original(*arguments, **named)
        if when == "after" and (answer is None or answer) and is_the_one(arguments):
            die()
        return answer

    return wrapped


def lay_in_wait(place: str, when: str, which: str) -> None:
    module_name, _, path = place.partition(":")
    owner: Any = importlib.import_module(module_name)
    *classes, name = path.split(".")
    for class_name in classes:
        owner = getattr(owner, class_name)
    setattr(owner, name, deadly(getattr(owner, name), when, which))


def main(arguments: list[str]) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "aiops.settings"
    django.setup()
    place, when, which, *command = arguments
    lay_in_wait(place, when, which)
    if command[0] == "celery":
        sys.argv = command
        celery()
        return
    execute_from_command_line(["manage.py", *command])


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    main(sys.argv[1:])
