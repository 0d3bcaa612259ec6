"""A query that somebody wants the first page of, with all that can be known of it without an engine."""

import hashlib
from dataclasses import dataclass, replace

from sqlglot import exp

from speql_scheduler.matching.canonical import digest
from speql_scheduler.matching.proved import proved_for, written_alike
from speql_scheduler.matching.rows_key import rows_key
from speql_scheduler.running.costs import base_rows
from speql_scheduler.running.shape import Shape, shape_of
from speql_sql import Catalog, Problem
from speql_sql.faithful import why_unfaithful
from speql_sql.guard import GuardPolicy, speculation_problems
from speql_sql.outer_limit import outer_limit, with_limit
from speql_sql.qualify import qualify_query


@dataclass(frozen=True)
class Question:
    """What is asked: the text that the engine would be given, its tree, and what decides how it may be answered.

    ``bound`` is a text that binds as ``sql`` does: the same but for the number of an outer LIMIT. ``qualified`` is the
    tree with its names resolved, None if they do not resolve. ``key`` tells apart all that can change the rows, their
    order or their columns; ``rows_key`` all but what the columns are called, and how many ``limit`` takes of the first
    rows of the whole result (None: all). ``refusals`` are the guard's reasons against running the query before it is
    submitted, and against keeping its result. ``lasting`` is False if the result may not be kept: it reads more than
    the tables of the catalog (a file, a table function), and the data version does not tell when that changes.
    ``base_rows`` are the rows of the base tables that it names, ``shape`` is what its speed goes by.
    """

    sql: str
    bound: str
    query: exp.Query
    qualified: exp.Query | None
    catalog: Catalog
    key: str
    rows_key: str
    limit: int | None
    refusals: tuple[Problem, ...]
    lasting: bool
    base_rows: int
    shape: Shape | None = None


def ask(sql: str | None, query: exp.Query, catalog: Catalog, allowed_paths: tuple[str, ...]) -> Question:
    """The question for a query; ``sql`` is its text as the user wrote it, None to write it from the tree. Pure.

    A catalog that may be out of date resolves no names: such a query runs as it is, and its result is not kept.
    """
    proved = proved_for(catalog.dialect)
    faithful = written_alike(catalog.dialect) or sql is None or not why_unfaithful(sql, query, catalog.dialect)
    qualified = qualify_query(query, catalog).query if catalog.certain and faithful else None
    text = sql if sql is not None else query.sql(catalog.dialect)
    refusals = speculation_problems(query, GuardPolicy.for_catalog(catalog, allowed_paths), text)
    limit = outer_limit(qualified) if qualified else None
    same_rows = rows_key(qualified, with_limit=limit is None) if proved and qualified else _key_of_text(query, catalog)
    return Question(
        sql=text,
        bound=text,
        query=query,
        qualified=qualified,
        catalog=catalog,
        key=_key(same_rows, qualified, limit),
        rows_key=same_rows,
        limit=limit,
        refusals=refusals,
        lasting=not refusals and qualified is not None and reads_tables_only(qualified),
        base_rows=base_rows(qualified or query, catalog),
        shape=shape_of(qualified or query),
    )


def asked_again(question: Question, sql: str, limit: int) -> Question:
    """The question for the same query with another outer LIMIT. Pure; several times faster than asking anew."""
    qualified = with_limit(question.qualified, limit) if question.qualified is not None else None
    return replace(
        question,
        sql=sql,
        query=with_limit(question.query, limit),
        qualified=qualified,
        key=_key(question.rows_key, qualified, limit),
        limit=limit,
    )


def _key(same_rows: str, qualified: exp.Query | None, limit: int | None) -> str:
    names = digest(repr(qualified.named_selects)) if qualified is not None else ""
    return f"{same_rows}-{names}-{limit}"


def reads_tables_only(qualified: exp.Query) -> bool:
    """Whether every source of a qualified query is a table of the catalog, a CTE or a subquery."""
    return all(isinstance(table.this, exp.Identifier) for table in qualified.find_all(exp.Table))


def _key_of_text(query: exp.Query, catalog: Catalog) -> str:
    """The key of a query that cannot be analysed: its own text, and the catalog in which its names are looked up."""
    text = f"{catalog.version}\n{query.sql(catalog.dialect, comments=False)}"
    return "text-" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:40]
