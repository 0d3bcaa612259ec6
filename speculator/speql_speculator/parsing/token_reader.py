"""A place in a list of tokens, and where the cursor is among them."""

from collections.abc import Sequence
from itertools import pairwise

from speql_speculator.parsing.keywords import JOIN_WORDS, NO_BARE_ALIAS, RESERVED, TWO_WORD_CLAUSES
from speql_speculator.tokens import Token
from speql_sql import SpeqlError


class TooDeepError(SpeqlError):
    """The text nests deeper than repair follows. Never leaves the room: `repair` answers with a problem."""


class TokenReader:
    """Reads tokens from left to right. ``position`` is the index of the next one; past the end is an ``end`` token."""

    max_depth = 60

    def __init__(self, tokens: Sequence[Token], text: str, cursor: int | None, dialect: str = "duckdb") -> None:
        self.text = text
        self.dialect = dialect
        self.tokens = [*tokens, Token("end", len(text), len(text), "", "")]
        self.count = len(tokens)
        self.position = 0
        self.depth = 0
        self.cursor = len(text) if cursor is None else cursor
        self.completions: dict[int, str] = {}
        # Where the SELECT list begins that is read last: a star may stand there.
        self.list_start = -1
        # The word being typed: the cursor touches its end, or is inside it.
        self.half = next(
            (
                index
                for index, token in enumerate(tokens)
                if token.start < self.cursor <= token.end and token.kind in ("word", "quoted", "number", "string")
            ),
            -1,
        )
        if cursor is None and self.half >= 0 and self.half != self.count - 1:
            self.half = -1
        # The first token after the cursor.
        self.gap = next((index for index, token in enumerate(tokens) if token.start >= self.cursor), self.count)
        # Names that are used as qualifiers somewhere: a word that is one of them is no half of a key word.
        self.qualifiers = {token.upper for token, after in pairwise(tokens) if after.upper == "." and token.upper}
        opened = sum((token.upper == "(") - (token.upper == ")") for token in tokens if token.kind == "punctuation")
        self.excess = max(opened, 0)

    @property
    def token(self) -> Token:
        """The next token."""
        return self.tokens[self.position]

    def ahead(self, by: int) -> Token:
        """The token ``by`` places after the next one."""
        return self.tokens[min(self.position + by, self.count)]

    @property
    def word(self) -> str:
        """The next token's word, folded; empty if it is none."""
        token = self.tokens[self.position]
        return token.upper if token.kind == "word" else ""

    def is_mark(self, mark: str) -> bool:
        """Whether the next token is that punctuation mark."""
        token = self.tokens[self.position]
        return token.kind == "punctuation" and token.upper == mark

    def at_end(self) -> bool:
        """Whether nothing is left."""
        return self.position >= self.count

    def at_cursor(self, last: int) -> bool:
        """Whether the cursor is in or after the token before ``last``, and at most half a word follows up to it."""
        return last == self.gap or (self.half >= 0 and last in (self.half, self.half + 1))

    def adjacent(self, index: int) -> bool:
        """Whether the token at ``index`` follows the one before it without a space."""
        return index > 0 and self.tokens[index - 1].end == self.tokens[index].start

    def begins_clause(self) -> bool:
        """Whether a clause follows whose first word may be a name elsewhere: the second one tells."""
        return (self.word, self.ahead(1).upper) in TWO_WORD_CLAUSES

    def may_be_alias(self) -> bool:
        """Whether the next token may be a name that is given without AS."""
        word = self.word
        named = bool(word) and word not in NO_BARE_ALIAS and not self.begins_clause()
        return named or self.token.kind == "quoted"

    def begins_operand(self) -> bool:
        """Whether the next token could be the beginning of an operand that is no key word."""
        token = self.token
        if token.kind == "word":
            if self.begins_clause():
                return False
            return token.upper not in RESERVED or token.upper in ("CASE", "CAST", "NULL", "TRUE", "FALSE", "NOT")
        return token.kind in ("quoted", "string", "number", "parameter") or token.upper in ("(", "[", "{")

    def complete_word(self, *words: str, name: bool = False) -> bool:
        """If the next token is half of one of ``words``, being typed, with more text after it: read it as that word.

        ``name`` where a name may stand too: then a word that is used as a qualifier elsewhere is one.
        """
        token = self.token
        if self.position != self.half or token.kind != "word" or self.position + 1 >= self.count:
            return False
        if name and token.upper in self.qualifiers:
            return False
        after = self.tokens[self.position + 1]
        if after.kind == "punctuation" and after.upper not in ("(", "["):
            return False
        if after.kind == "operator" and after.text not in ("*", "-"):
            return False
        for word in words:
            if word.startswith(token.upper) and word != token.upper:
                if (
                    after.kind == "word"
                    and after.upper in RESERVED | JOIN_WORDS
                    and after.upper not in _MAY_FOLLOW.get(word, ())
                ):
                    continue
                rest = word[len(token.upper) :]
                self.completions[self.position] = rest.lower() if token.text.islower() else rest
                token.upper = word
                self.half = -1
                return True
        return False

    def down(self) -> None:
        """One level deeper. Raises :class:`TooDeepError`."""
        self.depth += 1
        if self.depth > self.max_depth:
            raise TooDeepError("The statement nests too deeply.")

    def up(self) -> None:
        """One level up."""
        self.depth -= 1


_MAY_FOLLOW = {
    "SELECT": ("DISTINCT", "ALL", "CASE", "CAST", "NOT", "NULL", "TRUE", "FALSE", "LEFT", "RIGHT", "FROM"),
    "IS": ("NOT", "NULL", "TRUE", "FALSE", "DISTINCT"),
    "THEN": ("NULL", "TRUE", "FALSE", "CASE", "CAST", "NOT"),
    "WHEN": ("NOT", "CASE", "CAST", "NULL"),
    "ELSE": ("NULL", "TRUE", "FALSE", "CASE", "CAST", "NOT"),
    "WHERE": ("NOT", "CASE", "CAST"),
    "AND": ("NOT", "CASE", "CAST"),
    "OR": ("NOT", "CASE", "CAST"),
    "ON": ("NOT", "CASE", "CAST"),
    "HAVING": ("NOT", "CASE", "CAST"),
    "UNION": ("ALL", "SELECT", "DISTINCT"),
    "EXCEPT": ("SELECT", "ALL"),
    "INTERSECT": ("SELECT", "ALL"),
    "LEFT": ("JOIN", "OUTER"),
    "FROM": ("LATERAL",),
}
