"""`speql rewrite`: queries answered from views, case by case."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import msgspec

from speql_scheduler.matching.rewrite import Rewrite, rewrite
from speql_scheduler.matching.view import View, define_view
from speql_server.cli.cases import Answer, answer_cases
from speql_sql import Catalog, Problem, SpeqlError
from speql_sql.ddl import Ddl, catalog_of_ddl
from speql_sql.output_names import hides, source_sql, tells_names, with_column_list
from speql_sql.parse import is_dialect, parse_query
from speql_sql.qualify import qualify_query

_REASONS_TOLD = 3


class _ViewOfCase(msgspec.Struct, frozen=True):
    name: str
    sql: str


class _Case(msgspec.Struct, frozen=True):
    query: str
    schema: str = ""
    views: list[_ViewOfCase] = []
    id: str | int | float | bool | None = None


@dataclass(frozen=True)
class _Candidate:
    """A view of a case. ``refusal`` says why it serves nothing; ``by_place``: a column has no name."""

    name: str
    view: View | None
    refusal: str = ""
    by_place: bool = False


def rewrite_command(cases: str, *, dialect: str, output: str) -> int:
    """Answer every case of a file; 1 if a line was no case, else 0."""
    if not is_dialect(dialect):
        raise SpeqlError(f"{dialect} is no dialect of SQL that is known.", "Name one such as duckdb or postgres.")
    return answer_cases(cases, output, _Case, lambda case: _answer(case, dialect), _refused)


def _refused(id_: object, reason: str) -> Answer:
    return {"id": id_, "sql": None, "uses": [], "reason": reason}


def _answer(case: _Case, dialect: str) -> Answer:
    ddl = _ddl(case.schema, dialect)
    parsed = parse_query(case.query, dialect)
    if parsed.query is None:
        return _refused(case.id, f"The query cannot be read: {_clause(parsed.problem)}.")
    qualified = qualify_query(parsed.query, ddl.catalog)
    if qualified.query is None:
        problem = _clause(next(iter(qualified.problems), None))
        return _refused(case.id, f"The query's names do not resolve: {problem}{_of_schema(ddl)}.")
    if not case.views:
        return _refused(case.id, "There are no views.")
    candidates = _candidates(case.views, case.schema, dialect)
    candidates = [_not_hidden(one, hides(parsed.query, one.name)) for one in candidates]
    usable = [one.view for one in candidates if one.view is not None and not one.refusal]
    # The tree as it is written, as the server gives it: rewriting may look at more than the qualified tree has.
    rewritten = rewrite(parsed.query, usable, ddl.catalog)
    sql = rewritten.sql
    for one in candidates:
        if sql is not None and one.view is not None and one.by_place and one.name in rewritten.uses:
            sql = with_column_list(sql, one.view.sql_name, one.view.columns, dialect)
            if sql is None:
                reason = f"{one.name} would serve it, but a column of it has no name, and {dialect} cannot give it one."
                return _refused(case.id, reason)
    if sql is None:
        return _refused(case.id, f"Not served: {_why_not(rewritten, candidates)}{_of_schema(ddl)}.")
    return {"id": case.id, "sql": sql, "uses": list(rewritten.uses), "reason": _why(rewritten)}


def _why(rewritten: Rewrite) -> str:
    """Each view that is used, and what is done on top of it."""
    used = [decision for decision in rewritten.decisions if decision.used]
    parts = [f"{one.view} ({one.compensation or 'as it is'})" for one in used]
    rest = "" if rewritten.temp_only else f"; it still reads {', '.join(rewritten.tables)}"
    return f"Served from {', '.join(dict.fromkeys(parts))}{rest}."


def _why_not(rewritten: Rewrite, candidates: Sequence[_Candidate]) -> str:
    """The first reasons, those of views that cannot serve anything before the others."""
    reasons = [f"{one.name}: {one.refusal}" for one in candidates if one.refusal]
    reasons += [f"{one.view}: {one.reason}" for one in rewritten.decisions if not one.used]
    told = list(dict.fromkeys(reason.rstrip(".") for reason in reasons))
    more = f"; and {len(told) - _REASONS_TOLD} more" if len(told) > _REASONS_TOLD else ""
    return ("; ".join(told[:_REASONS_TOLD]) or "no view holds a part of it") + more


def _of_schema(ddl: Ddl) -> str:
    return f" (of the schema: {_clause(ddl.problems[0])})" if ddl.problems else ""


def _clause(problem: Problem | None) -> str:
    return problem.text.rstrip(".") if problem is not None else "it is not understood"


def _not_hidden(candidate: _Candidate, hidden: bool) -> _Candidate:
    if not hidden or candidate.refusal:
        return candidate
    return _Candidate(candidate.name, None, "a CTE of the query has its name")


def _candidates(views: Sequence[_ViewOfCase], schema: str, dialect: str) -> list[_Candidate]:
    found: dict[str, _Candidate] = {}
    for view in views:
        if view.name.lower() in found:
            found[view.name.lower()] = _Candidate(view.name, None, "two views have this name")
        else:
            found[view.name.lower()] = _candidate(view.name, view.sql, schema, dialect)
    return list(found.values())


@lru_cache(maxsize=1024)
def _candidate(name: str, sql: str, schema: str, dialect: str) -> _Candidate:
    catalog: Catalog = _ddl(schema, dialect).catalog
    if not name.strip():
        return _Candidate(name, None, "a view without a name cannot be read")
    *schemas, last = name.split(".")
    if catalog.find(last, *reversed(schemas[-2:])) is not None:
        return _Candidate(name, None, "a table of the schema has its name")
    parsed = parse_query(sql, dialect)
    if parsed.query is None:
        return _Candidate(name, None, f"it cannot be read: {_clause(parsed.problem)}")
    view = define_view(name, source_sql(name, dialect), parsed.query, catalog)
    by_place = not tells_names(parsed.query) or tuple(view.query.named_selects) != view.columns
    return _Candidate(name, view, view.refusal, by_place)


@lru_cache(maxsize=256)
def _ddl(schema: str, dialect: str) -> Ddl:
    return catalog_of_ddl(schema, dialect)
