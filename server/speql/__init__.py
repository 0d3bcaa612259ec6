"""The face of SpeQL for `import speql` and `%load_ext speql`."""

from importlib.metadata import version
from typing import Any

__version__ = version("speql")
__all__ = ["__version__", "load_ipython_extension", "unload_ipython_extension"]


def load_ipython_extension(shell: Any) -> None:
    """Give an IPython shell the cell magic ``%%speql``: called by ``%load_ext speql``."""
    from speql_notebook.ipython_magic import load_ipython_extension as load

    load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """Take the cell magic away and close what it opened: called by ``%unload_ext speql``."""
    from speql_notebook.ipython_magic import unload_ipython_extension as unload

    unload(shell)
