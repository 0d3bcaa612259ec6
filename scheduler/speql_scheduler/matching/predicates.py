"""What a conjunction of predicates proves about other predicates, in three-valued logic."""

from collections.abc import Callable
from dataclasses import dataclass, field

from sqlglot import exp

from speql_scheduler.matching.discrete import discrete
from speql_scheduler.matching.domains import EVERYTHING, NOT_NULL, NOTHING, ONLY_NULL, Domain
from speql_scheduler.matching.from_clause import rejects_null
from speql_scheduler.matching.literals import Family, family_of, value_of
from speql_scheduler.matching.normal_text import Names, conjuncts, disjuncts, normal_text
from speql_scheduler.matching.patterns import positive, prefix_of
from speql_sql.copy_tree import copy_tree

ColumnKey = tuple[str, str]
"""A source alias and a column name."""

Rename = Callable[[ColumnKey], ColumnKey | None]
"""From the columns of a foreign predicate to those of the facts; None for a column that the facts do not know."""

_LONGEST_LIST = 200
_SUBSTITUTABLE: tuple[Family, ...] = ("exact", "date", "timestamp", "text")
_FLIPPED: dict[type, str] = {exp.EQ: "=", exp.NEQ: "<>", exp.LT: ">", exp.LTE: ">=", exp.GT: "<", exp.GTE: "<="}
_STRAIGHT: dict[type, str] = {exp.EQ: "=", exp.NEQ: "<>", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">="}


@dataclass
class Facts:
    """What is known of every row for which all of some conjuncts are true (not NULL, not false).

    ``type_of`` gives a column's type and whether it can be NULL before any conjunct is looked at; a column of
    unknown type takes part only in comparisons of text. ``orders_text`` says that the engine compares strings by
    code point. Equal columns form classes; they are put in one class only where equal values are identical (not
    ``-0.0 = 0.0``, not ``'a' = 'A'`` of a collation, not an integer and a decimal), so that either may be written
    for the other.
    """

    conjuncts: list[exp.Expr]
    type_of: Callable[[ColumnKey], tuple[str | None, bool]]
    names: Names
    orders_text: bool = True
    _parent: dict[ColumnKey, ColumnKey] = field(default_factory=dict)
    _domains: dict[ColumnKey, Domain] = field(default_factory=dict)
    _texts: set[str] = field(default_factory=set)
    _alternatives: list[list[exp.Expr]] = field(default_factory=list)
    _case_facts: "dict[int, list[Facts]]" = field(default_factory=dict)
    _answers: dict[tuple[str, int], bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for condition in self.conjuncts:
            if (pair := equal_columns(condition)) and self._may_unite(*pair):
                self._unite(*pair)
        self._names = Names(self._column_text, self.names.ctes, self.names.depth)
        for condition in self.conjuncts:
            self._learn(condition)

    def _may_unite(self, left: ColumnKey, right: ColumnKey) -> bool:
        left_type, right_type = self.type_of(left)[0], self.type_of(right)[0]
        return left_type is not None and left_type == right_type and family_of(left_type) in _SUBSTITUTABLE

    def _unite(self, left: ColumnKey, right: ColumnKey) -> None:
        first, second = sorted((self.representative(left), self.representative(right)))
        if first != second:
            self._parent[second] = first

    def representative(self, column: ColumnKey) -> ColumnKey:
        """The column that stands for all that are equal to this one."""
        while (parent := self._parent.get(column)) is not None:
            column = parent
        return column

    def same(self, left: ColumnKey, right: ColumnKey) -> bool:
        """Whether the two columns are known to be identical."""
        return self.representative(left) == self.representative(right)

    def domain(self, column: ColumnKey) -> Domain:
        """The values that the column may have."""
        key = self.representative(column)
        found = self._domains.get(key, EVERYTHING)
        return found.intersection(NOT_NULL) if found.null and not self.type_of(column)[1] else found

    def _column_text(self, alias: str, name: str) -> str | None:
        alias, name = self.representative((alias, name))
        return self.names.column(alias, name)

    def names_from(self, names: Names, rename: Rename) -> Names:
        """Names that write a foreign expression as these facts write their own."""

        def column(alias: str, name: str) -> str | None:
            key = rename((alias, name))
            return self._column_text(*key) if key is not None else None

        return Names(column, names.ctes, self.names.depth)

    @property
    def own_names(self) -> Names:
        """Names under which columns known to be identical have one text."""
        return self._names

    def _learn(self, condition: exp.Expr) -> None:
        self._texts.add(normal_text(condition, self._names))
        restricted = self._restriction(condition, _itself)
        if restricted is not None:
            column, domain, _ = restricted
            self._restrict(column, domain)
        else:
            alternatives = disjuncts(condition)
            if 1 < len(alternatives) <= 16:
                self._alternatives.append(alternatives)
            elif (prefix := self._prefix(condition, _itself)) is not None:
                self._restrict(prefix[0], prefix[1])
        for node in condition.find_all(exp.Column):
            if node.table and rejects_null(condition, node.table, node.name):
                self._restrict((node.table, node.name), NOT_NULL)

    def _restrict(self, column: ColumnKey, domain: Domain) -> None:
        key = self.representative(column)
        self._domains[key] = self._domains.get(key, EVERYTHING).intersection(domain)

    def implies(self, condition: exp.Expr, names: Names, rename: Rename, depth: int = 1) -> bool:
        """Whether ``condition`` is true for every row for which all conjuncts of the facts are.

        ``names`` are the condition's own, ``rename`` takes its columns to those of the facts. ``depth`` is how often
        a case distinction over an OR of the facts may be made.
        """
        parts = conjuncts(condition)
        if len(parts) != 1:
            return all(self.implies(part, names, rename, depth) for part in parts)
        condition = parts[0]
        if isinstance(condition, exp.Boolean) and condition.this:
            return True
        text = normal_text(condition, self.names_from(names, rename))
        if text in self._texts:
            return True
        # Of a condition in the words of these facts, the text decides: most views have conditions of others, too.
        asked = (text, depth)
        if asked not in self._answers:
            self._answers[asked] = self._follows(condition, names, rename, depth)
        return self._answers[asked]

    def _follows(self, condition: exp.Expr, names: Names, rename: Rename, depth: int) -> bool:
        """Whether one conjunct follows from what is known of its columns, or from each case of an OR."""
        if (pair := equal_columns(condition)) is not None:
            left, right = rename(pair[0]), rename(pair[1])
            if left is not None and right is not None and self.same(left, right) and self._not_null(left):
                return True
        restricted = self._restriction(condition, rename)
        if restricted is not None and self.domain(restricted[0]).is_within(restricted[1]):
            return True
        alternatives = disjuncts(condition)
        if len(alternatives) > 1 and any(self.implies(part, names, rename, depth) for part in alternatives):
            return True
        return depth > 0 and any(
            all(case.implies(condition, names, rename, depth - 1) for case in self._cases(number))
            for number in self._related_alternatives(condition, rename)
        )

    def _related_alternatives(self, condition: exp.Expr, rename: Rename) -> list[int]:
        """Which ORs of the facts speak of a column of the condition; of others no case can prove it."""
        columns = {rename((column.table, column.name)) for column in condition.find_all(exp.Column)}
        return [
            number
            for number, cases in enumerate(self._alternatives[:4])
            if any((c.table, c.name) in columns for case in cases for c in case.find_all(exp.Column))
        ]

    def _cases(self, number: int) -> "list[Facts]":
        """These facts once for each operand of one of their ORs, with that operand in its place."""
        if number not in self._case_facts:
            cases = self._alternatives[number]
            others = [c for c in self.conjuncts if disjuncts(c) != cases]
            self._case_facts[number] = [
                Facts([*others, *conjuncts(case)], self.type_of, self.names, self.orders_text) for case in cases
            ]
        return self._case_facts[number]

    def _not_null(self, column: ColumnKey) -> bool:
        return not self.domain(column).null

    def _restriction(self, condition: exp.Expr, rename: Rename) -> tuple[ColumnKey, Domain, Domain] | None:
        """A predicate on one column and literals: the column, where it is true, and where it is false."""
        found = self._written_restriction(condition, rename)
        if found is None:
            return None
        type_name = self.type_of(found[0])[0]
        return found[0], discrete(found[1], type_name), discrete(found[2], type_name)

    def _written_restriction(self, condition: exp.Expr, rename: Rename) -> tuple[ColumnKey, Domain, Domain] | None:
        node = condition.unnest()
        if isinstance(node, (exp.And, exp.Or)):
            return self._combined(node, rename)
        if isinstance(node, exp.Not):
            inner = self._restriction(node.this, rename)
            return inner and (inner[0], inner[2], inner[1])
        if isinstance(node, (exp.Is, exp.NullSafeEQ, exp.NullSafeNEQ)):
            return self._identity(node, rename)
        if isinstance(node, exp.Column):
            return self._restriction(exp.EQ(this=copy_tree(node), expression=exp.true()), rename)
        if isinstance(node, exp.Between) and not node.args.get("symmetric"):
            low = exp.GTE(this=copy_tree(node.this), expression=copy_tree(node.args["low"]))
            high = exp.LTE(this=copy_tree(node.this), expression=copy_tree(node.args["high"]))
            return self._combined(exp.And(this=low, expression=high), rename)
        if isinstance(node, exp.In):
            return self._membership(node, rename)
        if isinstance(node, (exp.Like, exp.StartsWith)):
            if node.args.get("negate"):
                return self._restriction(exp.Not(this=positive(node)), rename)
            prefix = self._prefix(node, rename)
            return (prefix[0], prefix[1], _where_false(prefix[1])) if prefix is not None and prefix[2] else None
        straight, flipped = _STRAIGHT.get(type(node)), _FLIPPED.get(type(node))
        if straight is None or flipped is None:
            return None
        column, literal, operator = _column_key(node.this, rename), node.expression, straight
        if column is None:
            column, literal, operator = _column_key(node.expression, rename), node.this, flipped
        values = self._values(column, [literal])
        if column is None or values is None:
            return None
        true_for = Domain.comparison(operator, values[0])
        return column, true_for, _where_false(true_for)

    def _identity(self, node: exp.Binary, rename: Rename) -> tuple[ColumnKey, Domain, Domain] | None:
        """IS NULL, IS TRUE, IS NOT DISTINCT FROM: true or false for every value, and for NULL."""
        column = _column_key(node.this, rename)
        if column is None:
            return None
        if isinstance(node.expression.unnest(), exp.Null):
            same = ONLY_NULL
        else:
            family = family_of(self.type_of(column)[0])
            if isinstance(node, exp.Is) and family != "truth":
                return None
            values = self._values(column, [node.expression])
            if values is None:
                return None
            same = Domain.points(values)
        other = same.complement()
        return (column, other, same) if isinstance(node, exp.NullSafeNEQ) else (column, same, other)

    def _combined(self, node: exp.Expr, rename: Rename) -> tuple[ColumnKey, Domain, Domain] | None:
        left, right = self._restriction(node.this, rename), self._restriction(node.expression, rename)
        if left is None or right is None or not self.same(left[0], right[0]):
            return None
        if isinstance(node, exp.And):
            return left[0], left[1].intersection(right[1]), left[2].union(right[2])
        return left[0], left[1].union(right[1]), left[2].intersection(right[2])

    def _membership(self, node: exp.In, rename: Rename) -> tuple[ColumnKey, Domain, Domain] | None:
        others = any(value for key, value in node.args.items() if key not in ("this", "expressions"))
        if others or not 0 < len(node.expressions) <= _LONGEST_LIST:
            return None
        column = _column_key(node.this, rename)
        values = self._values(column, [item for item in node.expressions if not isinstance(item, exp.Null)])
        if column is None or values is None:
            return None
        points = Domain.points(values)
        # x IN (1, NULL) is true for 1 and never false; it is NULL otherwise.
        return column, points, _where_false(points) if len(values) == len(node.expressions) else NOTHING

    def _prefix(self, condition: exp.Expr, rename: Rename) -> tuple[ColumnKey, Domain, bool] | None:
        """The column of a LIKE, the strings that may match, and whether all of them do."""
        prefix = prefix_of(condition) if self.orders_text else None
        column = _column_key(prefix.subject, rename) if prefix is not None else None
        if prefix is None or column is None or family_of(self.type_of(column)[0]) != "text":
            return None
        return column, prefix.domain, prefix.exact

    def _values(self, column: ColumnKey | None, items: list[exp.Expr]) -> list[object] | None:
        family = family_of(self.type_of(column)[0]) if column is not None else None
        if family is None:
            return None
        values = [value_of(item, family, orders_text=self.orders_text) for item in items]
        return None if any(value is None for value in values) else list(values)


def equal_columns(condition: exp.Expr) -> tuple[ColumnKey, ColumnKey] | None:
    """The two columns of ``a.x = b.y``."""
    node = condition.unnest()
    if not isinstance(node, exp.EQ):
        return None
    left, right = _column_key(node.this, _itself), _column_key(node.expression, _itself)
    return (left, right) if left is not None and right is not None else None


def _itself(column: ColumnKey) -> ColumnKey | None:
    return column


def _column_key(node: exp.Expr, rename: Rename) -> ColumnKey | None:
    node = node.unnest()
    return rename((node.table, node.name)) if isinstance(node, exp.Column) and node.table else None


def _where_false(true_for: Domain) -> Domain:
    """Where a comparison with literals is false: for every other value, but not for NULL."""
    return true_for.complement().intersection(NOT_NULL)
