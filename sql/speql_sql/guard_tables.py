"""Which tables a query may read without the user having asked."""

import re
from collections.abc import Iterator, Mapping

from sqlglot import exp

from speql_sql.catalog import Catalog
from speql_sql.guard_files import looks_like_file, path_problem
from speql_sql.problem import Problem

_SYSTEM_SCHEMAS = frozenset({"information_schema", "pg_catalog"})
_SYSTEM_SCHEMAS_OF: Mapping[str, frozenset[str]] = {
    "redshift": frozenset({"pg_internal", "pg_automv", "svv", "catalog_history"}),
    "snowflake": frozenset({"account_usage", "organization_usage", "reader_account_usage", "data_sharing_usage"}),
    "tsql": frozenset({"sys", "master", "msdb", "model", "tempdb", "sysdb"}),
    "fabric": frozenset({"sys", "master", "msdb", "model", "tempdb", "queryinsights"}),
    "spark": frozenset({"system"}),
    "databricks": frozenset({"system", "live"}),
}
_SYSTEM_PREFIXES = ("duckdb_", "pragma_", "sqlite_", "pg_")
_SYSTEM_PREFIXES_OF: Mapping[str, tuple[str, ...]] = {
    "redshift": ("stl_", "stv_", "svl_", "svv_", "svcs_", "sys_"),
    "bigquery": ("__",),
    "tsql": ("#",),
    "fabric": ("#",),
}
# Endings of the files that DuckDB and its extensions read for a table that is not there.
_ENDING = re.compile(
    r"(?i)arrow|avro|csv|feather|fgb|geojson|gpkg|gz|ipc|json|jsonl|kml|lance|ndjson|parquet|shp|tsv|vortex|xlsx|zst"
)
# Views that SQL Server keeps in every schema for old clients.
_OLD_SYSTEM_TABLES = re.compile(
    r"sys(altfiles|cacheobjects|charsets|columns|comments|configures|constraints|curconfigs|databases|depends|devices"
    r"|filegroups|files|foreignkeys|fulltextcatalogs|indexes|indexkeys|languages|lockinfo|logins|members|messages|objects"
    r"|oledbusers|opentapes|perfinfo|permissions|processes|protects|references|remotelogins|servers|types|users)"
)
# What Spark reads as files: ``parquet.`/data` ``, also by the classes of its sources.
_FILE_SCHEMAS_TEXT = """
avro binaryfile cloudfiles csv delta hudi iceberg jdbc json kafka lance libsvm orc parquet socket text xml
"""
_FILE_SCHEMAS = frozenset(_FILE_SCHEMAS_TEXT.split())
_SPARK = ("spark", "databricks")
_ASKED = ("duckdb", "postgres")
_OUTSIDE = re.compile(r"[/\\@:]")
# What a table in FROM may have besides its name. Each is a node of its own, and looked at as such.
_KNOWN_PARTS = frozenset(
    {
        "this",
        "db",
        "catalog",
        "alias",
        "joins",
        "laterals",
        "pivots",
        "hints",
        "sample",
        "only",
        "rows_from",
        "ordinality",
    }
)


def table_problems(
    table: exp.Table, dialect: str, allowed_paths: tuple[str, ...], catalog: Catalog | None
) -> Iterator[Problem]:
    """Why a table may not be read by name. (``FROM (SHOW TABLES)`` is to sqlglot a table ``SHOW`` with an alias.)

    ``catalog`` are the tables that there are, if they are known: DuckDB reads a file where there is none of that name.
    """
    if strange := sorted(key for key, value in table.args.items() if value and key not in _KNOWN_PARTS):
        yield Problem("not-understood", f"SpeQL does not know what {strange[0]} does to a table.")
        return
    if isinstance(table.this, exp.Func):
        if table.args.get("db") and dialect not in _ASKED:
            yield Problem("table-function", f"{table.this.name or table.this.key} is not a built-in table function.")
        return
    if table.args.get("rows_from"):
        return  # functions, which are looked at by themselves
    parts = [part.name for part in table.parts]
    if (
        not parts
        or isinstance(table.this, exp.Dot)
        or not all(isinstance(part, exp.Identifier) for part in table.parts)
    ):
        yield Problem("not-understood", "The name of a table is computed, or that of another place.")
        return
    known = catalog is not None and catalog.find(*reversed(parts)) is not None
    yield from _name_problems(parts, table, dialect, allowed_paths, known)


def _name_problems(
    parts: list[str], table: exp.Table, dialect: str, allowed_paths: tuple[str, ...], known: bool
) -> Iterator[Problem]:
    schemas, name = [part.lower() for part in parts[:-1]], parts[-1].lower()
    # A path in one pair of backticks: `` `a.INFORMATION_SCHEMA.TABLES` ``.
    inside = [piece for part in parts for piece in part.lower().split(".")] if dialect == "bigquery" else schemas
    if (
        not (_SYSTEM_SCHEMAS | _SYSTEM_SCHEMAS_OF.get(dialect, frozenset())).isdisjoint(inside)
        or name.startswith((*_SYSTEM_PREFIXES, *_SYSTEM_PREFIXES_OF.get(dialect, ())))
        or (dialect in ("tsql", "fabric") and _OLD_SYSTEM_TABLES.fullmatch(name))
        or any(table.this.args.get(part) for part in ("temporary", "global_"))  # `[#x]`, whose sign sqlglot takes away
        or (dialect == "snowflake" and len(parts) == 3 and schemas[0] == "snowflake")
    ):
        yield Problem("system-table", f"{parts[-1]} describes the session, not the data, and changes with it.")
    elif name == "show" and not table.this.args.get("quoted"):
        yield Problem("system-table", "SHOW describes the session, not the data.")
    elif dialect in _SPARK and name == "stream" and table.alias and not table.this.args.get("quoted"):
        yield Problem("not-understood", f"STREAM {table.alias} may be read as what is appended to that table.")
    elif dialect in _SPARK and schemas and schemas[-1].rpartition(".")[2] in _FILE_SCHEMAS:
        yield Problem("file-access", f"{parts[-1]} is read as a file.")
    elif dialect not in _ASKED and any(_OUTSIDE.search(part) for part in parts):
        yield Problem("file-access", f"{parts[-1]} may be a file, a stage or another server.")
    elif dialect == "duckdb" and (path := _path(parts, known)) and (problem := path_problem(path, allowed_paths)):
        yield problem


def _path(parts: list[str], known: bool) -> str:
    """The path of the file that DuckDB reads if there is no table of that name: ``data.csv`` is one, too."""
    if len(parts) == 1:
        return parts[0] if looks_like_file(parts[0]) else ""
    return ".".join(parts) if not known and (_ENDING.fullmatch(parts[-1]) or looks_like_file(parts[-1])) else ""
