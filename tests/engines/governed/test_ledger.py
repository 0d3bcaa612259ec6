"""The ledger: many processes, its size, and the sums that it gives."""

import asyncio
import itertools
import multiprocessing
import sqlite3
import tempfile
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speql_engines import SpeculationHeldError
from speql_engines.governed.cost import Cost
from speql_engines.governed.governed_engine import GovernedEngine
from speql_engines.governed.governor import Governor
from speql_engines.governed.ledger import DAY, Entry, Ledger
from speql_engines.governed.ledger_writer import LedgerWriter
from speql_engines.governed.settings import Limit, SpeculationSettings

from ...scripted_paid_engine import TEBIBYTE, Clocks, ScriptedPaidEngine

NOW = 1_800_000_000.0
_numbers = itertools.count()


def entry(at: float = NOW, dollars: float = 1.0, *, speculative: bool = True, used: bool = False) -> Entry:
    return Entry(
        f"e{next(_numbers)}", at, "BigQuery", "project", "a project", "query", speculative, "h", "done",
        Cost(2.0, 10, dollars), used,
    )  # fmt: skip


def take_what_fits(path: Path, name: str, answers: "multiprocessing.Queue[int]") -> None:
    """A process of its own that reserves a dollar as often as it may."""
    ledger, taken = Ledger(path, busy_seconds=30.0), 0
    for number in range(40):
        one = Entry(f"{name}{number}", NOW, "BigQuery", "project", "", "query", True, "", "running", Cost(0.0, 0, 1.0))
        taken += not isinstance(ledger.reserve(one, [(DAY, Cost(None, None, 50.0))]), int)
    ledger.close()
    answers.put(taken)


def test_processes_that_write_at_once_take_no_more_than_there_is(ledger_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    answers: multiprocessing.Queue[int] = context.Queue()
    processes = [context.Process(target=take_what_fits, args=(ledger_path, name, answers)) for name in "ab"]
    for process in processes:
        process.start()
    taken = [answers.get(timeout=60) for _ in processes]
    for process in processes:
        process.join()
    assert sum(taken) == 50
    assert Ledger(ledger_path).spent("project", NOW, DAY).dollars == 50.0


def test_it_can_be_made_by_many_at_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as executor:
        for number in range(60):
            ledgers = [Ledger(tmp_path / f"{number}.sqlite", busy_seconds=30.0) for _ in range(8)]
            wait = threading.Barrier(len(ledgers)).wait

            def begin(ledger: Ledger, wait: Callable[[], int] = wait) -> None:
                wait()
                ledger.write([entry()])
                ledger.close()

            list(executor.map(begin, ledgers))
            assert Ledger(tmp_path / f"{number}.sqlite").spent("project", NOW, DAY).dollars == 8.0


def test_the_oldest_are_summed_up_and_nothing_is_lost(ledger_path: Path) -> None:
    ledger = Ledger(ledger_path, most_rows=100)
    for number in range(30):
        ledger.write([entry(NOW + number * 3_600 + second, used=second % 2 == 0) for second in range(20)])
    with sqlite3.connect(ledger_path) as database:
        (rows,) = database.execute("SELECT count(*) FROM statements").fetchone()
        (hours,) = database.execute("SELECT count(*) FROM hours").fetchone()
    database.close()
    assert rows <= 110
    assert 0 < hours <= 60
    totals = ledger.totals()
    assert sum(one.statements for one in totals) == 600
    assert sum(one.used.dollars or 0 for one in totals) == 300.0
    assert sum(one.wasted.dollars or 0 for one in totals) == 300.0
    last = NOW + 29 * 3_600 + 20
    assert ledger.spent("project", last, 30 * 3_600).dollars == 600.0, "what is summed up counts for budgets, too"
    # Hours of long ago become days.
    ledger.write([entry(NOW + 100 * DAY + number) for number in range(20)])
    with sqlite3.connect(ledger_path) as database:
        (left,) = database.execute("SELECT count(*) FROM hours WHERE hour % 86400 <> 0").fetchone()
    database.close()
    assert left == 0
    assert sum(one.statements for one in ledger.totals()) == 620
    ledger.close()


def test_a_budgets_time_is_exact(ledger_path: Path) -> None:
    ledger = Ledger(ledger_path)
    ledger.write([entry(NOW), entry(NOW + 10), entry(NOW + 20, speculative=False), entry(NOW + 10 * DAY)])
    assert ledger.spent("project", NOW + 3_600, 3_600).dollars == 1.0
    assert ledger.spent("project", NOW + 3_599, 3_600).dollars == 2.0
    assert ledger.spent("another", NOW, DAY).dollars == 0.0
    assert ledger.frees("project", NOW + 20, 3_600) == NOW + 3_600
    assert ledger.frees("another", NOW, 3_600) is None
    ledger.clear()
    assert ledger.totals() == ()
    ledger.close()


def test_a_ledger_that_is_not_there_has_nothing_and_is_not_made(ledger_path: Path) -> None:
    assert Ledger(ledger_path).totals() == ()
    Ledger(ledger_path).clear()
    assert not ledger_path.parent.exists()


def test_only_its_user_can_read_it(ledger_path: Path) -> None:
    ledger = Ledger(ledger_path)
    ledger.write([entry()])
    assert ledger_path.stat().st_mode & 0o077 == 0
    ledger.close()


async def test_what_could_not_be_written_is_written_later(ledger_path: Path) -> None:
    ledger = Ledger(ledger_path, busy_seconds=0.01)
    ledger.clear()
    ledger.write([entry(dollars=1.0)])
    lock = sqlite3.connect(ledger_path, isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    changes: list[str] = []
    writer = LedgerWriter(ledger)
    writer.changed = lambda: changes.append(writer.problem)
    one = entry(dollars=2.0)
    writer.book(one)
    writer.use([one.id])
    await writer.flush()
    assert "locked" in writer.problem
    lock.close()
    totals = await writer.ask(lambda it: it.totals())
    assert [(total.used.dollars, total.wasted.dollars) for total in totals] == [(2.0, 1.0)]
    assert [bool(change) for change in changes] == [True, False]
    await writer.close()


async def test_a_reservation_that_nobody_waits_for_any_more_is_given_back(ledger_path: Path) -> None:
    writer = LedgerWriter(Ledger(ledger_path))
    work = asyncio.ensure_future(writer.reserve(entry(dollars=3.0), [(DAY, Cost(None, None, 5.0))]))
    await asyncio.sleep(0)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert (await writer.ask(lambda ledger: ledger.spent("project", NOW, DAY))).dollars == 0.0
    await writer.close()


Statement = tuple[int, float, float, float]
"""Which process runs it, its estimate and its cost in tebibytes, and the seconds that pass before it."""

statements = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.floats(0, 0.3, allow_nan=False),
        st.floats(0, 0.5, allow_nan=False),
        st.sampled_from([0.0, 10.0, 1_000.0, 4_000.0, 50_000.0]),
    ),
    max_size=25,
)


@settings(max_examples=40)
@given(statements)
def test_no_hour_and_no_day_costs_more_than_its_limit_but_for_one_estimate(script: Sequence[Statement]) -> None:
    asyncio.run(_spend(script))


async def _spend(script: Sequence[Statement]) -> None:
    """Three processes on one ledger; one is ended and begun anew after each of its statements."""
    hour, day = 2.0, 4.0
    limits = SpeculationSettings(
        "budget", Limit(dollars=1e6), Limit(dollars=hour), Limit(dollars=day), price=SpeculationSettings().price
    )
    clocks, spent = Clocks(), []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "spending.sqlite"
        engine = ScriptedPaidEngine()

        def govern() -> GovernedEngine:
            writer = LedgerWriter(Ledger(path))
            governor = Governor(
                engine.info, "p", limits, writer, now=lambda: clocks.wall, clock=lambda: clocks.monotonic
            )
            return GovernedEngine(engine, governor)

        processes = [govern() for _ in range(3)]
        for number, (process, estimate, cost, seconds) in enumerate(script):
            clocks.pass_(seconds)
            sql = f"statement {number}"
            engine.estimates[sql], engine.costs[sql] = estimate, cost
            try:
                await processes[process].execute(sql)
            except SpeculationHeldError:
                continue
            charged = 6.25 * max(int(cost * TEBIBYTE), 10_485_760 if cost * TEBIBYTE >= 1 else 0) / TEBIBYTE
            expected = 6.25 * estimate
            for window, limit in ((3_600.0, hour), (float(DAY), day)):
                before = sum(dollars for at, dollars in spent if at > clocks.wall - window)
                assert before + expected <= limit + 1e-6, "it was expected not to fit"
            spent.append((clocks.wall, charged))
            await processes[process].governor.written()
            if process == 2:
                await processes[2].close()
                processes[2] = govern()
        for one in processes:
            await one.close()
        by_ledger = Ledger(path).totals()
        assert sum(one.wasted.dollars or 0.0 for one in by_ledger) == pytest.approx(sum(one for _, one in spent))
