"""Whether a query says how its columns are called, and what to do where it does not."""

import sqlglot
from sqlglot import exp
from sqlglot.dialects.dialect import Dialect, NormalizationStrategy

# `FROM t AS a (b, c)` for a table by name.
_NAMES_COLUMNS_OF_TABLES = frozenset({"duckdb", "postgres", "redshift", "snowflake", "spark", "databricks", "trino"})


def tells_names(query: exp.Query) -> bool:
    """Whether the query itself names its output columns: by aliases and plain columns, also below a star.

    For any other expression each engine makes up a name of its own.

    >>> tells_names(sqlglot.parse_one("SELECT a, b + 1 AS c FROM t"))
    True
    >>> tells_names(sqlglot.parse_one("SELECT * FROM (SELECT count(*) FROM t)"))
    False
    """
    return all(
        isinstance(item, exp.Alias | exp.Column | exp.Star)
        for select in query.find_all(exp.Select)
        if _gives_columns(select)
        for item in select.expressions
    )


def _gives_columns(select: exp.Select) -> bool:
    """Whether the columns of a SELECT may become columns of the result: not those of a subquery in an expression."""
    node: exp.Expr | None = select.parent
    while isinstance(node, exp.Subquery | exp.SetOperation | exp.Paren):
        node = node.parent
    return node is None or isinstance(node, exp.From | exp.Join | exp.CTE | exp.Create)


def source_sql(name: str, dialect: str) -> str:
    """A table's name as SQL, quoted, in the letter case that the engine gives a name that is not quoted.

    Names joined by dots are schemas; any other text is one name.

    >>> source_sql("Stage.v", "duckdb"), source_sql("v", "snowflake"), source_sql("odd name", "duckdb")
    ('"Stage"."v"', '"V"', '"odd name"')
    """
    parts = name.split(".")
    quoted = len(parts) > 3 or not all(part.isidentifier() for part in parts)
    rules = Dialect.get_or_raise(dialect)
    folds = not quoted and rules.normalization_strategy is not NormalizationStrategy.CASE_INSENSITIVE
    identifiers = [exp.to_identifier(part, quoted=quoted) for part in ([name] if quoted else parts)]
    if folds:
        identifiers = [rules.normalize_identifier(identifier) for identifier in identifiers]
    return ".".join(identifier.sql(dialect=dialect, identify=True) for identifier in identifiers)


def hides(query: exp.Query, name: str) -> bool:
    """Whether a CTE of the query has that name, so that the name means another thing inside the query."""
    return any(cte.alias.lower() == name.lower() for cte in query.find_all(exp.CTE))


def with_column_list(sql: str, source: str, columns: tuple[str, ...], dialect: str) -> str | None:
    """The query with the columns of ``source`` (SQL of a table's name) named by their place wherever it is read.

    None in a dialect that has no such list for a table.

    >>> with_column_list('SELECT x."n" FROM "v" AS x', '"v"', ("k", "n"), "duckdb")
    'SELECT x."n" FROM "v" AS x("k", "n")'
    """
    if dialect not in _NAMES_COLUMNS_OF_TABLES:
        return None
    query = sqlglot.parse_one(sql, read=dialect)
    wanted = [part.name for part in exp.to_table(source, dialect=dialect).parts]
    for table in query.find_all(exp.Table):
        if [part.name for part in table.parts] == wanted:
            alias = table.args.get("alias") or exp.TableAlias(this=table.this.copy())
            alias.set("columns", [exp.to_identifier(column, quoted=True) for column in columns])
            table.set("alias", alias)
    return query.sql(dialect=dialect)
