"""The backend itself. A connection is tried a few times; a statement is not, its caller knows what it may repeat.

A transient refusal of a statement arrives as OperationalError, whatever class the driver chose: that is what the
door answers with 503, and what makes the workers leave a row to the next sweep.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from mssql import base

from aiops.backends.mssql.transient import is_transient

CONNECT_PAUSES = (0.5, 1.0, 2.0)
"""Seconds between attempts to connect; short, because a sender waits at the door and tries again by itself."""


class DatabaseWrapper(base.DatabaseWrapper):
    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        for pause in CONNECT_PAUSES:
            try:
                return super().get_new_connection(conn_params)
            except Exception as error:
                if not is_transient(str(error)):
                    raise
                time.sleep(pause)
        return super().get_new_connection(conn_params)

    def create_cursor(self, name: str | None = None) -> Any:
        return CursorWrapper(self.connection.cursor(), self)

    def told_as_transient(self, call: Callable[[], Any]) -> Any:
        """The call's result; raises the driver's OperationalError for what passes by itself."""
        try:
            return call()
        except self.Database.OperationalError:
            raise
        except self.Database.DatabaseError as error:
            if not is_transient(str(error)):
                raise
            raise self._operational(str(error)) from error

    def _operational(self, message: str) -> Exception:
        kind: Callable[..., Exception] = self.Database.OperationalError
        return kind("Transient", message) if self._use_python_driver else kind(message)


class CursorWrapper(base.CursorWrapper):
    def execute(self, sql: str, params: Any = None) -> Any:
        return self.connection.told_as_transient(lambda: super(CursorWrapper, self).execute(sql, params))

    def executemany(self, sql: str, params_list: Any = ()) -> Any:
        return self.connection.told_as_transient(
            lambda: super(CursorWrapper, self).executemany(sql, params_list)
        )
