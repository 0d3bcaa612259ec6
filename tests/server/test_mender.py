"""When a document's statements are asked about, what is remembered, and what is cancelled."""

import asyncio
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from speql_server.analysis import Analysis, Analyst
from speql_server.clock import Clock
from speql_server.connecting.connection import Connection
from speql_server.language_model.mender import Mender
from speql_server.language_model.room import LanguageModel
from speql_speculator.language_model.settings import LanguageModelSettings
from speql_speculator.snapshot import Snapshot
from speql_sql import Catalog, Column, Table
from speql_sql.secret import Secret

from ..scripted_model import Reply, ScriptedModel, edits, says, scripted_model

CATALOG = Catalog((Table("t", (Column("a", "INTEGER"), Column("b", "INTEGER"))),), version="1")


@dataclass
class Document:
    """One document with a mender, over a scripted model and an engine that binds all but what is said."""

    mender: Mender
    server: ScriptedModel
    model: LanguageModel
    unbound: set[str] = field(default_factory=set)
    mended: int = 0
    version: int = 0

    def analysis(self, text: str, cursor: int | None = None) -> Analysis:
        self.version += 1
        return Analyst(10_000, 10_000).repaired(Snapshot("file:///q.sql", self.version, text, cursor), CATALOG)

    async def type(self, text: str, cursor: int | None = None) -> Analysis:
        """What a session does with a text; gives the analysis after whatever the model says."""
        self.mender.changed(text)
        analysis = await self.mender.patched(self.analysis(text, cursor))
        self.mender.consider(analysis)
        await self.mender.settled()
        return await self.mender.patched(self.analysis(text, cursor))

    async def bind(self, sql: str) -> Any:
        return SimpleNamespace(ok=sql not in self.unbound)


@asynccontextmanager
async def opened(folder: Path, *replies: Any, **settings: Any) -> AsyncIterator[Document]:
    async with scripted_model(*replies) as server:
        chosen = LanguageModelSettings(
            **{"enabled": True, "profile": "ollama", "base_url": server.base_url, "debounce_seconds": 0.0, **settings}
        )
        model = LanguageModel(chosen, "test", Clock(), folder=folder)
        document = cast(Document, None)
        engine = SimpleNamespace(info=SimpleNamespace(dialect="duckdb"), bind=lambda sql: document.bind(sql))
        connection = SimpleNamespace(engine=engine, scheduler_settings=SimpleNamespace(allowed_paths=()))

        def mended() -> None:
            document.mended += 1

        with ThreadPoolExecutor(1) as executor:
            mender = Mender(model, cast(Connection, connection), Clock(), executor, mended)
            document = Document(mender, server, model)
            try:
                yield document
            finally:
                await mender.close()
                await model.close()


def sql(analysis: Analysis) -> str | None:
    return analysis.repair.sql if analysis.repair is not None else None


MENDS = edits(("SELEC ", "SELECT "))


async def test_a_text_is_asked_about_once(tmp_path: Path) -> None:
    async with opened(tmp_path, MENDS) as document:
        for _ in range(3):
            assert sql(await document.type("SELEC a FROM t")) == "SELECT a FROM t"
        assert (len(document.server.asked), document.mended) == (1, 1)


async def test_the_cursor_is_where_it_was_typed(tmp_path: Path) -> None:
    async with opened(tmp_path, MENDS) as document:
        for text in ("SELEC a FROM t", "SELEC a FROM t ORDER BY b"):
            patched = await document.type(text, cursor=text.index(" FROM"))
            assert patched.repair is not None
            assert patched.repair.cursor == str(patched.repair.sql).index(" FROM")
        assert len(document.server.asked) == 1


async def test_n_falls_on_failure_and_returns(tmp_path: Path) -> None:
    nothing = says("no")
    async with opened(tmp_path, *[nothing] * 8, MENDS, attempts=2, small_model="s", large_model="l") as document:
        assert document.mender.attempts == 2
        await document.type("SELEC a FROM t WHERE")
        assert (document.mender.attempts, len(document.server.asked)) == (1, 4)
        await document.type("SELEC a FROM t WHERE b")
        assert (document.mender.attempts, len(document.server.asked)) == (1, 6)
        await document.type("SELEC a FROM t WHERE b")
        assert len(document.server.asked) == 6, "what came to nothing is not asked again"
        await document.type("SELEC a FROM t WHERE b =")
        assert sql(await document.type("SELEC a FROM t WHERE b = a")) is not None
        assert document.mender.attempts == 2


async def test_what_the_rules_are_sure_of_is_asked_about_only_if_the_engine_refuses(tmp_path: Path) -> None:
    async with opened(tmp_path, edits(("cuont", "count"))) as document:
        await document.type("SELECT a, b FROM t")
        assert document.server.connections == 0
        document.unbound.add("SELECT cuont(a) FROM t")
        assert sql(await document.type("SELECT cuont(a) FROM t")) == "SELECT count(a) FROM t"
        assert len(document.server.asked) == 1


@pytest.mark.parametrize(
    "text", ["DELETE FROM t WHERE a = 1", "DELTE FROM t WHERE a", "SEL", "", "INSRT INTO t VALUES (1)"]
)
async def test_what_is_no_query_is_not_asked_about(tmp_path: Path, text: str) -> None:
    async with opened(tmp_path, MENDS) as document:
        await document.type(text)
        assert document.server.connections == 0


async def test_a_text_that_goes_on_cancels_a_cursor_that_moves_does_not(tmp_path: Path) -> None:
    gate = asyncio.Event()
    async with opened(tmp_path, says("x", gate=gate)) as document:
        text = "SELEC a FROM t"
        document.mender.changed(text)
        document.mender.consider(document.analysis(text))
        await document.server.until(lambda server: len(server.asked) == 1)
        document.mender.changed(text)
        document.mender.consider(document.analysis(text, cursor=3))
        assert (document.server.closed_by_client, len(document.server.asked)) == (0, 1)
        document.mender.changed(text + " ")
        await document.server.until(lambda server: server.closed_by_client == 1)
        assert len(document.server.asked) == 1


async def test_a_patch_whose_result_does_not_bind_is_forgotten(tmp_path: Path) -> None:
    async with opened(tmp_path, MENDS, Reply(status=500)) as document:
        await document.type("SELEC a FROM t")
        document.unbound.add("SELECT a, b FROM t")
        patched = await document.mender.patched(document.analysis("SELEC a, b FROM t"))
        assert sql(patched) is None
        document.unbound.clear()
        assert sql(await document.mender.patched(document.analysis("SELEC a, b FROM t"))) is None


async def test_an_endpoint_that_fails_is_a_pause_and_no_repair(tmp_path: Path) -> None:
    async with opened(tmp_path, Reply(status=401, body="{}")) as document:
        assert sql(await document.type("SELEC a FROM t")) is None
        status = document.model.status()
        assert (status.state, "key" in status.reason) == ("paused", True)
        assert document.mender.attempts == 2, "that is no failure of the ladder"


async def test_a_continuation_binds_and_only_reads(tmp_path: Path) -> None:
    async with opened(tmp_path, says(" FROM t"), says(" FROM read_text('/etc/passwd')")) as document:
        text = "SELECT a"
        document.unbound.add("SELECT a FROM read_text")
        assert await document.mender.continuation(document.analysis(text, cursor=len(text))) == " FROM t"
        assert await document.mender.continuation(document.analysis(text, cursor=len(text))) is None


async def test_the_columns_of_a_continuation_are_suggested_while_the_text_goes_on_from_there(tmp_path: Path) -> None:
    async with opened(tmp_path, says(" FROM t WHERE B > 3")) as document:
        assert document.mender.suggested("SELECT a", 8, CATALOG) == ()
        await document.mender.continuation(document.analysis("SELECT a", cursor=8))
        assert document.mender.suggested("SELECT a FROM t", 15, CATALOG) == ("b",)
        assert document.mender.suggested("SELECT b FROM t", 15, CATALOG) == ()


async def test_a_keyring_that_waits_for_its_password_keeps_nobody_from_closing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, answered = threading.Event(), threading.Event()

    def waits(*_: Any) -> Any:
        asked.set()
        answered.wait()
        return Secret("")

    monkeypatch.setattr("speql_server.language_model.room.key_of", waits)
    async with opened(tmp_path, MENDS) as document:
        document.model.start()
        await asyncio.to_thread(asked.wait)
    answered.set()
    assert document.server.connections == 0


async def test_a_budget_is_shared_by_the_servers_of_a_connection(tmp_path: Path) -> None:
    usage = {"prompt_tokens": 900, "completion_tokens": 100, "total_tokens": 1000}
    mends = edits(("SELEC ", "SELECT "), usage=usage)
    async with opened(tmp_path, mends) as first, opened(tmp_path, mends, tokens_per_hour=1100) as second:
        assert sql(await first.type("SELEC a FROM t")) == "SELECT a FROM t"
        assert sql(await second.type("SELEC a FROM t")) is None
        assert second.server.connections == 0
        assert second.model.status().tokens_hour == 1000
        assert "tokens an hour" in second.model.status().reason
