"""How BigQuery's functions are called."""

from collections.abc import Iterable
from functools import cache

from google.cloud.bigquery import Routine, StandardSqlDataType
from sqlglot import exp

from speql_engines.function_classes import classes_of
from speql_sql import FunctionSignature, Parameter
from speql_sql.function_data import function_data
from speql_sql.function_signature import FunctionKind

_KINDS: dict[str, FunctionKind] = {"TABLE_VALUED_FUNCTION": "table", "AGGREGATE_FUNCTION": "aggregate"}


def read_signatures(routines: Iterable[Routine], dialect: str) -> tuple[FunctionSignature, ...]:
    """All functions that a query may call: those that BigQuery's documentation lists, and the project's own.

    BigQuery tells of its own functions only in words, so their names are known and not their parameters.
    """
    own = [_signature(routine) for routine in routines if routine.type_ != "PROCEDURE"]
    return tuple(sorted([*_built_in(dialect), *own], key=lambda one: (one.name, len(one.parameters))))


@cache
def _built_in(dialect: str) -> tuple[FunctionSignature, ...]:
    return tuple(FunctionSignature(name, (), kind=_kind(name, dialect)) for name in function_data(dialect).functions)


def _kind(name: str, dialect: str) -> FunctionKind:
    classes = [getattr(exp, found, None) for found in classes_of(name, dialect)]
    adds = any(isinstance(one, type) and issubclass(one, exp.AggFunc) for one in classes)
    return "aggregate" if adds else "scalar"


def _signature(routine: Routine) -> FunctionSignature:
    parameters = tuple(Parameter(str(one.name or ""), _spelled(one.data_type)) for one in routine.arguments or ())
    kind = _KINDS.get(str(routine.type_), "scalar")
    name = f"{routine.dataset_id}.{routine.routine_id}"
    return FunctionSignature(name, parameters, _spelled(routine.return_type), kind, False, routine.description or "")


def _spelled(type_: StandardSqlDataType | None) -> str:
    if type_ is None or type_.type_kind is None:
        return ""
    if type_.array_element_type is not None:
        return f"ARRAY<{_spelled(type_.array_element_type)}>"
    return str(type_.type_kind.name)
