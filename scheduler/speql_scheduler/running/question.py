"""A query that somebody wants the first page of, with all that can be known of it without an engine."""

import hashlib
from dataclasses import dataclass

from speql_sql.guard import GuardPolicy, speculation_problems
from sqlglot import exp

from speql_scheduler.running.costs import base_rows
from speql_sql import Catalog, Problem
from speql_sql.qualify import qualify_query


@dataclass(frozen=True)
class Question:
    """What is asked: the text that the engine would be given, its tree, and what decides how it may be answered.

    ``key`` tells apart all that can change the rows or their order; names of result columns are not part of it, they
    are put on afterwards. ``refusals`` are the guard's reasons against running the query before it is asked for, and
    against keeping its result. ``base_rows`` are the rows of the base tables that it names.
    """

    sql: str
    query: exp.Query
    catalog: Catalog
    key: str
    refusals: tuple[Problem, ...]
    base_rows: int


def ask(sql: str | None, query: exp.Query, catalog: Catalog, policy: GuardPolicy) -> Question:
    """The question for a query; ``sql`` is its text as the user wrote it, None to write it from the tree. Pure."""
    qualified = qualify_query(query, catalog).query or query
    meaning = f"{catalog.version}\n{qualified.sql(catalog.dialect, comments=False)}"
    return Question(
        sql=sql if sql is not None else query.sql(catalog.dialect),
        query=query,
        catalog=catalog,
        key=hashlib.sha256(meaning.encode()).hexdigest()[:24],
        refusals=speculation_problems(query, policy),
        base_rows=base_rows(qualified, catalog),
    )
