"""What reading base tables ahead would save: submits of queries typed on a file that the system has not yet read.

``python bench/cold_reads.py bench/data/tpcds bench/data/tpcds-sf1.duckdb [--only q03,q07]`` (Linux)

Each query is run directly on a new connection: with the pages of the file in the system's memory, and without
them; and it is typed into a server a line a second, which is faster than anybody types, and submitted right after the
last line, again with and without them. What typed submits lose on a cold file is all that a reader ahead could save.
"""

import argparse
import asyncio
import os
import statistics
import time
from pathlib import Path

import duckdb

from speql_server.client import Client

URI = "file:///cold.sql"
QUERIES = "q03,q07,q15,q19,q26,q42,q43,q48,q52,q55,q68,q96"


def forget(database: Path) -> None:
    """Let the system drop the file's pages."""
    file = os.open(database, os.O_RDONLY)
    os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(file)


def direct_ms(query: str, database: Path) -> float:
    """A run of the query on a connection that has read nothing."""
    with duckdb.connect(str(database), read_only=True, config={"threads": 2}) as connection:
        started = time.perf_counter()
        connection.execute(query).fetchall()
        return (time.perf_counter() - started) * 1e3


async def typed_ms(query: str, database: Path, seconds_a_line: float) -> float:
    """The submit of the query after it was typed into a new server."""
    client = await Client.start("--database", str(database))
    try:
        await client.initialize()
        await client.wait_for("speql/status", lambda status: status["connection"]["state"] != "opening")
        document = {"uri": URI, "languageId": "sql", "version": 0, "text": ""}
        client.notify("textDocument/didOpen", {"textDocument": document})
        lines = query.splitlines(keepends=True)
        for version in range(1, len(lines) + 1):
            text = "".join(lines[:version])
            changed = {"textDocument": {"uri": URI, "version": version}, "contentChanges": [{"text": text}]}
            client.notify("textDocument/didChange", changed)
            if version < len(lines):
                await asyncio.sleep(seconds_a_line)
        started = time.perf_counter()
        await client.request("workspace/executeCommand", {"command": "speql.submit", "arguments": [URI]}, timeout=120)
        return (time.perf_counter() - started) * 1e3
    finally:
        await client.stop()


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("database", type=Path)
    parser.add_argument("--only", default=QUERIES)
    parser.add_argument("--seconds-a-line", type=float, default=1.0)
    arguments = parser.parse_args()
    rows: list[tuple[float, float, float, float]] = []
    print("milliseconds: query, direct warm, direct cold, typed warm, typed cold")
    for name in arguments.only.split(","):
        query = (arguments.folder / f"{name}.sql").read_text(encoding="utf-8").strip().rstrip(";")
        measured = []
        for typed in (False, True):
            for cold in (False, True):
                direct_ms(query, arguments.database)  # all of its pages are in memory
                if cold:
                    forget(arguments.database)
                measured.append(
                    await typed_ms(query, arguments.database, arguments.seconds_a_line)
                    if typed
                    else direct_ms(query, arguments.database)
                )
        warm, cold_run, typed_warm, typed_cold = measured
        rows.append((warm, cold_run, typed_warm, typed_cold))
        print(f"{name} {warm:6.0f} {cold_run:6.0f} {typed_warm:6.0f} {typed_cold:6.0f}", flush=True)
    medians = " ".join(f"{statistics.median(column):6.0f}" for column in zip(*rows, strict=True))
    print(f"P50 {medians}")


if __name__ == "__main__":
    asyncio.run(main())
