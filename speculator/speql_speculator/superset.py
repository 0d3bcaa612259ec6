"""The superset query: one whose result also answers what the user is likely to ask next."""

from collections.abc import Iterable, Iterator, Sequence

from sqlglot import exp

from speql_sql import Catalog, Column
from speql_sql.added_columns import mark_added
from speql_sql.copy_tree import copy_tree

MAX_ADDED = 8
"""At most so many columns are added to a SELECT."""


def superset(query: exp.Query, catalog: Catalog, predicted: Sequence[str] = ()) -> exp.Query:
    """``query`` without its outer ORDER BY, LIMIT and OFFSET, and with more columns where they change no row.

    The rows of the result, restricted to the columns of ``query`` (which come first, in order), are the rows of
    ``query`` without its outer ORDER BY and LIMIT. ``query`` itself is not changed. What is inside subqueries and CTEs
    keeps its ORDER BY and LIMIT: there they choose rows. ``predicted`` are names of columns that are likely to be used
    next: they are added wherever they are surely a column of a SELECT that can have more. Groups never get more keys
    here: that changes rows, and is decided by whoever can estimate it. What is added is marked
    (:mod:`~speql_sql.added_columns`).

    >>> import sqlglot
    >>> superset(sqlglot.parse_one("SELECT a FROM t WHERE b > 1 ORDER BY c LIMIT 5"), Catalog()).sql()
    'SELECT a, c, b FROM t WHERE b > 1'
    """
    result = copy_tree(query)
    wanted = list(_columns_of(result.args.get("order")))
    outer = result.unnest() if isinstance(result, exp.Subquery) else result
    if isinstance(outer, exp.Query):
        if outer is not result:
            _strip(result)
        wanted += [] if outer is result else list(_columns_of(outer.args.get("order")))
        _strip(outer)
    names = _names(result)
    likely = [exp.column(name) for name in predicted]
    for select in _units(result, outer):
        added = wanted if select is outer else []
        _project_more(select, added, likely, names, catalog)
    return result


def _strip(query: exp.Query) -> None:
    """Take ORDER BY, LIMIT and OFFSET off, unless the rows would then be others than those of the whole."""
    limit = query.args.get("limit")
    if isinstance(limit, exp.Fetch) and "TIES" in limit.sql().upper():
        return
    query.set("limit", None)
    query.set("offset", None)
    distinct = query.args.get("distinct")
    if not (isinstance(distinct, exp.Distinct) and distinct.args.get("on")):
        # DISTINCT ON keeps the first row of each group: its ORDER BY says which that is.
        query.set("order", None)


def _names(tree: exp.Expr) -> set[str]:
    """Every identifier of the query, folded: an added column must not capture a name, nor make one ambiguous."""
    return {identifier.name.lower() for identifier in tree.find_all(exp.Identifier)}


def _units(tree: exp.Query, outer: exp.Expr) -> Iterator[exp.Select]:
    """The SELECTs that can have more columns: the main one, CTEs and derived tables that nothing takes as a whole."""
    for select in list(tree.find_all(exp.Select)):
        if not _is_plain(select):
            continue
        if select is outer:
            yield select
        elif isinstance(select.parent, exp.CTE):
            alias = select.parent.args.get("alias")
            if not _has_column_names(alias) and _only_named(tree, select.parent):
                yield select
        elif isinstance(select.parent, exp.Subquery) and isinstance(select.parent.parent, (exp.From, exp.Join)):
            derived = select.parent
            around = derived.find_ancestor(exp.Select)
            unpivoted = not derived.args.get("pivots")
            named = unpivoted and not _has_column_names(derived.args.get("alias"))
            if around is not None and named and _takes_columns_by_name(around, derived.alias):
                yield select


def _is_plain(select: exp.Select) -> bool:
    """Whether each row of the SELECT is one of its joined sources: then another column changes no row."""
    forbidden = (
        "distinct",
        "group",
        "having",
        "qualify",
        "windows",
        "limit",
        "offset",
        "sample",
        "into",
        "match",
        "pivots",
        "kind",
    )
    if any(select.args.get(name) for name in forbidden):
        return False
    if isinstance(select.parent, exp.SetOperation) or not select.args.get("from_"):
        return False
    if any(source.args.get("pivots") for source in _sources(select)):
        return False
    for projection in select.expressions:
        for node in projection.walk(prune=lambda found: isinstance(found, exp.Query)):
            if isinstance(node, (exp.AggFunc, exp.Window, exp.Explode, exp.Unnest, exp.Columns)):
                return False
    return True


def _has_column_names(alias: exp.Expr | None) -> bool:
    return isinstance(alias, exp.TableAlias) and bool(alias.args.get("columns"))


def _only_named(tree: exp.Query, cte: exp.CTE) -> bool:
    """Whether every use of a CTE names the columns that it takes."""
    name = cte.alias.lower()
    if any(column.name.lower() == name and not column.table for column in tree.find_all(exp.Column)):
        return False
    for table in tree.find_all(exp.Table):
        if table.name.lower() == name and not table.db:
            around = table.find_ancestor(exp.Select)
            if around is None or table.args.get("pivots") or _has_column_names(table.args.get("alias")):
                return False
            if not isinstance(table.parent, (exp.From, exp.Join)) or not _takes_columns_by_name(
                around, table.alias_or_name
            ):
                return False
    return True


def _takes_columns_by_name(select: exp.Select, alias: str) -> bool:
    """Whether a SELECT names each column that it takes: no star, NATURAL or USING, no row as a value."""
    for join in select.args.get("joins") or ():
        if join.args.get("using") or join.method.upper() in ("NATURAL", "POSITIONAL"):
            return False
    if not alias:
        return False
    for node in select.walk():
        if isinstance(node, exp.Columns):
            return False
        if isinstance(node, exp.Star) and not isinstance(node.parent, exp.Count):
            return False
        if isinstance(node, exp.Column) and not node.table and node.name.lower() == alias.lower():
            return False
    return True


def _sources(select: exp.Select) -> list[exp.Expr]:
    """What a SELECT reads and can name the columns of: the right side of a SEMI or ANTI join is not among it."""
    found = [select.args["from_"].this] if select.args.get("from_") else []
    found += (
        join.this
        for join in select.args.get("joins") or ()
        if (join.args.get("kind") or "").upper() not in ("SEMI", "ANTI")
    )
    return found


def _columns_of(node: exp.Expr | None) -> Iterator[exp.Column]:
    """Columns of a clause, those of subqueries in it left out."""
    if node is not None:
        for found in node.walk(prune=lambda inner: isinstance(inner, exp.Query)):
            if isinstance(found, exp.Column):
                yield found


def _project_more(
    select: exp.Select, first: Iterable[exp.Column], last: Iterable[exp.Column], names: set[str], catalog: Catalog
) -> None:
    """Add the columns that ORDER BY and WHERE use and those predicted: what is likely to be sorted and filtered by."""
    if any(isinstance(projection, exp.Star) for projection in select.expressions):
        return
    outputs = {projection.alias_or_name.lower() for projection in select.expressions}
    present = {_plain_column(projection) for projection in select.expressions}
    stars = {
        projection.table.lower()
        for projection in select.expressions
        if isinstance(projection, exp.Column) and isinstance(projection.this, exp.Star)
    }
    added = 0
    for column in (*first, *_columns_of(select.args.get("where")), *last):
        key = (column.table.lower(), column.name.lower())
        if added >= MAX_ADDED:
            return
        if key in present or (not key[0] and key[1] in outputs) or key[0] in stars:
            continue
        if not _may_add(select, column, catalog):
            continue
        present.add(key)
        new = exp.column(column.this.copy(), table=column.args["table"].copy() if column.args.get("table") else None)
        name = column.name
        number = 2
        taken = outputs if isinstance(select.parent, (exp.CTE, exp.Subquery)) is False else outputs | names
        while name.lower() in taken:
            name = f"{column.name}_{number}"
            number += 1
        outputs.add(name.lower())
        names.add(name.lower())
        projection = new if name == column.name else exp.alias_(new, name, quoted=column.this.quoted)
        select.append("expressions", mark_added(projection))
        added += 1


def _plain_column(projection: exp.Expr) -> tuple[str, str]:
    inner = projection.unalias()
    return (inner.table.lower(), inner.name.lower()) if isinstance(inner, exp.Column) else ("", "")


def _may_add(select: exp.Select, column: exp.Column, catalog: Catalog) -> bool:
    """Whether a column surely is one of the SELECT's own sources, and not a wide one."""
    sources = _sources(select)
    if column.args.get("db") or isinstance(column.this, exp.Star):
        return False
    if column.table:
        own = [source for source in sources if source.alias_or_name.lower() == column.table.lower()]
        return len(own) == 1 and not _is_wide(_catalog_column(own[0], column.name, catalog))
    aliases = {projection.alias.lower() for projection in select.expressions if projection.alias}
    if column.name.lower() in aliases:
        return False
    if len(sources) == 1 and not catalog.tables and not select.find_ancestor(exp.Select):
        return True
    known = [_catalog_column(source, column.name, catalog) for source in sources]
    if not all(isinstance(source, exp.Table) and _table(source, catalog) for source in sources):
        return False
    having = [found for found in known if found is not None]
    return len(having) == 1 and not _is_wide(having[0])


def _table(source: exp.Expr, catalog: Catalog) -> object | None:
    if not isinstance(source, exp.Table) or _is_cte(source):
        return None
    return catalog.find(source.name, source.db, source.catalog)


def _is_cte(table: exp.Table) -> bool:
    """Whether a name is that of a CTE around it."""
    if table.db:
        return False
    node: exp.Expr | None = table
    while node is not None:
        with_ = node.args.get("with_")
        if with_ is not None and any(cte.alias.lower() == table.name.lower() for cte in with_.expressions):
            return True
        node = node.parent
    return False


def _catalog_column(source: exp.Expr, name: str, catalog: Catalog) -> Column | None:
    if not isinstance(source, exp.Table) or _is_cte(source):
        return None
    table = catalog.find(source.name, source.db, source.catalog)
    return table.column(name) if table is not None else None


def _is_wide(column: Column | None) -> bool:
    if column is None:
        return False
    kind = column.type.upper()
    return kind.startswith(("BLOB", "JSON", "STRUCT", "MAP", "UNION", "BYTEA", "VARIANT", "GEOMETRY")) or kind.endswith(
        "]"
    )
