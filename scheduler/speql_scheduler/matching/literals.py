"""Read literals as values of a column's type, where the two are sure to be compared as the values order them."""

import re
from calendar import monthrange
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Literal

from sqlglot import exp

from speql_scheduler.matching.domains import Value

Family = Literal["exact", "float", "date", "timestamp", "text", "truth"]

_NUMBER = re.compile(r"\d+(\.\d+)?")
_SCIENTIFIC = re.compile(r"\d+(\.\d+)?[eE][+-]?\d{1,2}")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_TIMESTAMP = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}(\.\d{1,6})?")
_CASTS = {
    exp.DType.DATE: "DATE",
    exp.DType.TIMESTAMP: "TIMESTAMP",
    exp.DType.TIMESTAMPNTZ: "TIMESTAMP",
    exp.DType.VARCHAR: "VARCHAR",
    exp.DType.TEXT: "VARCHAR",
}
_FAMILIES: dict[str, Family] = {
    **dict.fromkeys(("TINYINT", "SMALLINT", "INTEGER", "INT", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"), "exact"),
    **dict.fromkeys(("INT1", "INT2", "INT4", "INT8", "DECIMAL", "NUMERIC"), "exact"),
    **dict.fromkeys(("DOUBLE", "DOUBLE PRECISION", "FLOAT8"), "float"),
    "DATE": "date",
    **dict.fromkeys(("TIMESTAMP", "DATETIME", "TIMESTAMP WITHOUT TIME ZONE"), "timestamp"),
    **dict.fromkeys(("VARCHAR", "CHARACTER VARYING", "TEXT", "STRING"), "text"),
    **dict.fromkeys(("BOOLEAN", "BOOL"), "truth"),
}


def family_of(type_name: str | None) -> Family | None:
    """The family of values that a column of this type holds, or None where comparisons are not reasoned about.

    ``FLOAT`` is left out because a literal loses digits when it is compared with one, time zones because the session
    decides what a literal means, and everything nested because equal values need not be identical.
    """
    if not type_name:
        return None
    return _FAMILIES.get(type_name.upper().split("(", 1)[0].strip())


def value_of(literal: exp.Expr, family: Family, *, orders_text: bool) -> Value | None:
    """The value that ``literal`` has when compared with a column of that family, or None where that is not sure.

    >>> value_of(exp.Literal.string("2000-01-05"), "date", orders_text=True)
    datetime.datetime(2000, 1, 5, 0, 0)
    >>> value_of(exp.Literal.string("2000-1-5"), "date", orders_text=True) is None
    True
    """
    if isinstance(literal, exp.Boolean):
        return Fraction(bool(literal.this)) if family == "truth" else None
    if (moment := _shifted(literal, family)) is not None:
        return moment
    negative = False
    while isinstance(literal, (exp.Paren, exp.Neg)):
        negative ^= isinstance(literal, exp.Neg)
        literal = literal.this
    cast = ""
    if isinstance(literal, exp.Cast) and type(literal) is exp.Cast and isinstance(literal.to, exp.DataType):
        cast = "" if literal.to.expressions else _CASTS.get(literal.to.this, "")
        if not cast:
            return None
        literal = literal.this
    if not isinstance(literal, exp.Literal):
        return None
    text = str(literal.this)
    if literal.is_string:
        if negative:
            return None
        if family == "text":
            return text if orders_text and cast in ("", "VARCHAR") else None
        return _moment(text, family, cast)
    if family == "float" and not cast and _SCIENTIFIC.fullmatch(text) and len(text) <= 16:
        return float(f"-{text}" if negative else text)
    if cast or family not in ("exact", "float") or not _NUMBER.fullmatch(text) or len(text) > 16:
        return None
    number = -Fraction(text) if negative else Fraction(text)
    return float(number) if family == "float" else number


_SHIFTS: dict[str, tuple[str, int]] = {
    "SECOND": ("seconds", 1),
    "MINUTE": ("seconds", 60),
    "HOUR": ("seconds", 3600),
    "DAY": ("days", 1),
    "WEEK": ("days", 7),
    "MONTH": ("months", 1),
    "YEAR": ("months", 12),
}


def _shifted(node: exp.Expr, family: Family) -> Value | None:
    """The moment that a DATE or TIMESTAMP and intervals of one unit each give: a TIMESTAMP, as in the standard."""
    node = node.unnest()
    if family not in ("date", "timestamp") or not isinstance(node, (exp.Add, exp.Sub)):
        return None
    start, interval = node.this.unnest(), node.expression.unnest()
    if not isinstance(interval, exp.Interval) or not isinstance(interval.this, exp.Literal):
        return None
    unit, count = interval.args.get("unit"), str(interval.this.this)
    name = unit.name.upper().removesuffix("S") if isinstance(unit, exp.Var) else ""
    if name not in _SHIFTS or not count.isdecimal() or len(count) > 6:
        return None
    if isinstance(start, (exp.Add, exp.Sub)):
        moment = _shifted(start, family)
    else:
        moment = value_of(start, "timestamp", orders_text=False) if type(start) is exp.Cast else None
    if not isinstance(moment, datetime):
        return None
    kind, factor = _SHIFTS[name]
    amount = int(count) * factor * (-1 if isinstance(node, exp.Sub) else 1)
    try:
        return _months_later(moment, amount) if kind == "months" else moment + timedelta(**{kind: amount})
    except (OverflowError, ValueError):
        return None


def _months_later(moment: datetime, months: int) -> datetime:
    """The same day of another month, or its last day where it is shorter."""
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    return moment.replace(year=year, month=month + 1, day=min(moment.day, monthrange(year, month + 1)[1]))


def _moment(text: str, family: Family, cast: str) -> Value | None:
    """A date or timestamp written in full; other spellings are left to the engine."""
    allowed = {"date": ("", "DATE", "TIMESTAMP"), "timestamp": ("", "DATE", "TIMESTAMP")}
    if family not in allowed or cast not in allowed[family]:
        return None
    is_date = _DATE.fullmatch(text) is not None
    is_timestamp = _TIMESTAMP.fullmatch(text) is not None
    becomes_date = cast == "DATE" or (cast == "" and family == "date")
    if not (is_date or (is_timestamp and not becomes_date)):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
