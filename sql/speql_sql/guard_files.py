"""Which files a query may read as tables."""

import os.path
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from sqlglot import exp

from speql_sql.problem import Problem

# Table functions that read files, by the paths in their positional arguments.
_FILE_FUNCTIONS_TEXT = """
glob parquet_file_metadata parquet_kv_metadata parquet_metadata parquet_scan parquet_schema read_blob read_csv
read_csv_auto read_json read_json_auto read_json_objects read_json_objects_auto read_ndjson read_ndjson_auto
read_ndjson_objects read_parquet read_text sniff_csv
"""
FILE_FUNCTIONS = frozenset(_FILE_FUNCTIONS_TEXT.split())
# `store_rejects` and its kin make tables.
_WRITING_OPTION = re.compile(r"reject", re.IGNORECASE)
_URL = re.compile(r"^[a-z][a-z0-9+.\-]+:", re.IGNORECASE)
_GLOB = re.compile(r"[*?\[{]")


def looks_like_file(name: str) -> bool:
    """Whether DuckDB would look for a file if there is no table of this name.

    Wider than DuckDB's rule (which knows some endings): a table ``"a.b"`` is taken for a file, and refused if it is
    not in an allowed place.
    """
    return bool(re.search(r"[./\\:]", name)) or bool(_GLOB.search(name))


def path_problem(path: str, allowed_paths: Iterable[str]) -> Problem | None:
    """Why a query may not read ``path``, or None. Links are followed; of a glob, the folder before it counts."""
    if _URL.match(path) and not re.match(r"^[a-z]:[\\/]", path, re.IGNORECASE):
        return Problem("network-access", f"{path} is not a local file, and may be read only after consent.")
    start, rest = _split_glob(path)
    if ".." in re.split(r"[\\/]", rest):
        return Problem("file-access", f"{path} leads out of its folder.")
    real = _real(start or ".")
    folders = (folder for allowed in allowed_paths if (folder := _real(allowed)))
    if real and any(_is_within(real, folder) for folder in folders):
        return None
    return Problem("file-access", f"{path} lies outside the workspace and is not named by the connection.")


def file_argument_problems(call: exp.Func, allowed_paths: Iterable[str]) -> Iterator[Problem]:
    """Why a call of one of :data:`FILE_FUNCTIONS` may not be run: each path must be written out, and allowed."""
    for argument in _arguments(call):
        if isinstance(argument, exp.EQ | exp.PropertyEQ | exp.Kwarg | exp.Alias):
            option = argument.this.name if not isinstance(argument, exp.Alias) else argument.alias
            if _WRITING_OPTION.search(option):
                yield Problem("writes", f"The option {option} makes tables.")
            continue
        paths = argument.expressions if isinstance(argument, exp.Array) else [argument]
        for path in paths:
            if not (isinstance(path, exp.Literal) and path.is_string):
                yield Problem("file-access", "The path of a file to read is computed.")
            elif problem := path_problem(path.name, allowed_paths):
                yield problem


def _arguments(call: exp.Func) -> list[exp.Expr]:
    first = call.args.get("this")
    return [*([first] if isinstance(first, exp.Expr) else []), *call.expressions]


def _split_glob(path: str) -> tuple[str, str]:
    """The part of a path that holds no pattern, and the rest."""
    parts = re.split(r"(?<=[\\/])", path)
    for index, part in enumerate(parts):
        if _GLOB.search(part):
            return "".join(parts[:index]), "".join(parts[index:])
    return path, ""


def _real(path: str) -> str:
    """The absolute path, with ``~`` and links resolved; empty if it has none."""
    try:
        return os.path.realpath(Path(path).expanduser())
    except (RuntimeError, ValueError, OSError):
        return ""


def _is_within(path: str, folder: str) -> bool:
    try:
        return os.path.commonpath([path, folder]) == folder
    except ValueError:
        # Different drives.
        return False
