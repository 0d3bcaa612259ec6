"""What HAVING, and WHERE above keys, prove of the groups of a SELECT."""

from collections.abc import Callable
from dataclasses import replace

from sqlglot import exp

from speql_scheduler.matching.literals import family_of
from speql_scheduler.matching.normal_text import Names
from speql_scheduler.matching.predicates import ColumnKey, Facts, Rename
from speql_scheduler.matching.spjg import Block, aggregates_of

_AGGREGATE = "\x00aggregate"
_KEY_FAMILIES = ("exact", "date", "timestamp", "text")


def conditions_on_keys(block: Block) -> list[exp.Expr]:
    """The conjuncts of HAVING that are conditions on rows: they name nothing but grouping keys.

    A group for which one is not true has no row for which it is. That holds only where equal keys are identical
    (not ``-0.0`` and ``0.0``), where no key is made NULL by ROLLUP, and not for the one group that needs no rows.
    """
    if block.select.args.get("group") is None or not block.grouping or block.has_grouping_sets:
        return []
    found = []
    for condition in block.having:
        columns = list(condition.find_all(exp.Column))
        if condition.find(exp.Query, exp.AggFunc, exp.Anonymous) is None and all(
            family_of(block.column_type((column.table, column.name))[0]) in _KEY_FAMILIES for column in columns
        ):
            found.append(condition)
    return found


def facts_of_needed_rows(block: Block) -> Facts:
    """What is known of every row that counts for the result: WHERE, and HAVING as far as it is about keys."""
    on_keys = conditions_on_keys(block)
    if not on_keys:
        return block.facts
    facts = block.facts
    return Facts([*block.clause.where, *on_keys], facts.type_of, facts.names, facts.orders_text)


class GroupFacts:
    """What is known of every group that a SELECT returns.

    Each aggregate is looked at as a column of the group, named by its text, so that ``HAVING sum(a) > 5`` proves
    ``sum(a) > 3``. WHERE is true of every row of a group, so it is known of the keys; but the one group of a SELECT
    without GROUP BY may have no row, and of that only HAVING is known.
    """

    def __init__(self, block: Block) -> None:
        self._types: dict[str, tuple[str | None, bool]] = {}
        self._block = block
        where = block.clause.where if block.select.args.get("group") is not None else []
        having = [self._as_columns(condition, block.text, block) for condition in block.having]
        names = _with_aggregates(block.inner_names)
        self._facts = Facts([*where, *having], self._type_of, names, block.facts.orders_text)

    def implies(self, condition: exp.Expr, block: Block, text: Callable[[exp.Expr], str], rename: Rename) -> bool:
        """Whether a conjunct of the HAVING of another SELECT is true of every group.

        ``text`` writes an aggregate of the other SELECT as this one would, ``rename`` takes its columns to this one's.
        """

        def rename_all(column: ColumnKey) -> ColumnKey | None:
            return column if column[0] == _AGGREGATE else rename(column)

        wanted = self._as_columns(condition, text, block)
        return self._facts.implies(wanted, _with_aggregates(block.inner_names), rename_all)

    def _as_columns(self, condition: exp.Expr, text: Callable[[exp.Expr], str], block: Block) -> exp.Expr:
        """The condition with each aggregate in it as a column."""
        copy = exp.paren(condition)
        for function in list(aggregates_of(copy)):
            while isinstance(function.parent, (exp.Filter, exp.WithinGroup, exp.IgnoreNulls, exp.RespectNulls)):
                function = function.parent
            name = text(function)
            self._types.setdefault(name, _type_of_aggregate(function, block))
            function.replace(exp.column(exp.to_identifier(name, quoted=True), table=exp.to_identifier(_AGGREGATE)))
        return copy

    def _type_of(self, column: ColumnKey) -> tuple[str | None, bool]:
        if column[0] == _AGGREGATE:
            return self._types.get(column[1], (None, True))
        return self._block.column_type(column)


def _with_aggregates(names: Names) -> Names:
    column = names.column
    return replace(names, column=lambda alias, name: name if alias == _AGGREGATE else column(alias, name))


def _type_of_aggregate(function: exp.Expr, block: Block) -> tuple[str | None, bool]:
    """The type of an aggregate as far as comparisons with literals go.

    Each sum has a type of its own: two sums that are equal need not be of one type, so that neither may be written
    for the other.
    """
    if isinstance(function, exp.Filter):
        function = function.this
    if isinstance(function, exp.Count):
        return "BIGINT", False
    if function.this is None or isinstance(function.this, exp.Distinct):
        return None, True
    argument = block.expression_type(function.this)[0]
    family = family_of(argument)
    if isinstance(function, exp.Sum) and family == "exact":
        return f"DECIMAL({function.sql()})", True
    if isinstance(function, exp.Sum) and family == "float":
        return "DOUBLE", True
    if isinstance(function, exp.Avg) and family in ("exact", "float") and block.catalog.dialect == "duckdb":
        return "DOUBLE", True
    if isinstance(function, (exp.Min, exp.Max)) and set(function.args) <= {"this", "expressions"}:
        return (argument, True) if isinstance(function.this, exp.Column) else (None, True)
    return None, True
