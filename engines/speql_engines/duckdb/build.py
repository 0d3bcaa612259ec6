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
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _run(partial, steps, on_step)
        partial.replace(path)
    except (duckdb.Error, OSError) as error:
        hint = "Is the folder yours to write, and is there enough disk space?"
        raise EngineError(f"Could not build {path}: {error}.", hint) from error
    except RuntimeError as error:
        if "interrupted" in str(error).lower():  # what DuckDB makes of Ctrl-C
            raise KeyboardInterrupt from None
        raise
    finally:
        for leftover in (partial, partial.with_name(partial.name + ".wal")):
            if leftover.exists():
                leftover.unlink()


def _run(partial: Path, steps: Iterable[BuildStep], on_step: Callable[[BuildStep], None]) -> None:
    settings: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    with duckdb.connect(partial, config=settings) as connection:
        for step in steps:
            connection.execute(step.sql)
            on_step(step)
