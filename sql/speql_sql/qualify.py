"""Say of every name in a query what it means: the first step of all SQL analysis."""

from dataclasses import dataclass

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect, NormalizationStrategy
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.normalize_identifiers import normalize_identifiers
from sqlglot.optimizer.qualify_columns import qualify_columns
from sqlglot.optimizer.qualify_tables import qualify_tables
from sqlglot.schema import MappingSchema

from speql_sql.catalog import Catalog, Table
from speql_sql.copy_tree import copy_tree
from speql_sql.problem import Problem
from speql_sql.span import Span
from speql_sql.unique_aliases import UnresolvedNameError, make_aliases_unique

_MARK = "qualified"
_SQLGLOTS_ERRORS = (
    *(SqlglotError, RecursionError, KeyError, AttributeError, TypeError, ValueError, IndexError, AssertionError),
)


@dataclass(frozen=True)
class Qualified:
    """A query whose every name is resolved, or the problems that keep it from being so.

    In ``query`` each table is ``database.schema.table``, each column is ``source.column``, ``*`` is expanded, every
    output column has an alias, and no two sources of the whole tree share an alias. Only bare references to output
    columns in ORDER BY and DISTINCT ON have no source.
    """

    query: exp.Query | None
    problems: tuple[Problem, ...] = ()


def qualify_query(query: exp.Query, catalog: Catalog) -> Qualified:
    """Resolve the names of a query against a catalog, on a copy; never raises on bad SQL.

    A tree that this function has made for the same version of the catalog is returned as it is.

    Forms whose names sqlglot resolves otherwise than the engine does (PIVOT, COLUMNS(...), USING with FULL JOIN, an
    output name that hides a column where engines differ) are refused with a problem: what cannot be resolved for
    certain is run as the user wrote it.

    >>> import sqlglot
    >>> from speql_sql.catalog import Column
    >>> catalog = Catalog((Table("t", (Column("a", "INTEGER"), Column("b", "DATE"))),))
    >>> qualify_query(sqlglot.parse_one("SELECT * FROM t WHERE a > 1"), catalog).query.sql()
    'SELECT t.a AS a, t.b AS b FROM main.t AS t WHERE t.a > 1'
    """
    try:
        if query.meta.get(_MARK) == _mark(catalog):
            return Qualified(query)
        qualified = _qualified(copy_tree(query), catalog)
        qualified.meta[_MARK] = _mark(catalog)
        return Qualified(qualified)
    except _RefusedError as refusal:
        return Qualified(None, (refusal.problem,))
    except UnresolvedNameError as error:
        code = "unknown-column" if error.name else "unsupported-query"
        return Qualified(None, (Problem(code, str(error), _span(error.node)),))
    except _SQLGLOTS_ERRORS as error:
        # sqlglot raises its own errors for what it cannot resolve, and these others on trees that it did not expect.
        message = str(error).split("\n", 1)[0] or type(error).__name__
        return Qualified(None, (Problem("unresolved-query", message),))


def _mark(catalog: Catalog) -> str:
    return f"{catalog.dialect} {len(catalog.tables)} {catalog.version}"


class _RefusedError(Exception):
    def __init__(self, code: str, message: str, node: exp.Expr | None = None) -> None:
        super().__init__(message)
        self.problem = Problem(code, message, _span(node))


def _span(node: exp.Expr | None) -> Span | None:
    """Where a node stands in the text: only identifiers and literals know, so look for the first one inside."""
    for part in node.walk() if node is not None else ():
        if isinstance(start := part.meta.get("start"), int) and isinstance(end := part.meta.get("end"), int):
            return Span(start, end + 1)
    return None


def _qualified(query: exp.Query, catalog: Catalog) -> exp.Query:
    dialect = Dialect.get_or_raise(catalog.dialect)
    had_using = _refuse_unsupported(query)
    tables: dict[str, Table] = {}
    _resolve_tables(query, catalog, frozenset(), tables)
    ignores_case = dialect.normalization_strategy is NormalizationStrategy.CASE_INSENSITIVE
    schema = MappingSchema(
        {
            name: {(c.name.lower() if ignores_case else c.name): c.type for c in table.columns} or {"": ""}
            for name, table in tables.items()
        }
        or None,
        dialect=dialect,
        normalize=False,
    )
    query = normalize_identifiers(query, dialect=dialect)
    query = qualify_tables(query, dialect=dialect)
    query = qualify_columns(query, schema, dialect=dialect)
    _restore_tables(query, tables)
    for select in list(query.find_all(exp.Select)):
        _check_select(select, dialect, had_using)
    _refuse_hidden_duplicates(query)
    make_aliases_unique(query)
    _write_output_names(query, ignores_case)
    for node in query.find_all(exp.Table):
        node.meta.pop("table", None)
    return query


def _refuse_unsupported(query: exp.Query) -> bool:
    """Refuse what sqlglot cannot be trusted with; remember output names as written. True if USING or NATURAL occur."""
    had_using = False
    if _is_rows_alone(query):
        raise _RefusedError("unsupported-query", "VALUES alone is not analysed.", query)
    for node in list(query.walk()):
        if isinstance(node, (exp.Pivot, exp.Columns)):
            raise _RefusedError("unsupported-query", f"{node.key.upper()} is not analysed.", node)
        if isinstance(node, exp.Order) and any(str(key.this).upper() == "ALL" for key in node.expressions):
            raise _RefusedError("unsupported-query", "ORDER BY ALL is not analysed.", node)
        if isinstance(node, exp.Tuple) and len(node.expressions) == 1 and not _is_list(node):
            # sqlglot writes `(a,)` as `(a)`, which is the value itself.
            raise _RefusedError("unsupported-query", "A row of one value is not analysed.", node)
        if isinstance(node, (exp.Alias, exp.TableAlias)):
            for identifier in (node.args.get("alias"), *(node.args.get("columns") or ())):
                if isinstance(identifier, exp.Identifier):
                    identifier.meta["written"] = identifier.name
        elif isinstance(node, exp.Join) and (node.args.get("using") or node.method):
            had_using = True
            if node.method not in ("", "NATURAL") or node.side in ("FULL", "RIGHT"):
                raise _RefusedError("unsupported-query", "This kind of join is not analysed.", node)
        elif isinstance(node, exp.Select):
            for projection in node.expressions:
                if isinstance(projection, exp.Subquery) and projection.args.get("with_"):
                    raise _RefusedError("unsupported-query", "WITH in a projection is not analysed.", projection)
    return had_using


def _is_list(node: exp.Tuple) -> bool:
    """Whether a tuple is a list of the grammar rather than a value: a row of VALUES, what DISTINCT ON asks for."""
    return isinstance(node.parent, exp.Values) or (isinstance(node.parent, exp.Distinct) and node.arg_key == "on")


def _is_rows_alone(query: exp.Expr) -> bool:
    """Whether a query is VALUES in parentheses: sqlglot would write an alias there, which no engine reads."""
    while isinstance(query, exp.Subquery) and isinstance(query.this, exp.Expr):
        query = query.this
    return isinstance(query, exp.Values)


def _resolve_tables(node: exp.Expr, catalog: Catalog, ctes: frozenset[str], tables: dict[str, Table]) -> None:
    """Replace each base table by a one-word name of our own, so that no CTE and no depth of names can confuse it."""
    if isinstance(node, exp.Column):
        if node.args.get("db"):
            node.set("db", None)
            node.set("catalog", None)
        return
    with_ = node.args.get("with_")
    if isinstance(with_, exp.With):
        for cte in with_.expressions:
            if with_.recursive:
                ctes |= {cte.alias.lower()}
            _resolve_tables(cte.this, catalog, ctes, tables)
            ctes |= {cte.alias.lower()}
    if isinstance(node, exp.Table):
        if isinstance(node.this, exp.Identifier):
            _resolve_table(node, catalog, ctes, tables)
    elif isinstance(node, exp.Select):
        sources = [s for s in _sources(node) if isinstance(s, (exp.Table, exp.Subquery))]
        names = [source.alias_or_name.lower() for source in sources if source.alias_or_name]
        if len(set(names)) < len(names):
            raise _RefusedError("unsupported-query", "Two tables of one FROM have the same name.", node)
    for child in node.iter_expressions():
        if child is not with_ and not isinstance(child, (exp.Literal, exp.Identifier)):
            _resolve_tables(child, catalog, ctes, tables)


def _resolve_table(node: exp.Table, catalog: Catalog, ctes: frozenset[str], tables: dict[str, Table]) -> None:
    if not node.db and node.name.lower() in ctes:
        if not node.alias:
            node.set("alias", exp.TableAlias(this=exp.to_identifier(node.name)))
        return
    table = catalog.find(node.name, node.db, node.catalog)
    if table is None:
        raise _RefusedError("unknown-table", f"There is no table {node.name!r}.", node)
    if (alias := node.args.get("alias")) and alias.args.get("columns"):
        raise _RefusedError("unsupported-query", "Column aliases of a table are not analysed.", node)
    stand_in = f"speql${len(tables)}"
    tables[stand_in] = table
    if not node.alias:
        node.set("alias", exp.TableAlias(this=node.this.copy()))
    node.set("this", exp.to_identifier(stand_in, quoted=True))
    node.set("db", None)
    node.set("catalog", None)


def _sources(node: exp.Expr) -> list[exp.Expr]:
    """What stands in FROM and JOIN of a SELECT."""
    if not isinstance(node, exp.Select):
        return []
    from_ = node.args.get("from_")
    joins = node.args.get("joins") or []
    return ([from_.this] if from_ else []) + [join.this for join in joins]


def _restore_tables(query: exp.Query, tables: dict[str, Table]) -> None:
    for node in query.find_all(exp.Table):
        if table := tables.get(node.name):
            node.set("this", exp.to_identifier(table.name))
            node.set("db", exp.to_identifier(table.schema) if table.schema else None)
            node.set("catalog", exp.to_identifier(table.database) if table.database else None)
            node.meta["table"] = table


def _check_select(select: exp.Select, dialect: Dialect, had_using: bool) -> None:
    if had_using:
        for coalesce in list(select.find_all(exp.Coalesce)):
            _simplify_using(coalesce)
    for projection in list(select.expressions):
        if isinstance(projection, exp.Subquery) and (alias := projection.alias):
            _name_subquery(projection, alias)
        elif projection.is_star or not isinstance(projection, exp.Alias):
            raise _RefusedError("unsupported-query", "A star could not be expanded.", projection)
    _expand_group_by_all(select)
    for node in select.find_all(exp.TableColumn):
        raise _RefusedError("unsupported-query", "A table used as a column is not analysed.", node)
    outputs = {projection.alias: projection.this for projection in select.expressions}
    _expand_order_by(select, outputs)


def _name_subquery(subquery: exp.Subquery, alias: str) -> None:
    """Name a scalar subquery as any other output; sqlglot names those without an alias as if they stood in FROM."""
    output = exp.Alias(alias=exp.to_identifier(alias))
    subquery.replace(output)
    subquery.set("alias", None)
    output.set("this", subquery)


def _expand_order_by(select: exp.Select, outputs: dict[str, exp.Expr]) -> None:
    """Leave a bare output name in ORDER BY and DISTINCT ON; inside an expression, replace it by what it stands for.

    Inside an expression DuckDB prefers a column of a source to an output of that name, and PostgreSQL knows only
    columns, so a name that could be either is refused.
    """
    order, distinct = select.args.get("order"), select.args.get("distinct")
    keys = [ordered.this for ordered in order.expressions] if order else []
    keys += list(distinct.args["on"].expressions) if distinct and distinct.args.get("on") else []
    names = {
        name
        for table in select.find_all(exp.Table)
        if (known := table.meta.get("table")) is not None
        for name in known.columns_by_name
    }
    for key in keys:
        for column in list(key.find_all(exp.Column)):
            if column.table or column.parent_select is not select:
                continue
            expression = outputs.get(column.name)
            if expression is None:
                raise _RefusedError("unknown-column", f"There is no column {column.name!r}.", column)
            if column is key:
                continue
            plain = isinstance(expression, exp.Column) and expression.name == column.name
            derived = any(isinstance(source, exp.Subquery) for source in _sources(select))
            if distinct or (not plain and (column.name in names or derived)):
                raise _RefusedError("ambiguous-name", f"{column.name!r} may be an output or a column.", column)
            column.replace(exp.paren(expression.copy()))


def _simplify_using(coalesce: exp.Coalesce) -> None:
    """The column of ``a JOIN b USING (c)`` is ``a.c`` for inner and left joins; sqlglot says ``COALESCE(a.c, b.c)``.

    Columns that sqlglot made itself have no place in the text, which tells them from a COALESCE of the user's.
    """
    parts = [coalesce.this, *coalesce.expressions]
    if all(isinstance(part, exp.Column) and "start" not in part.this.meta for part in parts) and (
        len({part.name for part in parts}) == 1
    ):
        coalesce.replace(parts[0])


def _expand_group_by_all(select: exp.Select) -> None:
    group = select.args.get("group")
    if not (group and group.args.get("all")):
        return
    keys: list[exp.Expr] = []
    for projection in select.expressions:
        expression = projection.this
        if expression.find(exp.Window, exp.Subquery, exp.Anonymous):
            raise _RefusedError("unsupported-query", "GROUP BY ALL of such columns is not analysed.", projection)
        if not expression.find(exp.AggFunc) and expression.find(exp.Column):
            keys.append(expression.copy())
    if not keys:
        raise _RefusedError("unsupported-query", "GROUP BY ALL without a column is not analysed.", group)
    group.set("all", None)
    group.set("expressions", keys)


def _refuse_hidden_duplicates(query: exp.Query) -> None:
    """Two output columns of one name are fine at the top only: below, engines rename one and sqlglot does not."""
    for select in query.find_all(exp.Select):
        names = [name.lower() for name in select.named_selects]
        if len(set(names)) < len(names) and not _is_output(select, query):
            raise _RefusedError("duplicate-column", "Two columns of a derived table have the same name.", select)


def _is_output(select: exp.Select, query: exp.Query) -> bool:
    node: exp.Expr = select
    while node is not query:
        if not isinstance(node.parent, (exp.SetOperation, exp.Subquery)) or node.parent.arg_key in ("from_", "joins"):
            return False
        node = node.parent
    return True


def _write_output_names(query: exp.Query, ignores_case: bool) -> None:
    """Give the outputs of the query the spelling that the engine gives them: as aliased, or as in the catalog."""
    top = _first_select(query)
    if top is None:
        return
    for projection, name in zip(top.expressions, _spelled_outputs(top, ignores_case), strict=True):
        identifier = projection.args.get("alias")
        if isinstance(identifier, exp.Identifier) and name.lower() == identifier.name.lower():
            identifier.set("this", name)


def _first_select(query: exp.Expr | None) -> exp.Select | None:
    """The SELECT that names the outputs of a query: of a set operation the first."""
    while isinstance(query, (exp.Subquery, exp.SetOperation)):
        query = query.this
    return query if isinstance(query, exp.Select) else None


def _spelled_outputs(select: exp.Select, ignores_case: bool) -> list[str]:
    names = []
    for projection in select.expressions:
        written = projection.args["alias"].meta.get("written") if projection.args.get("alias") else None
        if written is None and ignores_case and isinstance(projection.this, exp.Column):
            written = _spelled_column(projection.this, select)
        names.append(written or projection.alias_or_name)
    return names


def _spelled_column(column: exp.Column, select: exp.Select) -> str | None:
    """A column as the catalog spells it, followed through derived tables and CTEs."""
    source = next((source for source in _sources(select) if source.alias_or_name == column.table), None)
    if isinstance(source, exp.Table) and (table := source.meta.get("table")) is not None:
        found = table.column(column.name)
        return found.name if found is not None else None
    query = source.this if isinstance(source, exp.Subquery) else _cte(source)
    inner = _first_select(query)
    if inner is None:
        return None
    spelled = {name.lower(): name for name in _spelled_outputs(inner, True)}
    return spelled.get(column.name.lower())


def _cte(source: exp.Expr | None) -> exp.Expr | None:
    """The query of the CTE that a source names; None for one that reads itself."""
    node = source
    while source is not None and node is not None:
        node = node.parent
        with_ = node.args.get("with_") if node is not None else None
        if isinstance(with_, exp.With) and not with_.recursive:
            for cte in with_.expressions:
                if cte.alias == source.name:
                    return cte.this if isinstance(cte.this, exp.Expr) else None
    return None
