"""How Spark's functions are called, as its catalog describes them."""

import re
from typing import Protocol

from speql_engines.spark.driver import SparkSession
from speql_sql import FunctionSignature, Parameter
from speql_sql.function_signature import FunctionKind

_WINDOW = frozenset(
    {"row_number", "rank", "dense_rank", "percent_rank", "cume_dist", "ntile", "lag", "lead", "nth_value"}
)
_AGGREGATE = ".aggregate."
_TABLE = frozenset({"range"})


class Described(Protocol):
    """A function as the catalog lists it."""

    @property
    def name(self) -> str: ...  # noqa: D102

    @property
    def description(self) -> str | None: ...  # noqa: D102

    @property
    def className(self) -> str: ...  # noqa: D102, N802 -- the client's name


def read_signatures(session: SparkSession) -> tuple[FunctionSignature, ...]:
    """All functions that a query may call, the user's too, in one question; the types of parameters are not told."""
    found = [signature_of(one) for one in session.catalog.listFunctions() if re.fullmatch(r"[A-Za-z]\w*", one.name)]
    return tuple(sorted(found, key=lambda one: one.name))


def signature_of(function: Described) -> FunctionSignature:
    """The function's way to be called, which is the first line of its description."""
    usage = " ".join((function.description or "").split())
    name = function.name.lower()
    call, _, says = usage.partition(" - ")
    told = re.match(rf"{re.escape(name)}\((.*)\)$", call.strip(), re.I)
    words = [re.sub(r"[\[\]]|^\s*,|\bDISTINCT\b", "", one).strip() for one in told[1].split(",")] if told else []
    names = [word for word in words if word and word != "..."]
    return FunctionSignature(
        name,
        tuple(Parameter(one.removesuffix("...").strip()) for one in names),
        kind=_kind(name, function.className or ""),
        variadic=told is not None and "..." in told[1],
        description=says,
    )


def _kind(name: str, class_name: str) -> FunctionKind:
    if name in _WINDOW:
        return "window"
    if name in _TABLE:
        return "table"
    return "aggregate" if _AGGREGATE in class_name else "scalar"
