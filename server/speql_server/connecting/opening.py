"""Opens connections with what belongs to them, and keeps that as the settings say."""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from functools import partial
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from speql_server.background import Background
from speql_server.clock import Clock
from speql_server.connecting.connections import Entry, Opened
from speql_server.connecting.profile import ConnectionProfile
from speql_server.precedence import REPLIES
from speql_server.settings import ServerSettings

if TYPE_CHECKING:
    from speql_engines import Engine
    from speql_server.connecting.connection import Connection, Run
    from speql_server.language_model.room import LanguageModel
    from speql_sql import Catalog

SOON_SECONDS = 0.3
"""A connection that is open so soon is waited for."""

OpenEngine = Callable[[ConnectionProfile], Coroutine[Any, Any, "Engine"]]


class Opening:
    """``show`` shows a message in the editor, ``changed`` is called when the status may be another one; ``run`` runs
    work under a title that may be shown. Where a connection is ``lent``, it is that of every profile.
    """

    def __init__(
        self,
        open_engine: OpenEngine | None,
        clock: Clock,
        background: Background,
        show: Callable[[str, types.MessageType], None],
        changed: Callable[[], None],
        run: "Run",
        lent: "Connection | None" = None,
    ) -> None:
        self._open_engine = open_engine
        self._lent = lent
        self._clock = clock
        self._background = background
        self._show = show
        self._changed = changed
        self._run = run

    async def open(
        self, profile: ConnectionProfile, settings: ServerSettings, catalog_changed: "Callable[[Connection], None]"
    ) -> Opened:
        """Open a connection, and the language model that the user has switched on for it."""
        from speql_server import rooms

        if (lent := self._lent) is not None:
            listener = partial(catalog_changed, lent)
            lent.catalog_listeners.append(listener)
            give_back = partial(lent.catalog_listeners.remove, listener)
            return Opened(lent, self._language_model(lent, settings), give_back)
        connection = await rooms.open_connection(
            profile,
            settings,
            self._open_engine or partial(rooms.open_engine_of, own_process=True),
            rooms.SchedulerSettings(allowed_paths=tuple(map(str, profile.folders)), give_way=REPLIES.give_way),
            self._run,
        )
        connection.catalog_listeners.append(partial(catalog_changed, connection))
        if connection.governor is not None:
            connection.governor.changed = self._changed
        if connection.failure:
            self._show(connection.failure, types.MessageType.Error)
        return Opened(connection, self._language_model(connection, settings))

    async def saved_catalog(self, entry: Entry, executor: Executor) -> "Catalog | None":
        """What the last session has kept of a database that is still being opened; None if it is open soon.

        DuckDB takes half a minute to open a file with 100,000 tables.
        """
        database, opening = entry.profile.database, entry.opening
        if entry.opened is not None or opening is None or database is None or not entry.profile.keep_catalog:
            return None
        await asyncio.wait({opening}, timeout=SOON_SECONDS)
        if opening.done():
            return None
        if entry.saved is None:
            from speql_engines.connections import saved_catalog

            entry.saved = asyncio.get_running_loop().run_in_executor(executor, saved_catalog, database)
            entry.saved.add_done_callback(lambda _: self._changed())
        saved = entry.saved
        either: set[asyncio.Future[Any]] = {saved, opening}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        return saved.result() if saved.done() and not opening.done() else None

    def adapt(self, opened: Opened, settings: ServerSettings) -> None:
        """Make history and language model of an open connection what the settings say now."""
        model, connection = opened.language_model, opened.connection
        wanted = settings.language_model if _consents(connection, settings) else None
        if connection.predicts_with not in (None, (settings.history, settings.history_limit)):
            from speql_server import rooms

            predictor = rooms.predictor_of(connection.engine, settings, connection.database, connection.failure)
            connection.predicts_with = (settings.history, settings.history_limit)
            self._background.finish(connection.use_predictor(predictor).close(), "changing the history")
            if model is not None:
                _embed_with(model, connection)
        if (model.settings if model is not None else None) != wanted:
            opened.language_model = self._language_model(connection, settings)
            if model is not None:
                self._background.finish(model.close(), "closing a language model")

    def _language_model(self, connection: "Connection", settings: ServerSettings) -> "LanguageModel | None":
        """The language model, if the user has switched it on for this connection."""
        if not _consents(connection, settings):
            return None
        from speql_server.language_model.room import LanguageModel

        found = LanguageModel(settings.language_model, connection.engine.info.label, self._clock, self._changed)
        found.start()
        _embed_with(found, connection)
        return found


def _embed_with(model: "LanguageModel", connection: "Connection") -> None:
    """Look for past statements with the model's vectors, if the user has named a model for them."""
    if model.settings.embedding_model and model.endpoint is not None:
        from speql_server.language_model.endpoint_embedding import endpoint_embedding

        connection.predictor.embed_with(endpoint_embedding(model, connection.engine.info.dialect))


def _consents(connection: "Connection", settings: ServerSettings) -> bool:
    """Whether the user has switched a language model on for this connection."""
    wanted = settings.language_model
    return wanted.enabled and (not wanted.connections or connection.engine.info.label in wanted.connections)
