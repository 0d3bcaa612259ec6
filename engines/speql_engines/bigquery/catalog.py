"""The tables of a BigQuery project, without a query and so free of charge."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from google.cloud.bigquery import Table as Resource
from google.cloud.bigquery import TableReference

from speql_engines.bigquery.location import Dataset
from speql_engines.bigquery.metadata import Metadata
from speql_engines.bigquery.types import spelled
from speql_engines.catalog_version import catalog_version
from speql_engines.unsafe_views import unsafe_views
from speql_sql import Catalog, Column, ForeignKey, Table

DIALECT = "bigquery"
TOLD_AT_ONCE = 256
"""More tables than this are told by their names, until their columns are known."""

EXTERNAL = "it is an external table, which may change at any time"
LEGACY = "it is a view in BigQuery's old SQL, which SpeQL does not read"

Place = tuple[str, str, str]
"""The project, the dataset and the name of a table."""


@dataclass
class FoundTables:
    """Tables and views, and the definitions of the views."""

    tables: list[Table] = field(default_factory=list)
    views: dict[Place, list[str]] = field(default_factory=dict)


def read_catalog(
    metadata: Metadata,
    default: Dataset,
    wanted: Callable[[], object],
    progress: Callable[[Catalog], None],
    by_queries: Callable[[Dataset], FoundTables] | None = None,
) -> Catalog:
    """All tables and views of the project's datasets that the user may see, with columns, keys and sizes.

    Names come a thousand in a request, the rest one table in a request, many requests side by side; that is free. Of
    many tables the names are told first (``progress``). With ``by_queries`` each dataset is asked for in a few queries,
    which are billed. BigQuery enforces no key: here they say how tables are meant to be joined, and prove nothing
    (matching is off on its dialect, `scheduler/speql_scheduler/matching/proved.py`).
    """
    datasets = metadata.datasets()
    routines = [one for found in metadata.side_by_side(metadata.routines_in, datasets) for one in found]
    names = frozenset(routine.routine_id.lower() for routine in routines)
    whole = Catalog(dialect=DIALECT, path=(default,) if default[1] else (), user_functions=names)
    found = FoundTables()
    if by_queries is not None:
        for dataset in datasets:
            wanted()
            part = by_queries(dataset)
            found.tables += part.tables
            found.views |= part.views
    else:
        listed = [one for tables in metadata.side_by_side(metadata.tables_in, datasets) for one in tables]
        if len(listed) > TOLD_AT_ONCE:
            progress(_partial(whole, listed))
        for resource in metadata.get(listed, wanted):
            if resource is not None:
                _add(found, resource)
    unsafe = unsafe_views(found.views, names, DIALECT)
    tables = tuple(
        table.updated(table.row_count, table.unsafe or unsafe.get((table.database, table.schema, table.name), ""))
        for table in found.tables
    )
    return replace(whole, tables=tables, version=catalog_version(tables, names, default), loaded_at=time.time())


def _partial(whole: Catalog, listed: Sequence[TableReference]) -> Catalog:
    tables = tuple(
        Table(one.table_id, (), schema=one.dataset_id, database=one.project, listed_only=True) for one in listed
    )
    return replace(whole, tables=tables, version=f"{len(listed)} names", partial=True, loaded_at=time.time())


def _add(found: FoundTables, resource: Resource) -> None:
    kind, unsafe = str(resource.table_type), ""
    view = kind in ("VIEW", "MATERIALIZED_VIEW")
    if kind == "EXTERNAL":
        unsafe = EXTERNAL
    elif kind == "VIEW" and resource.view_use_legacy_sql:
        unsafe = LEGACY
    elif view:
        query = resource.view_query if kind == "VIEW" else resource.mview_query
        found.views[resource.project, resource.dataset_id, resource.table_id] = [str(query or "")]
    columns = tuple(Column(one.name, spelled(one), nullable=one.mode != "REQUIRED") for one in resource.schema)
    primary, foreign = _keys(resource)
    found.tables.append(
        Table(
            resource.table_id,
            columns,
            schema=resource.dataset_id,
            database=resource.project,
            kind="view" if view else "table",
            primary_key=primary,
            foreign_keys=foreign,
            row_count=resource.num_rows if kind != "VIEW" else None,
            bytes=resource.num_bytes if kind != "VIEW" else None,
            unsafe=unsafe,
        )
    )


def _keys(resource: Resource) -> tuple[tuple[str, ...], tuple[ForeignKey, ...]]:
    constraints = resource.table_constraints
    if constraints is None:
        return (), ()
    primary = tuple(constraints.primary_key.columns) if constraints.primary_key is not None else ()
    foreign = [
        ForeignKey(
            tuple(one.referencing_column for one in key.column_references),
            f"{key.referenced_table.dataset_id}.{key.referenced_table.table_id}",
            tuple(one.referenced_column for one in key.column_references),
        )
        for key in constraints.foreign_keys or ()
    ]
    return primary, tuple(foreign)
