"""A session on the server, and what its driver's errors mean."""

from collections.abc import Sequence
from concurrent.futures import Executor
from contextlib import suppress

import psycopg
from psycopg import postgres as builtin
from psycopg.pq import ExecStatus
from psycopg.types.string import TextLoader

from speql_engines.engine import ConnectionFailedError, ConnectionFailure, EngineError, ResultColumn
from speql_engines.server_session import LOST, ServerSession
from speql_engines.sqlstates import problem_code, span_at
from speql_engines.text_rows import ColumnType
from speql_sql import Problem
from speql_sql.secret import Secret

_CANCEL_PAUSE = 0.05


class Session(ServerSession):
    """Runs one statement at a time. Every value comes as the server's text, so that all of them are exact."""

    def __init__(self, url: str, secret: Secret | None, canceller: Executor) -> None:
        super().__init__(canceller, _CANCEL_PAUSE)
        password: dict[str, str] = {"password": secret.reveal()} if secret else {}
        try:
            self.connection = psycopg.connect(url, autocommit=True, prepare_threshold=None, **password)  # type: ignore[arg-type]
        except psycopg.Error as error:
            reason: ConnectionFailure = "login" if "password" in str(error) else "network"
            raise ConnectionFailedError(f"The server lets nobody in: {error}", "Is its name right?", reason) from error
        for info in builtin.types:
            for oid in filter(None, (info.oid, info.array_oid)):
                self.connection.adapters.register_loader(oid, TextLoader)

    def cancel(self) -> None:
        """Ask the server to stop what runs here."""
        with suppress(psycopg.Error):
            self.connection.cancel_safe(timeout=5.0)

    def settle(self) -> None:
        """Leave no transaction open, and no cancel under way."""
        self.finish()
        self.connection.rollback()

    def reset(self) -> None:
        """Undo what a statement of the user's may have left."""
        self.run("DISCARD ALL")

    def run(self, statement: str) -> None:
        """Run a statement that has no rows."""
        self.written(statement)

    def written(self, statement: str) -> int:
        """How many rows a statement has written."""
        return self.connection.execute(statement.encode(), prepare=False).rowcount

    def rows(self, sql: str) -> list[Sequence[str]]:
        """The rows of a question of the adapter's own."""
        return list(self.connection.execute(sql.encode()).fetchall())

    def described(self, sql: str) -> tuple[ResultColumn, ...]:
        """The columns of a statement, which is not run; none of what is no query."""
        pgconn = self.connection.pgconn
        for result in (pgconn.prepare(b"", sql.encode()), pgconn.describe_prepared(b"")):
            if result.status != ExecStatus.COMMAND_OK:
                raise psycopg.errors.error_from_result(result)
        return self.named(columns_of(result))

    def named(self, columns: Sequence[ColumnType]) -> tuple[ResultColumn, ...]:
        """The columns with the server's spelling of their types."""
        types = ", ".join(f"format_type({column.oid}, {column.modifier})" for column in columns)
        names = self.rows(f"SELECT {types}")[0] if columns else ()
        return tuple(ResultColumn(column.name, name) for column, name in zip(columns, names, strict=True))

    @property
    def broken(self) -> bool:
        """Whether the server, or the way to it, is gone."""
        return bool(self.connection.closed)

    def close(self) -> None:
        """Log out."""
        with suppress(psycopg.Error):
            self.connection.close()


def columns_of(result: "psycopg.pq.abc.PGresult | None") -> tuple[ColumnType, ...]:
    """The columns of a result as the server describes them."""
    if result is None:
        return ()
    return tuple(
        ColumnType((result.fname(at) or b"").decode(), result.ftype(at), result.fmod(at))
        for at in range(result.nfields)
    )


def explained(error: psycopg.Error, session: Session | None = None, sql: str = "", prefix: str = "") -> EngineError:
    """The error with the server's own code behind its message, one of our words for it, and the place in ``sql``."""
    state = error.diag.sqlstate or ""
    message = f"{error.diag.message_primary or str(error).strip()} [{state}]"
    code = LOST if session is not None and session.broken else problem_code(state)
    return EngineError(message, problem=Problem(code, message, span_at(error.diag.statement_position, prefix, sql)))
