"""Measure completion over a catalog of 100,000 tables with 1.5 million columns, generated in memory: from a text and a
place to the items of the protocol, at each letter of a few queries.

    python bench/completion_latency.py [--tables 100000] [--columns 15] [--rounds 3] [--json]
"""

import argparse
import gc
import json
import os
import random
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path

sys.path[:0] = [
    str(Path(__file__).resolve().parents[1] / room) for room in ("server", "scheduler", "speculator", "engines", "sql")
]

from speql_server.lsp.completion_abilities import CompletionAbilities  # noqa: E402 - found on the path made above
from speql_server.lsp.to_lsp_completion import completion_list  # noqa: E402
from speql_speculator.completing.completion import completions  # noqa: E402
from speql_speculator.completing.name_index import name_index  # noqa: E402
from speql_speculator.snapshot import Snapshot  # noqa: E402
from speql_sql import Catalog, Column, ForeignKey, FunctionSignature, Parameter, Table  # noqa: E402

TARGET_P50, TARGET_P99 = 0.010, 0.050
SUBJECTS = ("order", "customer", "product", "invoice", "shipment", "session", "payment", "account", "ticket", "visit")
STAGES = ("raw", "stg", "int", "fact", "dim", "mart", "agg", "tmp")
MEASURES = ("amount", "price", "quantity", "discount", "tax", "total", "count", "score", "rate", "duration")
ABILITIES = CompletionAbilities(True, True, True, frozenset({"editRange"}))
FUNCTIONS = tuple(
    FunctionSignature(f"function_{number}", (Parameter("value"),), "VARCHAR", "scalar") for number in range(1_000)
)

QUERIES = [
    "SELECT * FROM fact_order_{n:05} WHERE order_id = 1",
    "SELECT f.order_total, f.order_price FROM fact_order_{n:05} f JOIN dim_customer_{m:05} c ON f.customer_id = c.id",
    "WITH x AS (SELECT * FROM mart_order_{n:05}) SELECT x.order_amount, count(*) FROM x GROUP BY x.order_amount",
    "SELECT invoice_amount, ticket_total",
    "SELECT * FROM schema_017.fact",
]


def large_catalog(tables: int, columns: int) -> Catalog:
    """Tables in a hundred schemas, ten thousand of them in the one that is searched; a tenth refer to others."""
    chance = random.Random(7)
    made = []
    for number in range(tables):
        stage, subject = STAGES[number % len(STAGES)], SUBJECTS[number // len(STAGES) % len(SUBJECTS)]
        schema = "main" if number % 10 == 0 else f"schema_{number % 100:03}"
        names = ["id", f"{subject}_id", "created_at", "updated_at"]
        names += [f"{subject}_{measure}" for measure in MEASURES[: columns - 5]]
        names += [f"{subject}_{chance.choice(MEASURES)}_{at}" for at in range(columns - 5 - len(MEASURES))]
        names.append(f"own_{number}")
        keys = (ForeignKey((f"{subject}_id",), f"main.dim_{subject}_{number // 80 * 80 + 4:05}", ("id",)),)
        made.append(
            Table(
                f"{stage}_{subject}_{number:05}",
                tuple(Column(name, "DOUBLE" if at > 3 else "BIGINT") for at, name in enumerate(names)),
                schema,
                "warehouse",
                primary_key=("id",),
                foreign_keys=keys if number % 10 == 3 else (),
                row_count=number,
            )
        )
    return Catalog(tuple(made), "duckdb", (("warehouse", "main"),), "1")


def places(catalog: Catalog) -> Iterator[tuple[str, int]]:
    """Each letter of each query, typed one after the other, and each place of the whole text."""
    searched = [number for number, table in enumerate(catalog.tables) if table.schema == "main"]
    for at, query in enumerate(QUERIES):
        text = query.format(n=searched[at * 7 % len(searched)], m=searched[at * 13 % len(searched)])
        yield from ((text[:end], end) for end in range(len(text) + 1))
        yield from ((text, offset) for offset in range(len(text)))


def memory() -> int:
    """Bytes that the process has in memory, where the system tells; 0 elsewhere."""
    statm = Path("/proc/self/statm")
    return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") if statm.exists() else 0


def measure(tables: int, columns: int, rounds: int) -> dict[str, float]:
    before = memory()
    catalog = large_catalog(tables, columns)
    gc.collect()
    with_catalog = memory()
    started = time.perf_counter()
    index = name_index(catalog)
    assert index.columns.names
    indexing = time.perf_counter() - started
    gc.collect()
    with_index = memory()
    gc.freeze()
    taken, items = list[float](), list[int]()
    for _ in range(rounds):
        for text, offset in places(catalog):
            started = time.perf_counter()
            found = completions(text, offset, catalog, FUNCTIONS, values={})
            answer = completion_list(found, 1, Snapshot("file:///x.sql", 1, text), ABILITIES, "utf-16")
            taken.append(time.perf_counter() - started)
            items.append(len(answer.items))
    tenths = statistics.quantiles(taken, n=100)
    return {
        "tables": tables,
        "columns": tables * columns,
        "requests": len(taken),
        "p50_ms": round(tenths[49] * 1e3, 2),
        "p90_ms": round(tenths[89] * 1e3, 2),
        "p99_ms": round(tenths[98] * 1e3, 2),
        "worst_ms": round(max(taken) * 1e3, 2),
        "most_items": max(items),
        "indexing_ms": round(indexing * 1e3),
        "catalog_mb": round((with_catalog - before) / 1e6),
        "index_mb": round((with_index - with_catalog) / 1e6),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--tables", type=int, default=100_000)
    parser.add_argument("--columns", type=int, default=15)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments = parser.parse_args()
    report = measure(arguments.tables, arguments.columns, arguments.rounds)
    if arguments.json:
        print(json.dumps(report))
        return
    print(f"{report['tables']:,} tables, {report['columns']:,} columns, {report['requests']} completions")
    print("  " + ", ".join(f"{name} {report[f'{name.lower()}_ms']} ms" for name in ("P50", "P90", "P99", "worst")))
    print(
        f"  targets: P50 {TARGET_P50 * 1e3:.0f} ms, P99 {TARGET_P99 * 1e3:.0f} ms; at most {report['most_items']} items"
    )
    print(f"  index made in {report['indexing_ms']} ms, {report['index_mb']} MB; catalog {report['catalog_mb']} MB")


if __name__ == "__main__":
    main()
