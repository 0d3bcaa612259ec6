"""Whether the rows of a query may be kept and served again."""

from sqlglot import exp

from speql_sql import Catalog
from speql_sql.guard import GuardPolicy, speculation_problems

_MARK = "not_reusable"


def why_not_reusable(qualified: exp.Query, catalog: Catalog) -> str:
    """Why the rows of a query may not be kept (``random()``, a function of the database's own); or empty.

    This is the guard's question; its answer is kept on the tree, since a query is asked about many times.
    """
    known = qualified.meta.get(_MARK)
    if isinstance(known, str):
        return known
    problems = speculation_problems(qualified, GuardPolicy.for_catalog(catalog))
    answer = problems[0].message if problems else ""
    qualified.meta[_MARK] = answer
    return answer
