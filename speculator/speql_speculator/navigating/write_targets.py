"""Which tables a statement writes to, and where it says so."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from speql_speculator.tokens import Token, tokenize


@dataclass(frozen=True, slots=True)
class WriteTarget:
    """A table that is written to: the ``name`` as the indexes of its parts, and of the ``columns`` that are listed.

    ``verb`` is INSERT, UPDATE, DELETE, MERGE or CREATE. ``rows`` is the index of what follows the columns.
    """

    verb: str
    name: tuple[int, ...]
    columns: tuple[int, ...]
    rows: int


def writes(text: str, dialect: str) -> bool:
    """Whether a statement that is no query writes rows, or makes a table or view, as far as its first words tell."""
    tokens = tokenize(text, dialect)
    first = next((token.upper for token in tokens if token.upper != "("), "")
    return first in _VERBS or first in ("WITH", "SELECT", "FROM") or bool(first == "CREATE" and _created(tokens))


def write_targets(tokens: Sequence[Token]) -> Iterator[WriteTarget]:
    """The tables that a statement writes to, also in its CTEs; MERGE's own INSERT is one, too.

    >>> [target] = write_targets(tokenize("INSERT INTO s.t AS x (a, b) VALUES (1, 2)"))
    >>> target.verb, target.name, target.columns
    ('INSERT', (2, 4), (8, 10))
    """
    if made := _created(tokens):
        yield _target(tokens, "CREATE", made)
    merged: tuple[int, ...] = ()
    for index, token in enumerate(tokens):
        if token.kind != "word" or token.upper not in ("INTO", "UPDATE", "FROM", "INSERT"):
            continue
        before = tokens[index - 1].upper if index else ""
        if token.upper == "INTO":
            verb = next((word.upper for word in tokens[index - 1 :: -1] if word.upper in _VERBS), "")
        elif token.upper == "INSERT":
            if merged and before == "THEN":
                yield _target(tokens, "INSERT", index + 1, merged)
            continue
        else:
            verb = {"UPDATE": "UPDATE", "FROM": before}[token.upper]
            if (verb == "UPDATE" and before not in ("", "(", ")", ";")) or verb not in ("UPDATE", "DELETE"):
                continue
        if verb:
            target = _target(tokens, verb, index + 1)
            merged = target.name if verb == "MERGE" else merged
            yield target


_VERBS = frozenset({"INSERT", "UPDATE", "DELETE", "MERGE"})
_BEFORE_TABLE = frozenset({"CREATE", "OR", "REPLACE", "TEMP", "TEMPORARY", "UNLOGGED", "MATERIALIZED", "RECURSIVE"})
_ROWS_BEGIN = frozenset({"SELECT", "WITH", "FROM", "VALUES", "("})


def _created(tokens: Sequence[Token]) -> int:
    """Where the name of the table or view begins that a statement makes; 0 if it makes none."""
    if not tokens or tokens[0].upper != "CREATE":
        return 0
    at = next((index for index, token in enumerate(tokens) if token.upper not in _BEFORE_TABLE), 0)
    if tokens[at].upper not in ("TABLE", "VIEW"):
        return 0
    return at + (4 if [token.upper for token in tokens[at + 1 : at + 4]] == ["IF", "NOT", "EXISTS"] else 1)


def _target(tokens: Sequence[Token], verb: str, at: int, name: tuple[int, ...] = ()) -> WriteTarget:
    """The table that is named at a token, and the list of columns behind it."""
    at += at < len(tokens) and tokens[at].upper == "ONLY"
    parts: list[int] = []
    while not name and at < len(tokens) and tokens[at].kind in ("word", "quoted"):
        parts.append(at)
        at += 1
        if at >= len(tokens) or tokens[at].text != ".":
            break
        at += 1
    if verb == "INSERT" and not name and at + 1 < len(tokens) and tokens[at].upper == "AS":
        at += 2
    columns: list[int] = []
    opens = at + 1 < len(tokens) and tokens[at].upper == "(" and tokens[at + 1].upper not in _ROWS_BEGIN
    if opens and verb in ("INSERT", "CREATE"):
        depth = 0
        for index in range(at, len(tokens)):
            depth += (tokens[index].upper == "(") - (tokens[index].upper == ")")
            if depth == 1 and tokens[index - 1].upper in ("(", ",") and tokens[index].kind in ("word", "quoted"):
                columns.append(index)
            at = index + 1
            if not depth:
                break
    return WriteTarget(verb, name or tuple(parts), tuple(columns), at)
