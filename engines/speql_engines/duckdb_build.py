"""Builds a DuckDB file from statements: whole or not at all."""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from speql_engines.engine import EngineError


@dataclass(frozen=True, slots=True)
class BuildStep:
    """One statement of a build, with what to say while it runs and its share of the whole work."""

    label: str
    sql: str
    weight: int = 1


def build_duckdb_file(path: Path, steps: Iterable[BuildStep], on_step: Callable[[BuildStep], None]) -> None:
    """Run ``steps`` on a new DuckDB file and put it at ``path`` when all are done, replacing what is there.

    ``on_step`` is called after each step. The work is done in a file beside ``path`` that is removed on failure and
    on Ctrl-C, so ``path`` is either the finished file or untouched. Raises :class:`EngineError`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        _run(partial, steps, on_step)
        partial.replace(path)
    except duckdb.Error as error:
        raise EngineError(f"Could not build {path.name}: {error}.", "Is there enough disk space?") from error
    finally:
        for leftover in (partial, partial.with_name(partial.name + ".wal")):
            leftover.unlink(missing_ok=True)


def _run(partial: Path, steps: Iterable[BuildStep], on_step: Callable[[BuildStep], None]) -> None:
    settings: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    with duckdb.connect(partial, config=settings) as connection:
        for step in steps:
            connection.execute(step.sql)
            on_step(step)
