"""Whether a statement is refused for what statements before it make, change or set, which have not been run."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from speql_speculator.by_identity import ByIdentity
from speql_speculator.navigating.changed_tables import awaited_change
from speql_speculator.navigating.loaded_extensions import is_of_extension
from speql_speculator.navigating.made_names import MadeName, is_awaited, made_names
from speql_speculator.navigating.made_tables import made_by
from speql_speculator.navigating.path_changes import awaits_path
from speql_speculator.predicting.words import tables_named
from speql_speculator.tokens import tokenize
from speql_sql import Catalog, Problem

REMEMBERED = 2_048
"""Of how many statements it is kept what they leave: those of a long document."""


def leaves_something(statement: str) -> bool:
    """Whether a statement may give names another meaning, as far as its first word tells."""
    return _LEAVES.match(statement) is not None


def awaits_statements(problems: Sequence[Problem], statement: str, before: Sequence[str], catalog: Catalog) -> bool:
    """Whether the problems of a statement may be gone once those ``before`` it have been run.

    Only those that :func:`leaves_something` is true of need be given. What does not parse stays wrong.
    """
    errors = [problem for problem in problems if problem.severity == "error" and problem.code != "syntax-error"]
    if not errors:
        return False
    if awaits_path(before, catalog) or any(is_of_extension(problem, before) for problem in errors):
        return True
    dialect, key = catalog.dialect, ByIdentity(catalog)
    left = [_left(text, key, catalog.version) for text in before]
    if any(is_awaited(problem, statement, made, catalog) for one in left for made in one.names for problem in errors):
        return True
    if any(problem.code == "unknown-table" for problem in errors):
        missing = {one.table for one in left if one.table and catalog.find(one.table) is None}
        return bool(missing) and not missing.isdisjoint(tables_named(statement, dialect))
    if any(problem.code.startswith("unknown-") for problem in errors):
        return False
    changed = {one.changed for one in left if one.changed}
    return bool(changed) and not changed.isdisjoint(token.name.lower() for token in tokenize(statement, dialect))


_LEAVES = re.compile(r"(?:CREATE|ALTER|DROP|ATTACH|USE|SET|LOAD|FORCE|INSTALL)\b", re.I)


@dataclass(frozen=True, slots=True)
class _Left:
    """What a statement leaves: names, the table that it makes, and one that is not yet as it leaves it."""

    names: frozenset[MadeName]
    table: str
    changed: str


@lru_cache(maxsize=REMEMBERED)
def _left(statement: str, key: ByIdentity, version: str) -> _Left:
    (catalog,) = key.values
    assert isinstance(catalog, Catalog)
    made = made_by(statement, catalog.dialect)
    return _Left(made_names(statement, catalog), made, awaited_change(statement, catalog))
