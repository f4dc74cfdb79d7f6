"""The fixed cast of people and what every test may rely on: no socket leads away from this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.db import connection
from django.db.backends.base.operations import BaseDatabaseOperations
from django.test import Client
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from pytest_django.fixtures import Settings
from pytest_socket import socket_allow_hosts

from accounts import guessing
from accounts.models import User
from accounts.roles import Role
from accounts.service_keys import _ring
from audit import triggers
from ingestion import throttle
from ingestion.entra import forget_keys
from tests.support.migrated import shared_folder
from tickets.quiet import rules

API_KEY = "test-key-0123456789abcdef"
PASSWORD = "a long enough Passphrase 42"

# How long an example takes tells of the machine, which others may keep busy, and not of the code.
hypothesis_settings.register_profile(
    "busy machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("busy machine")

# What is tested here without the database fixture computes, reads files or speaks to local sockets: it is the same test
# whatever stands behind DATABASE_URL and REDIS_URL.
HERE = Path(__file__).parent
WITHOUT_STATE = (
    "docs",
    "sources",
    "rca/rules",
    "rca/models",
    "scripts",
    "js",
    "integrations",
    "audit/test_redaction.py",
    "faults/test_patterns.py",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--with-state",
        action="store_true",
        help="leave out the tests that neither the database nor Redis can change: they ran on SQLite",
    )


def pytest_configure() -> None:
    shared_folder()  # before the processes that share it are started


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--with-state"):
        return
    left_out = [item for item in items if is_without_state(item)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if not is_without_state(item)]


def is_without_state(item: pytest.Item) -> bool:
    where = item.path.relative_to(HERE).as_posix()
    return where.startswith(WITHOUT_STATE) and not (
        {"db", "transactional_db"}.intersection(getattr(item, "fixturenames", ()))
        or item.get_closest_marker("django_db")
    )


@pytest.fixture(autouse=True, scope="session")
def _tables_can_be_emptied_between_tests() -> Iterator[None]:
    """Django empties the tables after a test with real transactions; the audit tables refuse that.

    So the triggers are lifted around the emptying, and stand in every test.
    """
    original = BaseDatabaseOperations.execute_sql_flush

    def flush(operations: BaseDatabaseOperations, sql_list: Sequence[str]) -> None:
        triggers.remove(operations.connection)
        try:
            original(operations, sql_list)
        finally:
            triggers.install(operations.connection)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseDatabaseOperations, "execute_sql_flush", flush)
        yield


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """SQLite in a file, as in production: in memory its connections share a cache and lock quite differently."""
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        database["OPTIONS"]["init_command"] += "; PRAGMA synchronous=OFF"  # a test's data need not survive
        database["TEST"]["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")


@pytest.fixture(autouse=True)
def _only_loopback() -> None:
    socket_allow_hosts(["127.0.0.1", "::1", "localhost"], allow_unix_socket=True)


@pytest.fixture(autouse=True)
def _door_key(settings: Settings) -> None:
    settings.RCA_API_KEY = API_KEY
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    _ring.forget()
    forget_keys()
    guessing.failed_attempts.forget()
    throttle.alerts_by_key.forget()
    rules.forget()
    cache.clear()


@pytest.fixture
def make_person(db: None) -> Callable[[Role | None], User]:
    def make(role: Role | None) -> User:
        name = role.group_name if role else "outsider"
        user = User.objects.create_user(
            f"{name}@example.com", PASSWORD, full_name=f"{name.title()} Person", is_staff=role is not None
        )
        if role is not None:
            user.groups.add(Group.objects.get(name=role.group_name))
        return user

    return make


@pytest.fixture
def viewer(make_person: Callable[[Role | None], User]) -> User:
    return make_person(Role.VIEWER)


@pytest.fixture
def analyst(make_person: Callable[[Role | None], User]) -> User:
    return make_person(Role.ANALYST)


@pytest.fixture
def approver(make_person: Callable[[Role | None], User]) -> User:
    return make_person(Role.APPROVER)


@pytest.fixture
def admin_person(make_person: Callable[[Role | None], User]) -> User:
    return make_person(Role.ADMIN)


@pytest.fixture
def outsider(make_person: Callable[[Role | None], User]) -> User:
    """Somebody with an account and no role."""
    return make_person(None)


@pytest.fixture
def door(db: None) -> Client:
    """A client that presents the test's service key."""
    return Client(headers={"x-api-key": API_KEY})
