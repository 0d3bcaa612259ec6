"""A stand-in for SQL Server behind its driver: what ``mssql_python.connect`` gives is DuckDB's in memory.

The driver's module is the real one (its errors, its reader of connection strings), but no connection of it is made:
there is no server to be had. What the adapter sends is written down in order. Its own questions (``sys.*``, describing,
plans) are known by their text and answered in the shape that SQL Server's documentation gives, about what is in DuckDB;
all else is translated by sqlglot from T-SQL and run there. So it proves what the adapter asks, and what it makes of
such answers; it does not prove that SQL Server takes these words, or answers so.
"""

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import quoteattr

import duckdb
import pyarrow as pa
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

_TYPES = {
    "BOOLEAN": "bit", "UTINYINT": "tinyint", "TINYINT": "smallint", "SMALLINT": "smallint", "INTEGER": "int",
    "BIGINT": "bigint", "HUGEINT": "decimal(38,0)", "FLOAT": "real", "DOUBLE": "float", "DATE": "date",
    "TIME": "time(6)", "TIMESTAMP": "datetime2(6)", "TIMESTAMP_NS": "datetime2(7)", "UUID": "uniqueidentifier",
    "TIMESTAMP WITH TIME ZONE": "datetimeoffset(6)", "BLOB": "varbinary(max)", "VARCHAR": "nvarchar(max)",
}  # fmt: skip
_DROP = re.compile(r"IF OBJECT_ID\(N'tempdb\.\.(?P<name>[^']+)'\) IS NOT NULL DROP TABLE \[")
_SIZE = re.compile(r"dm_db_partition_stats WHERE object_id = OBJECT_ID\(N'tempdb\.\.(?P<name>[^']+)'\)")
_SETTINGS = re.compile(r"\s*(?:SET|USE)\s", re.I)


_TEMP = "hash_"
"""What DuckDB's temp tables are called that SQL Server would call ``#...``: sqlglot takes that sign away."""


def driver_errors() -> Any:
    """The driver's own classes of errors."""
    import mssql_python.exceptions as errors

    return errors


@dataclass
class StandInServer:
    """A server with one database: ``asked`` is what it was sent, ``logins`` with what one logged in."""

    edition: int = 3
    snapshot: bool = False
    database: str = "shop"
    asked: list[str] = field(default_factory=list)
    logins: list[dict[str, str]] = field(default_factory=list)
    password: str | None = None
    answers: dict[str, list[tuple[Any, ...]] | Exception] = field(default_factory=dict)
    """What is answered to a text that holds one of these words, instead of anything else."""

    def __post_init__(self) -> None:
        self.duck = duckdb.connect(":memory:", config={"memory_limit": "500MB", "threads": 1})
        self.duck.execute("CREATE SCHEMA dbo")
        self.duck.execute("CREATE MACRO checksum(x) AS CAST(hash(x) % 4294967296 AS BIGINT) - 2147483648")
        self.duck.execute(
            "CREATE MACRO series(a, b) AS TABLE SELECT generate_series AS value FROM generate_series(a, b)"
        )
        self.open = 0

    def connect(
        self, connection_str: str = "", autocommit: bool = False, timeout: int = 0, **told: str
    ) -> "Connection":
        """As the driver's ``connect``, which knows no other words than these."""
        from mssql_python.connection_string_parser import _ConnectionStringParser

        unknown = [name for name in told if _ConnectionStringParser.normalize_key(name) is None]
        assert not unknown, unknown
        assert autocommit
        assert timeout > 0
        self.logins.append(told)
        if self.password is not None and told.get("PWD") != self.password:
            raise driver_errors().OperationalError(
                "Invalid authorization specification",
                f"[Microsoft][SQL Server]Login failed for user '{told.get('UID')}'.",
            )
        self.open += 1
        return Connection(self)


class Connection:
    """A session: its temp tables are its own."""

    def __init__(self, server: StandInServer) -> None:
        self.server = server
        self.timeout = 0
        self.duck = server.duck.cursor()
        self.duck.execute("USE memory.dbo")
        self.shows_plans = self.only_format = False
        self.lost = False
        self.last_error = 0
        self._closed = False

    def cursor(self) -> "Cursor":
        return Cursor(self)

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self.server.open -= 1
            self.duck.close()


class Handle:
    """What the driver's cursor has its statement by."""

    def __init__(self, duck: duckdb.DuckDBPyConnection) -> None:
        self._duck = duck

    def _cancel(self) -> None:
        self._duck.interrupt()


class Cursor:
    """As the driver's, as far as the adapter uses it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._server = connection.server
        self.hstmt: Handle | None = Handle(connection.duck)
        self.description: list[tuple[Any, ...]] | None = None
        self.rowcount = -1
        self._table: pa.Table | None = None
        self._rows: list[tuple[Any, ...]] = []
        self._at = 0

    def execute(self, sql: str, *parameters: Any) -> "Cursor":
        if sql != "SELECT @@ERROR":
            self._server.asked.append(sql)
        if self._connection.lost or self._connection._closed:
            raise driver_errors().OperationalError(
                "Communication link failure", "[Microsoft][ODBC Driver 18 for SQL Server]TCP Provider: Error 0x2746"
            )
        try:
            self._run(sql, parameters)
        except (duckdb.Error, SqlglotError) as error:
            raise _as_driver_error(error) from error
        return self

    def fetchall(self) -> list[tuple[Any, ...]]:
        if self._table is not None:
            return list(zip(*(column.to_pylist() for column in self._table.columns), strict=True))
        return self._rows

    def fetchone(self) -> tuple[Any, ...] | None:
        return next(iter(self.fetchall()), None)

    def arrow_batch(self, batch_size: int = 8192) -> pa.RecordBatch:
        assert self._table is not None
        part = self._table.slice(self._at, batch_size)
        self._at += part.num_rows
        batches = part.combine_chunks().to_batches()
        return batches[0] if batches else pa.RecordBatch.from_pylist([], schema=part.schema)

    def close(self) -> None:
        self.hstmt = None

    def _run(self, sql: str, parameters: Sequence[Any]) -> None:
        from speql_engines.sqlserver import binding, catalog, plan, server, signatures

        connection, told = self._connection, self._server
        for word, answer in told.answers.items():
            if word in sql:
                if isinstance(answer, Exception):
                    raise answer
                return self._answer(answer)
        known: dict[str, Callable[[], list[tuple[Any, ...]]]] = {
            server.FACTS: lambda: [("16.0.4150.1", told.edition, told.database, "dbo", "SQL_Latin1_General_CP1_CI_AS")],
            server.SNAPSHOT: lambda: [(int(told.snapshot),)],
            catalog.TABLES: lambda: _tables(connection.duck),
            catalog.COLUMNS: lambda: _columns(connection.duck),
            catalog.KEYS: lambda: _keys(connection.duck),
            catalog.FOREIGN_KEYS: lambda: _foreign_keys(connection.duck),
            catalog.SIZES: lambda: _sizes(connection.duck),
            catalog.POOL_SIZES: lambda: _sizes(connection.duck),
            catalog.FUNCTIONS: list,
            signatures._OWN: list,
            "SELECT @@ERROR": lambda: [(0,)],
        }
        if sql in known:
            return self._answer(known[sql]())
        if sql in (plan.SHOW, plan.HIDE):
            connection.shows_plans = sql == plan.SHOW
            return None
        if sql in (binding.ONLY_FORMAT, binding.FORMAT_AND_RUN):
            connection.only_format = sql == binding.ONLY_FORMAT
            return None
        if sql == binding.DESCRIBE:
            return self._answer(self._described(parameters[0]))
        if sql == binding.DESCRIBE_IN_POOL:
            return self._answer([row[:4] for row in _shapes(connection.duck, parameters[0])], binding_names())
        if _SETTINGS.match(sql):
            return None
        if found := _DROP.match(sql):
            connection.duck.execute(f'DROP TABLE IF EXISTS temp."{_TEMP}{found["name"][1:]}"')
            return None
        if found := _SIZE.search(sql):
            count = connection.duck.execute(f'SELECT count(*) FROM temp."{_TEMP}{found["name"][1:]}"').fetchone()
            return self._answer([(8192 * (1 + (count or (0,))[0] // 400),)])
        if connection.shows_plans:
            return self._answer([(_plan(connection.duck, sql),)])
        return self._translated(sql)

    def _described(self, sql: str) -> list[tuple[Any, ...]]:
        try:
            return _shapes(self._connection.duck, sql)
        except (duckdb.Error, SqlglotError) as error:
            number, message = _server_error(error)
            return [(None, None, None, None, number, 1, message)]

    def _answer(self, rows: list[tuple[Any, ...]], names: Sequence[str] = ()) -> None:
        self._rows, self._table = rows, None
        width = len(rows[0]) if rows else max(1, len(names))
        named = names or [f"c{place}" for place in range(width)]
        self.description = [(name, str, None, 10, 10, 0, True) for name in named]

    def _translated(self, sql: str) -> None:
        duck = self._connection.duck
        text, is_query = translated(sql)
        if not is_query:
            found = duck.execute(text).fetchall()
            self.description, self.rowcount = None, int(found[0][0]) if found and isinstance(found[0][0], int) else -1
            return
        shapes = _shapes(duck, sql)
        table = duck.sql(text).to_arrow_table()
        self._table = _as_the_driver_gives(table, [str(row[1]) for row in shapes])
        self._at = 0
        self.description = [_described_by_driver(row) for row in shapes]


def binding_names() -> tuple[str, ...]:
    """Some columns of ``sp_describe_first_result_set``."""
    return ("is_hidden", "name", "system_type_name", "user_type_name")


def translated(sql: str) -> tuple[str, bool]:
    """T-SQL in DuckDB's words, and whether it is a query."""
    sql = re.sub(r"(?i)\bgenerate_series\s*\(", "series(", sql).replace("[#", f"[{_TEMP}")
    trees = sqlglot.parse(sql, read="tsql")
    if len(trees) != 1 or trees[0] is None:
        raise SqlglotError("one statement")
    tree = trees[0]
    for kind in list(tree.find_all(exp.DataType)):
        if kind.this is exp.DataType.Type.BIT:
            kind.set("this", exp.DataType.Type.BOOLEAN)
    into = tree.args.get("into") if isinstance(tree, exp.Query) else None
    if into is None:
        return tree.sql("duckdb"), isinstance(tree, exp.Query)
    tree.set("into", None)
    name = into.this.name
    temporary = "TEMP " if name.startswith(_TEMP) else ""
    return f'CREATE {temporary}TABLE "{name}" AS {tree.sql("duckdb")}', False


def _shapes(duck: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
    """Rows of ``sys.dm_exec_describe_first_result_set``: is_hidden, name, type, CLR type, and what an error has."""
    text, is_query = translated(sql)
    if not is_query:
        return []
    described = duck.execute(f"DESCRIBE {text}").fetchall()
    return [(0, name, _type_name(str(type_)), None, None, None, None) for name, type_, *_ in described]


def _type_name(name: str) -> str:
    return name.lower() if name.startswith("DECIMAL") else _TYPES.get(name, "nvarchar(max)")


def _described_by_driver(row: Sequence[Any]) -> tuple[Any, ...]:
    name = str(row[2])
    base = name.partition("(")[0]
    kind: type = {"bit": bool, "decimal": Decimal, "float": float, "real": float}.get(base, str)
    sizes = {"tinyint": 3, "smallint": 5, "int": 10, "bigint": 19}
    if base in sizes:
        return (row[1], int, None, sizes[base], sizes[base], 0, True)
    if kind is Decimal:
        digits, scale = (int(part) for part in name.partition("(")[2].rstrip(")").split(","))
        return (row[1], kind, None, digits, digits, scale, True)
    return (row[1], kind, None, 0, 0, 0, True)


def _as_the_driver_gives(table: pa.Table, names: Sequence[str]) -> pa.Table:
    """In the Arrow types of the driver's binding: large strings, microseconds."""
    columns = []
    for column in table.columns:
        kind = column.type
        if pa.types.is_string(kind) or pa.types.is_large_string(kind):
            columns.append(column.cast(pa.large_string()))
        elif pa.types.is_timestamp(kind):
            columns.append(column.cast(pa.timestamp("us", kind.tz), safe=False))
        elif pa.types.is_null(kind):
            columns.append(column.cast(pa.int32()))
        elif pa.types.is_decimal(kind) or not pa.types.is_nested(kind):
            columns.append(column)
        else:
            columns.append(
                pa.chunked_array([pa.array([str(value) for value in column.to_pylist()], pa.large_string())])
            )
    return pa.Table.from_arrays(columns, names=list(names))


def _plan(duck: duckdb.DuckDBPyConnection, sql: str) -> str:
    """A plan in the shape of showplanxml.xsd: a scan of each table that is read, and what is above them."""
    text, _ = translated(sql)
    duck.execute(f"EXPLAIN {text}")
    scans = []
    for table in sqlglot.parse_one(text, read="duckdb").find_all(exp.Table):
        found = duck.execute("SELECT estimated_size FROM duckdb_tables() WHERE table_name = ?", [table.name]).fetchone()
        if found is not None:
            scans.append(
                f'<RelOp PhysicalOp="Clustered Index Scan" EstimateRows="{found[0] / 10}" AvgRowSize="15" '
                f'TableCardinality="{found[0]}" EstimatedRowsRead="{found[0]}"/>'
            )
    inside = "".join(scans)
    return (
        '<ShowPlanXML xmlns="http://schemas.microsoft.com/sqlserver/2004/07/showplan" Version="1.564">'
        "<BatchSequence><Batch><Statements>"
        f'<StmtSimple StatementText={quoteattr(sql)} StatementEstRows="10" StatementSubTreeCost="0.1">'
        f'<QueryPlan><RelOp PhysicalOp="Hash Match" EstimateRows="10" AvgRowSize="20">{inside}</RelOp></QueryPlan>'
        "</StmtSimple></Statements></Batch></BatchSequence></ShowPlanXML>"
    )


_OF_DUCKDB = (
    (r'Table with name "?(?P<name>[^" !]+)"? does not exist', 208, "Invalid object name '{name}'."),
    (r'Referenced column "(?P<name>[^"]+)" not found', 207, "Invalid column name '{name}'."),
    (r'does not have a column named "(?P<name>[^"]+)"', 207, "Invalid column name '{name}'."),
    (r'(?:Scalar|Aggregate|Table)?\s*Function with name "?(?P<name>[^" ]+)"? does not exist', 195,
     "'{name}' is not a recognized built-in function name."),
    (r'column "?(?P<name>\w+)"? must appear in the GROUP BY', 8120,
     "Column 'sales.{name}' is invalid in the select list because it is not contained in either an aggregate function "
     "or the GROUP BY clause."),
    (r'Ambiguous reference to column name "?(?P<name>[^" ]+)"?', 209, "Ambiguous column name '{name}'."),
    (r"Conversion Error", 245, "Conversion failed when converting the nvarchar value 'x' to data type int."),
    (r"already exists", 2714, "There is already an object named 'x' in the database."),
)  # fmt: skip


def _server_error(error: Exception) -> tuple[int, str]:
    """DuckDB's error in SQL Server's words."""
    for pattern, number, message in _OF_DUCKDB:
        if found := re.search(pattern, str(error)):
            return number, message.format(**found.groupdict())
    return 102, "Incorrect syntax near 'WHERE'."


def _as_driver_error(error: Exception) -> Exception:
    errors = driver_errors()
    if isinstance(error, duckdb.InterruptException):
        made: Exception = errors.OperationalError(
            "Operation canceled", "[Microsoft][ODBC Driver 18 for SQL Server]Operation canceled"
        )
        return made
    number, message = _server_error(error)
    state = {208: "42S02", 207: "42S22"}.get(number, "42000")
    found: Exception = errors.sqlstate_to_exception(state, f"[Microsoft][SQL Server]{message}")
    return found


_LISTED = """
    (SELECT table_name, 'U ' AS kind, NULL AS sql, estimated_size AS size FROM duckdb_tables() WHERE schema_name = 'dbo'
        AND NOT temporary
     UNION ALL SELECT view_name, 'V ', sql, NULL FROM duckdb_views() WHERE schema_name = 'dbo')"""


def _numbers(duck: duckdb.DuckDBPyConnection) -> dict[str, int]:
    names = duck.execute(f"SELECT table_name FROM {_LISTED} ORDER BY 1").fetchall()
    return {name: 1000 + place for place, (name,) in enumerate(names)}


def _tables(duck: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    number = _numbers(duck)
    rows = duck.execute(f"SELECT table_name, kind, sql FROM {_LISTED} ORDER BY 1").fetchall()
    return [(number[name], "dbo", name, kind, sql, 0) for name, kind, sql in rows]


def _columns(duck: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    number = _numbers(duck)
    asked = """SELECT table_name, column_index, column_name, data_type, is_nullable FROM duckdb_columns()
        WHERE schema_name = 'dbo' AND database_name = 'memory' ORDER BY 1, 2"""
    found = []
    for table, place, name, type_, nullable in duck.execute(asked).fetchall():
        shown = _type_name(str(type_))
        base, _, digits = shown.partition("(")
        precision, _, scale = digits.rstrip(")").partition(",") if base == "decimal" else ("0", "", "0")
        length = -1 if "max" in digits else 4
        found.append(
            (number[table], place, name, base, base, length, int(precision), int(scale or 0), nullable,
             "SQL_Latin1_General_CP1_CI_AS" if base == "nvarchar" else None)
        )  # fmt: skip
    return found


def _constraints(duck: duckdb.DuckDBPyConnection, kind: str) -> list[tuple[Any, ...]]:
    asked = """SELECT table_name, constraint_index, constraint_column_names, referenced_table, referenced_column_names
        FROM duckdb_constraints() WHERE schema_name = 'dbo' AND constraint_type = ? ORDER BY 1, 2"""
    return duck.execute(asked, [kind]).fetchall()


def _places(duck: duckdb.DuckDBPyConnection) -> dict[tuple[int, str], int]:
    return {(row[0], row[2]): row[1] for row in _columns(duck)}


def _keys(duck: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    number, place = _numbers(duck), _places(duck)
    return [
        (number[table], at, short, place[number[table], name])
        for kind, short in (("PRIMARY KEY", "PK"), ("UNIQUE", "UQ"))
        for table, at, names, _, _ in _constraints(duck, kind)
        for name in names
    ]


def _foreign_keys(duck: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    number, place = _numbers(duck), _places(duck)
    return [
        (number[table], at, place[number[table], own], number[target], place[number[target], there])
        for table, at, names, target, targets in _constraints(duck, "FOREIGN KEY")
        for own, there in zip(names, targets, strict=True)
    ]


def _sizes(duck: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    number = _numbers(duck)
    rows = duck.execute(f"SELECT table_name, size FROM {_LISTED} WHERE size IS NOT NULL").fetchall()
    return [(number[name], size, size * 16) for name, size in rows]


@contextmanager
def stand_in(patch: Any) -> Iterator[Callable[..., tuple[str, StandInServer]]]:
    """Makes servers, each with the URL of its database; ``patch`` puts it in the place of the driver's ``connect``."""
    import mssql_python

    servers: dict[str, StandInServer] = {}
    lock = threading.Lock()

    def connect(connection_str: str = "", **told: Any) -> Connection:
        return servers[str(told["Server"]).partition(",")[0]].connect(connection_str, **told)

    def make(scheme: str = "mssql", **about: Any) -> tuple[str, StandInServer]:
        with lock:
            host = f"stand-in-{len(servers)}"
            servers[host] = StandInServer(**about)
        return f"{scheme}://ann@{host}/shop", servers[host]

    patch.setattr(mssql_python, "connect", connect)
    patch.setenv("MSSQL_PASSWORD", "hunter2")
    yield make
    for server in servers.values():
        server.duck.close()
