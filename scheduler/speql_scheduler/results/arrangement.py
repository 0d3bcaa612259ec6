"""How somebody wants to see a result: which rows of it, and in which order."""

from dataclasses import dataclass
from typing import Literal

Operator = Literal["=", "<>", "<", "<=", ">", ">=", "contains", "in", "is null", "is not null"]

Value = bool | int | float | str


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition on a column, by its number from 0. ``in`` takes any number of values, IS NULL none, others one.

    Values are compared as the column's type; ``contains`` compares its text, whatever the case.
    """

    column: int
    operator: Operator
    values: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class Order:
    """Rows by a column, by its number from 0; NULLs come last in both directions."""

    column: int
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Arrangement:
    """The rows for which all filters hold, in this order, and where that says nothing in that of the result."""

    filters: tuple[Filter, ...] = ()
    orders: tuple[Order, ...] = ()

    @property
    def plain(self) -> bool:
        """Whether these are all rows as they come."""
        return not self.filters and not self.orders
