"""One text for all spellings of an expression: what canonical keys and matches compare."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

from sqlglot import exp

from speql_scheduler.matching.asked_rows import NO_MATTER_TO_EXISTS, asked_rows
from speql_scheduler.matching.negation import is_quantified, opposite
from speql_scheduler.matching.units_of_time import EXTRACTING, extracted
from speql_sql.copy_tree import copy_tree

ColumnText = Callable[[str, str], str | None]


@dataclass(frozen=True)
class Names:
    """What the names of an expression mean: how to write a column, and what each CTE in sight is.

    ``column`` gives the text of ``(source alias, column name)``, or None for a source that it does not know, which
    is then written by its alias. ``ctes`` maps the name of a CTE to its identity. ``depth`` keeps the sources of
    nested SELECTs apart.
    """

    column: ColumnText
    ctes: Mapping[str, str] = field(default_factory=dict)
    depth: int = 0

    def inside(self, tokens: Mapping[str, str]) -> "Names":
        """The same names, and those of the sources of a SELECT, by alias."""
        outer = self.column

        def column(alias: str, name: str) -> str | None:
            token = tokens.get(alias)
            return f"{token}.{quoted(name)}" if token is not None else outer(alias, name)

        return replace(self, column=column, depth=self.depth + 1)

    def standing_alone(self) -> "Names":
        """The same names for a derived table or CTE: its text must not depend on how deep in a query it stands."""
        outer = self.column

        def column(alias: str, name: str) -> str | None:
            text = outer(alias, name)
            return None if text is None else f"up.{text}"

        return replace(self, column=column, depth=0)

    def with_ctes(self, ctes: Mapping[str, str]) -> "Names":
        """The same names, and more CTEs."""
        return replace(self, ctes={**self.ctes, **ctes})


def quoted(text: str) -> str:
    """A name in normal text: nothing that a name contains can be taken for syntax."""
    return text if text.isidentifier() else repr(text)


def normal_text(node: exp.Expr, names: Names) -> str:
    """The normal text of an expression.

    The text is a rendering of the whole tree, one to one but for these equalities of SQL's three-valued logic:
    the order and repetition of the operands of AND and OR, the sides of a comparison, of ``+`` and of ``*``, BETWEEN
    and its two comparisons, a one-element IN list and ``=``, the order of an IN list, NOT of NOT, of AND, of OR and
    of a comparison, ``year(d)`` and EXTRACT, what EXISTS selects, parentheses, and ``COUNT`` of a literal and
    ``COUNT(*)``. Literals are kept to the byte.

    >>> import sqlglot
    >>> names = Names(lambda alias, name: f"{alias}.{name}")
    >>> def show(sql): return normal_text(sqlglot.parse_one(sql), names)
    >>> show("t.a BETWEEN 1 AND 2 AND NOT (NOT t.b = 3)") == show("3 = t.b AND t.a <= 2 AND (t.a >= 1)")
    True
    >>> show("t.a = '1'") == show("t.a = 1")
    False
    """
    write = _WRITERS.get(type(node))
    if write is not None:
        return write(node, names)
    if isinstance(node, exp.Query):
        # Imported here because a SELECT inside an expression has the normal text of a whole query.
        from speql_scheduler.matching.canonical import query_text

        return query_text(node, names)
    return _generic(node, names)


def conjuncts(*conditions: exp.Expr | None) -> list[exp.Expr]:
    """The conditions split at every AND, BETWEEN into its two comparisons; all must be true for a row to stay."""
    found: list[exp.Expr] = []
    for condition in conditions:
        if condition is None:
            continue
        node = condition.unnest()
        if isinstance(node, exp.And):
            found.extend(conjuncts(node.left, node.right))
        elif isinstance(node, exp.Between) and _is_two_comparisons(node):
            found.append(exp.GTE(this=copy_tree(node.this), expression=copy_tree(node.args["low"])))
            found.append(exp.LTE(this=copy_tree(node.this), expression=copy_tree(node.args["high"])))
        elif isinstance(node, exp.Boolean) and node.this:
            continue
        elif isinstance(node, exp.Not) and isinstance(inner := node.this.unnest(), exp.Not):
            found.extend(conjuncts(inner.this) if _is_predicate(inner.this) else [node])
        elif isinstance(node, exp.Not) and isinstance(inner, exp.Or):
            found.extend(conjuncts(_negated(inner.left), _negated(inner.right)))
        else:
            found.append(node)
    return found


def disjuncts(condition: exp.Expr) -> list[exp.Expr]:
    """The condition split at every OR."""
    node = condition.unnest()
    if isinstance(node, exp.Or):
        return disjuncts(node.left) + disjuncts(node.right)
    if isinstance(node, exp.Not) and isinstance(inner := node.this.unnest(), exp.And):
        return disjuncts(_negated(inner.left)) + disjuncts(_negated(inner.right))
    return [node]


def _negated(node: exp.Expr) -> exp.Expr:
    return exp.Not(this=exp.paren(node))


_PREDICATES: tuple[type, ...] = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.And, exp.Or, exp.Not, exp.Is)
_PREDICATES += (exp.In, exp.Between, exp.Like, exp.ILike, exp.Exists, exp.Boolean, exp.NullSafeEQ, exp.NullSafeNEQ)


def _is_predicate(node: exp.Expr) -> bool:
    """Whether the value is a boolean, so that NOT of NOT of it is itself and not a cast of it."""
    return isinstance(node.unnest(), _PREDICATES)


def _generic(node: exp.Expr, names: Names, without: str = "") -> str:
    parts = [node.key]
    for key in sorted(node.args):
        value = node.args[key]
        if value is None or value is False or value == [] or key == without:
            continue
        parts.append(f"{key}={_argument(value, names)}")
    return f"({' '.join(parts)})"


def _argument(value: object, names: Names) -> str:
    if isinstance(value, exp.Expr):
        return normal_text(value, names)
    if isinstance(value, list):
        return f"[{' '.join(_argument(item, names) for item in value)}]"
    if isinstance(value, Enum):
        return str(value.value)
    return repr(value)


def _sorted(operator: str, texts: Iterable[str]) -> str:
    unique = sorted(set(texts)) or ["true"]
    return unique[0] if len(unique) == 1 else f"({operator} {' '.join(unique)})"


def _and(node: exp.Expr, names: Names) -> str:
    return conjunction_text(conjuncts(node), names)


def conjunction_text(conditions: Iterable[exp.Expr], names: Names) -> str:
    """The normal text of the conjunction of conditions that are already split."""
    return _sorted("and", [normal_text(condition, names) for condition in conditions])


def _or(node: exp.Expr, names: Names) -> str:
    return _sorted("or", [normal_text(part, names) for part in disjuncts(node)])


def _not(node: exp.Expr, names: Names) -> str:
    inner = node.this.unnest()
    if isinstance(inner, exp.Not) and _is_predicate(inner.this):
        return normal_text(inner.this, names)
    if isinstance(inner, exp.Or):
        return _and(node, names)
    if isinstance(inner, exp.And):
        return _or(node, names)
    turned = opposite(inner)
    return normal_text(turned, names) if turned is not None else f"(not {normal_text(inner, names)})"


def _operands(operator: str, node: exp.Expr, names: Names) -> str:
    left, right = sorted((normal_text(node.this, names), normal_text(node.expression, names)))
    return f"({operator} {left} {right})"


def _less(operator: str, low: exp.Expr, high: exp.Expr, names: Names) -> str:
    return f"({operator} {normal_text(low, names)} {normal_text(high, names)})"


def _between(node: exp.Expr, names: Names) -> str:
    return _and(node, names) if _is_two_comparisons(node) else _generic(node, names)


def _is_two_comparisons(node: exp.Expr) -> bool:
    """Whether BETWEEN compares as its two comparisons do.

    Engines bring all three operands of BETWEEN to one type: for a string column, ``s BETWEEN 1 AND '5'`` compares
    numbers and ``s <= '5'`` strings. With bounds of one type there is no difference.
    """
    low, high = _kind_of(node.args["low"]), _kind_of(node.args["high"])
    return not node.args.get("symmetric") and low == high and low != ""


def _kind_of(node: exp.Expr) -> str:
    """The type of a constant as far as its spelling shows it; empty for everything else."""
    node = node.unnest()
    if isinstance(node, exp.Neg):
        return _kind_of(node.this)
    if isinstance(node, exp.Literal):
        return "string" if node.is_string else "number"
    if type(node) is exp.Cast:
        return repr(node.to) if isinstance(node.this, exp.Literal) else ""
    return ""


def _in(node: exp.Expr, names: Names) -> str:
    others = [key for key, value in node.args.items() if value and key not in ("this", "expressions")]
    if others or not node.expressions:
        return _generic(node, names)
    items = sorted({normal_text(item, names) for item in node.expressions})
    if len(items) == 1:
        left, right = sorted((normal_text(node.this, names), items[0]))
        return f"(eq {left} {right})"
    return f"(in {normal_text(node.this, names)} [{' '.join(items)}])"


def _like(node: exp.Expr, names: Names) -> str:
    """NOT LIKE is NOT of LIKE."""
    if is_quantified(node):
        return _generic(node, names)
    text = _generic(node, names, without="negate")
    return f"(not {text})" if node.args.get("negate") else text


def _column(node: exp.Expr, names: Names) -> str:
    if not isinstance(node, exp.Column) or not node.table:
        return f"output.{quoted(node.name.lower())}"
    text = names.column(node.table, node.name)
    return text if text is not None else f"outer.{quoted(node.table)}.{quoted(node.name)}"


def _literal(node: exp.Expr, names: Names) -> str:
    return repr(str(node.this)) if node.args.get("is_string") else str(node.this)


def _count(node: exp.Expr, names: Names) -> str:
    counted = node.this
    if counted is None:
        return "(count *)" if not node.expressions else _generic(node, names)
    if not node.expressions and isinstance(counted, (exp.Star, exp.Literal)):
        return "(count *)"
    if not node.expressions:
        return f"(count {normal_text(counted, names)})"
    return _generic(node, names)


def _commutative(node: exp.Expr, names: Names) -> str:
    return _operands(node.key, node, names)


def _part_of_time(node: exp.Expr, names: Names) -> str:
    """``year(d)`` is EXTRACT(YEAR FROM d); units in any case."""
    found = extracted(node)
    return f"(extract {found[0]} {normal_text(found[1], names)})" if found is not None else _generic(node, names)


def _exists(node: exp.Expr, names: Names) -> str:
    select = asked_rows(node) if isinstance(node, exp.Exists) else None
    if select is None:
        return _generic(node, names)
    # Imported here because a SELECT inside an expression has the normal text of a whole query.
    from speql_scheduler.matching.canonical import query_text

    return f"(exists {query_text(select, names, without=NO_MATTER_TO_EXISTS)})"


def _table(node: exp.Expr, names: Names) -> str:
    if isinstance(node, exp.Table) and not node.db and node.name.lower() in names.ctes:
        others = {key: value for key, value in node.args.items() if value and key not in ("this", "alias")}
        if not others:
            return names.ctes[node.name.lower()]
    return _generic(node, names)


_WRITERS: dict[type[exp.Expr], Callable[[exp.Expr, Names], str]] = {
    exp.And: _and,
    exp.Or: _or,
    exp.Not: _not,
    exp.Between: _between,
    exp.In: _in,
    exp.Like: _like,
    exp.ILike: _like,
    exp.Column: _column,
    exp.Literal: _literal,
    exp.Count: _count,
    exp.Add: _commutative,
    exp.Mul: _commutative,
    exp.Exists: _exists,
    exp.Extract: _part_of_time,
    **dict.fromkeys(EXTRACTING, _part_of_time),
    exp.Table: _table,
    exp.Paren: lambda node, names: normal_text(node.this, names),
    exp.EQ: lambda node, names: _operands("eq", node, names),
    exp.NEQ: lambda node, names: _operands("neq", node, names),
    exp.LT: lambda node, names: _less("lt", node.this, node.expression, names),
    exp.LTE: lambda node, names: _less("lte", node.this, node.expression, names),
    exp.GT: lambda node, names: _less("lt", node.expression, node.this, names),
    exp.GTE: lambda node, names: _less("lte", node.expression, node.this, names),
    exp.Identifier: lambda node, names: quoted(node.name),
    exp.Null: lambda node, names: "null",
    exp.Boolean: lambda node, names: "true" if node.this else "false",
}
