"""Whether the rows that were served are those of the direct run."""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from speql_engines import Engine, Result
from speql_engines.compare import rows_differ
from speql_server.cells import cells
from speql_server.protocol import Cell, Preview
from speql_sql.choices import choices
from speql_sql.ordering import ordered_columns

COMPARED_ROWS = 2_000_000
_TOLERANCE = 1e-9
_DOUBLE = re.compile(r"-?\d+\.\d+(e[+-]?\d+)?")
_Rows = list[list[Cell]]


@dataclass(frozen=True)
class Page:
    """What was shown of a result: names of columns, first rows, and whether they are all.

    ``executed_sql`` is what was executed for it, to see the rest of the rows; None if that cannot be run any more.
    """

    names: tuple[str, ...]
    rows: _Rows
    complete: bool
    executed_sql: str | None = None


def page_of_preview(preview: Preview) -> Page:
    """The page that a message to the editor holds."""
    names = tuple(column.name for column in preview.columns)
    rows = _of_any_scale(preview.rows, [column.type for column in preview.columns])
    return Page(names, rows, preview.complete, preview.executed_sql)


def page_of_result(result: Result, executed_sql: str | None = None) -> Page:
    """The page that an engine gave."""
    names, types = tuple(column.name for column in result.columns), [column.type for column in result.columns]
    return Page(names, _of_any_scale(cells(result.rows, types), types), result.complete, executed_sql)


def _of_any_scale(rows: _Rows, types: Sequence[str]) -> _Rows:
    """The rows with decimals of no declared scale as short as they can be: a page writes them with as many digits as
    the longest of its values has, so other rows beside one make other digits of it.
    """
    undeclared = [column for column, kind in enumerate(types) if kind.lower() == "numeric"]
    if not undeclared:
        return rows
    found = [list(row) for row in rows]
    for row in found:
        for column in undeclared:
            row[column] = _shortest(row[column])
    return found


def _shortest(cell: Cell) -> Cell:
    return f"{Decimal(cell).normalize():f}" if isinstance(cell, str) else cell


async def difference(engine: Engine, sql: str, served: Page, direct: Page) -> str | None:
    """What differs between the page served for ``sql`` and that of a direct run; None: nothing.

    The first page is compared as it was shown. Of a result that has more rows than a page, the query that was
    executed is run again to its end too, and both results are compared in full, up to 2,000,000 rows; where it cannot
    be run any more, each row that was shown must be among those of the direct run. Where SQL leaves the answer open
    (a LIMIT or DISTINCT ON among equal rows), any answer that it allows is right.
    """
    if served.names != direct.names:
        return "the columns have other names"
    if served.complete != direct.complete:
        return "one result has more rows than the other"
    order = ordered_columns(sql)
    if served.complete:
        found = page_difference(served.rows, direct.rows, order)
    else:
        found = order_difference(served.rows, direct.rows, order) or await _full_difference(engine, sql, served)
    open_rows = choices(sql) if found else None
    if open_rows is None or order_difference(served.rows, direct.rows, order):
        return found
    allowed = await engine.execute(open_rows, max_rows=COMPARED_ROWS)
    return not_among(served.rows, page_of_result(allowed).rows) if allowed.complete else found


def page_difference(served: _Rows, direct: _Rows, order: Sequence[int]) -> str | None:
    """The first difference of two whole results; rows that are equal in the columns of ``order`` may change places."""
    if found := order_difference(served, direct, order):
        return found
    for left, right in zip(sorted(served, key=_sort_key), sorted(direct, key=_sort_key), strict=True):
        if not all(map(_equal, left, right)):
            return f"a row is {left}, directly {right}"
    return None


def order_difference(served: _Rows, direct: _Rows, order: Sequence[int]) -> str | None:
    """The first row that differs in the columns that the query orders by, or a different number of rows."""
    if len(served) != len(direct):
        return f"{len(served)} rows served, {len(direct)} directly"
    for number, pair in enumerate(zip(served, direct, strict=True), 1):
        if not all(_equal(pair[0][column], pair[1][column]) for column in order):
            return f"row {number} is {pair[0]}, directly {pair[1]}"
    return None


def not_among(served: _Rows, allowed: _Rows) -> str | None:
    """A served row that is not among those that the query may choose from, or is served more often than it is there."""
    left = Counter(map(_rounded, allowed))
    for row in served:
        left[_rounded(row)] -= 1
        if left[_rounded(row)] < 0:
            return f"the row {row} is not in the direct result"
    return None


async def _full_difference(engine: Engine, direct_sql: str, served: Page) -> str | None:
    direct = await engine.execute(direct_sql, max_rows=COMPARED_ROWS)
    if not direct.complete:
        return f"not compared: more than {COMPARED_ROWS:,} rows. Add a LIMIT with an ORDER BY"
    if served.executed_sql is None:
        return not_among(served.rows, page_of_result(direct).rows)
    full = await engine.execute(served.executed_sql, max_rows=COMPARED_ROWS)
    if not full.complete:
        return f"more than {COMPARED_ROWS:,} rows served, {direct.rows.num_rows:,} directly"
    return rows_differ(full.rows, direct.rows, same_names=False)


def _number(cell: Cell) -> float | None:
    """The number that a cell is, or that a DOUBLE was before it became text (in a UNION with text); else None.

    The last digits of a sum depend on the order of its terms, in a text too. Such a text is the shortest that reads as
    its number: `1.50` is none, and stays what it is.
    """
    if isinstance(cell, str):
        return float(cell) if _DOUBLE.fullmatch(cell) and repr(float(cell)) == cell else None
    return cell if isinstance(cell, float) else None


def _equal(left: Cell, right: Cell) -> bool:
    one, other = _number(left), _number(right)
    if type(left) is type(right) and one is not None and other is not None:
        return math.isclose(one, other, rel_tol=_TOLERANCE)
    return left == right


def _rounded(row: list[Cell]) -> tuple[str, ...]:
    return tuple(
        repr(cell) if (number := _number(cell)) is None else f"{type(cell).__name__} {number:.9g}" for cell in row
    )


def _sort_key(row: list[Cell]) -> list[str]:
    """Exact values first and rounded floats last, so that a last digit seldom changes which rows are paired."""
    numbers = [_number(cell) for cell in row]
    exact = [repr(cell) for cell, number in zip(row, numbers, strict=True) if number is None]
    return exact + [f"{number:.6g}" for number in numbers if number is not None]
