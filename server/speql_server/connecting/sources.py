"""Where connections with names come from besides the client's settings: the user's own files, and those of projects."""

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from functools import partial
from typing import TypeVar

from speql_server.connecting.own_connections import OwnConnections
from speql_server.settings import SettingsError
from speql_server.workspaces import Workspaces

T = TypeVar("T")

OWN_SECONDS = 2.0
"""So often it is looked whether the user's own connections are others. No client watches files outside its folders."""


class ConnectionSources:
    """Reads them into the workspaces, in the thread that ``thread`` names. On the event loop.

    ``leave_failed`` forgets connections that could not be opened and says whether there were any. ``changed`` is called
    when the settings are others than before, ``tell`` with what is wrong in the files.
    """

    def __init__(
        self,
        workspaces: Workspaces,
        thread: Callable[[], Executor | None],
        leave_failed: Callable[[], bool],
        changed: Callable[[], None],
        tell: Callable[[Iterable[SettingsError]], None],
    ) -> None:
        self._workspaces = workspaces
        self._thread = thread
        self._leave_failed = leave_failed
        self._changed = changed
        self._tell = tell
        self._own = OwnConnections()

    async def read_own(self) -> None:
        """Read the connections of the user's own files; what is wrong in them is shown.

        Those that could not be opened are tried again: perhaps it was their password that was put right.
        """
        owned = await self._in_thread(self._own.read)
        failed = self._leave_failed()
        if self._workspaces.use_own(owned.connections) or failed:
            self._changed()
        self._tell(owned.errors)

    async def watch_own(self) -> None:
        """Read them again when they have changed, until this is cancelled."""
        while True:
            await asyncio.sleep(OWN_SECONDS)  # files have the world's time, and not that of the documents
            if await self._in_thread(self._own.changed):
                await self.read_own()

    async def read_projects(self) -> None:
        """Read the project files of all folders, and dbt's profiles; what is wrong in them is shown."""
        if not self._workspaces.trusted:
            return
        from speql_server.connecting.dbt_profiles import dbt_connections
        from speql_server.project_file import read_project_file

        for root in self._workspaces.roots:
            if (path := root.path) is None:
                continue
            options, errors = await self._in_thread(partial(read_project_file, path))
            found, problems = await self._in_thread(partial(dbt_connections, path))
            changed = self._workspaces.use_project(root, options)
            if self._workspaces.use_dbt(root, found) or changed:
                self._changed()
            self._tell((*errors, *problems))

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread(), work)
