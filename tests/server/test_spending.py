"""Consent to an engine that charges, on the wire: held back, allowed by command, kept over sessions, told."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest
from typer.testing import CliRunner

from speql_engines import DuckDBEngine, Engine, EngineInfo, Result, TempTable
from speql_server import protocol
from speql_server.app import create_server
from speql_server.cli.main import app
from speql_server.connecting.profile import ConnectionProfile
from speql_server.connecting.spending_files import ledger_file
from speql_server.settings import ServerSettings

from .conftest import Editor
from .served_here import served_here

QUERY = "SELECT carrier, count(*) AS n FROM flights GROUP BY carrier ORDER BY carrier"
ROWS = [["AA", 1667], ["B6", 1666], ["UA", 1667]]


@dataclass
class ScriptedPaidDuckDB:
    """A real DuckDB that says that it charges as Snowflake's smallest warehouse does; what is run ahead is noted."""

    real: DuckDBEngine
    ran: list[str] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    @property
    def info(self) -> EngineInfo:
        return replace(self.real.info, engine="Snowflake", label="a scripted warehouse", paid=True, size="X-Small")

    async def execute(self, sql: str, max_rows: int | None = None) -> Result:
        self.ran.append(sql)
        return await self.real.execute(sql, max_rows)

    async def create_temp_table(self, name: str, sql: str, most_rows: int | None = None) -> TempTable:
        self.ran.append(sql)
        return await self.real.create_temp_table(name, sql, most_rows)

    async def sample(self, sql: str, table: str, fraction: float, max_rows: int | None = None) -> Result:
        self.ran.append(sql)
        return await self.real.sample(sql, table, fraction, max_rows)


@asynccontextmanager
async def connected(
    flights: Path,
    opened: list[ScriptedPaidDuckDB],
    options: dict[str, Any] | None = None,
    chosen: str | None = None,
    asked: list[Any] | None = None,
) -> AsyncIterator[Editor]:
    """An editor of a server in this process, whose engine charges. What it is ``asked`` it answers with ``chosen``."""

    def answer(params: Any) -> dict[str, str] | None:
        if asked is not None:
            asked.append(params)
        return {"title": chosen} if chosen else None

    async def open_engine(profile: ConnectionProfile) -> Engine:
        opened.append(ScriptedPaidDuckDB(await DuckDBEngine.open(flights)))
        return cast(Engine, opened[-1])

    server = create_server(ServerSettings(database=str(flights)), open_engine=open_engine)
    async with served_here(server, answers={"window/showMessageRequest": answer}, options=options) as editor:
        yield editor


def is_held(message: protocol.Preview) -> bool:
    return any(problem.code == "preview-held" for problem in message.problems)


async def test_consent_is_asked_for_kept_and_taken_back(flights: Path) -> None:
    opened: list[ScriptedPaidDuckDB] = []
    async with connected(flights, opened) as editor:
        editor.open(QUERY)
        held = await editor.preview(is_held)
        assert held.outcome == "nothing"
        assert {problem.severity for problem in held.problems} == {"information"}
        status = await editor.client.wait_for("speql/status", lambda one: "Snowflake" in one["speculation"]["reason"])
        assert status["speculation"]["state"] == "paused"
        assert "Snowflake charges" in status["speculation"]["reason"]
        assert status["connection"]["speculation"] == {
            "mode": "free",
            "paid": True,
            "reason": status["speculation"]["reason"],
            "hourShare": None,
            "hour": "",
        }
        assert (await editor.submit()).rows == ROWS, "what the user submits always runs"
        assert opened[0].ran == []

        editor.replace(len(editor.text), len(editor.text), "\n-- more")
        await editor.preview()
        wanted = {"mode": "budget", "price": {"dollarsPerHour": 360.0}}
        answer = await editor.command("speql.setSpeculation", editor.uri, wanted)
        assert (answer["mode"], answer["paid"], answer["byCommand"], answer["reason"]) == ("budget", True, True, "")
        assert answer["perDay"] == {"dollars": 5.0, "seconds": None, "bytes": None}
        editor.replace(0, 6, "SELECT DISTINCT")
        assert (await editor.rows()).rows == ROWS
        assert len(opened[0].ran) > 0
        status = await editor.client.wait_for("speql/status", lambda one: (one["budget"]["dollarsSpent"] or 0) > 0)
        allowed = status["connection"]["speculation"]
        assert allowed["mode"] == "budget"
        assert allowed["hour"] == f"${status['budget']['dollarsSpent']:.2f} of $1.00"
        assert allowed["hourShare"] == pytest.approx(status["budget"]["dollarsSpent"], abs=0.001)

    # The next session, with other settings: what was said counts.
    async with connected(flights, opened, {"speculation": {"mode": "off"}}) as editor:
        editor.open(QUERY)
        assert (await editor.rows()).rows == ROWS
        told = await editor.command("speql.setSpeculation", editor.uri)
        assert (told["mode"], told["byCommand"]) == ("budget", True)
        back = await editor.command("speql.setSpeculation", editor.uri, None)
        assert (back["mode"], back["byCommand"]) == ("off", False)
        await editor.client.wait_for("speql/status", lambda one: one["speculation"]["state"] == "off")
        count = len(opened[1].ran)
        editor.replace(0, 6, "SELECT DISTINCT")
        assert (await editor.submit()).rows == ROWS
        assert len(opened[1].ran) == count
        with pytest.raises(Exception, match="setSpeculation"):
            await editor.command("speql.setSpeculation", editor.uri, {"mode": "more"})

    found = CliRunner().invoke(app, ["spending", "--json"])
    (total,) = json.loads(found.stdout)["spending"]
    assert (total["engine"], total["label"]) == ("Snowflake", "a scripted warehouse")
    assert total["submitted"]["seconds"] > 0
    assert total["used"]["dollars"] > 0
    assert total["used"]["dollars"] == pytest.approx(total["used"]["seconds"] * 0.1)


@pytest.mark.parametrize(
    ("chosen", "mode", "by_command"),
    [
        ("Up to $5.00 a day", "budget", True),
        ("Only what is free", "free", True),
        ("Nothing", "off", True),
        (None, "free", False),
    ],
)
async def test_whoever_has_not_said_it_is_asked_once(
    flights: Path, chosen: str | None, mode: str, by_command: bool
) -> None:
    opened: list[ScriptedPaidDuckDB] = []
    asked: list[Any] = []
    async with connected(flights, opened, chosen=chosen, asked=asked) as editor:
        editor.open(QUERY)
        await editor.client.wait_for("window/showMessageRequest")
        await editor.client.wait_for(
            "speql/status", lambda one: (one["connection"]["speculation"] or {}).get("mode") == mode
        )
        assert (await editor.submit()).rows == ROWS
        told = await editor.command("speql.setSpeculation", editor.uri)
        assert (told["mode"], told["byCommand"]) == (mode, by_command)
    (question,) = asked
    assert "$0.10 a statement, $1.00 an hour and $5.00 a day" in question["message"]
    assert [one["title"] for one in question["actions"]] == ["Up to $5.00 a day", "Only what is free", "Nothing"]

    async with connected(flights, opened, chosen="Nothing", asked=asked) as editor:
        editor.open(QUERY)
        assert (await editor.submit()).rows == ROWS
        told = await editor.command("speql.setSpeculation", editor.uri)
        assert (told["mode"], told["byCommand"]) == (mode, by_command)
    assert len(asked) == 1


async def test_who_has_said_it_in_the_settings_is_not_asked(flights: Path) -> None:
    asked: list[Any] = []
    async with connected(flights, [], {"speculation": {"mode": "free"}}, asked=asked) as editor:
        editor.open(QUERY)
        assert (await editor.submit()).rows == ROWS
        await editor.command("speql.setSpeculation", editor.uri)
    assert asked == []


async def test_the_settings_change_what_may_be_spent_on_an_open_connection(flights: Path) -> None:
    opened: list[ScriptedPaidDuckDB] = []
    options = {"speculation": {"mode": "budget", "perDay": {"dollars": 0.0}}}
    async with connected(flights, opened, options) as editor:
        editor.open(QUERY)
        await editor.preview(is_held)
        assert opened[0].ran == []
        allowed = {"speculation": {"mode": "budget", "perDay": {"dollars": 5}}}
        editor.client.notify("workspace/didChangeConfiguration", {"settings": {"speql": allowed}})
        assert (await editor.rows()).rows == ROWS
        assert len(opened) == 1, "the connection stays open"


def test_spending_is_shown_by_what_is_asked_for_and_cleared() -> None:
    from speql_engines.governed.cost import Cost
    from speql_engines.governed.ledger import Entry, Ledger

    def invoke(*arguments: str) -> str:
        found = CliRunner().invoke(app, ["spending", *arguments])
        assert found.exit_code == 0, found.output
        return found.stdout

    assert "Nothing was spent" in invoke()
    cost = Cost(1.0, 1 << 30, 0.5)
    for day in (1, 2, 3):
        connection, label, at = f"c{day % 2}", f"project {day % 2}", day * 86_400.0
        mine = Entry(f"{day}", at, "BigQuery", connection, label, "submit", False, "h", "done", cost)
        ahead = replace(mine, id=f"{day} ahead", kind="query", speculative=True, used=day == 3)
        Ledger(ledger_file()).write([mine, ahead])

    by_day = json.loads(invoke("--json"))["spending"]
    assert [one["day"] for one in by_day] == ["1970-01-04", "1970-01-03", "1970-01-02"]
    assert [one["used"]["dollars"] for one in by_day] == [0.5, 0.0, 0.0]
    (by_engine,) = json.loads(invoke("--json", "--by", "engine"))["spending"]
    assert by_engine == {
        "engine": "BigQuery",
        "statements": 6,
        "submitted": {"seconds": 3.0, "bytes": 3 << 30, "dollars": 1.5},
        "used": {"seconds": 1.0, "bytes": 1 << 30, "dollars": 0.5},
        "wasted": {"seconds": 2.0, "bytes": 2 << 30, "dollars": 1.0},
        "saved": {"seconds": 0.0, "bytes": 0, "dollars": 0.0},
    }
    assert [one["label"] for one in json.loads(invoke("--json", "--by", "connection"))["spending"]] == [
        "project 1",
        "project 0",
    ]
    assert "project 1" in invoke()
    assert json.loads(invoke("--json", "--days", "2"))["spending"] == []
    assert CliRunner().invoke(app, ["spending", "--by", "week"]).exit_code == 2
    assert CliRunner().invoke(app, ["spending", "--clear"], input="n\n").exit_code == 1
    assert len(json.loads(invoke("--json"))["spending"]) == 3
    assert "is empty" in invoke("--clear", "--yes")
    assert "Nothing was spent" in invoke()
