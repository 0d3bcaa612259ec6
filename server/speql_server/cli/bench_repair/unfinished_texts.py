"""Texts as they are while a query is written: cut somewhere, or changed in the middle."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, get_args

from speql_speculator.parsing.keywords import CLAUSE_WORDS
from speql_speculator.tokens import Token, tokenize

Kind = Literal["line", "token", "character", "edit"]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class UnfinishedText:
    """A text with its cursor; ``kind`` and ``label`` say how it came from the query of that name."""

    kind: Kind
    label: str
    query: str
    text: str
    cursor: int


def cuts(name: str, query: str, dialect: str) -> Iterator[UnfinishedText]:
    """A query up to the end of each of its lines, and up to the end of each of its tokens."""
    ends = [index for index, character in enumerate(query) if character == "\n"]
    for end in [*ends, len(query)]:
        yield UnfinishedText("line", "line", name, query[:end], end)
    for token in tokenize(query, dialect):
        yield UnfinishedText("token", "token", name, query[: token.end], token.end)


def random_cuts(queries: dict[str, str], count: int, source: random.Random) -> Iterator[UnfinishedText]:
    """Queries cut at characters that are drawn at random from all of them."""
    names, weights = list(queries), [len(text) for text in queries.values()]
    for name in sorted(source.choices(names, weights, k=count)):
        end = source.randint(1, len(queries[name]))
        yield UnfinishedText("character", "character", name, queries[name][:end], end)


def random_edits(queries: dict[str, str], count: int, dialect: str, source: random.Random) -> Iterator[UnfinishedText]:
    """Whole queries in which a token, a clause or a line is deleted or half typed, the cursor at that place."""
    stretches = {name: _stretches(text, tokenize(text, dialect)) for name, text in queries.items()}
    names, weights = list(queries), [len(text) for text in queries.values()]
    for name in sorted(source.choices(names, weights, k=count)):
        text = queries[name]
        what = source.choice([what for what, found in stretches[name].items() if found])
        start, end = source.choice(stretches[name][what])
        half = source.random() < 0.5
        kept = source.randint(1, max(end - start - 1, 1)) if half else 0
        yield UnfinishedText(
            "edit",
            f"{what} {'half typed' if half else 'deleted'}",
            name,
            text[: start + kept] + text[end:],
            start + kept,
        )


def _stretches(text: str, tokens: Sequence[Token]) -> dict[str, list[tuple[int, int]]]:
    """Where the tokens, clauses and lines of a query are."""
    return {
        "token": [(token.start, token.end) for token in tokens],
        "clause": list(_clauses(tokens)),
        "line": [
            (start + 1, end)
            for start, end in pairwise([-1, *(i for i, c in enumerate(text) if c == "\n"), len(text)])
            if text[start + 1 : end].strip()
        ],
    }


def _clauses(tokens: Sequence[Token]) -> Iterator[tuple[int, int]]:
    """From each word that begins a clause to the next one at its level, or to the end of its parentheses."""
    for index, token in enumerate(tokens):
        if token.kind != "word" or token.upper not in CLAUSE_WORDS:
            continue
        depth, last = 0, token
        for other in tokens[index + 1 :]:
            depth += (other.upper == "(") - (other.upper == ")")
            if depth < 0 or (depth == 0 and other.kind == "word" and other.upper in CLAUSE_WORDS):
                break
            last = other
        yield token.start, last.end
