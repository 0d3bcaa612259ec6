"""What an engine says of a text that nobody has submitted."""

from speql_engines.engine import Binding, Engine
from speql_sql import Problem
from speql_sql.guard import GuardPolicy, speculation_problems
from speql_sql.parse import parse_query

# These are asked to parse and to describe, and do no more than that, whatever the text is.
_ONLY_DESCRIBE = frozenset({"duckdb", "postgres"})
# What is described and not run may tell the time: it does nothing else.
_NO_MATTER = frozenset({"volatile-function"})


async def bind_unasked(engine: Engine, sql: str) -> Binding:
    """Names and types of a query's result, or why it does not bind, for a text as it stands in an editor.

    DuckDB is not asked about what lies in the network: it would look there. Elsewhere than on DuckDB and PostgreSQL
    to be asked about a text may be more than that: a dry run reaches the databases that it names, Spark runs
    commands as it analyses them. There only a text is asked about that the guard takes for one query, which the
    engine reads in the same way. A submit asks the engine itself.
    """
    reason = why_not_asked(sql, engine.info.dialect)
    if reason:
        return Binding(problems=(Problem("not-a-query", reason, severity="information"),))
    return await engine.bind(sql)


def why_not_asked(sql: str, dialect: str) -> str:
    """Why an engine is not asked about a text before that is submitted; or empty."""
    if dialect in _ONLY_DESCRIBE and "://" not in sql:
        return ""
    parsed = parse_query(sql, dialect)
    if parsed.query is None:
        return "The engine is asked about it when it is submitted: SpeQL cannot read it as one query."
    problems = speculation_problems(parsed.query, GuardPolicy(dialect), sql)
    if dialect in _ONLY_DESCRIBE:
        # DuckDB opens a file to see its columns, also one in the network.
        problems = tuple(problem for problem in problems if problem.code == "network-access")
    refused = next((problem for problem in problems if problem.code not in _NO_MATTER), None)
    return f"The engine is asked about it when it is submitted: {refused.message}" if refused is not None else ""
