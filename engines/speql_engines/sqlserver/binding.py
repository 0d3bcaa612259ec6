"""The columns of a query before it runs."""

from collections.abc import Sequence
from typing import Any

from speql_engines.engine import EngineError
from speql_engines.sqlserver.errors import ServerError, engine_error
from speql_engines.sqlserver.results import Described, described_by
from speql_engines.sqlserver.sessions import Session
from speql_sql import Problem

DESCRIBE = """
    SELECT is_hidden, name, system_type_name, user_type_name, error_number, error_state, error_message
    FROM sys.dm_exec_describe_first_result_set(?, NULL, 0) ORDER BY column_ordinal"""
DESCRIBE_IN_POOL = "EXEC sp_describe_first_result_set ?"
ONLY_FORMAT = "SET FMTONLY ON"
FORMAT_AND_RUN = "SET FMTONLY OFF"
_TEMP_TABLE = 11526
_HIDDEN, _NAME, _TYPE, _CLR = "is_hidden", "name", "system_type_name", "user_type_name"


def described(session: Session, sql: str) -> tuple[Described, ...]:
    """The columns of one query by the server's binder; nothing is run. :class:`EngineError` says why there are none."""
    columns = _of_pool(session, sql) if session.server.is_synapse else _of_server(session, sql)
    if not columns:
        message = "Only a single query that reads can be run here."
        raise EngineError(message, problem=Problem("not-a-query", message))
    return columns


def _of_server(session: Session, sql: str) -> tuple[Described, ...]:
    """A view of the server's, whose rows hold the error, too, with its number and state."""
    rows = session.rows(DESCRIBE, sql)
    refused = next((row for row in rows if row[4] is not None), None)
    if refused is None:
        return tuple(_column(row[1], row[2], row[3]) for row in rows if not row[0])
    told = ServerError(" ".join(str(refused[6]).split()), int(refused[4]), int(refused[5] or 0))
    error = engine_error(told, sql)
    if told.number == _TEMP_TABLE or (error.problem is not None and error.problem.code == "temporary-table"):
        return _by_format(session, sql)
    raise error


def _of_pool(session: Session, sql: str) -> tuple[Described, ...]:
    """A procedure, which a pool of Synapse has instead of the view, and whose errors are the statement's."""
    cursor = session.open(DESCRIBE_IN_POOL, sql)
    place = {str(column[0]).lower(): at for at, column in enumerate(cursor.description or ())}
    rows: list[Sequence[Any]] = [tuple(row) for row in cursor.fetchall()] if place else []
    session.free()

    def told(row: Sequence[Any], name: str) -> Any:
        return row[place[name]] if name in place else None

    return tuple(_column(told(row, _NAME), told(row, _TYPE), told(row, _CLR)) for row in rows if not told(row, _HIDDEN))


def _by_format(session: Session, sql: str) -> tuple[Described, ...]:
    """What the server tells of a query over a temp table, which its view does not describe."""
    with session.switched(ONLY_FORMAT, FORMAT_AND_RUN):
        found = described_by(session.open(sql).description)
        session.free()
    return found


def _column(name: object, type_: object, clr: object) -> Described:
    return Described(str(name or ""), str(type_ or ""), str(clr or "") if type_ is None else "")
