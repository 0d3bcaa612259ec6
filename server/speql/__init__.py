"""The face of SpeQL for `import speql` and `%load_ext speql`."""

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from speql_notebook.connect import connect
    from speql_notebook.editor import Editor
    from speql_notebook.session import Session
    from speql_sql import SpeqlError

__version__ = version("speql")
__all__ = [
    "Editor",
    "Session",
    "SpeqlError",
    "__version__",
    "connect",
    "load_ipython_extension",
    "unload_ipython_extension",
]

_ELSEWHERE = {
    "Editor": "speql_notebook.editor",
    "Session": "speql_notebook.session",
    "SpeqlError": "speql_sql",
    "connect": "speql_notebook.connect",
}
"""What is imported when it is first asked for: it takes a second, and a server needs none of it."""


def __getattr__(name: str) -> Any:
    if name not in _ELSEWHERE:
        raise AttributeError(f"module 'speql' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_ELSEWHERE[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def load_ipython_extension(shell: Any) -> None:
    """Give an IPython shell the magics ``%%speql`` and ``%speql``: called by ``%load_ext speql``."""
    from speql_notebook.ipython_magic import load_ipython_extension as load

    load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """Take the magics away and close what they opened: called by ``%unload_ext speql``."""
    from speql_notebook.ipython_magic import unload_ipython_extension as unload

    unload(shell)
