"""Why a view cannot serve a query, in words that name both sides."""

from sqlglot import exp

from speql_scheduler.matching.predicates import Rename
from speql_scheduler.matching.spjg import Block


def missing_conjunct(query: Block, condition: exp.Expr, rename: Rename) -> str:
    """The sentence for a conjunct of the view that does not follow from the query's.

    >>> # "the view keeps only month > 6, the query needs month >= 6"
    """
    dialect = query.catalog.dialect
    wanted = _shown(condition, dialect)
    columns = {rename((c.table, c.name)) for c in condition.find_all(exp.Column) if c.table}
    known = [
        _shown(other, dialect)
        for other in query.clause.where
        if columns & {(c.table, c.name) for c in other.find_all(exp.Column)}
    ]
    if known:
        return f"the view keeps only {wanted}, the query needs {' AND '.join(known)}"
    return f"the view keeps only {wanted}, the query needs every value"


def shown(condition: exp.Expr, block: Block) -> str:
    """A condition of a SELECT without the names of its sources."""
    return _shown(condition, block.catalog.dialect)


def _shown(condition: exp.Expr, dialect: str) -> str:
    """A condition without the names of its sources."""

    def bare(node: exp.Expr) -> exp.Expr:
        return exp.column(node.this.copy()) if isinstance(node, exp.Column) else node

    return condition.copy().transform(bare).sql(dialect=dialect)
