"""What an editor asks for after which keystroke."""

from typing import Literal

Method = Literal[
    "completion",
    "definition",
    "documentHighlight",
    "documentSymbol",
    "foldingRange",
    "hover",
    "inlineCompletion",
    "semanticTokens/full/delta",
    "signatureHelp",
]

OF_A_PLACE: frozenset[Method] = frozenset(
    {"completion", "definition", "documentHighlight", "hover", "inlineCompletion", "signatureHelp"}
)
"""Requests that have a position; the others are of the whole document."""


def asked_after(text: str) -> tuple[Method, ...]:
    """The requests that follow when the last character of a text was typed, as editors are set by default.

    Ghost text at each key, completion where a name begins, signatures at the places of arguments, colours at the end
    of each word, what shows the document as a whole at the end of each line; there the mouse is moved over a name, too.

    >>> asked_after("SELECT d")
    ('inlineCompletion', 'completion')
    """
    typed, before = text[-1:], text[-2:-1]
    asked: list[Method] = ["inlineCompletion"]
    if typed == "." or (_in_word(typed) and not _in_word(before)):
        asked.append("completion")
    if typed in ("(", ","):
        asked.append("signatureHelp")
    if typed.isspace():
        asked += ["semanticTokens/full/delta", "documentHighlight"]
    if typed == "\n":
        asked += ["documentSymbol", "foldingRange", "hover", "definition"]
    return tuple(asked)


def _in_word(character: str) -> bool:
    return character.isalnum() or character == "_"
