"""Which adapter opens a database: found by the scheme of its name, so that a third party can add one."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

from speql_engines.engine import ConnectionFailedError, Engine
from speql_sql.secret import Secret

GROUP = "speql.engines"
"""The group of entry points, named like the schemes (``postgresql``), each an :data:`Adapter`."""


AskSecret = Callable[[], Secret | None]
"""Gives the password or token to log in with; None leaves it to the driver, which may know one (``~/.pgpass``).

Adapters call it when they log in, each time that they need it anew: what is kept may have become another. It may wait
for somebody (a keyring that is locked), so it is called on a thread; :class:`ConnectionFailedError` says why there is
none.
"""


@dataclass(frozen=True, slots=True)
class OpenOptions:
    """How a database is opened; what an engine has no use for it leaves alone.

    ``threads`` and ``memory_limit`` hold for engines that run in this process. ``secret`` is asked when an engine logs
    in; it is None where nobody but the driver knows a secret.
    """

    writable: bool = False
    threads: int | None = None
    memory_limit: str | None = None
    folders: tuple[Path, ...] = ()
    secret: AskSecret | None = field(default=None, repr=False)


Adapter = Callable[[str, OpenOptions], Awaitable[Engine]]
"""Opens the database of that name, scheme included, or raises :class:`ConnectionFailedError`, which says what to do."""


def schemes() -> tuple[str, ...]:
    """The schemes that some adapter opens."""
    return tuple(sorted(metadata.entry_points(group=GROUP).names))


def adapter_for(scheme: str) -> Adapter | None:
    """The adapter of a scheme, or None. :class:`ConnectionFailedError` if its driver is not installed."""
    found = next(iter(metadata.entry_points(group=GROUP, name=scheme.lower())), None)
    if found is None:
        return None
    try:
        adapter: Adapter = found.load()
    except ImportError as error:
        extra = f"[{found.extras[0]}]" if found.extras else ""
        package = found.dist.name if found.dist is not None else "the adapter's package"
        raise ConnectionFailedError(
            f"{scheme}: needs the Python package {error.name or error}, which is not installed.",
            f"Install it: pip install '{package}{extra}'",
            "driver",
        ) from error
    return adapter
