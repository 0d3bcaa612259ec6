"""Coarser units of time from finer ones: the year of a date is the year of its month."""

from dataclasses import dataclass

from sqlglot import exp

_TIME_OF_DAY = ("second", "minute", "hour")
_FINER = {
    "second": ("second",),
    "minute": ("minute", "second"),
    "hour": ("hour", "minute", "second"),
    "day": ("day", *_TIME_OF_DAY),
    "week": ("week", "day", *_TIME_OF_DAY),
    "month": ("month", "day", *_TIME_OF_DAY),
    "quarter": ("quarter", "month", "day", *_TIME_OF_DAY),
    "year": ("year", "quarter", "month", "day", *_TIME_OF_DAY),
}
_PART_OF = {
    **{unit: unit for unit in _FINER},
    **dict.fromkeys(("dayofmonth", "dow", "dayofweek", "weekday", "isodow", "doy", "dayofyear"), "day"),
    **dict.fromkeys(("weekofyear", "isoyear", "yearweek"), "week"),
}
_FUNCTIONS: dict[type[exp.Expr], str] = {
    exp.Year: "year",
    exp.Quarter: "quarter",
    exp.Month: "month",
    exp.Week: "week",
    exp.WeekOfYear: "week",
    exp.Day: "day",
    exp.DayOfMonth: "day",
    exp.DayOfWeek: "day",
    exp.DayOfWeekIso: "day",
    exp.DayOfYear: "day",
    exp.Hour: "hour",
    exp.Minute: "minute",
    exp.Second: "second",
}


EXTRACTING: dict[type[exp.Expr], str] = {
    exp.Year: "YEAR",
    exp.Quarter: "QUARTER",
    exp.Month: "MONTH",
    exp.Day: "DAY",
    exp.DayOfMonth: "DAY",
    exp.Hour: "HOUR",
    exp.Minute: "MINUTE",
    exp.Second: "SECOND",
}
"""Functions that say what EXTRACT says of one unit."""


def extracted(node: exp.Expr) -> tuple[str, exp.Expr] | None:
    """The unit and the moment of EXTRACT or of a function that is short for it; None for another spelling of them.

    >>> import sqlglot
    >>> [extracted(sqlglot.parse_one(sql, dialect="duckdb"))[0] for sql in ("year(d)", "EXTRACT(year FROM d)")]
    ['YEAR', 'YEAR']
    """
    if isinstance(node, exp.Extract):
        unit, moment, arguments = node.this, node.expression, 2
        name = unit.name.upper() if isinstance(unit, exp.Var) and unit.name.isidentifier() else ""
    else:
        moment, arguments, name = node.this, 1, EXTRACTING.get(type(node), "")
    return (name, moment) if name and sum(1 for value in node.args.values() if value) == arguments else None


@dataclass(frozen=True)
class TimePart:
    """A function of a moment that depends on no more of it than its ``unit``.

    ``truncates`` if its own value is the moment at which the unit starts.
    """

    moment: exp.Expr
    unit: str
    truncates: bool = False

    def can_be_computed_from(self, truncated: "TimePart") -> bool:
        """Whether the start of the other unit of the same moment has this value too.

        Weeks begin in one month and end in another: they come from days, and no month comes from them.
        """
        return truncated.truncates and truncated.unit in _FINER[self.unit]


def time_part(node: exp.Expr) -> TimePart | None:
    """What a call of date_trunc, EXTRACT, date_part, year and the like, or a cast to DATE, depends on.

    >>> import sqlglot
    >>> month = time_part(sqlglot.parse_one("date_trunc('month', d)", dialect="duckdb"))
    >>> time_part(sqlglot.parse_one("year(d)", dialect="duckdb")).can_be_computed_from(month)
    True
    >>> time_part(sqlglot.parse_one("date_trunc('week', d)", dialect="duckdb")).can_be_computed_from(month)
    False
    """
    if isinstance(node, (exp.TimestampTrunc, exp.DateTrunc)):
        unit = _name(node.args.get("unit"))
        plain = not any(value for key, value in node.args.items() if key not in ("this", "unit"))
        return TimePart(node.this, unit, truncates=True) if plain and unit in _FINER else None
    if type(node) is exp.Cast:
        is_date = isinstance(node.to, exp.DataType) and node.to.this is exp.DType.DATE
        return TimePart(node.this, "day", truncates=True) if is_date else None
    if isinstance(node, exp.Extract):
        unit = _PART_OF.get(_name(node.this), "")
        return TimePart(node.expression, unit) if unit else None
    if isinstance(node, exp.Anonymous) and node.name.lower() in ("date_part", "datepart"):
        if len(node.expressions) != 2:
            return None
        unit = _PART_OF.get(_name(node.expressions[0]), "")
        return TimePart(node.expressions[1], unit) if unit else None
    unit = _FUNCTIONS.get(type(node), "")
    plain = not any(value for key, value in node.args.items() if key != "this")
    return TimePart(node.this, unit) if unit and plain else None


def _name(node: object) -> str:
    if isinstance(node, exp.Literal):
        return str(node.this).lower() if node.is_string else ""
    return node.name.lower() if isinstance(node, exp.Var) else ""


def of_truncated(node: exp.Expr, part: TimePart, truncated: exp.Expr) -> exp.Expr:
    """The same function of another moment."""
    copy = node.copy()
    for child in list(copy.iter_expressions()):
        if child == part.moment:
            child.replace(truncated)
            return copy
    raise AssertionError("a time part is a function of its moment")
