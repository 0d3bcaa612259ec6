"""The query that a sample is of."""

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from speql_engines.base_reads import reads_of
from speql_engines.engine import SAMPLE_UNIT, EngineError
from speql_sql import Catalog


def unsampled_sql(sql: str, table: str, catalog: Catalog) -> str:
    """A query that is to be run on a sample of ``table``, as one over all of it, which an engine can estimate.

    That differs in the column that only a sampled table has. What cannot be read stays as it is.

    >>> unsampled_sql("SELECT speql_unit, a FROM t AS x", "t", Catalog())
    'SELECT speql_unit, a FROM (SELECT *, 0 AS speql_unit FROM t) AS x'
    """
    try:
        query = sqlglot.parse_one(sql, read=catalog.dialect)
        if not any(column.name == SAMPLE_UNIT for column in query.find_all(exp.Column)):
            return sql
        reads = reads_of(query, exp.to_table(table, dialect=catalog.dialect), catalog)
    except (SqlglotError, EngineError):
        return sql
    for read in reads:
        bare = exp.Table(this=read.this.copy(), db=read.args.get("db"), catalog=read.args.get("catalog"))
        rows = exp.select("*", exp.alias_(exp.Literal.number(0), SAMPLE_UNIT)).from_(bare)
        alias = read.args.get("alias")
        named = alias.copy() if alias and alias.this else exp.TableAlias(this=read.this.copy())
        whole = exp.Subquery(this=rows, alias=named)
        for part in ("joins", "pivots", "laterals"):
            if read.args.get(part):
                whole.set(part, [node.copy() for node in read.args[part]])
        read.replace(whole)
    return query.sql(catalog.dialect)
