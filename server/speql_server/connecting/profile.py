"""What a connection is opened with."""

from dataclasses import dataclass, field
from pathlib import Path

from speql_engines.governed.settings import DEFAULT_SPECULATION, SpeculationSettings
from speql_server.connecting.login_secret import LoginSecret


@dataclass(frozen=True, slots=True)
class ConnectionProfile:
    """Documents with equal profiles share a connection.

    ``name`` is empty for the one without a name. ``database`` is None for an empty one in memory; ``folders`` are those
    whose files may be read while typing. ``unknown`` is the profile of all documents that name a connection which
    nothing describes: they have an empty database, and are told. Data files that come to ``dropped`` are tables beside
    it. ``secret`` is asked at login. ``speculation`` is what may be spent ahead of submits: where that changes, the
    connection stays open.
    """

    name: str = ""
    database: str | None = None
    writable: bool = False
    folders: tuple[Path, ...] = ()
    keep_catalog: bool = True
    background_tables: int = 5_000
    unknown: bool = False
    dropped: Path | None = None
    secret: LoginSecret | None = field(default=None, repr=False)
    speculation: SpeculationSettings = field(default=DEFAULT_SPECULATION, compare=False)
