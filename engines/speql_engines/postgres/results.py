"""What psycopg gives of a result: its columns, and its rows as they come."""

from collections.abc import Iterator, Sequence

import psycopg

from speql_engines.engine import ResultColumn
from speql_engines.text_rows import ColumnType


def described(result: "psycopg.pq.abc.PGresult", encoding: str = "utf-8") -> tuple[ColumnType, ...]:
    """The columns of a result, or of a prepared statement that was described."""
    return tuple(
        ColumnType((result.fname(at) or b"").decode(encoding, "replace"), result.ftype(at), result.fmod(at))
        for at in range(result.nfields)
    )


def type_names(connection: psycopg.Connection, columns: Sequence[ColumnType]) -> tuple[ResultColumn, ...]:
    """The columns with the server's spelling of their types."""
    if not columns:
        return ()
    rows = connection.execute(
        "SELECT format_type(t, m) FROM unnest(%s::oid[], %s::int[]) WITH ORDINALITY AS x(t, m, n) ORDER BY n",
        ([column.oid for column in columns], [column.modifier for column in columns]),
    ).fetchall()
    return tuple(ResultColumn(column.name, str(row[0])) for column, row in zip(columns, rows, strict=True))


def batches(rows: Iterator[Sequence[str | None]], most: int | None) -> tuple[list[Sequence[str | None]], bool]:
    """The first rows, and whether these are all there are. One more than that is taken, and no further one."""
    taken: list[Sequence[str | None]] = []
    for row in rows:
        if most is not None and len(taken) == most:
            return taken, False
        taken.append(row)
    return taken, True
