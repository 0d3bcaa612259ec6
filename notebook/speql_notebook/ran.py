"""A statement that was run, and what came of it."""

from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa

from speql_server.protocol import Preview


@dataclass(frozen=True, slots=True)
class Ran:
    """The statement, the message that tells of it, what the database is called, and how to get all its rows."""

    statement: str
    preview: Preview
    database: str
    table: Callable[[], pa.Table] | None = None
