"""Measure what a database of 100,000 tables costs: the start from the saved catalog, memory, completion, the file.

    python bench/large_catalog.py [--tables 100000] [--columns 15] [--requests 200] [--without-server]

The database is made once, in bench/data; that takes minutes. Memory is that of a process of its own each time.
DuckDB itself takes half a minute and 2.1 GB to open such a file: --without-server measures the saved catalog
alone, of made-up tables.
"""

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / room) for room in ("server", "engines", "sql", "speculator", "scheduler")]

URI = "file:///large.sql"
KINDS = ["INTEGER", "VARCHAR", "DATE", "DOUBLE", "DECIMAL(18,3)", "TIMESTAMP", "BIGINT"]
PER_SCHEMA = 1_000


def names(table: int, columns: int) -> list[str]:
    """The columns of a table: some that many have, some that few have, some of its own."""
    common = ["id", "created_at", "customer_id", "amount"][:columns]
    few = [f"attribute_{(table * 7 + at) % 20_000}" for at in range((columns - len(common)) // 2)]
    own = [f"t{table}_value_{at}" for at in range(columns - len(common) - len(few))]
    return [*common, *few, *own]


def make(path: Path, tables: int, columns: int) -> None:
    """Make the database, if it is not there."""
    import duckdb

    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".making")
    beside.unlink(missing_ok=True)
    started = time.perf_counter()
    with duckdb.connect(str(beside)) as connection:
        connection.execute("BEGIN")
        for table in range(tables):
            if table % PER_SCHEMA == 0:
                schema = f"area_{table // PER_SCHEMA:03}"
                connection.execute(f"CREATE SCHEMA {schema}")
            listed = ", ".join(f"{name} {KINDS[at % len(KINDS)]}" for at, name in enumerate(names(table, columns)))
            connection.execute(f"CREATE TABLE {schema}.table_{table:06} ({listed})")
        connection.execute("COMMIT")
    beside.rename(path)
    print(f"made {path} in {time.perf_counter() - started:.0f} s", file=sys.stderr)


def save_made_up(file: Path, tables: int, columns: int) -> None:
    """In a process of its own: save a catalog of the same tables, without a database."""
    from array import array

    from speql_engines.catalog_store import CatalogStore
    from speql_engines.known_catalog import KnownCatalog
    from speql_sql import Catalog, Column, Table
    from speql_sql.packed_columns import PackedColumns, TypeSpellings

    types = TypeSpellings()
    made = tuple(
        Table(
            f"table_{table:06}",
            PackedColumns.of(
                [Column(name, KINDS[at % len(KINDS)]) for at, name in enumerate(names(table, columns))], types
            ),
            f"area_{table // PER_SCHEMA:03}",
            "large",
        )
        for table in range(tables)
    )
    catalog = Catalog(made, path=(("large", "main"),), version="1", loaded_at=time.time()).prepared()
    CatalogStore(file).save(KnownCatalog(catalog, array("q", range(tables)), "", "state", types))


def memory() -> float:
    """The megabytes that this process holds now."""
    import psutil

    return float(psutil.Process().memory_info().rss) / 1e6


def load(file: Path) -> dict[str, Any]:
    """In a process of its own: the saved catalog, as the next session takes it."""
    from speql_engines.catalog_store import CatalogStore

    bare = memory()
    started, began = time.perf_counter(), time.process_time()
    known = CatalogStore(file).load()
    assert known is not None, "it was saved"
    loaded, worked = time.perf_counter() - started, time.process_time() - began
    held = memory() - bare
    started = time.perf_counter()
    catalog = known.catalog
    last = catalog.tables[-1]
    assert catalog.find(last.name, last.schema) is last
    found = time.perf_counter() - started
    started = time.perf_counter()
    having = catalog.tables_by_column.get(last.columns[-1].name.lower(), ())
    by_column = time.perf_counter() - started
    return {
        "tables": len(catalog.tables),
        "load_seconds": round(loaded, 3),
        "load_processor_seconds": round(worked, 3),
        "load_megabytes": round(held, 1),
        "first_find_seconds": round(found, 3),
        "first_column_seconds": round(by_column, 4),
        "tables_with_column": len(having),
    }


async def serve(database: Path, cache: Path, requests: int) -> dict[str, Any]:
    """A server on the database: when it answers, how fast, and what it holds."""
    import psutil

    from speql_server.client import Client

    environment = {"SPEQL_CACHE_DIR": str(cache), "SPEQL_DATA_DIR": str(cache / "data")}
    started = time.perf_counter()
    client = await Client.start("--database", str(database), environment=environment)
    await client.initialize()
    text = "SELECT * FROM area_000.table_000"
    document = {"uri": URI, "languageId": "sql", "version": 1, "text": text}
    client.notify("textDocument/didOpen", {"textDocument": document})

    async def complete(character: int) -> tuple[float, Any]:
        began = time.perf_counter()
        params = {"textDocument": {"uri": URI}, "position": {"line": 0, "character": character}}
        answer = await client.request("textDocument/completion", params, timeout=120)
        return time.perf_counter() - began, answer

    _, answer = await complete(len(text))
    first_completion = time.perf_counter() - started

    def open_now(status: Any) -> bool:
        return bool(status["connection"]["state"] == "open")

    first = await client.wait_for("speql/status", open_now, timeout=300)
    opened = time.perf_counter() - started

    def certain(status: Any) -> bool:
        catalog = status["connection"]["catalog"]
        return open_now(status) and not catalog["partial"] and not catalog["stale"]

    await client.wait_for("speql/status", certain, timeout=600)
    complete_after = time.perf_counter() - started
    places = (len(text), len("SELECT "))
    times = sorted([(await complete(places[number % 2]))[0] for number in range(requests)])
    assert client.process is not None
    held = psutil.Process(client.process.pid).memory_info()
    await client.stop()
    return {
        "first_completion_seconds": round(first_completion, 2),
        "first_completion_is_incomplete": answer["isIncomplete"],
        "open_seconds": round(opened, 2),
        "catalog_when_open": first["connection"]["catalog"],
        "certain_seconds": round(complete_after, 2),
        "completion_p50_milliseconds": round(statistics.median(times) * 1000, 1),
        "completion_p99_milliseconds": round(times[int(len(times) * 0.99)] * 1000, 1),
        "server_megabytes": round(held.rss / 1e6),
    }


def duckdb_alone(database: Path) -> dict[str, Any]:
    """In a process of its own: what the engine itself takes for the same database, which is not ours to change."""
    import duckdb

    bare = memory()
    started = time.perf_counter()
    with duckdb.connect(str(database), read_only=True) as connection:
        connection.execute("SELECT count(*) FROM duckdb_tables()").fetchall()
        seconds = time.perf_counter() - started
        return {"duckdb_open_seconds": round(seconds, 2), "duckdb_megabytes": round(memory() - bare, 1)}


def apart(step: str, *arguments: object) -> dict[str, Any]:
    """Run a step of this script in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, "--step", step, *map(str, arguments)], stdout=subprocess.PIPE, check=True, text=True
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def main() -> None:
    """Print what was measured, as JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--tables", type=int, default=100_000)
    parser.add_argument("--columns", type=int, default=15)
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--data", type=Path, default=ROOT / "bench" / "data")
    parser.add_argument("--without-server", action="store_true")
    parser.add_argument("--step", nargs=2, metavar=("NAME", "FILE"), help="one step, used by the script itself")
    options = parser.parse_args()
    if options.step:
        name, file = options.step
        if name == "save":
            save_made_up(Path(file), options.tables, options.columns)
            print("{}")
            return
        print(json.dumps({"load": load, "duckdb": duckdb_alone}[name](Path(file))))
        return
    if options.without_server:
        with tempfile.TemporaryDirectory() as folder:
            saved = Path(folder) / "saved.sqlite"
            apart("save", saved, "--tables", options.tables, "--columns", options.columns)
            print(
                json.dumps({"saved_megabytes": round(saved.stat().st_size / 1e6, 1), **apart("load", saved)}, indent=2)
            )
        return
    database = options.data / f"large-{options.tables}x{options.columns}.duckdb"
    make(database, options.tables, options.columns)
    measured: dict[str, Any] = {"database_megabytes": round(database.stat().st_size / 1e6)}
    measured |= apart("duckdb", database)
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder)
        measured["first_session"] = asyncio.run(serve(database, cache, options.requests))
        (saved,) = (cache / "catalogs").iterdir()
        measured["saved_megabytes"] = round(saved.stat().st_size / 1e6, 1)
        measured |= apart("load", saved)
        measured["second_session"] = asyncio.run(serve(database, cache, options.requests))
    print(json.dumps(measured, indent=2))


if __name__ == "__main__":
    main()
