"""Where in a statement that writes the thing is that an engine's message is about, where the engine gives no place."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from speql_speculator.navigating.write_targets import WriteTarget, write_targets
from speql_speculator.tokens import Token
from speql_sql import Problem, Related, Span


@dataclass(frozen=True, slots=True)
class WritePlace:
    """The culprit, and what it does not fit."""

    span: Span
    related: tuple[Related, ...] = ()


def place_in_write(problem: Problem, tokens: Sequence[Token]) -> WritePlace | None:
    """The culprit of a problem of a statement that writes; None where the problem's own place is right, or unknown.

    DuckDB gives no place for what is wrong with the table that is written to, with the columns that are named for it,
    and with how many values there are: its message has the name, or nothing.
    """
    if problem.span is not None:
        return None
    words = [token for token in tokens if token.kind != "end"]
    targets = list(write_targets(words))
    if not targets:
        return None
    for pattern, place in _PLACES:
        if found := pattern.search(problem.message):
            said = next((group for group in found.groups() if group), "").lower()
            return place(_Write(words, targets), said)
    return None


@dataclass(frozen=True, slots=True)
class _Write:
    tokens: Sequence[Token]
    targets: Sequence[WriteTarget]

    def span(self, first: int, last: int) -> Span:
        return Span(self.tokens[first].start, self.tokens[last].end)

    def named(self, name: str, places: Iterator[int] | Sequence[int]) -> list[int]:
        return [index for index in places if self.tokens[index].name.lower() == name]

    @property
    def last(self) -> WriteTarget:
        """The one that a message without a name is about: MERGE's INSERT is behind MERGE."""
        return self.targets[-1]


def _unknown_target(write: _Write, name: str) -> WritePlace | None:
    parts = name.split(".")
    for target in write.targets:
        spelled = [write.tokens[index].name.lower() for index in target.name]
        if spelled and spelled[-len(parts) :] == parts:
            return WritePlace(write.span(target.name[0], target.name[-1]))
    return None


def _unknown_schema(write: _Write, name: str) -> WritePlace | None:
    found = write.named(name, [index for target in write.targets for index in target.name[:-1]])
    return WritePlace(write.span(found[0], found[0])) if found else None


def _target(write: _Write, _: str) -> WritePlace | None:
    name = write.targets[0].name
    return WritePlace(write.span(name[0], name[-1])) if name else None


def _listed(write: _Write, name: str) -> WritePlace | None:
    """A column that is listed for the table, as a target of ON CONFLICT, or an alias that goes BY NAME."""
    listed = write.named(name, [index for target in write.targets for index in target.columns])
    conflict = write.named(name, list(_conflict_target(write)))
    anywhere = write.named(name, range(len(write.tokens)))
    found = listed[:1] or conflict[:1] or anywhere[-1:]
    return WritePlace(write.span(found[0], found[0])) if found else None


def _listed_twice(write: _Write, name: str) -> WritePlace | None:
    return _second(write, write.named(name, [index for target in write.targets for index in target.columns]))


def _assigned(write: _Write, name: str) -> WritePlace | None:
    found = write.named(name, list(_assignments(write)))
    return WritePlace(write.span(found[0], found[0])) if found else None


def _assigned_twice(write: _Write, name: str) -> WritePlace | None:
    return _second(write, write.named(name, list(_assignments(write))))


def _second(write: _Write, found: Sequence[int]) -> WritePlace | None:
    if len(found) < 2:
        return None
    first = Related(write.span(found[0], found[0]), "It is here for the first time.")
    return WritePlace(write.span(found[1], found[1]), (first,))


def _listed_columns(write: _Write, _: str) -> WritePlace | None:
    columns = write.last.columns
    return WritePlace(write.span(columns[0], columns[-1])) if columns else _target(write, "")


def _values(write: _Write, _: str) -> WritePlace | None:
    """The first row of VALUES, or what is selected, with the columns that it does not fit."""
    target = write.last
    wanted = target.columns or target.name
    inside = _first_row(write, target.rows)
    if inside is None or not wanted:
        return _target(write, "")
    said = "The values are for these columns." if target.columns else "The values are for the columns of this table."
    return WritePlace(write.span(*inside), (Related(write.span(wanted[0], wanted[-1]), said),))


def _first_row(write: _Write, start: int) -> tuple[int, int] | None:
    tokens, depth, first = write.tokens, 0, -1
    for index in range(start, len(tokens)):
        upper = tokens[index].upper
        if first < 0 and depth == 0 and upper in ("SELECT", "VALUES"):
            first = index + 1
            if upper == "VALUES":
                depth = -1  # what is in the parenthesis that follows counts
            elif first < len(tokens) and tokens[first].upper == "ALL":
                first += 1
            continue
        if depth == 0 and 0 <= first < index and tokens[first].upper != "(" and upper in (*_BEHIND_SELECTED, ")"):
            return first, index - 1
        depth += (upper == "(") - (upper == ")")
        if first >= 0 and upper == ")" and depth == -1:
            return first + 1, index - 1
    return (first, len(tokens) - 1) if 0 <= first < len(tokens) and depth == 0 else None


_BEHIND_SELECTED = ("FROM", "WHERE", "UNION", "EXCEPT", "INTERSECT", "ORDER", "LIMIT", "GROUP", "ON", "RETURNING")


def _assignments(write: _Write) -> Iterator[int]:
    """The names that SET gives values to."""
    depth, inside = 0, -1
    for index, token in enumerate(write.tokens):
        depth += (token.upper == "(") - (token.upper == ")")
        before = write.tokens[index - 1].upper if index else ""
        if token.kind == "word" and token.upper == "SET":
            inside = depth
        elif inside >= 0 and depth == inside and token.upper in ("WHERE", "FROM", "RETURNING", "WHEN"):
            inside = -1
        elif inside >= 0 and depth == inside and before in ("SET", ",") and token.kind in ("word", "quoted"):
            yield index


def _conflict_target(write: _Write) -> Iterator[int]:
    words = [token.upper for token in write.tokens]
    at = next((index + 2 for index in range(len(words) - 2) if words[index : index + 2] == ["ON", "CONFLICT"]), 0)
    if at and words[at : at + 1] == ["("]:
        for index in range(at + 1, len(words)):
            if words[index] == ")":
                return
            if words[index] != ",":
                yield index


def _conflict(write: _Write, _: str) -> WritePlace | None:
    found = list(_conflict_target(write))
    return WritePlace(write.span(found[0], found[-1])) if found else _target(write, "")


_Place = Callable[[_Write, str], WritePlace | None]
_PLACES: tuple[tuple[re.Pattern[str], _Place], ...] = (
    (re.compile(r"^\w+ with name \"(.+)\" does not exist because schema"), _unknown_target),
    (re.compile(r"^(?:Table|View) with name (\S+) does not exist"), _unknown_target),
    (re.compile(r"^Schema with name (\S+) does not exist"), _unknown_schema),
    (re.compile(r"does not have a column with name \"([^\"]+)\""), _listed),
    (re.compile(r"^Table does not contain column \"([^\"]+)\""), _listed),
    (re.compile(r"^Referenced update column (.+?) not found"), _assigned),
    (re.compile(r"update column \"([^\"]+)\" because"), _assigned),
    (re.compile(r"^Multiple assignments to same column \"([^\"]+)\""), _assigned_twice),
    (re.compile(r"^Duplicate column name \"([^\"]+)\" in INSERT"), _listed_twice),
    (re.compile(r"^Cannot insert into a generated column|more column names than query result"), _listed_columns),
    (re.compile(r"columns but \d+ values were supplied"), _values),
    (re.compile(r"conflict target are not referenced|no UNIQUE/PRIMARY KEY"), _conflict),
    (re.compile(r"is not an table$|can only (?:update|delete)", re.I), _target),
)
