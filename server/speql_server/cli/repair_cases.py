"""`speql repair --cases`: unfinished texts, case by case."""

import asyncio
from dataclasses import replace
from functools import lru_cache
from typing import Annotated

import msgspec

from speql_server.cli.cases import Answer, BrokenCaseError, answer_cases
from speql_server.cli.repair import problem_as_json, read_catalog, repair_as_json, repair_at
from speql_sql import Catalog, Problem
from speql_sql.ddl import catalog_of_ddl
from speql_sql.parse import is_dialect


class _Case(msgspec.Struct, frozen=True):
    text: str
    cursor: Annotated[int, msgspec.Meta(ge=0)] | None = None
    schema: str | None = None
    dialect: str | None = None
    id: str | int | float | bool | None = None


def repair_cases_command(cases: str, *, database: str | None, output: str, connection: str | None = None) -> int:
    """Answer every case of a file, those without a schema against a database; 1 if a line was no case, else 0."""
    catalog = asyncio.run(read_catalog(database, connection)) if database or connection else None
    return answer_cases(cases, output, _Case, lambda case: _answer(case, catalog), _refused)


def _answer(case: _Case, default: Catalog | None) -> Answer:
    dialect = case.dialect or (default.dialect if default is not None else "duckdb")
    if not is_dialect(dialect):
        raise BrokenCaseError(f"{dialect} is no dialect of SQL that is known.")
    catalog, problems = _tables(case.schema or "", dialect)
    if case.schema is None and default is not None and dialect == default.dialect:
        catalog = default
    repaired, offset, milliseconds = repair_at(case.text, catalog, case.cursor)
    repaired = replace(repaired, problems=(*repaired.problems, *problems))
    return {"id": case.id, **repair_as_json(repaired, offset, milliseconds)}


@lru_cache(maxsize=256)
def _tables(schema: str, dialect: str) -> tuple[Catalog, tuple[Problem, ...]]:
    """The catalog of a schema, and what of it was not read: told without a place, since places are in the text."""
    ddl = catalog_of_ddl(schema, dialect)
    return ddl.catalog, tuple(
        replace(problem, message=f"Of the schema: {problem.message}", span=None) for problem in ddl.problems
    )


def _refused(id_: object, reason: str) -> Answer:
    problem = problem_as_json(Problem("broken-case", reason), 0)
    return {"id": id_, "sql": None, "edits": [], "confidence": 0.0, "problems": [problem], "ms": 0.0}
