"""Where each SELECT of a text stands, found by its tokens."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass

from sqlglot import exp
from sqlglot.tokenizer_core import Token, TokenType

from speql_sql import Span
from speql_sql.sql_tokens import sql_tokens

_SET_OPERATORS = (TokenType.UNION, TokenType.EXCEPT, TokenType.INTERSECT)
_TAIL = (TokenType.ORDER_BY, TokenType.LIMIT, TokenType.OFFSET, TokenType.FETCH)


def select_spans(sql: str, tree: exp.Query, dialect: str = "duckdb") -> dict[int, Span]:
    """The spans of the SELECTs of the ``tree`` that ``sql`` parses to, by their ``id``.

    Parentheses around a SELECT, its WITH, and the ORDER BY of a set operation that it is a branch of are not part of
    it. sqlglot keeps places on identifiers and literals only, so the SELECTs are found among the tokens, and given to
    the nodes in the order of the first place inside each. If that does not fit (another text than the tree's, a
    spelling not known here) the answer is empty: no span rather than a wrong one.
    """
    tokens = [token for token in sql_tokens(sql, dialect) if token.token_type is not TokenType.SEMICOLON]
    spans = sorted(_Scanner(tokens).spans)
    placed = sorted(_placed(tree), key=lambda one: (one.first, one.select.depth))
    if len(spans) != len(placed) or any(one.last < 0 for one in placed):
        return {}
    if any(not (span.start <= one.first and one.last <= span.end) for one, span in zip(placed, spans, strict=True)):
        return {}
    return {id(one.select): span for one, span in zip(placed, spans, strict=True)}


@dataclass(slots=True)
class _Placed:
    """A SELECT, and the first and last place in the text inside it, its WITH left out; ``last`` is -1 without any.

    ``around`` is the SELECT around it, or that around the one in whose WITH it stands.
    """

    select: exp.Select
    around: "_Placed | None"
    first: int = sys.maxsize
    last: int = -1


def _placed(tree: exp.Query) -> list[_Placed]:
    """All SELECTs of a tree, in one walk."""
    found: list[_Placed] = []
    stack: list[tuple[exp.Expr, _Placed | None]] = [(tree, None)]
    while stack:
        node, around = stack.pop()
        inside = around
        if isinstance(node, exp.Select):
            inside = _Placed(node, around)
            found.append(inside)
            if (with_ := node.args.get("with_")) is not None:
                stack.append((with_, around))
        elif inside is not None:
            meta = node._meta
            # The star that FROM-first implies is given the place of nothing.
            if meta and "start" in meta and not isinstance(node, exp.Star):
                inside.first, inside.last = min(inside.first, meta["start"]), max(inside.last, meta["end"] + 1)
        stack += [(child, inside) for child in node.iter_expressions() if inside is around or child.arg_key != "with_"]
    for one in reversed(found):  # each stands behind the one around it
        if one.around is not None:
            one.around.first, one.around.last = min(one.around.first, one.first), max(one.around.last, one.last)
    return found


class _Scanner:
    """Walks over tokens by parentheses; ``spans`` are those of the SELECTs."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._closing = dict(self._parentheses())
        self.spans: list[Span] = []
        self._query(0, len(tokens))

    def _parentheses(self) -> Iterator[tuple[int, int]]:
        opened: list[int] = []
        for number, token in enumerate(self._tokens):
            if token.token_type is TokenType.L_PAREN:
                opened.append(number)
            elif token.token_type is TokenType.R_PAREN and opened:
                yield opened.pop(), number

    def _is(self, number: int, *types: TokenType) -> bool:
        return number < len(self._tokens) and self._tokens[number].token_type in types

    def _query(self, start: int, stop: int) -> None:
        """A query in parentheses or at the top: WITH, then SELECTs and queries in parentheses between operators."""
        start = self._with(start, stop)
        begin: int | None = None
        ends: list[tuple[int, int]] = []
        number = start
        at_start = True
        while number < stop:
            if at_start and self._is(number, TokenType.SELECT, TokenType.FROM):
                begin, at_start = number, False
            elif self._is_set_operator(number):
                if begin is not None:
                    ends.append((begin, number))
                begin, at_start = None, True
                number += 1
                while self._is(number, TokenType.ALL, TokenType.DISTINCT) or self._word(number) in ("BY", "NAME"):
                    number += 1
                continue
            if self._is(number, TokenType.L_PAREN):
                at_start = False
                number = self._parenthesis(number)
            number += 1
        if begin is not None:
            stop_here = self._without_tail(begin, stop) if ends else stop
            ends.append((begin, stop_here))
        for first, after in ends:
            if after > first:
                self.spans.append(Span(self._tokens[first].start, self._tokens[after - 1].end + 1))

    def _is_set_operator(self, number: int) -> bool:
        is_star_option = self._is(number - 1, TokenType.STAR) and self._is(number + 1, TokenType.L_PAREN)
        return self._is(number, *_SET_OPERATORS) and not (number > 0 and is_star_option)

    def _word(self, number: int) -> str:
        return self._tokens[number].text.upper() if number < len(self._tokens) else ""

    def _with(self, start: int, stop: int) -> int:
        """Scan the CTEs; the place after them."""
        if not self._is(start, TokenType.WITH):
            return start
        number = start + 1
        while number < stop:
            while number < stop and not self._is(number, TokenType.ALIAS):
                number += 1
            while number < stop and not self._is(number, TokenType.L_PAREN):
                number += 1
            if number >= stop:
                return stop
            self._query(number + 1, self._closing.get(number, stop))
            number = self._closing.get(number, stop) + 1
            if not self._is(number, TokenType.COMMA):
                break
            number += 1
        return number

    def _parenthesis(self, number: int) -> int:
        """Scan what is between parentheses, a query or not; the place of the closing one."""
        closing = self._closing.get(number, len(self._tokens))
        if self._starts_query(number + 1):
            self._query(number + 1, closing)
            return closing
        inside = number + 1
        while inside < closing:
            if self._is(inside, TokenType.L_PAREN):
                inside = self._parenthesis(inside)
            inside += 1
        return closing

    def _starts_query(self, number: int) -> bool:
        while self._is(number, TokenType.L_PAREN):
            number += 1
        return self._is(number, TokenType.SELECT, TokenType.FROM, TokenType.WITH)

    def _without_tail(self, begin: int, stop: int) -> int:
        number = begin
        while number < stop:
            if self._is(number, *_TAIL):
                return number
            if self._is(number, TokenType.L_PAREN):
                number = self._closing.get(number, stop)
            number += 1
        return stop
