"""The client's own settings: asked for, and heard of when they change."""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from speql_server.settings import OPTIONS, SettingsError

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer

logger = logging.getLogger(__name__)

SECTION = "speql"
PATIENCE_SECONDS = 2.0
"""So long the first connection waits for a client that was asked; what it answers later is a change."""


class ClientConfiguration:
    """Asks with ``workspace/configuration``: for all, for each folder and each document, where settings may differ.

    A client that cannot be asked may send its settings with ``workspace/didChangeConfiguration``. Owned by the loop.
    """

    def __init__(self, server: "SpeqlServer") -> None:
        self._server = server
        self._can_be_asked = False
        self._registrations: list[types.Registration] = []
        self._wanted: set[str] = set()

    def initialize(self, capabilities: types.ClientCapabilities) -> None:
        """Take what the client can do."""
        can = capabilities.workspace
        self._can_be_asked = bool(can and can.configuration)
        if can and can.did_change_configuration and can.did_change_configuration.dynamic_registration:
            options: Any = {"section": SECTION}
            self._registrations.append(_registration(types.WORKSPACE_DID_CHANGE_CONFIGURATION, options))
        if can and can.did_change_watched_files and can.did_change_watched_files.dynamic_registration:
            files = (".speql.toml", "dbt_project.yml", "profiles.yml")
            watched = {"watchers": [{"globPattern": f"**/{name}"} for name in files]}
            self._registrations.append(_registration(types.WORKSPACE_DID_CHANGE_WATCHED_FILES, watched))

    async def begin(self) -> None:
        """Read the user's own connections and project files, and ask for what holds from the start, before anything is
        opened by it.
        """
        server = self._server
        if self._registrations:
            server.background.spawn(self._register(), "registering with the client")
        await server.connection_sources.read_own()
        await server.connection_sources.read_projects()
        if self._can_be_asked:
            asked = asyncio.ensure_future(self._ask(self._scopes(())))
            await asyncio.wait({asked}, timeout=PATIENCE_SECONDS)

    def opened(self, uri: str) -> None:
        """A document was opened: its settings may be others than those of its folder."""
        if self._can_be_asked and not self._server.workspaces.configured(uri):
            if not self._wanted:
                asyncio.get_running_loop().call_soon(self._ask_for_wanted)
            self._wanted.add(uri)

    def changed(self, pushed: Any) -> None:
        """The client says that its settings have changed, perhaps with what they are now."""
        if self._can_be_asked:
            documents = (edited.snapshot.uri for edited in self._server.documents)
            known = [uri for uri in documents if self._server.workspaces.configured(uri)]
            self._server.background.spawn(self._ask(self._scopes(known)), "asking for the configuration")
        elif isinstance(given := _plain(pushed), Mapping):
            own = given.get(SECTION, given)
            if SECTION in given or OPTIONS.keys() & given.keys():
                self._take([("", own)])
        self._server.background.spawn(self._server.connection_sources.read_projects(), "reading project files")

    def folders_changed(self) -> None:
        """There are other folders now."""
        self._server.settings_changed()
        self._server.background.spawn(self._server.connection_sources.read_projects(), "reading project files")
        if self._can_be_asked:
            self._server.background.spawn(self._ask(self._scopes(())), "asking for the configuration")

    def _scopes(self, documents: Iterable[str]) -> list[str]:
        return ["", *(root.uri for root in self._server.workspaces.roots), *documents]

    def _ask_for_wanted(self) -> None:
        wanted, self._wanted = self._wanted, set()
        self._server.background.spawn(self._ask(sorted(wanted)), "asking for the configuration")

    async def _ask(self, scopes: list[str]) -> None:
        items = [types.ConfigurationItem(scope_uri=scope or None, section=SECTION) for scope in scopes]
        try:
            answer = await self._server.workspace_configuration_async(types.ConfigurationParams(items=items))
        except JsonRpcException as error:
            logger.info("The client did not tell its configuration: %s", type(error).__name__)
            return
        self._take(zip(scopes, answer or (), strict=False))

    def _take(self, told: Iterable[tuple[str, Any]]) -> None:
        server = self._server
        errors: dict[str, SettingsError] = {}
        for scope, options in told:
            plain = _plain(options)
            errors |= {str(error): error for error in server.workspaces.configure(scope, plain)}
        server.tell(errors.values())
        server.settings_changed()

    async def _register(self) -> None:
        params = types.RegistrationParams(registrations=self._registrations)
        try:
            await self._server.client_register_capability_async(params)
        except JsonRpcException as error:
            logger.info("The client did not register: %s", type(error).__name__)


def _registration(method: str, options: Any) -> types.Registration:
    return types.Registration(id=f"speql-{method.rpartition('/')[2]}", method=method, register_options=options)


def _plain(value: Any) -> Any:
    """What pygls made an object of as a dictionary again."""
    if hasattr(value, "_asdict"):
        value = value._asdict()
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value
