"""Measure the start of the language server: from starting the process to the answer of `initialize`, and to the
first answer that needs the catalog.

    python bench/startup.py [--runs 10] [--database FILE] [--json]
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / room) for room in ("server", "sql")]

from speql_server.client import Client  # noqa: E402 - it is found on the path made above

TARGET = 0.6
URI = "file:///startup.sql"


async def measure(arguments: list[str]) -> tuple[float, float]:
    """Seconds from the start of the process to the answers of `initialize` and of the first completion."""
    # A user's Python keeps its compiled modules; a shell that forbids that would measure the compiler.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    started = time.perf_counter()
    client = await Client.start(*arguments, environment=environment)
    await client.initialize()
    initialized = time.perf_counter() - started
    document = {"uri": URI, "languageId": "sql", "version": 1, "text": "FROM "}
    client.notify("textDocument/didOpen", {"textDocument": document})
    position = {"line": 0, "character": 5}
    await client.request("textDocument/completion", {"textDocument": {"uri": URI}, "position": position})
    completed = time.perf_counter() - started
    await client.stop()
    return initialized, completed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--database", metavar="FILE")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments = parser.parse_args()
    server_arguments = ["--database", arguments.database] if arguments.database else []
    asyncio.run(measure(server_arguments))  # not counted: it fills the caches of the disk and of Python
    runs = [asyncio.run(measure(server_arguments)) for _ in range(arguments.runs)]
    initialize, completion = (statistics.median(values) for values in zip(*runs, strict=True))
    if arguments.json:
        report = {
            "runs": arguments.runs,
            "initialize_ms": round(initialize * 1e3, 1),
            "initialize_worst_ms": round(max(first for first, _ in runs) * 1e3, 1),
            "first_completion_ms": round(completion * 1e3, 1),
            "target_ms": TARGET * 1e3,
        }
        print(json.dumps(report))
        return
    worst = max(first for first, _ in runs)
    print(f"process start to initialize answered: median {initialize * 1e3:.0f} ms, worst {worst * 1e3:.0f} ms")
    print(f"  ({arguments.runs} runs; the target is {TARGET * 1e3:.0f} ms)")
    print(f"process start to first completion:    median {completion * 1e3:.0f} ms")


if __name__ == "__main__":
    main()
