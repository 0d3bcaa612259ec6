"""A result that is held in a temp table."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field

from speql_engines import ResultColumn, TempTable
from speql_scheduler.results.arrangement import Arrangement


@dataclass(eq=False, slots=True)
class Held:
    """A result that is held: ``table`` has its rows, ``columns`` their names and types as the query gives them."""

    columns: tuple[ResultColumn, ...]
    table: TempTable
    dialect: str
    places: OrderedDict[Arrangement, TempTable] = field(default_factory=OrderedDict)
    readers: int = 0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
