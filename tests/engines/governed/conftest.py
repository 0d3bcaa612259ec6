"""An engine behind a governor, on a ledger of the test's own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from speql_engines.governed.governed_engine import GovernedEngine
from speql_engines.governed.governor import Governor
from speql_engines.governed.ledger import Ledger
from speql_engines.governed.ledger_writer import LedgerWriter
from speql_engines.governed.settings import SpeculationSettings

from ...scripted_paid_engine import Clocks, Govern, ScriptedPaidEngine


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


@pytest.fixture
def ledger_path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "spending.sqlite"


@pytest.fixture
async def govern(ledger_path: Path, clocks: Clocks) -> AsyncIterator[Govern]:
    """Puts an engine behind a governor of its own, as a process has it, on the ledger of the test."""
    made: list[GovernedEngine] = []

    def govern(
        engine: ScriptedPaidEngine, settings: SpeculationSettings, connection: str = "project", clocks: Clocks = clocks
    ) -> GovernedEngine:
        writer = LedgerWriter(Ledger(ledger_path, busy_seconds=0.05), retry_seconds=0.05)
        governor = Governor(
            engine.info, connection, settings, writer, now=lambda: clocks.wall, clock=lambda: clocks.monotonic
        )
        made.append(GovernedEngine(engine, governor))
        return made[-1]

    yield govern
    for one in made:
        await one.close()
