"""What DuckDB's plan of a query says of its size."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import duckdb

from speql_engines.engine import EngineError, Estimate

PREFIX = "EXPLAIN (FORMAT JSON) "


def read_estimate(cursor: duckdb.DuckDBPyConnection, sql: str, row_count: Callable[[str], int | None]) -> Estimate:
    """Plan ``sql`` and add up what the plan says; nothing is run.

    ``row_count`` gives the rows of a base table by ``database.schema.table`` in lower case, if they are known: a scan's
    own estimate is of what its filters leave, while what it reads is the table. DuckDB tells no bytes.
    """
    found = cursor.execute(PREFIX + sql).fetchone()
    if found is None:
        raise EngineError("DuckDB gave no plan.")
    roots = json.loads(found[1])
    operators = [operator for root in roots for operator in _operators(root)]
    scans = [operator for operator in operators if "Table" in _info(operator) or _reads_file(operator)]
    return Estimate(
        rows=next((rows for operator in operators if (rows := _rows(operator)) is not None), 0),
        rows_scanned=sum(_rows_read(scan, row_count) for scan in scans),
        rows_processed=sum(_rows(operator) or 0 for operator in operators),
    )


def computes_a_part_once(cursor: duckdb.DuckDBPyConnection, sql: str) -> bool:
    """Whether the plan keeps the rows of a part of the query to read them several times: a CTE, or what DuckDB itself
    finds to be the same. Nothing is run.
    """
    found = cursor.execute(PREFIX + sql).fetchone()
    roots = json.loads(found[1]) if found is not None else ()
    names = (str(operator.get("name", "")).upper() for root in roots for operator in _operators(root))
    return any("CTE" in name or "DELIM" in name for name in names)


def _rows_read(scan: Mapping[str, Any], row_count: Callable[[str], int | None]) -> int:
    """The rows of the table that is scanned; where they are not known, the scan's own estimate."""
    known = row_count(_plain(str(_info(scan).get("Table", ""))).lower())
    return known if known is not None else _rows(scan) or 0


_QUOTED = re.compile(r'"((?:[^"]|"")*)"')


def _plain(name: str) -> str:
    """A name as the catalog has it: the plan quotes the parts that SQL would have to.

    >>> _plain('"my-shop".main."large"')
    'my-shop.main.large'
    """
    return _QUOTED.sub(lambda quoted: quoted[1].replace('""', '"'), name)


def _reads_file(operator: Mapping[str, Any]) -> bool:
    """Whether it is a scan of a file: ``READ_PARQUET``, ``READ_CSV_AUTO``; such a scan has no table."""
    return str(_info(operator).get("Function", operator.get("name", ""))).strip().upper().startswith("READ_")


def _operators(operator: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The operator and those below it, the topmost first."""
    yield operator
    for child in operator.get("children", ()):
        yield from _operators(child)


def _info(operator: Mapping[str, Any]) -> Mapping[str, Any]:
    info = operator.get("extra_info")
    return info if isinstance(info, Mapping) else {}


def _rows(operator: Mapping[str, Any]) -> int | None:
    number = re.search(r"\d+", str(_info(operator).get("Estimated Cardinality", "")))
    return int(number[0]) if number else None
