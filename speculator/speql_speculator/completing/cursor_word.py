"""The word that a cursor is in, and the statement without it."""

from collections.abc import Sequence
from dataclasses import dataclass

from speql_speculator.completing.statement_around import statement_around
from speql_speculator.tokens import Token, tokenize
from speql_sql import Span


@dataclass(frozen=True, slots=True)
class CursorWord:
    """A cursor in a document, and the word that it is in, if it is in one.

    ``text`` is the statement with a blank in the place of that word, at ``place``: it stays the same while the word is
    typed. ``tokens`` are those of ``text``, without comments. ``typed`` is the word up to the cursor as it stands,
    ``prefix`` the same without quotes; ``mark`` is the quote that it begins with: ``'`` inside of a string.
    ``span`` (of the document) is what an accepted proposal takes the place of; ``insert_end`` is how far that reaches
    for clients that leave the rest of the word. ``called``: a parenthesis follows.
    """

    text: str
    place: int
    tokens: tuple[Token, ...]
    typed: str
    prefix: str
    mark: str
    span: Span
    insert_end: int
    called: bool = False

    @property
    def before(self) -> Sequence[Token]:
        """The tokens before the word."""
        return [token for token in self.tokens if token.end <= self.place]

    @property
    def after(self) -> Token | None:
        """The token behind the word."""
        return next((token for token in self.tokens if token.start >= self.place), None)


def cursor_word(text: str, offset: int, dialect: str) -> CursorWord | None:
    """The word at ``offset`` of a document; None where no name can be typed: in comments, numbers, parameters.

    >>> word = cursor_word("SELECT dep FROM t", 9, "duckdb")
    >>> word.prefix, word.text, word.span
    ('de', 'SELECT   FROM t', Span(start=7, end=10))
    """
    offset = min(max(offset, 0), len(text))
    start, inner = statement_around(text, offset, dialect)
    place = offset - start
    inner += text[start + len(inner) : offset]
    tokens = tokenize(inner, dialect, comments=True)
    touched = next((token for token in tokens if token.start < place and _is_open_to(token, place, inner)), None)
    first, last, insert_last, mark = place, place, place, ""
    if touched is not None and touched.kind not in ("operator", "punctuation", "end"):
        if touched.kind not in ("word", "quoted", "string"):
            return None
        if touched.kind == "string" and (touched.text[0] != "'" or "\n" in inner[touched.start : place]):
            return None
        first, last, insert_last = touched.start, touched.end, place
        if touched.kind != "word":
            # An open quote swallows what follows it; a closed one is replaced with both its marks.
            mark = touched.text[0]
            last = insert_last = place if touched.closer or "\n" in touched.text else touched.end
    typed = inner[first:place]
    blanked = f"{inner[:first]} {inner[last:]}"
    return CursorWord(
        text=blanked,
        place=first,
        tokens=tuple(token for token in tokenize(blanked, dialect) if token.kind != "end"),
        typed=typed,
        prefix=typed.removeprefix(mark).replace(mark * 2, mark) if mark else typed,
        mark=mark,
        span=Span(start + first, start + last),
        insert_end=start + insert_last,
        called=inner[last : last + 1] == "(",
    )


def _is_open_to(token: Token, place: int, text: str) -> bool:
    """Whether a cursor behind its beginning is in the token: behind the end of a string or a block comment it is not.

    An open quote goes on to the end of its line.
    """
    if place < token.end:
        return True
    if token.kind in ("string", "quoted", "comment") and token.closer:
        return not text[token.end : place].strip() and "\n" not in text[token.end : place]
    if place > token.end or token.kind in ("string", "quoted"):
        return False
    if token.kind == "comment":
        return bool(token.closer) or not token.text.startswith("/*")
    return True
