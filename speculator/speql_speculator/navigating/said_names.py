"""Where the thing is that an engine's message names, if the place that comes with the message is another one."""

import re
from collections.abc import Iterator

from speql_speculator.navigating.semantic_model import SemanticModel
from speql_speculator.parsing.syntax_tree import From, Literal, Node, Select, Source, walk
from speql_speculator.tokens import Token
from speql_sql import Problem, Span

_NAME = re.compile(r"\"(?P<double>[^\"]+)\"|'(?P<single>[^']+)'|^\w+ with name (?P<plain>\S+) does not exist")
_USING = re.compile(r"does not exist on (left|right) side of join")
_ALIAS_TWICE = re.compile(r"^Ambiguous reference to table ")
_GROUPS = re.compile(r"^GROUP BY term out of range - should be between 1 and (\d+)")


def place_of_said_name(problem: Problem, model: SemanticModel) -> Span | None:
    """The place of the name that the message of a problem begins with; None where the problem's own is right.

    DuckDB counts from another word for some of its errors: a column that USING names is placed at the table before it.
    The name is looked for where such an error can be, else it has to be there once.
    """
    beyond = _GROUPS.search(problem.message)
    if beyond is not None:
        return next(_group_terms(model, int(beyond[1])), None)
    said = _NAME.search(problem.message)
    if said is None:
        return None
    name = (said["double"] or said["single"] or said["plain"]).lower()
    if _USING.search(problem.message):
        return next(_in_using(model, name), None)
    if problem.span is not None and name in problem.span.of(model.text).lower():
        return None
    if _ALIAS_TWICE.search(problem.message):
        return next(_given_twice(model, name), None)
    found = [index for index, token in enumerate(model.tokens) if _spelled(token) == name]
    return _token(model, found[0]) if len(found) == 1 else None


def _spelled(token: Token) -> str:
    """What a name or a string says, folded."""
    return (token.text[1:-1] if token.kind == "string" else token.name).lower()


def _token(model: SemanticModel, index: int) -> Span:
    return Span(model.tokens[index].start, model.tokens[index].end)


def _nodes(model: SemanticModel) -> Iterator[Node]:
    return walk(model.tree) if model.tree is not None else iter(())


def _group_terms(model: SemanticModel, most: int) -> Iterator[Span]:
    """The numbers in GROUP BY that are those of no column."""
    for node in _nodes(model):
        clause = node.clause("GROUP BY") if isinstance(node, Select) else None
        for term in walk(clause) if clause is not None else ():
            text = model.tokens[term.first].text if isinstance(term, Literal) else ""
            if text.isdecimal() and not 1 <= int(text) <= most:
                yield _token(model, term.first)


def _in_using(model: SemanticModel, name: str) -> Iterator[Span]:
    for node in _nodes(model):
        if isinstance(node, Source) and node.using is not None:
            for index in range(node.using.first, node.using.last):
                if model.tokens[index].name.lower() == name:
                    yield _token(model, index)


def _given_twice(model: SemanticModel, name: str) -> Iterator[Span]:
    """The names of sources of one FROM that one before them has."""
    for node in _nodes(model):
        if isinstance(node, From):
            named = [[*source.parts, *([source.alias] if source.alias >= 0 else [])][-1:] for source in node.sources]
            found = [index for (index,) in filter(None, named) if model.tokens[index].name.lower() == name]
            yield from (_token(model, index) for index in found[1:])
