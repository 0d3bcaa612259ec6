"""How a person types: the protocols of the benchmark as keystrokes."""

import itertools
import random
import zlib
from collections.abc import Iterator, Sequence

from speql_server.cli.demo.typist import Keystroke, retyped
from speql_sql.ordering import without_order

CHARACTERS_PER_SECOND = 5.0
LINE_PAUSE_SECONDS = 1.0
THINK_SECONDS = 0.5
"""Median of the log-normal time for thinking that is added to the pause at the end of a line."""

HIDDEN_LINES = 20


def human(text: str, name: str) -> Iterator[Keystroke]:
    """Every character: 5 a second, at a line's end 1 s and a log-normal thought. ``name`` seeds the thoughts.

    Indentation comes with its line break, as an editor types it.
    """
    thoughts = random.Random(zlib.crc32(name.encode()))
    for end in range(1, len(text) + 1):
        if text[end - 1] == " " and not text[:end].rsplit("\n", 1)[-1].strip():
            continue
        pause = 1 / CHARACTERS_PER_SECOND
        if text[end - 1] == "\n":
            pause += LINE_PAUSE_SECONDS + thoughts.lognormvariate(0, 0.8) * THINK_SECONDS
        yield Keystroke(text[:end], end, pause)


def typed_over(versions: Sequence[str]) -> Iterator[Keystroke]:
    """The keystrokes that take each version of a text to the next, a word at a time."""
    for before, after in itertools.pairwise(versions):
        yield from retyped(before, after, CHARACTERS_PER_SECOND / 6)


def revealed(text: str, hidden_lines: int = HIDDEN_LINES) -> list[str]:
    """The text with its last lines hidden, then with one line more at a time (the paper's protocol hides 20)."""
    lines = text.split("\n")
    first = max(1, len(lines) - hidden_lines)
    return ["\n".join(lines[:count]) for count in range(first, len(lines) + 1)]


def honest_moment(prefixes: Sequence[str], dialect: str) -> int | None:
    """The index of the first prefix to which only ORDER BY and LIMIT are missing; None if none can be told."""
    whole = without_order(prefixes[-1], dialect)
    if whole is None:
        return None
    return next((i for i, prefix in enumerate(prefixes) if without_order(prefix, dialect) == whole), None)
