"""A few hundred edits: what the server holds does not grow with them."""

from pathlib import Path

import pytest

from speql_server.cli.bench_lsp.soak import soak

EDITS, EVERY = 450, 150


async def test_nothing_is_held_of_past_edits(flights: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    queries = [
        "SELECT carrier, count(*) AS n FROM flights WHERE dep_delay > 10 GROUP BY carrier",
        "SELECT name FROM airlines JOIN flights USING (carrier) WHERE id < 50",
    ]
    held, records = await soak(queries, ["--database", str(flights)], EDITS, EVERY)
    assert [one.edits for one in held] == [150, 300, 450]
    first, last = held[0], held[-1]
    assert last.documents == 1
    assert last.tasks <= first.tasks + 2
    assert last.threads <= first.threads + 2  # engine threads are started when they are first needed
    assert last.temp_tables <= 20
    assert not [one for one in records if one.outcome == "failed"]
    # Remembered statements are objects, too; a leak of even one tree a keystroke would be a multiple of this.
    assert (last.objects - first.objects) / (last.edits - first.edits) < 400
