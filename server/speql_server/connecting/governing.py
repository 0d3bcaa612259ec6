"""Puts an engine behind a governor, with the ledger of this machine."""

import asyncio

from speql_engines import Engine
from speql_engines.governed.governed_engine import GovernedEngine
from speql_engines.governed.governor import Governor
from speql_engines.governed.ledger import Ledger
from speql_engines.governed.ledger_writer import LedgerWriter
from speql_engines.governed.settings import SpeculationSettings
from speql_server.connecting.spending_files import ledger_file, read_consent
from speql_server.history_directory import history_directory


async def govern(engine: Engine, database: str | None, settings: SpeculationSettings) -> tuple[GovernedEngine, bool]:
    """The engine of a database, on which no more is spent ahead of submits than the user allows.

    What was said by ``speql.setSpeculation`` counts before the ``settings``; whether it does.
    """
    connection = connection_key(engine, database)
    consent = await asyncio.to_thread(read_consent, connection)
    writer = LedgerWriter(Ledger(ledger_file()))
    governor = Governor(engine.info, connection, consent or settings, writer)
    return GovernedEngine(engine, governor), consent is not None


def connection_key(engine: Engine, database: str | None) -> str:
    """What tells a connection apart over sessions; it holds no secret."""
    return history_directory(engine.info.engine.lower(), database).name
