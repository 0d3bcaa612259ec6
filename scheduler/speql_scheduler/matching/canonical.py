"""One key for all spellings of a query."""

import hashlib
from collections.abc import Iterable, Mapping
from itertools import permutations, product

from sqlglot import exp

from speql_scheduler.matching.from_clause import FromClause, from_clause
from speql_scheduler.matching.normal_text import Names, conjunction_text, conjuncts, normal_text, quoted


def canonical_key(qualified: exp.Query) -> str:
    """The key of a qualified query: two queries of one key give the same rows in the same columns.

    The key does not depend on aliases, on the names and nesting of CTEs, on the order of inner joins, of conjuncts
    and of grouping keys, on comma joins against JOIN ON, nor on the spellings that
    :func:`~speql_scheduler.matching.normal_text.normal_text` makes equal. It does depend on output names, on the
    order of output columns, on ORDER BY and LIMIT, and on every byte of every literal.
    """
    return digest(query_text(qualified, no_names()))


def digest(text: str) -> str:
    """A short stand-in for a text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:40]


def no_names() -> Names:
    """Names at the top of a query, where nothing is in sight."""
    return Names(lambda alias, name: None)


NOTHING_LEFT_OUT: frozenset[str] = frozenset()
LIMIT = frozenset(("limit",))
COLUMN_NAMES = frozenset(("names",))
"""No clause, but left out as one: what the columns are called that a SELECT gives."""
OUTPUTS = frozenset(("expressions",))
OUTPUTS_AND_ORDER = frozenset(("expressions", "order", "limit", "offset", "fetch"))


def query_text(query: exp.Expr, names: Names, *, without: frozenset[str] = NOTHING_LEFT_OUT) -> str:
    """The normal text of a query, of which its key is the digest; ``names`` are those of the SELECTs around it.

    Those of its own clauses are left out that ``without`` names.
    """
    names = names_with_ctes(query, names)
    if isinstance(query, exp.Subquery) and not any(
        value for key, value in query.args.items() if key not in ("this", "with_")
    ):
        return query_text(query.this, names, without=without)
    if isinstance(query, exp.Select):
        return select_text(query, from_clause(query), names, without=without)
    parts = [query.key]
    for key in sorted(query.args):
        value = query.args[key]
        if value is None or value is False or value == [] or key == "with_" or key in without:
            continue
        parts.append(f"{key}={_argument(value, names)}")
    return f"({' '.join(parts)})"


def names_with_ctes(query: exp.Expr, names: Names) -> Names:
    """The names in sight inside a query that has a WITH: each CTE is known by what it computes, not by its name."""
    with_ = query.args.get("with_")
    if not isinstance(with_, exp.With):
        return names
    for cte in with_.expressions:
        name = cte.alias.lower()
        aliases = cte.args["alias"].columns
        if with_.recursive and any(table.name.lower() == name and not table.db for table in cte.find_all(exp.Table)):
            visible = sorted(f"{quoted(k)}={v}" for k, v in names.ctes.items())
            identity = f"recursive {digest(repr((cte.sql(identify=True, comments=False), visible)))}"
        else:
            identity = f"query {digest(query_text(cte.this, names.standing_alone()))}"
        if aliases:
            identity = f"({identity} as {' '.join(quoted(column.name) for column in aliases)})"
        if _is_open(cte.this) and _count_uses(query, cte) > 1:
            # Rows that SQL leaves open are chosen once for all uses of a CTE, and anew for each derived table.
            identity = f"(shared {identity})"
        names = names.with_ctes({name: identity})
    return names


def _is_open(query: exp.Expr) -> bool:
    """Whether SQL may leave open which rows the query returns: LIMIT, and functions that depend on an order."""
    return query.find(exp.Limit, exp.Offset, exp.Fetch, exp.Window, exp.TableSample, exp.Anonymous) is not None or any(
        not isinstance(function, (exp.Sum, exp.Count, exp.Min, exp.Max, exp.Avg))
        for function in query.find_all(exp.AggFunc)
    )


def _count_uses(query: exp.Expr, cte: exp.CTE) -> int:
    name = cte.alias.lower()
    return sum(1 for table in query.find_all(exp.Table) if table.name.lower() == name and not table.db)


def _argument(value: object, names: Names) -> str:
    if isinstance(value, exp.Expr):
        return normal_text(value, names)
    if isinstance(value, list):
        return f"[{' '.join(_argument(item, names) for item in value)}]"
    return repr(value)


def source_identity(source: exp.Expr, names: Names) -> str:
    """What a source of a FROM is, apart from its alias."""
    if isinstance(source, exp.Table) and isinstance(source.this, exp.Identifier):
        if not source.db and (identity := names.ctes.get(source.name.lower())):
            return identity
        return f"table {'.'.join(quoted(part.name.lower()) for part in source.parts)}"
    if isinstance(source, exp.Subquery):
        return f"query {digest(query_text(source.this, names.standing_alone()))}"
    return normal_text(source, names)


def select_text(
    select: exp.Select, clause: FromClause, names: Names, *, without: frozenset[str] = NOTHING_LEFT_OUT
) -> str:
    """The normal text of a SELECT, those of its clauses left out that ``without`` names."""
    if clause.opaque:
        return _opaque_text(select, names, without)
    identities = {alias: source_identity(source, names) for alias, source in clause.sources.items()}
    texts = [
        text_in_order(select, clause, identities, order, names, without)
        for order in _orders(select, clause, identities, names)
    ]
    return min(texts)


def _tokens(order: Iterable[str], depth: int) -> dict[str, str]:
    return {alias: f"s{depth}_{number}" for number, alias in enumerate(order)}


def text_in_order(
    select: exp.Select,
    clause: FromClause,
    identities: Mapping[str, str],
    order: tuple[str, ...],
    names: Names,
    without: frozenset[str],
) -> str:
    """The normal text of a SELECT whose sources are numbered in the given order."""
    inside = names.inside(_tokens(order, names.depth))
    left = dict(clause.left)
    parts = ["select"]
    parts += [f"from={identities[alias]}" for alias in order if alias not in left]
    parts += [
        f"left={identities[alias]} on={conjunction_text(left[alias], inside)}" for alias in order if alias in left
    ]
    if clause.where:
        parts.append(f"where={conjunction_text(clause.where, inside)}")
    parts += _rest(select, inside, without)
    return f"({' '.join(parts)})"


def _opaque_text(select: exp.Select, names: Names, without: frozenset[str]) -> str:
    """A FROM without a normal form is written as it stands, sources in their order."""
    inside = names.inside(_tokens(_source_names(select), names.depth))
    parts = ["select", opaque_from_text(select, names)]
    if where := select.args.get("where"):
        parts.append(f"where={conjunction_text(conjuncts(where.this), inside)}")
    parts += _rest(select, inside, without)
    return f"({' '.join(parts)})"


def _source_names(select: exp.Select) -> list[str]:
    from_ = select.args.get("from_")
    joins = [join.this for join in select.args.get("joins") or []]
    sources = ([from_.this] if from_ else []) + joins + (select.args.get("laterals") or [])
    return [source.alias_or_name for source in sources]


def opaque_from_text(select: exp.Select, names: Names) -> str:
    """The normal text of a FROM as it stands; ``names`` are those around the SELECT."""
    from_ = select.args.get("from_")
    joins = select.args.get("joins") or []
    laterals = select.args.get("laterals") or []
    inside = names.inside(_tokens(_source_names(select), names.depth))
    parts = [f"from={_source_text(from_.this, names, inside)}" if from_ else ""]
    for join in joins:
        options = {k: v for k, v in join.args.items() if v and k not in ("this", "on")}
        if join.kind == ("OUTER" if join.side else "INNER"):  # words that say nothing
            del options["kind"]
        on = conjunction_text(conjuncts(join.args.get("on")), inside)
        parts.append(f"join={_argument(sorted(options), names)}{_options(options, inside)}")
        parts.append(f"{_source_text(join.this, names, inside)} on={on}")
    parts += [f"lateral={_source_text(lateral, names, inside)}" for lateral in laterals]
    return " ".join(parts)


def _options(options: Mapping[str, object], names: Names) -> str:
    return " ".join(f"{key}={_argument(options[key], names)}" for key in sorted(options))


def _source_text(source: exp.Expr, names: Names, inside: Names) -> str:
    plain = {"this", "db", "catalog", "alias"} if isinstance(source, exp.Table) else {"this", "alias"}
    options = {k: v for k, v in source.args.items() if v and k not in plain}
    alias = source.args.get("alias")
    columns = [column.name for column in alias.columns] if isinstance(alias, exp.TableAlias) else []
    if isinstance(source, exp.Table) and not isinstance(source.this, exp.Identifier):
        options["this"] = source.this
        identity = "function"
    elif isinstance(source, (exp.Table, exp.Subquery)):
        identity = source_identity(source, names)
    else:
        options["this"] = source.this
        identity = source.key
    return f"({identity} {columns!r} {_options(options, inside)})"


def _rest(select: exp.Select, inside: Names, without: frozenset[str]) -> list[str]:
    """Everything of a SELECT above its FROM and WHERE."""
    parts: list[str] = []
    for key in sorted(select.args):
        value = select.args[key]
        if not value or key in ("from_", "joins", "laterals", "where", "with_") or key in without:
            continue
        if key == "expressions":
            named = without.isdisjoint(COLUMN_NAMES)
            parts += [f"output={_output(item, inside, named=named)}" for item in value]
        elif key == "having":
            parts.append(f"having={conjunction_text(conjuncts(value.this), inside)}")
        elif key == "group":
            parts.append(f"group={group_text(value, select, inside)}")
        else:
            parts.append(f"{key}={_argument(value, inside)}")
    return parts


def _output(item: exp.Expr, names: Names, *, named: bool) -> str:
    text = normal_text(item.unalias(), names)
    return f"{text} as {quoted(item.alias_or_name)}" if named else text


def group_text(group: exp.Expr, select: exp.Select, names: Names) -> str:
    """The grouping of a SELECT: plain keys are a set; ROLLUP, CUBE and GROUPING SETS stand as written."""
    keys = sorted({normal_text(key, names) for key in group_keys(group, select)})
    others = {key: value for key, value in group.args.items() if value and key != "expressions"}
    return f"[{' '.join(keys)}] {_options(others, names)}"


def group_keys(group: exp.Expr, select: exp.Select) -> list[exp.Expr]:
    """The plain keys of a GROUP BY. A number that qualification left there is the place of a constant output."""
    keys: list[exp.Expr] = []
    for key in group.expressions:
        if isinstance(key, exp.Literal) and key.is_int and 0 < int(key.this) <= len(select.expressions):
            keys.append(select.expressions[int(key.this) - 1].unalias())
        else:
            keys.append(key)
    return keys


_MOST_ORDERS = 24


def _orders(
    select: exp.Select, clause: FromClause, identities: Mapping[str, str], names: Names
) -> list[tuple[str, ...]]:
    """The orders of the sources of which the smallest text is the canonical one.

    Sources are ordered by what they are. Those that are the same table twice (self-joins) are told apart by the
    conditions and outputs that name them, and where that leaves a tie every order is tried. Past a limit the order
    of the text is taken: then two spellings may have two keys, which costs a reuse, never a wrong row.
    """
    left = [alias for alias, _ in clause.left]
    groups: dict[str, list[str]] = {}
    for alias in clause.inner:
        groups.setdefault(identities[alias], []).append(alias)
    if all(len(group) == 1 for group in groups.values()):
        return [(*sorted(clause.inner, key=identities.__getitem__), *left)]
    colours = dict(identities)
    for _ in range(2):
        colours = _refined(select, clause, colours, groups, names)
    ties: dict[tuple[str, str], list[str]] = {}
    for alias in clause.inner:
        ties.setdefault((identities[alias], colours[alias]), []).append(alias)
    count = 1
    for tie in ties.values():
        for factor in range(2, len(tie) + 1):
            count *= factor
    if count > _MOST_ORDERS:
        return [(*(alias for key in sorted(ties) for alias in ties[key]), *left)]
    chosen = product(*(permutations(ties[key]) for key in sorted(ties)))
    return [(*(alias for part in parts for alias in part), *left) for parts in chosen]


def _refined(
    select: exp.Select,
    clause: FromClause,
    colours: Mapping[str, str],
    groups: Mapping[str, list[str]],
    names: Names,
) -> dict[str, str]:
    """Colours of the sources after one round: what a source was, and how conditions and outputs name it."""
    expressions: list[exp.Expr] = [*clause.where, *select.expressions]
    expressions += [condition for _, on in clause.left for condition in on]
    expressions += [select.args[key] for key in ("group", "having", "qualify", "order") if select.args.get(key)]
    refined = dict(colours)
    for group in groups.values():
        for alias in group if len(group) > 1 else ():
            tokens = {other: digest(colour) for other, colour in colours.items()}
            tokens[alias] = "self"
            inside = names.inside(tokens)
            uses = [
                normal_text(expression, inside)
                for expression in expressions
                if any(column.table == alias for column in expression.find_all(exp.Column))
            ]
            refined[alias] = digest(repr((colours[alias], sorted(uses))))
    return refined
