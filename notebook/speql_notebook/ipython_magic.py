"""The cell magic ``%%speql`` for IPython and Jupyter notebooks."""

import atexit
import shlex
import threading
from argparse import ArgumentParser
from typing import Any, NoReturn

from IPython.core.error import UsageError
from IPython.display import display

from speql_notebook.answer_view import AnswerView
from speql_notebook.cell_error import CellError, error_of
from speql_notebook.databases import IN_MEMORY, Databases
from speql_sql import SpeqlError

_NAME = "speql"
_open_magics: "set[SpeqlMagic]" = set()


def load_ipython_extension(shell: Any) -> None:
    """Register ``%%speql``. What it opens is closed by `unload_ipython_extension` and when the interpreter exits."""
    if _loaded(shell) is None:
        magic = SpeqlMagic()
        _open_magics.add(magic)
        shell.register_magic_function(magic.run_cell, magic_kind="cell", magic_name=_NAME)


def unload_ipython_extension(shell: Any) -> None:
    """Close everything and take ``%%speql`` away."""
    magic = _loaded(shell)
    if magic is not None:
        del shell.magics_manager.magics["cell"][_NAME]
        _open_magics.discard(magic)
        magic.close()


class SpeqlMagic:
    """The magic with the databases that it has opened."""

    def __init__(self) -> None:
        self._databases = Databases()
        self._database = IN_MEMORY
        self._writable = False

    def run_cell(self, line: str, cell: str) -> AnswerView:
        """Run the SQL of a cell and show its rows: %%speql [--database FILE] [--writable].

        --database FILE names a DuckDB file; it stays for the cells after this one. At first it is an empty database in
        memory, which --database :memory: names too. A file is opened read-only; --writable opens it for writing.
        Unfinished SQL is not run: the problem and the repaired text are shown.
        """
        database, writable = self._chosen(line)
        view = None
        try:
            opened = self._databases.open(database, writable=writable)
            self._database, self._writable = database, writable
            for ran in opened.run(cell):
                if view is not None:
                    display(view)  # type: ignore[no-untyped-call]  # IPython does not annotate it
                if ran.preview.outcome != "rows":
                    raise error_of(ran)
                view = AnswerView(ran)
            if view is None:
                raise CellError("SpeQL: There is no SQL statement in this cell.")
        except CellError:
            raise
        except SpeqlError as error:
            raise CellError(f"SpeQL: {error}") from None
        return view

    def close(self) -> None:
        """Close every database that cells have opened."""
        self._databases.close()

    def _chosen(self, line: str) -> tuple[str, bool]:
        parser = _Parser(prog="%%speql", add_help=False)
        parser.add_argument("-d", "--database", metavar="FILE")
        parser.add_argument("--writable", action="store_true")
        try:
            arguments = parser.parse_args(shlex.split(line))
        except ValueError as error:  # a quote that is not closed
            parser.error(str(error))
        if arguments.database is not None:
            return arguments.database, arguments.writable
        return self._database, arguments.writable or self._writable


class _Parser(ArgumentParser):
    """A parser that raises in the place of ending the interpreter."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}. Usage: %%speql [--database FILE] [--writable]")


def _loaded(shell: Any) -> SpeqlMagic | None:
    function = shell.magics_manager.magics["cell"].get(_NAME)
    owner = getattr(function, "__self__", None)
    return owner if isinstance(owner, SpeqlMagic) else None


def _close_all() -> None:
    while _open_magics:
        _open_magics.pop().close()


# A session may still prepare the next cell when the interpreter exits, and must be stopped before that. `atexit` is too
# late: Python first stops every ThreadPoolExecutor, and work that is then handed to one fails, with a traceback on the
# user's screen as the last thing that the notebook says. `threading` runs its own hooks before it, newest first;
# `concurrent.futures` uses the same one, and offers no other. Where a Python lacks it, the traceback is what remains.
getattr(threading, "_register_atexit", atexit.register)(_close_all)
