"""The function call that a place of a text is in, and which argument of it."""

from dataclasses import dataclass

from speql_speculator.completing.statement_around import statement_around
from speql_speculator.parsing.keywords import CLAUSE_WORDS, JOIN_WORDS, NO_BARE_ALIAS, RESERVED
from speql_speculator.tokens import tokenize

_FUNCTIONS_TOO = frozenset({"LEFT", "RIGHT", "GLOB", "COLUMNS", "CAST", "TRY_CAST"})


@dataclass(frozen=True, slots=True)
class CallAt:
    """A call: the ``name`` as typed, and how many commas are before the place; ``label`` is a named argument's."""

    name: str
    argument: int
    label: str = ""


def call_at(text: str, offset: int, dialect: str = "duckdb") -> CallAt | None:
    """The innermost call whose parentheses the offset is in, closed or not; None in a query inside them.

    >>> call_at("SELECT round(sum(x), ", 21)
    CallAt(name='round', argument=1, label='')
    """
    start, inner = statement_around(text, offset, dialect)
    place = offset - start
    opened: list[CallAt | None] = []
    tokens = tokenize(inner, dialect)
    for index, token in enumerate(tokens):
        if token.start >= place:
            break
        if token.kind == "operator" and token.text in (":=", "=>") and opened and opened[-1] is not None:
            opened[-1] = CallAt(opened[-1].name, opened[-1].argument, tokens[index - 1].name)
        if token.kind != "punctuation":
            if token.upper in ("SELECT", "WITH") and token.kind == "word" and opened:
                opened[-1] = None
            continue
        before = tokens[index - 1] if index else None
        if token.upper == "(":
            called = before is not None and (
                before.kind == "quoted"
                or (before.kind == "word" and (before.upper not in _NO_FUNCTIONS or before.upper in _FUNCTIONS_TOO))
            )
            opened.append(CallAt(before.name, 0) if called and before is not None else None)
        elif token.upper in ("[", "{"):
            opened.append(None)
        elif token.upper in (")", "]", "}") and opened:
            opened.pop()
        elif token.upper == "," and opened and opened[-1] is not None:
            opened[-1] = CallAt(opened[-1].name, opened[-1].argument + 1)
    return opened[-1] if opened else None


_NO_FUNCTIONS = (
    RESERVED | CLAUSE_WORDS | JOIN_WORDS | NO_BARE_ALIAS | {"VALUES", "EXISTS", "BY", "SETS", "MATERIALIZED"}
)
