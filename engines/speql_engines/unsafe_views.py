"""Which views run something that may not be speculated."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from speql_sql import Problem
from speql_sql.guard import GuardPolicy, speculation_problems
from speql_sql.strict_tokens import strict_tokens

Name = TypeVar("Name", bound=tuple[str, ...])
"""The name of a table in its parts, the last of which is its own."""


def unsafe_views(
    definitions: Mapping[Name, Sequence[str]], user_functions: frozenset[str], dialect: str
) -> dict[Name, str]:
    """Why reading each of these would run something that may not be speculated: views of such views too."""
    unsafe: dict[Name, str] = {}
    pending = dict(definitions)
    while True:
        policy = GuardPolicy(dialect, (), user_functions, frozenset(name[-1].lower() for name in unsafe))
        found = {
            name: problems[0].message
            for name, texts in pending.items()
            if (problems := [problem for text in texts for problem in _problems(text, policy)])
        }
        if not found:
            return unsafe
        unsafe |= found
        pending = {name: texts for name, texts in pending.items() if name not in found}


def _problems(text: str, policy: GuardPolicy) -> tuple[Problem, ...]:
    try:
        tree = sqlglot.parse_one(text, read=policy.dialect)
    except SqlglotError:
        return (Problem("not-understood", "Its definition could not be read."),)
    if isinstance(tree, exp.Create):
        tree, text = tree.expression, _behind_as(text, policy.dialect)
    return speculation_problems(tree, policy, text) if tree else (Problem("not-understood", "It has no definition."),)


def _behind_as(text: str, dialect: str) -> str:
    """The query of ``CREATE VIEW v (a, b) AS SELECT ...``; all of a text whose tokens are in doubt."""
    depth = 0
    for token in strict_tokens(text, dialect).tokens:
        depth += (token.text == "(") - (token.text == ")")
        if depth == 0 and token.kind == "word" and token.text.upper() == "AS":
            return text[token.end :]
    return text
