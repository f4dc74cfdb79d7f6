"""The backend itself: a transaction, or a single writing statement outside of one, passes the gate first."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db.backends.sqlite3 import base
from django.db.utils import OperationalError

from aiops.backends.sqlite3.gate import gate_of

READING = ("SELECT", "PRAGMA", "EXPLAIN", "SAVEPOINT", "RELEASE", "ROLLBACK", "COMMIT", "BEGIN", "VALUES")


class DatabaseWrapper(base.DatabaseWrapper):
    """`BEGIN IMMEDIATE` waits its turn among this process's writers; the turn ends with the transaction.

    The stubs do not know the four hooks of the base class that are overridden here.
    """

    _has_turn = False
    _deadline: float | None = None

    @contextmanager
    def waiting_for_lock(self, seconds: float) -> Iterator[None]:
        """What begins to write in here waits so long at most, for this process's writers and for other programs
        together; then OperationalError, as after the usual time-out.
        """
        self._deadline = time.monotonic() + seconds
        try:
            yield
        finally:
            self._deadline = None
            if self.connection is not None:
                self._set_busy_timeout(self._usual_seconds())

    def _start_transaction_under_autocommit(self) -> None:
        self._take_turn()
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
        except BaseException:
            self._end_turn()
            raise

    def _commit(self) -> None:
        try:
            super()._commit()  # type: ignore[misc]
        finally:
            self._end_turn_unless_open()

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc]
        finally:
            self._end_turn_unless_open()

    def _close(self) -> None:
        try:
            super()._close()  # type: ignore[misc]
        finally:
            self._end_turn()

    def create_cursor(self, name: str | None = None) -> Any:
        cursor = self.connection.cursor(factory=GatedCursor)
        cursor.wrapper = self
        return cursor

    @contextmanager
    def single_statement(self, sql: str) -> Iterator[None]:
        """Hold the turn for one statement that writes outside of a transaction."""
        is_writing = not sql.lstrip("( \n\t").upper().startswith(READING)
        if self._has_turn or not is_writing or self.connection.in_transaction:
            yield
            return
        self._take_turn()
        try:
            yield
        finally:
            self._end_turn()

    def _take_turn(self) -> None:
        seconds = self._usual_seconds() if self._deadline is None else self._deadline - time.monotonic()
        if not gate_of(str(self.settings_dict["NAME"])).enter(seconds):
            raise OperationalError("database is locked: another writer of this process did not end in time")
        self._has_turn = True
        if self._deadline is not None:
            self._set_busy_timeout(self._deadline - time.monotonic())

    def _usual_seconds(self) -> float:
        return float(self.settings_dict["OPTIONS"].get("timeout", 5))

    def _set_busy_timeout(self, seconds: float) -> None:
        self.connection.execute(f"PRAGMA busy_timeout = {max(0, int(seconds * 1000))}")

    def _end_turn_unless_open(self) -> None:
        """A commit that failed leaves its transaction open, to be rolled back."""
        if self.connection is None or not self.connection.in_transaction:
            self._end_turn()

    def _end_turn(self) -> None:
        if self._has_turn:
            self._has_turn = False
            gate_of(str(self.settings_dict["NAME"])).leave()


class GatedCursor(base.SQLiteCursorWrapper):
    wrapper: DatabaseWrapper

    def execute(self, query: str, params: Any = None) -> Any:
        with self.wrapper.single_statement(query):
            return super().execute(query, params)

    def executemany(self, query: str, param_list: Any) -> Any:
        with self.wrapper.single_statement(query):
            return super().executemany(query, param_list)
