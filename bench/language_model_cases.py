"""Texts that the rules cannot mend: queries with something broken in the middle, some cut off behind it."""

import random
import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from speql_speculator.language_model.worth_asking import worth_asking
from speql_speculator.repair import repair
from speql_speculator.tokens import Token, tokenize
from speql_sql import Catalog


@dataclass(frozen=True)
class Case:
    """A broken text; ``meant`` is the query that it was made of, None if it was cut off, so nobody knows.

    ``cursor`` is where the user has just broken it, or the end of what was cut off.
    """

    name: str
    kind: str
    typed: str
    cursor: int
    meant: str | None


async def broken_cases(
    folder: Path, catalog: Catalog, binds: Callable[[str], Awaitable[bool]], count: int, seed: int, below: float
) -> list[Case]:
    """``count`` texts of the TPC-DS queries of a folder that the rules do not mend; the same ones for the same seed."""
    rng = random.Random(seed)
    queries = read_queries(folder / "queries_tpcds.sql")
    found: list[Case] = []
    for case in _random_cases(rng, queries):
        repaired = repair(case.typed, catalog, case.cursor)
        verdict = worth_asking(repaired, below, catalog.dialect)
        if verdict == "no" or (verdict == "if-unbound" and await binds(str(repaired.sql))):
            continue
        found.append(case)
        if len(found) == count:
            break
    return found


def read_queries(path: Path) -> list[tuple[str, str]]:
    """Queries of a file: each has its name in a comment before it and a semicolon after it."""
    blocks = re.split(r"^-- (\w+)\n", path.read_text(), flags=re.MULTILINE)[1:]
    return [(name, text.strip().removesuffix(";")) for name, text in zip(blocks[::2], blocks[1::2], strict=True)]


def _random_cases(rng: random.Random, queries: list[tuple[str, str]]) -> Iterator[Case]:
    """Broken texts without end, each once."""
    seen: set[str] = set()
    for _ in range(20_000):
        name, text = rng.choice(queries)
        tokens = tokenize(text)
        kind, edit = rng.choice(list(_EDITS.items()))
        place = rng.randrange(len(tokens))
        edited = edit(rng, tokens[place])
        if edited is None or edited == tokens[place].text:
            continue
        typed, meant = text[: tokens[place].start] + edited + text[tokens[place].end :], text
        cursor = tokens[place].start + len(edited)
        if rng.random() < 0.5 and place + 3 < len(tokens):
            moved = len(edited) - len(tokens[place].text)
            typed = typed[: tokens[rng.randrange(place + 2, len(tokens))].end + moved]
            cursor, meant = len(typed), ""
        if typed not in seen:
            seen.add(typed)
            yield Case(name, kind, typed, cursor, meant or None)


def _misspelt(rng: random.Random, token: Token) -> str | None:
    """A word with a letter left out, doubled, or swapped with the next one."""
    if token.kind != "word" or len(token.text) < 4:
        return None
    at = rng.randrange(1, len(token.text) - 1)
    text = token.text
    return rng.choice(
        [
            text[:at] + text[at + 1 :],
            text[:at] + text[at] + text[at:],
            text[:at] + text[at + 1] + text[at] + text[at + 2 :],
        ]
    )


def _half(rng: random.Random, token: Token) -> str | None:
    return token.text[: rng.randrange(1, len(token.text))] if token.kind == "word" and len(token.text) > 2 else None


def _gone(_: random.Random, token: Token) -> str | None:
    return "" if token.kind != "string" else None


def _doubled(_: random.Random, token: Token) -> str | None:
    return f"{token.text} {token.text}" if token.kind in ("word", "punctuation", "operator") else None


_EDITS: dict[str, Callable[[random.Random, Token], str | None]] = {
    "misspelt": _misspelt,
    "half a word": _half,
    "token left out": _gone,
    "token twice": _doubled,
}
