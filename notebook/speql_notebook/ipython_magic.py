"""The magics ``%%speql`` and ``%speql`` for IPython and Jupyter notebooks."""

import re
import shlex
from argparse import ArgumentParser, Namespace
from typing import Any, NoReturn

from IPython.core.error import UsageError
from IPython.display import display

from speql_notebook.answer_view import AnswerView
from speql_notebook.cell_error import CellError
from speql_notebook.connected import Database
from speql_notebook.kernel_door import KernelDoor
from speql_notebook.notebook_connection import NOTEBOOK
from speql_notebook.session import Session
from speql_sql import SpeqlError

_NAMES = ("speql", "sql")
_USAGE = "%%speql [--database FILE | --connection NAME] [--writable] [--out NAME [--frame pandas|polars|arrow]]"
_LINE_USAGE = (
    "%speql [--out NAME [--frame pandas|polars|arrow]] SQL, "
    "or %speql connect FILE|VARIABLE|--connection NAME [--writable]"
)
_OPTION = re.compile(r"\s*(--[a-z]+|-d)(?=[\s=]|$)(?:(?:=|\s+)(\"[^\"]*\"|'[^']*'|[^\s\"']+))?")
_FLAGS = frozenset({"--writable"})


def load_ipython_extension(shell: Any) -> None:
    """Register the magics, as ``%%sql`` too where that is nobody's. What they open is closed by
    `unload_ipython_extension` and when the interpreter exits.
    """
    if _loaded(shell) is not None:
        return
    magic = SpeqlMagic(shell)
    for name in _NAMES:
        kinds = shell.magics_manager.magics
        if name == "speql" or (name not in kinds["cell"] and name not in kinds["line"]):
            shell.register_magic_function(magic.run_cell, magic_kind="cell", magic_name=name)
            shell.register_magic_function(magic.run_line, magic_kind="line", magic_name=name)


def unload_ipython_extension(shell: Any) -> None:
    """Close everything and take the magics away."""
    magic = _loaded(shell)
    if magic is not None:
        for kind in ("cell", "line"):
            known = shell.magics_manager.magics[kind]
            for name in [name for name, function in known.items() if getattr(function, "__self__", None) is magic]:
                del known[name]
        magic.close()


class SpeqlMagic:
    """The magics with the connection of the notebook."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._door = KernelDoor.of_this_kernel(shell)

    def run_cell(self, line: str, cell: str) -> AnswerView | None:
        """Run the SQL of a cell and show its rows:
        %%speql [--database FILE | --connection NAME] [--writable] [--out NAME [--frame pandas|polars|arrow]].

        --database FILE names a DuckDB file; it stays for the cells after this one. At first it is an empty database in
        memory, which --database :memory: names too. --connection NAME is one of `speql connections list`. Both are
        opened read-only; --writable opens for writing. --out NAME makes the result a data frame of that name in the
        place of showing it: pandas or Polars, as --frame says. Unfinished SQL is not run: the problem and the repaired
        text are shown.
        """
        return self._run(_options(line), cell)

    def run_line(self, line: str) -> AnswerView | None:
        """Run the SQL of a line: %speql SELECT 1; or choose the database: %speql connect FILE|VARIABLE [--writable],
        %speql connect --connection NAME.

        VARIABLE is a DuckDB connection of yours, such as con = duckdb.connect(): then cells run on its tables, and
        nothing of SpeQL's is to be seen on it. --out NAME makes the result a data frame of that name.
        """
        words = line.split(None, 1)
        if words and words[0].lower() == "connect":
            self._connect(words[1] if len(words) > 1 else "")
            return None
        options, sql = _leading_options(line)
        return self._run(options, sql)

    def close(self) -> None:
        """Close everything that cells have opened."""
        if self._door is not None:
            self._door.close()
        NOTEBOOK.close()

    def _run(self, options: Namespace, sql: str) -> AnswerView | None:
        view = None
        try:
            session = self._session(options)
            for ran in session.submit_each(sql):
                if view is not None and options.out is None:
                    display(view)  # type: ignore[no-untyped-call]  # IPython does not annotate it
                view = ran
            if view is None:
                raise CellError("SpeQL: There is no SQL statement in this cell.")
            if options.out is None:
                return view
            self._shell.user_ns[options.out] = view.df(options.frame)
        except CellError:
            raise
        except SpeqlError as error:
            raise CellError(f"SpeQL: {error}") from None
        return None

    def _session(self, options: Namespace) -> Session:
        if options.database is not None or options.connection is not None:
            return NOTEBOOK.connect(options.database, connection=options.connection, writable=options.writable)
        session = NOTEBOOK.session
        if options.writable and not session.writable:
            return NOTEBOOK.connect(NOTEBOOK.database, connection=NOTEBOOK.named, writable=True)
        return session

    def _connect(self, line: str) -> None:
        options, rest = _leading_options(line)
        words = shlex.split(rest)
        writable = options.writable or "--writable" in words
        words = [word for word in words if word != "--writable"]
        if len(words) + (options.connection is not None) != 1:
            raise UsageError(f"Name one database. Usage: {_LINE_USAGE}")
        target = self._target(words[0]) if words else None
        try:
            session = NOTEBOOK.connect(target, connection=options.connection, writable=writable)
        except SpeqlError as error:
            raise CellError(f"SpeQL: {error}") from None
        print(f"SpeQL: connected to {session.label}")  # noqa: T201 - it is what the cell shows

    def _target(self, word: str) -> Database:
        """A variable that is a connection, else the name of a file."""
        if word.isidentifier() and word in self._shell.user_ns:
            found: Database = self._shell.user_ns[word]
            return found
        return word


class _Parser(ArgumentParser):
    """A parser that raises in the place of ending the interpreter."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}. Usage: {self.usage}")


def _parser(usage: str) -> _Parser:
    parser = _Parser(usage=usage.replace("%", "%%"), add_help=False, allow_abbrev=False)
    parser.usage = usage
    parser.add_argument("-d", "--database", metavar="FILE")
    parser.add_argument("--connection", metavar="NAME")
    parser.add_argument("--writable", action="store_true")
    parser.add_argument("--out", metavar="NAME")
    parser.add_argument("--frame", choices=("pandas", "polars", "arrow"))
    return parser


def _options(line: str, usage: str = _USAGE) -> Namespace:
    parser = _parser(usage)
    try:
        options = parser.parse_args(shlex.split(line))
    except ValueError as error:  # a quote that is not closed
        parser.error(str(error))
    if options.database is not None and options.connection is not None:
        parser.error("--database and --connection name one thing in two ways")
    if options.out is not None and not options.out.isidentifier():
        parser.error(f"{options.out} is no name of a variable")
    return options


def _leading_options(line: str) -> tuple[Namespace, str]:
    """The options that a line begins with, and what follows them: SQL, in which ``--`` begins a comment."""
    position = 0
    while (found := _OPTION.match(line, position)) is not None:
        position = found.end(1) if found[1] in _FLAGS else found.end()
    return _options(line[:position], _LINE_USAGE), line[position:].strip()


def _loaded(shell: Any) -> SpeqlMagic | None:
    function = shell.magics_manager.magics["cell"].get("speql")
    owner = getattr(function, "__self__", None)
    return owner if isinstance(owner, SpeqlMagic) else None
