"""What a statement makes that later statements may name: tables, columns, functions, types, sequences, databases."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from speql_speculator.navigating.made_tables import made_by
from speql_speculator.navigating.semantic_model import semantic_model
from speql_speculator.tokens import Token, tokenize
from speql_sql import Catalog, Problem


@dataclass(frozen=True, slots=True)
class MadeName:
    """A folded name, and the code of the problem that a statement has without it.

    ``table`` is the table of which it is a column.
    """

    code: str
    name: str
    table: str = ""


def made_names(statement: str, catalog: Catalog) -> frozenset[MadeName]:
    """What there is once a statement has been run. Nothing is said of statements that make nothing.

    >>> made_names("ALTER TABLE t RENAME TO u", Catalog(()))
    frozenset({MadeName(code='unknown-table', name='u', table='')})
    """
    if statement[:6].upper().rstrip() not in _MAKERS:
        return frozenset()
    return frozenset(_made(statement, catalog))


def is_awaited(problem: Problem, statement: str, made: MadeName, catalog: Catalog) -> bool:
    """Whether a statement has a problem because of a name that is still to be made."""
    if problem.code != made.code or problem.span is None:
        return False
    said = {_name(token) for token in tokenize(problem.span.of(statement), catalog.dialect)}
    if made.table and made.table not in {_name(token) for token in tokenize(statement, catalog.dialect)}:
        return False
    return made.name in said


_MAKERS = frozenset({"CREATE", "ALTER", "ATTACH"})


def _name(token: Token) -> str:
    return (token.text[1:-1] if token.kind == "string" else token.name).lower()


def _made(statement: str, catalog: Catalog) -> Iterator[MadeName]:
    tokens = [token for token in tokenize(statement, catalog.dialect) if token.kind != "end"]
    words = [token.upper for token in tokens]
    if words[0] == "ATTACH":
        attached = _attached(tokens, words)
        yield MadeName("unknown-table", attached)
        yield MadeName("unknown-schema", attached)
    elif words[0] == "ALTER":
        yield from _altered(tokens, words)
    elif table := made_by(statement, catalog.dialect):
        yield MadeName("unknown-table", table)
        for column in semantic_model(statement, catalog).output.columns:
            yield MadeName("unknown-column", column.name.lower(), table)
        for listed in _listed(tokens):
            yield MadeName("unknown-column", listed, table)
    else:
        kind = next((word for word in words[:6] if word in _KINDS), "")
        last = _last_of_path(tokens, words, words.index(kind) + 1) if kind else ""
        for code in _KINDS.get(kind, ()) if last else ():
            yield MadeName(code, last)


_KINDS = {
    "MACRO": ("unknown-function",),
    "FUNCTION": ("unknown-function",),
    "TYPE": ("unknown-type",),
    "DOMAIN": ("unknown-type",),
    "SEQUENCE": ("unknown-name", "unknown-table"),
    "SCHEMA": ("unknown-schema", "unknown-table"),
}


def _attached(tokens: Sequence[Token], words: Sequence[str]) -> str:
    """What an attached database is called: as it is said, or as its file is called up to the first point."""
    if "AS" in words[:-1]:
        return _name(tokens[words.index("AS") + 1])
    file = next((_name(token) for token in tokens if token.kind == "string"), "")
    return file.replace("\\", "/").rpartition("/")[2].partition(".")[0]


def _last_of_path(tokens: Sequence[Token], words: Sequence[str], at: int) -> str:
    """The last part of the name that begins at a token, ``IF NOT EXISTS`` aside."""
    at += 3 if list(words[at : at + 3]) == ["IF", "NOT", "EXISTS"] else 0
    while at + 2 < len(tokens) and tokens[at + 1].text == ".":
        at += 2
    return _name(tokens[at]) if at < len(tokens) else ""


def _altered(tokens: Sequence[Token], words: Sequence[str]) -> Iterator[MadeName]:
    """The new names that ALTER TABLE gives."""
    table = _last_of_path(tokens, words, 2)
    if "RENAME" in words and "TO" in words[:-1]:
        new = _name(tokens[words.index("TO") + 1])
        whole = words[words.index("RENAME") + 1] == "TO"
        yield MadeName("unknown-table", new) if whole else MadeName("unknown-column", new, table)
    for at, word in enumerate(words[:-1]):
        if word == "ADD":
            column = at + (2 if words[at + 1] == "COLUMN" else 1)
            if name := _last_of_path(tokens, words, column):
                yield MadeName("unknown-column", name, table)


def _listed(tokens: Sequence[Token]) -> Iterator[str]:
    """The names that a list in parentheses behind the table begins its elements with."""
    depth = 0
    for before, token in pairwise(tokens):
        depth += (before.text == "(") - (before.text == ")")
        if before.upper == "AS" and depth == 0:
            return
        if depth == 1 and before.text in ("(", ",") and token.kind in ("word", "quoted"):
            yield token.name.lower()
