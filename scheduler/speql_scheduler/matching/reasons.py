"""Why a view cannot serve a query, in words that name both sides."""

from sqlglot import exp

from speql_scheduler.matching.predicates import Rename
from speql_scheduler.matching.spjg import Block


def missing_conjunct(query: Block, view: Block, condition: exp.Expr, rename: Rename) -> str:
    """The sentence for a conjunct of the view that does not follow from the query's.

    Such as: the view keeps only month > 6, the query needs month >= 6.
    """
    wanted = view.written(condition)
    columns = {rename((c.table, c.name)) for c in condition.find_all(exp.Column) if c.table}
    known = [
        query.written(other)
        for other in query.clause.where
        if columns & {(c.table, c.name) for c in other.find_all(exp.Column)}
    ]
    if known:
        return f"the view keeps only {wanted}, the query needs {' AND '.join(known)}"
    return f"the view keeps only {wanted}, the query needs every value"
