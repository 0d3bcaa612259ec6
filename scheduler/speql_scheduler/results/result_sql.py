"""The SQL that holds a result in a temp table and reads it again.

The columns of the temp table are called ``c0``, ``c1`` and so on, since names of a result may repeat; ``speql_row``
numbers the rows from 1 in the order of the result.
"""

import re
from collections.abc import Sequence

from sqlglot import exp

from speql_engines import ResultColumn
from speql_scheduler.results.arrangement import Arrangement, Filter, Value

ROW = "speql_row"
PLACE = "speql_place"

_PLAIN = re.compile(
    r"U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|(DECIMAL|NUMERIC)(\([\d, ]+\))?|FLOAT|DOUBLE|REAL"
    r"|DATE|TIME[A-Z_ ]*|BOOLEAN|UUID"
)


def holding_sql(sql: str, width: int) -> str:
    """The query that a result of so many columns is held by."""
    names = ", ".join(f"c{number}" for number in range(width))
    return f"SELECT *, row_number() OVER () AS {ROW} FROM (\n{sql}\n) AS speql_held({names})"


def page_sql(table: str, width: int, offset: int, count: int) -> str:
    """Rows of a held result, the first of them after so many others."""
    names = ", ".join(f"c{number}" for number in range(width))
    return f"SELECT {names} FROM {table} WHERE {ROW} > {offset} AND {ROW} <= {offset + count} ORDER BY {ROW}"


def arranging_sql(table: str, columns: Sequence[ResultColumn], arrangement: Arrangement, dialect: str) -> str:
    """The query for a table of which rows of a held result stand at which place."""
    orders = "".join(
        f"c{order.column}{' DESC' if order.descending else ''} NULLS LAST, " for order in arrangement.orders
    )
    where = where_sql(columns, arrangement.filters, dialect)
    kept = f"SELECT {ROW} FROM {table}{where} ORDER BY {orders}{ROW}"
    return f"SELECT row_number() OVER () AS {PLACE}, {ROW} FROM ({kept}) AS speql_kept"


def arranged_page_sql(table: str, places: str, width: int, offset: int, count: int) -> str:
    """Rows of an arranged result, the first of them after so many others."""
    names = ", ".join(f"held.c{number}" for number in range(width))
    within = f"places.{PLACE} > {offset} AND places.{PLACE} <= {offset + count}"
    joined = f"{places} AS places JOIN {table} AS held ON held.{ROW} = places.{ROW}"
    return f"SELECT {names} FROM {joined} WHERE {within} ORDER BY places.{PLACE}"


def where_sql(columns: Sequence[ResultColumn], filters: Sequence[Filter], dialect: str) -> str:
    """`` WHERE ...`` for filters, with their values as literals; empty without any."""
    if not filters:
        return ""
    return " WHERE " + " AND ".join(f"({_condition(columns, one).sql(dialect)})" for one in filters)


def is_plain(type_: str) -> bool:
    """Whether values of a type can be written as literals and compared: not those of text, nested and binary types."""
    return _PLAIN.fullmatch(type_.upper()) is not None


def _condition(columns: Sequence[ResultColumn], found: Filter) -> exp.Expr:
    column: exp.Expr = exp.column(f"c{found.column}")
    type_ = columns[found.column].type
    if found.operator == "is null":
        return exp.Is(this=column, expression=exp.null())
    if found.operator == "is not null":
        return exp.not_(exp.Is(this=column, expression=exp.null()))
    if found.operator == "contains":
        text = exp.Lower(this=exp.cast(column, "VARCHAR"))
        return exp.Contains(this=text, expression=exp.Lower(this=exp.Literal.string(str(found.values[0]))))
    if not is_plain(type_):
        column = exp.cast(column, "VARCHAR")
    values = [_value(value, type_) for value in found.values]
    if found.operator == "in":
        return exp.In(this=column, expressions=values)
    return _COMPARISONS[found.operator](this=column, expression=values[0])


def _value(value: Value, type_: str) -> exp.Expr:
    text = ("true" if value else "false") if isinstance(value, bool) else str(value)
    literal = exp.Literal.string(text)
    return exp.cast(literal, exp.DataType.build(type_, udt=True)) if is_plain(type_) else literal


_COMPARISONS: dict[str, type[exp.Binary]] = {
    "=": exp.EQ,
    "<>": exp.NEQ,
    "<": exp.LT,
    "<=": exp.LTE,
    ">": exp.GT,
    ">=": exp.GTE,
}
