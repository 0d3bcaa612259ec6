"""How Snowflake's functions are called, as SHOW FUNCTIONS says."""

import re
from collections.abc import Callable
from typing import Any

from speql_engines.snowflake.data_version import full_name
from speql_sql import FunctionSignature, Parameter
from speql_sql.function_signature import FunctionKind

_ARGUMENTS = re.compile(r"^[^(]*\((.*)\)\s*RETURN\s+(.*)$", re.S)
_OPTIONAL = re.compile(r"\[,?\s*|\]|\bDEFAULT\b", re.I)


def read_signatures(rows: Callable[[str], list[dict[str, Any]]], database: str) -> tuple[FunctionSignature, ...]:
    """All functions that a query may call, the user's too; those of a name one after the other, the shortest first."""
    found = [*rows("SHOW BUILTIN FUNCTIONS"), *rows(f"SHOW USER FUNCTIONS IN DATABASE {full_name(database)}")]
    signatures = [_signature(row) for row in found if re.fullmatch(r"[A-Za-z]\w*", str(row["name"]))]
    return tuple(sorted(signatures, key=lambda one: (one.name, len(one.parameters))))


def _signature(row: dict[str, Any]) -> FunctionSignature:
    """
    >>> row = {"name": "ROUND", "arguments": "ROUND(NUMBER, NUMBER) RETURN NUMBER", "is_aggregate": "N"}
    >>> [one.type for one in _signature(row).parameters]
    ['NUMBER', 'NUMBER']
    """
    told = _ARGUMENTS.match(str(row.get("arguments") or ""))
    types = [_OPTIONAL.sub("", one).strip() for one in _split(told[1])] if told else []
    kind: FunctionKind = "scalar"
    if row.get("is_table_function") == "Y":
        kind = "table"
    elif row.get("is_aggregate") == "Y":
        kind = "aggregate"
    return FunctionSignature(
        str(row["name"]).lower(),
        tuple(Parameter(one, one) for one in types if one),
        told[2].strip() if told else "",
        kind,
        False,
        str(row.get("description") or ""),
    )


def _split(arguments: str) -> list[str]:
    """At commas that are in no parentheses: NUMBER(38,0) is one."""
    found, depth = [""], 0
    for sign in arguments:
        depth += (sign == "(") - (sign == ")")
        if sign == "," and not depth:
            found.append("")
        else:
            found[-1] += sign
    return found
