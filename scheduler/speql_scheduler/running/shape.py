"""What queries of about the same pace have in common."""

from collections import Counter
from dataclasses import dataclass, field

from sqlglot import exp

from speql_scheduler.running.costs import streams


@dataclass(frozen=True, slots=True)
class Shape:
    """The tables of a query, each time it names them, how many SELECTs it has, and whether it streams.

    Two shapes are the same whatever number of ``constants`` their conditions compare with.
    """

    tables: tuple[str, ...]
    selects: int = 1
    streams: bool = False
    constants: int = field(default=0, compare=False)

    def extends(self, other: "Shape") -> bool:
        """Whether a query of this shape is one of the other with more in it, but with no further constant to filter by.

        >>> Shape(("s", "t")).extends(Shape(("t",))), Shape(("s", "t"), constants=1).extends(Shape(("t",)))
        (True, False)
        """
        return (
            Counter(other.tables) <= Counter(self.tables)
            and other.selects <= self.selects
            and self.constants <= other.constants
            and not self.streams
        )


def shape_of(query: exp.Query) -> Shape:
    """The shape of a query.

    >>> from sqlglot import parse_one
    >>> shape_of(parse_one("SELECT sum(a) FROM t WHERE b > (SELECT max(b) FROM s WHERE c = 3)"))
    Shape(tables=('s', 't'), selects=2, streams=False, constants=1)
    """
    return Shape(
        tables=tuple(sorted(table.name.lower() for table in query.find_all(exp.Table) if table.name)),
        selects=sum(1 for _ in query.find_all(exp.Select)),
        streams=streams(query),
        constants=sum(1 for literal in query.find_all(exp.Literal) if _filters(literal)),
    )


def _filters(literal: exp.Literal) -> bool:
    """Whether a constant is part of a condition on rows."""
    around = literal.find_ancestor(exp.Where, exp.Join, exp.Having, exp.Qualify, exp.Select)
    return around is not None and not isinstance(around, exp.Select)
