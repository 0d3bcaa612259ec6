"""Whether a text is one query, for engines that have no read-only sessions."""

from collections.abc import Callable

from speql_engines.engine import EngineError
from speql_sql.parse import parse_query


def require_query(sql: str, dialect: str, bind: Callable[[], object]) -> None:
    """:class:`EngineError` if ``sql`` is anything but one query, or cannot be read.

    Where the engine cannot be told that a statement may only read, what works ahead is a query by the parser's word, or
    it does not run. (What its functions and CTEs do is for the guard to say, before it comes here.) ``bind`` asks the
    engine for the mistake in what cannot be read, without running it: its words are better.
    """
    problem = parse_query(sql, dialect).problem
    if problem is None:
        return
    if problem.code == "cannot-parse":
        bind()
    raise EngineError(problem.message, "Only a single query that reads can be run here.", problem)
