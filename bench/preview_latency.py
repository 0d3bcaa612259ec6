"""Measure how long after an edit its preview arrives, over real stdio.

    python bench/preview_latency.py [QUERY] [--database FILE] [--characters-per-second 10] [--json]

Without a query it types the demo's on the demo's data, which it loads if they are not there. The query is typed
character by character. A keystroke's latency is the time from sending `didChange` to the arrival of the first
`speql/preview` with rows of that very version. Keystrokes without one are counted by reason: nothing can be run yet,
running it failed, or the next keystroke came first.
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from speql_server.cli.demo.dataset import build_demo_database, demo_database_path
from speql_server.cli.demo.demo_query import demo_query
from speql_server.client import Client

URI = "file:///latency.sql"
TARGET = 0.15


class Typist:
    """Types a text and notes when each version was sent and when its preview came."""

    def __init__(self, client: Client, pause: float) -> None:
        self.client = client
        self.pause = pause
        self.sent: dict[int, float] = {}
        self.arrived: dict[int, float] = {}
        self.server: dict[int, dict[str, float | None]] = {}
        self.outcomes: dict[int, str] = {}

    async def type(self, text: str) -> None:
        """Type the text, each character a pause after the one before."""
        document = {"uri": URI, "languageId": "sql", "version": 0, "text": ""}
        self.client.notify("textDocument/didOpen", {"textDocument": document})
        listening = asyncio.get_running_loop().create_task(self._listen())
        line = character = 0
        for version, typed in enumerate(text, start=1):
            place = {"line": line, "character": character}
            change = {"range": {"start": place, "end": place}, "text": typed}
            self.sent[version] = time.perf_counter()
            self.client.notify(
                "textDocument/didChange",
                {"textDocument": {"uri": URI, "version": version}, "contentChanges": [change]},
            )
            line, character = (line + 1, 0) if typed == "\n" else (line, character + 1)
            await asyncio.sleep(self.pause)
        await self.client.wait_for("speql/preview", lambda preview: preview["version"] == len(text), timeout=60)
        await asyncio.sleep(0.2)
        listening.cancel()

    async def _listen(self) -> None:
        seen = 0
        while True:
            await self.client.wait_for("speql/preview", since=seen, timeout=3_600)
            now = time.perf_counter()
            for message in self.client.received[seen:]:
                if message["method"] == "speql/preview":
                    self._note(message["params"], now)
            seen = len(self.client.received)

    def _note(self, preview: dict[str, Any], now: float) -> None:
        version = preview["version"]
        self.outcomes.setdefault(version, preview["outcome"])
        if preview["outcome"] == "rows" and version not in self.arrived:
            self.outcomes[version] = "rows"
            self.arrived[version] = now
            self.server[version] = preview["timings"]


async def measure(query: str, database: str | None, characters_per_second: float) -> dict[str, Any]:
    client = await Client.start(*(["--database", database] if database else []))
    await client.initialize()
    await client.wait_for("speql/status", lambda status: status["connection"]["state"] != "opening")
    typist = Typist(client, 1 / characters_per_second)
    await typist.type(query)
    await client.stop()
    latencies = [typist.arrived[version] - typist.sent[version] for version in typist.arrived if version in typist.sent]
    analyses = [timings["analysis"] for timings in typist.server.values() if timings["analysis"] is not None]
    engines = [timings["engine"] for timings in typist.server.values() if timings["engine"] is not None]
    outcomes = list(typist.outcomes.values())
    return {
        "keystrokes": len(query),
        "rows": outcomes.count("rows"),
        "nothing": outcomes.count("nothing"),
        "failed": outcomes.count("failed"),
        "overtaken": len(typist.sent) - len(set(typist.outcomes) & set(typist.sent)),
        "characters_per_second": characters_per_second,
        "latency_ms": summary([latency * 1e3 for latency in latencies]),
        "analysis_ms": summary(analyses),
        "engine_ms": summary(engines),
        "target_p90_ms": TARGET * 1e3,
    }


def summary(values: list[float]) -> dict[str, float]:
    if len(values) < 2:
        return dict.fromkeys(("p50", "p90", "worst"), round(values[0], 1) if values else 0.0)
    tenths = statistics.quantiles(values, n=10, method="inclusive")
    return {"p50": round(tenths[4], 1), "p90": round(tenths[8], 1), "worst": round(max(values), 1)}


def query_and_database(query: str | None, database: str | None) -> tuple[str, str | None]:
    if query is not None:
        text = Path(query).read_text() if os.path.isfile(query) else query  # noqa: PTH113 - SQL is no path
        return text.strip(), database
    path = demo_database_path()
    if not path.exists():
        build_demo_database(path, lambda label, share: print(f"{share:4.0%} {label}", file=sys.stderr))
    return demo_query("delays").text, database or str(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("query", nargs="?", help="SQL text or a file that holds it")
    parser.add_argument("--database", metavar="FILE")
    parser.add_argument("--characters-per-second", type=float, default=10.0)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments = parser.parse_args()
    query, database = query_and_database(arguments.query, arguments.database)
    report = asyncio.run(measure(query, database, arguments.characters_per_second))
    if arguments.json:
        print(json.dumps(report))
        return
    print(f"{report['keystrokes']} keystrokes, {report['characters_per_second']:g} a second")
    counts = ("rows", "nothing", "failed", "overtaken")
    print("  " + ", ".join(f"{name}: {report[name]}" for name in counts))
    for name, title in (("latency_ms", "didChange to preview"), ("analysis_ms", "analysis"), ("engine_ms", "engine")):
        part = report[name]
        print(f"  {title + ':':<22} P50 {part['p50']:.0f} ms, P90 {part['p90']:.0f} ms, worst {part['worst']:.0f} ms")
    print(f"  target: P90 {report['target_p90_ms']:.0f} ms where the direct query takes less than 50 ms")


if __name__ == "__main__":
    main()
