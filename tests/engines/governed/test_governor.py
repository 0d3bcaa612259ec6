"""What may be run ahead: modes, limits, concurrency, restarts, clocks, and a ledger that cannot be used."""

import asyncio
import sqlite3
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from speql_engines import EngineError, EngineInfo, Estimate, SpeculationHeldError
from speql_engines.asked import asked_for
from speql_engines.governed.ledger import Ledger
from speql_engines.governed.settings import Limit, OwnPrice, SpeculationSettings

from ...scripted_paid_engine import Clocks, Govern, ScriptedPaidEngine

UNLIMITED = Limit(dollars=1e9)
"""Of a statement, for tests of other limits."""


def budget(**settings: object) -> SpeculationSettings:
    return SpeculationSettings(**{"mode": "budget", "per_statement": UNLIMITED, **settings})  # type: ignore[arg-type]


async def held(work: object) -> str:
    with pytest.raises(SpeculationHeldError) as raised:
        await work  # type: ignore[misc]
    problem = raised.value.problem
    assert problem is not None
    assert (problem.code, problem.severity) == ("preview-held", "information")
    assert problem.hint
    return problem.message


async def test_a_paid_engine_runs_nothing_that_costs_before_the_user_says_so(govern: Govern) -> None:
    engine = ScriptedPaidEngine(free={"SELECT * FROM t"})
    governed = govern(engine, SpeculationSettings())

    assert "BigQuery charges" in await held(governed.execute("SELECT a"))
    await held(governed.create_temp_table("speql_000000000000", "SELECT a"))
    await held(governed.sample("SELECT a", "t", 0.1))
    assert engine.ran == []
    await governed.bind("SELECT a")
    await governed.catalog()
    assert (await governed.execute("SELECT * FROM t")).rows.num_rows == 1
    assert engine.ran == ["SELECT * FROM t"]
    assert engine.bills[0].most_bytes == 0


async def test_the_users_own_statements_always_run(govern: Govern) -> None:
    engine = ScriptedPaidEngine(costs={"SELECT a": 100.0})
    for mode in ("off", "free", "budget"):
        governed = govern(engine, SpeculationSettings(mode=mode, per_day=Limit(dollars=0.0)), mode)  # type: ignore[arg-type]
        await held(governed.execute("SELECT a"))
        await governed.submit("SELECT a")
        with asked_for():
            await governed.execute("SELECT a")
            await governed.create_temp_table("speql_000000000000", "SELECT a")
    assert len(engine.ran) == 9
    assert all(bill.may_resume and bill.most_bytes is None for bill in engine.bills)


async def test_off_asks_the_engine_nothing(govern: Govern) -> None:
    engine = ScriptedPaidEngine(paid=False)
    governed = govern(engine, SpeculationSettings(mode="off"))
    assert "is off" in await held(governed.execute("SELECT a"))
    assert engine.asked == []


async def test_an_unpaid_engine_without_limits_is_not_asked_for_estimates(govern: Govern, ledger_path: Path) -> None:
    engine = ScriptedPaidEngine(paid=False)
    governed = govern(engine, SpeculationSettings())
    await governed.execute("SELECT a")
    await governed.create_temp_table("speql_000000000000", "SELECT b")
    assert engine.asked == [("execute", "SELECT a"), ("create", "SELECT b")]
    assert not _exists(ledger_path), "nothing is written on the way"


async def test_limits_hold_for_an_unpaid_engine_too(govern: Govern) -> None:
    engine = ScriptedPaidEngine(paid=False, estimates={"large": 1.0, "small": 0.1})
    governed = govern(engine, SpeculationSettings(per_statement=Limit(bytes=1 << 39)))
    assert "bytes" in await held(governed.execute("large"))
    await governed.execute("small")
    assert engine.ran == ["small"]


async def test_a_statement_that_is_too_dear_is_refused_by_its_estimate_and_asked_for_once(govern: Govern) -> None:
    engine = ScriptedPaidEngine(estimates={"dear": 1.0})
    governed = govern(engine, SpeculationSettings(mode="budget"))

    assert "$6.25 of $0.1" in await held(governed.execute("dear"))
    for _ in range(5):
        await held(governed.execute("dear"))
    assert engine.asked == [("estimate", "dear")]


async def test_what_the_scheduler_has_asked_is_not_asked_again(govern: Govern) -> None:
    engine = ScriptedPaidEngine()
    governed = govern(engine, SpeculationSettings(mode="budget"))
    await governed.estimate("SELECT a")
    await governed.execute("SELECT a")
    assert [kind for kind, _ in engine.asked] == ["estimate", "execute"]


async def test_a_budget_that_is_spent_holds_all_without_another_question_until_time_gives_it_back(
    govern: Govern, clocks: Clocks
) -> None:
    engine = ScriptedPaidEngine(estimates={"one": 0.16})
    governed = govern(engine, budget(per_hour=Limit(dollars=1.0)))
    await governed.execute("one")
    clocks.pass_(600)
    engine.asked.clear()

    assert "$1.00 of $1.00" in await held(governed.execute("another"))
    for number in range(20):
        await held(governed.execute(f"statement {number}"))
    assert engine.asked == [("estimate", "another")], "what is spent needs no estimates"
    assert governed.governor.held() is not None
    clocks.pass_(3_001)
    assert governed.governor.held() is None
    await governed.execute("another")


async def test_a_statement_that_does_not_fit_leaves_room_for_one_that_does(govern: Govern) -> None:
    engine = ScriptedPaidEngine(estimates={"half": 0.08, "small": 0.01})
    governed = govern(engine, budget(per_day=Limit(dollars=0.8)))
    await governed.execute("half")
    assert "of this day" in await held(governed.execute("half"))
    assert governed.governor.held() is None
    await governed.execute("small")


async def test_budgets_survive_a_restart_and_bind_other_processes(govern: Govern, clocks: Clocks) -> None:
    engine = ScriptedPaidEngine(estimates={"one": 0.1})
    settings = budget(per_day=Limit(dollars=1.0))
    first = govern(engine, settings)
    await first.execute("one")
    await first.close()
    # Another process has another monotonic clock.
    again = govern(engine, settings, clocks=Clocks(clocks.wall, 0.0))
    other = govern(engine, settings, "another project")

    await held(again.execute("one"))
    await other.execute("one")


async def test_the_part_of_the_hour_that_is_spent_counts_what_others_have_spent(govern: Govern, clocks: Clocks) -> None:
    engine = ScriptedPaidEngine(estimates={"quarter": 0.04, "dear": 0.16})
    settings = budget(per_hour=Limit(dollars=1.0))
    first = govern(engine, settings)
    assert first.governor.of_hour() == (0.0, "$0.00 of $1.00")
    await first.execute("quarter")
    spent, words = first.governor.of_hour() or (None, "")
    assert (spent, words) == (pytest.approx(0.25), "$0.25 of $1.00")
    await first.close()

    again = govern(engine, settings, clocks=Clocks(clocks.wall, 0.0))
    await held(again.execute("dear"))
    assert (again.governor.of_hour() or (0, ""))[1] == "$0.25 of $1.00"
    await again.execute("quarter")
    assert (again.governor.of_hour() or (0, ""))[1] == "$0.50 of $1.00"

    unlimited = govern(engine, budget(per_day=Limit(dollars=1.0)), "another project")
    assert unlimited.governor.of_hour() is None
    unlimited.governor.change(SpeculationSettings(mode="free", per_hour=Limit(dollars=1.0)))
    assert unlimited.governor.of_hour() is None


async def test_two_at_once_do_not_both_take_what_is_left(govern: Govern) -> None:
    engine = ScriptedPaidEngine(estimates={"one": 0.1, "two": 0.1})
    engine.gate = asyncio.Event()
    settings = budget(per_day=Limit(dollars=1.0))
    governed, other = govern(engine, settings), govern(engine, settings)
    works = [asyncio.ensure_future(one.execute(sql)) for one in (governed, other) for sql in ("one", "two")]
    outcomes = asyncio.as_completed([_outcome(work) for work in works])
    refused = [await next(outcomes) for _ in range(3)]
    assert all(isinstance(one, SpeculationHeldError) for one in refused)
    engine.gate.set()
    assert await next(outcomes) is None
    assert len(engine.ran) == 1


async def test_so_many_run_at_a_time_and_a_submit_waits_for_none(govern: Govern) -> None:
    engine = ScriptedPaidEngine(gate=asyncio.Event())
    governed = govern(engine, budget(concurrency=2))
    works = [asyncio.ensure_future(governed.execute(f"statement {number}")) for number in range(6)]
    await engine.runs(2)
    submit = asyncio.ensure_future(governed.submit("mine"))
    await engine.runs(3)
    works[0].cancel()
    works[5].cancel()
    assert engine.gate is not None
    engine.gate.set()
    results = await asyncio.gather(*works, submit, return_exceptions=True)
    assert sum(isinstance(one, asyncio.CancelledError) for one in results) == 2
    assert engine.most_running == 3
    await governed.execute("a place is free again")


async def test_what_is_left_is_handed_on_to_an_engine_that_can_hold_to_it(govern: Govern) -> None:
    engine = ScriptedPaidEngine(estimates={"liar": 0.01}, costs={"liar": 5.0}, caps=True)
    governed = govern(engine, budget(per_day=Limit(dollars=6.25)))
    with pytest.raises(EngineError, match="bytes billed"):
        await governed.execute("liar")
    assert engine.bills[0].most_bytes == pytest.approx(1 << 40)
    assert not engine.bills[0].may_resume


async def test_what_runs_longer_than_it_may_is_stopped_and_not_tried_again(govern: Govern) -> None:
    engine = ScriptedPaidEngine(gate=asyncio.Event())
    governed = govern(engine, budget(per_statement=Limit(seconds=0.01)))
    assert "stopped after 0.01 seconds" in await held(governed.execute("slow"))
    assert engine.running == 0
    await held(governed.execute("slow"))
    assert engine.ran == ["slow"]


async def test_a_warehouse_is_resumed_only_if_that_is_allowed(govern: Govern) -> None:
    engine = ScriptedPaidEngine()
    await govern(engine, budget()).execute("one")
    await govern(engine, budget(resume_warehouse=True)).execute("two")
    assert [bill.may_resume for bill in engine.bills] == [False, True]


@dataclass
class Unlisted(ScriptedPaidEngine):
    """One of which nobody knows the price, and that does not tell what it scans, unless it does."""

    tells: bool = False

    @property
    def info(self) -> EngineInfo:
        return replace(super().info, engine="Unlisted")

    async def estimate(self, sql: str) -> Estimate:
        found = await super().estimate(sql)
        return found if self.tells else replace(found, bytes_scanned=None)


@pytest.mark.parametrize(
    ("limit", "reason"),
    [
        (Limit(dollars=1e9), "price is not known"),
        (Limit(bytes=1 << 60), "does not tell how much it scans"),
        (Limit(bytes=0), "does not tell how much it scans"),
    ],
)
@pytest.mark.parametrize("period", ["per_statement", "per_hour", "per_day"])
async def test_what_cannot_be_known_is_not_run(govern: Govern, period: str, limit: Limit, reason: str) -> None:
    engine = Unlisted()
    governed = govern(engine, SpeculationSettings(**{"mode": "budget", period: limit}))  # type: ignore[arg-type]
    for sql in ("one", "two"):
        assert reason in await held(governed.execute(sql))
    assert "does not tell what it would cost" in await held(governed.execute("no estimate"))
    assert engine.ran == []


async def test_a_price_that_the_user_tells_is_known(govern: Govern) -> None:
    engine = Unlisted(tells=True)
    assert "price is not known" in await held(govern(engine, SpeculationSettings(mode="budget")).execute("one"))
    priced = SpeculationSettings(mode="budget", price=OwnPrice(dollars_per_tebibyte=1.0))
    await govern(engine, priced).execute("one")
    assert engine.ran == ["one"]


@pytest.mark.parametrize("seconds", [7_200.0, -7_200.0, 3 * 86_400.0, -3 * 86_400.0])
async def test_a_clock_that_is_moved_gives_no_new_budget(govern: Govern, clocks: Clocks, seconds: float) -> None:
    engine = ScriptedPaidEngine(estimates={"one": 0.1})
    governed = govern(engine, budget(per_hour=Limit(dollars=1.0), per_day=Limit(dollars=1.0)))
    await governed.execute("one")
    clocks.put(seconds)
    await held(governed.execute("one"))
    clocks.pass_(86_401 + 7_200)
    await governed.execute("one")


async def test_consent_and_its_end_hold_at_once(govern: Govern) -> None:
    engine = ScriptedPaidEngine()
    governed = govern(engine, SpeculationSettings())
    told: list[str] = []
    governed.governor.changed = lambda: told.append(governed.governor.mode)
    await held(governed.execute("one"))
    governed.governor.change(SpeculationSettings(mode="budget"))
    await governed.execute("one")
    governed.governor.change(SpeculationSettings(mode="off"))
    await held(governed.execute("two"))
    assert told == ["budget", "off"]
    assert governed.governor.settings.per_statement == Limit(dollars=0.10, seconds=60.0)


@pytest.mark.parametrize("fault", ["damaged", "locked", "folder", "newer"])
async def test_a_ledger_that_cannot_be_used_stops_what_costs_and_no_submit(
    govern: Govern, ledger_path: Path, fault: str
) -> None:
    lock = _break(ledger_path, fault)
    engine, unpaid = ScriptedPaidEngine(), ScriptedPaidEngine(paid=False)
    governed, unlimited = govern(engine, budget(per_day=Limit(dollars=5.0))), govern(unpaid, SpeculationSettings())

    assert str(ledger_path) in await held(governed.execute("one"))
    assert engine.ran == []
    assert governed.governor.problem
    assert "written down" in await held(governed.execute("two"))
    await governed.submit("mine")
    await unlimited.execute("one")
    assert (engine.ran, unpaid.ran) == (["mine"], ["one"])
    if lock is not None:
        back = asyncio.Event()
        governed.governor.changed = back.set
        lock.close()
        await back.wait()
        assert governed.governor.problem == ""
        await governed.execute("three")
        assert engine.ran == ["mine", "three"]


async def test_what_is_spent_used_and_wasted(govern: Govern, ledger_path: Path) -> None:
    engine = ScriptedPaidEngine(estimates={"base": 0.01, "bad": 0.01})
    governed = govern(engine, SpeculationSettings(mode="budget"))
    first, second, unused = "speql_aaaaaaaaaaaa", "speql_bbbbbbbbbbbb", "speql_cccccccccccc"
    await governed.create_temp_table(first, "base")
    await governed.create_temp_table(second, f'SELECT a FROM "{first}"')
    await governed.create_temp_table(unused, "SELECT 1")
    shown = await governed.execute(f"SELECT a FROM {second}")
    with pytest.raises(EngineError):
        await governed.execute("bad")
    spending = governed.governor.spending
    assert spending.used.dollars == 0.0
    governed.governor.use(shown.statement)
    governed.governor.use(shown.statement)
    assert spending.used.dollars == pytest.approx(6.25 * 0.012)
    assert spending.wasted.dollars == pytest.approx(6.25 * 0.011)
    submitted = await governed.submit("SELECT 2")
    assert spending.submitted.dollars == pytest.approx(6.25 * 0.001)
    governed.governor.served(submitted.statement, 1.0, None)
    governed.governor.served(shown.statement, 2.0, await governed.estimate("base"))
    await governed.close()

    (total,) = Ledger(ledger_path).totals()
    assert (total.engine, total.connection, total.statements) == ("BigQuery", "project", 7)
    assert total.used.dollars == pytest.approx(6.25 * 0.012)
    assert total.wasted.dollars == pytest.approx(6.25 * 0.011)
    assert total.submitted.dollars == pytest.approx(6.25 * 0.001)
    assert (total.saved.seconds, total.saved.dollars) == (3.0, pytest.approx(0.0625))
    assert "SELECT" not in _content(ledger_path), "no text of a query is kept"


def _break(path: Path, fault: str) -> sqlite3.Connection | None:
    """Make a ledger unusable; where another program holds it, that one's connection."""
    path.parent.mkdir()
    if fault == "damaged":
        path.write_bytes(b"this is no database at all" * 100)
    elif fault == "folder":
        path.mkdir()
    elif fault == "newer":
        newer = sqlite3.connect(path)
        newer.execute("PRAGMA user_version = 99")
        newer.close()
    else:
        lock = sqlite3.connect(path, isolation_level=None)
        lock.execute("PRAGMA journal_mode = WAL")
        lock.execute("BEGIN EXCLUSIVE")
        return lock
    return None


async def _outcome(work: "asyncio.Future[object]") -> BaseException | None:
    """Why some work has failed; None if it has not."""
    await asyncio.wait({work})
    return work.exception()


def _exists(path: Path) -> bool:
    return path.exists()


def _content(path: Path) -> str:
    """All that is in a ledger."""
    with sqlite3.connect(path) as database:
        content = "\n".join(database.iterdump())
    database.close()
    return content.partition("BEGIN TRANSACTION")[2].partition("INSERT")[2]


async def test_a_submit_over_temp_tables_has_used_them(govern: Govern) -> None:
    governed = govern(ScriptedPaidEngine(), SpeculationSettings(mode="budget"))
    await governed.create_temp_table("speql_aaaaaaaaaaaa", "base")
    await governed.submit("SELECT a FROM speql_aaaaaaaaaaaa")
    assert governed.governor.spending.wasted.dollars == 0.0


async def test_how_long_a_statement_takes_is_learnt_and_a_slow_small_one_condemns_no_large_one(govern: Govern) -> None:
    engine = ScriptedPaidEngine(paid=False)
    governed = govern(engine, SpeculationSettings(per_statement=Limit(seconds=2.0)))
    governor, rows = governed.governor, iter([10, 10, 10, 1_000_000, 1_000_000, 400_000_000])

    async def estimate() -> Estimate:
        return Estimate(1, 1, next(rows))

    for seconds in (1.0, 1.0, 1.0, 1.0, 1.0):  # a second of waiting each, then the work
        governor.settle(await governor.admit("query", f"{seconds}", estimate), "done", seconds)
    assert "seconds" in await held(governor.admit("query", "large", estimate))
