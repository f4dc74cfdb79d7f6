"""Handing seals to a place that the database's owner cannot rewrite.

This app is the lowest layer and knows no cloud: publishers register here. A publisher writes a name once and
never over it; `FilePublisher` does so in a folder, for a share or a disk that is itself written once.
"""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Protocol

from django.conf import settings
from django.db.models import F

from audit import canonical
from audit.models import AuditPublication, AuditSeal
from audit.report import Kind, broken

logger = logging.getLogger(__name__)

SEALS_PER_RUN = 500
PREFIX = "audit-seals/"


class PublishError(Exception):
    """The seal could not be handed over now; it is tried again with the next run."""


class PublishConflictError(PublishError):
    """Another seal of this number was published before: this database's history is not the published one."""


class Publisher(Protocol):
    """A write-once place. `get` gives None for a number that is not there; all may raise PublishError."""

    name: str

    def put(self, number: int, document: bytes) -> None: ...

    def get(self, number: int) -> bytes | None: ...

    def numbers(self) -> Iterable[int]: ...


_registered: dict[str, Callable[[], Publisher | None]] = {}


def register(name: str, make: Callable[[], Publisher | None]) -> None:
    """Add a publisher, once per process, at start. `make` is called for each run; None: it is not configured."""
    _registered[name] = make


def publishers() -> list[Publisher]:
    """The folder `AUDIT_SEAL_DIR` when it is set, and those registered that are configured."""
    folder: list[Publisher] = (
        [FilePublisher(Path(settings.AUDIT_SEAL_DIR))] if settings.AUDIT_SEAL_DIR else []
    )
    return [*folder, *(publisher for make in _registered.values() if (publisher := make()) is not None)]


def object_name(number: int) -> str:
    return f"{PREFIX}{number}.json"


def document(seal: AuditSeal) -> bytes:
    """The seal as published: its statement, its hash and its signature."""
    return (
        canonical.canonical_json(
            {**seal.statement(), "hash": seal.hash, "key_id": seal.key_id, "signature": seal.signature}
        )
        + b"\n"
    )


def publish_seals() -> int:
    """Hand every publisher the seals it has not had yet, oldest first; returns how many were handed over.

    A publisher that fails is left for the next run and its problem kept where the console shows it.
    """
    return sum(_publish_to(publisher) for publisher in publishers())


def _publish_to(publisher: Publisher) -> int:
    state, _ = AuditPublication.objects.get_or_create(publisher=publisher.name)
    waiting = AuditSeal.objects.filter(number__gt=state.last_number).order_by("number").defer("leaves")
    done, problem = 0, ""
    for seal in waiting[:SEALS_PER_RUN]:
        try:
            publisher.put(seal.number, document(seal))
        except PublishError as error:
            problem = str(error)[:500]
            logger.warning("Seal %s was not published to %s: %s", seal.number, publisher.name, error)
            break
        state.last_number = seal.number
        done += 1
    if done or problem != state.problem:
        state.problem = problem
        state.save()
    return done


def check_against(publisher: Publisher) -> int:
    """Compare the chain with what was published; returns how many published seals agree.

    Each seal holds the hash of the one before, so when the newest published one agrees, all before it do.
    Raises BrokenRecordError naming the first that does not, and PublishError when the place cannot be read.
    """
    published = sorted(publisher.numbers())
    newest = AuditSeal.objects.order_by("-number").values_list("number", flat=True).first() or 0
    beyond = [number for number in published if number > newest]
    if beyond:
        raise broken(
            Kind.TRUNCATED_TAIL,
            f"The record ends with seal {newest}; seal {beyond[0]} was published to {publisher.name}.",
            seal=beyond[0],
        )
    if published and not _agrees(publisher, published[-1]):
        first = _first_that_differs(publisher, published)
        seal = (
            AuditSeal.objects.filter(number=first)
            .annotate(until=F("last_id"))
            .values("first_id", "until")
            .first()
        )
        covered = f" (entries {seal['first_id']} to {seal['until']})" if seal else ""
        raise broken(
            Kind.PUBLISHED_DIFFERS,
            f"Seal {first}{covered} is not the one that was published to {publisher.name}.",
            seal=first,
        )
    return len(published)


def _agrees(publisher: Publisher, number: int) -> bool:
    seal = AuditSeal.objects.filter(number=number).defer("leaves").first()
    return seal is not None and publisher.get(number) == document(seal)


def _first_that_differs(publisher: Publisher, published: list[int]) -> int:
    """By halving: agreement at one number means agreement below it. The last of `published` is known to differ."""
    low, high = 0, len(published) - 1
    while low < high:
        middle = (low + high) // 2
        if _agrees(publisher, published[middle]):
            low = middle + 1
        else:
            high = middle
    return published[low]


class FilePublisher:
    """A folder; each file is written whole, once, read-only."""

    name = "folder"

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "audit-seals"

    def put(self, number: int, document: bytes) -> None:
        path = self._folder / f"{number}.json"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._write_once(path, document)
        except OSError as error:
            raise PublishError(f"AUDIT_SEAL_DIR: {path} cannot be written ({error.strerror})") from error

    def get(self, number: int) -> bytes | None:
        try:
            return (self._folder / f"{number}.json").read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise PublishError(f"{self._folder} cannot be read ({error.strerror})") from error

    def numbers(self) -> Iterator[int]:
        if not self._folder.is_dir():
            raise PublishError(f"{self._folder} is no folder")
        return (int(path.stem) for path in self._folder.glob("*.json") if path.stem.isdigit())

    def _write_once(self, path: Path, document: bytes) -> None:
        draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(document)
                file.flush()
                os.fsync(file.fileno())
            os.link(draft, path)  # fails when the name is taken: nothing is written over
        except FileExistsError:
            if path.read_bytes() != document:
                raise PublishConflictError(
                    f"{path} holds another seal {path.stem}; it was left as it is"
                ) from None
        finally:
            draft.unlink()
