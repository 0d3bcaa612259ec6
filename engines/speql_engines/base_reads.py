"""Where a query reads a base table."""

from sqlglot import exp
from sqlglot.optimizer.scope import traverse_scope

from speql_engines.engine import EngineError
from speql_sql import Catalog, Table


def reads_of(query: exp.Expr, wanted: exp.Table, catalog: Catalog) -> list[exp.Table]:
    """The places where ``query`` reads the table ``wanted`` itself; :class:`EngineError` if there is none."""
    base = catalog.find(wanted.name, wanted.db, wanted.catalog)
    reads = [read for read in base_reads(query) if _same(read, wanted, base, catalog)]
    if not reads:
        name = wanted.sql(catalog.dialect)
        raise EngineError(f"The query does not read {name} directly, so it cannot be sampled there.")
    return reads


def base_reads(query: exp.Expr) -> list[exp.Table]:
    """Tables of the query that are no names of its CTEs."""
    sources = [source for scope in traverse_scope(query) for source in scope.sources.values()]
    reads = [source for source in sources if isinstance(source, exp.Table) and isinstance(source.this, exp.Identifier)]
    return list({id(read): read for read in reads}.values())


def _same(read: exp.Table, wanted: exp.Table, base: Table | None, catalog: Catalog) -> bool:
    if base is not None:
        return catalog.find(read.name, read.db, read.catalog) is base
    return [part.name.lower() for part in read.parts] == [part.name.lower() for part in wanted.parts]
