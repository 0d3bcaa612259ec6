"""The values of columns that have few, asked of the engine in the background and kept while the data stays."""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping

from speql_engines import Engine, SpeculationHeldError
from speql_speculator.completing.column_values import MOST_VALUES, ColumnName, literals, values_query
from speql_sql import Catalog, SpeqlError

TIME_LIMIT = 0.2
"""A query for values that takes longer than this is cancelled."""

_ATTEMPTS = 3
"""So often a column is asked for whose query took too long: the machine may have been busy."""

_AT_ONCE = 2
_KEPT_VERSIONS = 4


class ColumnValueCache:
    """The values of columns of a connection, as SQL writes them. Owned by the event loop.

    They go to the editor and nowhere else. A column with too many values has none; one that is not asked for yet, or is
    being asked for, is not known. What is known holds for one version of the catalog, which changes with the data.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._known: OrderedDict[str, dict[ColumnName, tuple[str, ...]]] = OrderedDict()
        self._attempts: dict[tuple[str, ColumnName], int] = {}
        self._asked: dict[tuple[str, ColumnName], asyncio.Task[None]] = {}

    def known(self, catalog: Catalog) -> Mapping[ColumnName, tuple[str, ...]]:
        """The values that are known."""
        return dict(self._known.get(catalog.version, {}))

    def ask(self, name: ColumnName, catalog: Catalog) -> None:
        """Find out the values of a column, if that has not been tried; in the background."""
        key = (catalog.version, name)
        known = self._kept(catalog.version)
        if name in known or key in self._asked or len(self._asked) >= _AT_ONCE:
            return
        task = asyncio.get_running_loop().create_task(self._find(name, catalog, known), name="values of a column")
        self._asked[key] = task
        task.add_done_callback(lambda _: self._asked.pop(key, None))

    async def settled(self) -> None:
        """Wait until nothing is being asked for, for tests."""
        await asyncio.gather(*self._asked.values(), return_exceptions=True)

    async def close(self) -> None:
        """Stop asking."""
        for task in self._asked.values():
            task.cancel()
        await self.settled()

    def _kept(self, version: str) -> dict[ColumnName, tuple[str, ...]]:
        known = self._known.setdefault(version, {})
        self._known.move_to_end(version)
        while len(self._known) > _KEPT_VERSIONS:
            gone, _ = self._known.popitem(last=False)
            self._attempts = {key: count for key, count in self._attempts.items() if key[0] != gone}
        return known

    async def _find(self, name: ColumnName, catalog: Catalog, known: dict[ColumnName, tuple[str, ...]]) -> None:
        query = values_query(name, catalog)
        if query is None:
            known[name] = ()
            return
        key = (catalog.version, name)
        try:
            async with asyncio.timeout(TIME_LIMIT):
                result = await self._engine.execute(query, MOST_VALUES + 1)
        except TimeoutError:
            self._attempts[key] = self._attempts.get(key, 0) + 1
            if self._attempts[key] >= _ATTEMPTS:
                known[name] = ()
        except SpeculationHeldError:
            return  # nothing is known of it: it may be asked for later
        except SpeqlError:
            known[name] = ()  # whoever reads the column will be told what is wrong
        else:
            known[name] = literals(result.rows.column(0).to_pylist())
