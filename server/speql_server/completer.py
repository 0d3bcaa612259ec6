"""Answers what may stand at a place of a document."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from lsprotocol import types

from speql_server.completion_offers import CompletionOffers
from speql_server.connecting.connection import Connection
from speql_server.documents import Edited
from speql_server.lsp import to_lsp_completion
from speql_server.lsp.completion_abilities import CompletionAbilities
from speql_server.lsp.from_lsp import offset_of
from speql_server.lsp.positions import Encoding
from speql_server.stale_reads import StaleReads
from speql_speculator.completing.completion import Completions, completions
from speql_speculator.completing.name_index import name_index
from speql_speculator.completing.tiers import Tier
from speql_speculator.snapshot import Snapshot
from speql_sql import Catalog, FunctionSignature, SpeqlError

T = TypeVar("T")

FUNCTIONS_SECONDS = 0.05
"""So long a completion waits for the list of the engine's functions, which takes time to read once."""

_COMPLETION = "completion"
"""The kind of `StaleReads`."""

NOTHING = types.CompletionList(is_incomplete=False, items=[])


class Completer:
    """Completes in one document. Called on the event loop; the work is done in the thread for replies."""

    def __init__(
        self,
        connection: Connection,
        reads: StaleReads,
        catalog: Callable[[], Awaitable[Catalog]],
        encoding: Encoding,
        *,
        values: bool,
    ) -> None:
        """With ``values`` those of columns are proposed, too, and asked of the engine."""
        self._connection = connection
        self._reads = reads
        self._catalog = catalog
        self._encoding = encoding
        self._values = values

    async def complete(
        self, edited: Edited, position: types.Position, abilities: CompletionAbilities, *, sure: bool = False
    ) -> types.CompletionList:
        """What may stand at a position; with ``sure`` only what is a good guess before anything is typed."""
        snapshot = edited.snapshot
        # Those of the text before still help who types on, until they are asked for again.
        self._reads.drop(_COMPLETION)
        offset = await self._run(partial(offset_of, snapshot, position, self._encoding))
        if offset is None:
            return NOTHING
        catalog = await self._catalog()
        await self._connection.indexed(catalog)
        start, text = snapshot.part_at(offset)
        place = offset - start
        scores = await self._connection.predictor.name_scores(text, place, catalog)
        functions = await self._functions()
        values = self._connection.values.known(catalog) if self._values else None
        found = await self._run(partial(completions, text, place, catalog, functions, scores, values))
        if found.asks is not None:
            self._connection.values.ask(found.asks, catalog)
        found = _shown(found, catalog, abilities, sure=sure)
        if sure and not found.proposals:
            return types.CompletionList(is_incomplete=found.asks is not None or not catalog.certain, items=[])
        number = self._connection.offers.add(found.proposals)
        make = partial(_message, found, start, number, snapshot, abilities, self._encoding)
        return await self._run(make)

    async def _functions(self) -> tuple[FunctionSignature, ...] | None:
        """The engine's functions; None while they are being read, for which nobody waits for long."""
        task = self._connection.functions()
        done, _ = await asyncio.wait({task}, timeout=FUNCTIONS_SECONDS)
        try:
            return task.result() if done else None
        except SpeqlError:
            return ()  # the next statement that runs will say what is wrong

    async def _run(self, work: Callable[[], T]) -> T:
        return await self._reads.run(_COMPLETION, work)


@dataclass(frozen=True)
class EarlyCompleter:
    """Completes from what the last session has kept of a catalog, while the database is being opened."""

    catalog: Catalog
    offers: CompletionOffers
    encoding: Encoding
    executor: Executor

    async def complete(
        self, edited: Edited, position: types.Position, abilities: CompletionAbilities, *, sure: bool = False
    ) -> types.CompletionList:
        """As :meth:`Completer.complete`. What the engine would tell is missing, so a list is never complete."""
        snapshot, catalog, loop = edited.snapshot, self.catalog, asyncio.get_running_loop()

        def complete() -> tuple[Completions, int]:
            offset = offset_of(snapshot, position, self.encoding)
            if offset is None:
                return Completions(), 0
            start, text = snapshot.part_at(offset)
            return completions(text, offset - start, catalog, None), start

        await loop.run_in_executor(None, name_index, catalog)
        found, start = await loop.run_in_executor(self.executor, complete)
        found = replace(_shown(found, catalog, abilities, sure=sure), incomplete=True)
        number = self.offers.add(found.proposals)
        make = partial(_message, found, start, number, snapshot, abilities, self.encoding)
        return await loop.run_in_executor(self.executor, make)


def _shown(found: Completions, catalog: Catalog, abilities: CompletionAbilities, *, sure: bool) -> Completions:
    """The proposals that a client can show, or only the sure ones of them; there may be more in a catalog that is not
    certain yet.
    """
    tells = abilities.snippets or abilities.label_details
    return replace(
        found,
        incomplete=found.incomplete or not catalog.certain,
        proposals=tuple(
            proposal
            for proposal in found.proposals
            if (proposal.kind != "snippet" or abilities.snippets)
            and (tells or proposal.tier > Tier.WHOLE or proposal.kind not in ("table", "view"))
            and (not sure or proposal.tier == Tier.WHOLE)
        ),
    )


def _message(
    found: Completions,
    start: int,
    number: int,
    snapshot: Snapshot,
    abilities: CompletionAbilities,
    encoding: Encoding,
) -> types.CompletionList:
    placed = replace(found, span=found.span.shifted(start), insert_end=found.insert_end + start)
    return to_lsp_completion.completion_list(placed, number, snapshot, abilities, encoding)
