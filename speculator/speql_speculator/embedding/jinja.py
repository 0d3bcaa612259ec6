"""SQL in a Jinja template, as dbt has it: tags are left out or masked, and of branches the first is read."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from speql_speculator.embedding.behind_magic import NO_MAGIC, BehindMagic
from speql_speculator.embedding.fragment import Certainty, Fragment
from speql_speculator.embedding.relations import NO_RELATIONS, Relations
from speql_sql import Span

_STARTS = re.compile(r"\{\{-?\s*[A-Za-z_]|\{%[-+]?\s*[a-z]|\{#.*?#\}", re.DOTALL)
_TAG = re.compile(
    r"\{\{[-+]?(?P<expression>(?:[^'\"}]|'[^'\n]*'|\"[^\"\n]*\"|['\"](?!\n)|\}(?!\}))*?)[-+]?\}\}"
    r"|\{%[-+]?\s*(?P<tag>(?:[^'\"%]|'[^'\n]*'|\"[^\"\n]*\"|%(?!\}))*?)\s*[-+]?%\}"
    r"|(?P<comment>\{#.*?#\})|(?P<open>\{\{[^\r\n]*|\{%[^\r\n]*|\{#[^\r\n]*)",
    re.DOTALL,
)
_CALL = re.compile(r"(?P<name>[\w.]+)\s*\((?P<arguments>.*)\)\s*$", re.DOTALL)
_SET = re.compile(r"set\s+(?P<name>\w+)\s*=\s*(?P<value>.*)$", re.DOTALL)
_HIDDEN = {"macro": "endmacro", "test": "endtest", "materialization": "endmaterialization", "docs": "enddocs"}
_HARMLESS = frozenset(("config", "do", "import", "from", "block", "snapshot", "filter", "with"))
_LAST_TIME = {"not loop.last": False, "loop.last": True, "loop.first": True, "not loop.first": False}
"""Conditions inside a loop, whose body is read once."""


def has_jinja(text: str) -> bool:
    """Whether a text is a template. Every document is asked, so the usual answer is a search for two characters."""
    return ("{{" in text or "{%" in text or "{#" in text) and _STARTS.search(text) is not None


def relation_named(tag: str) -> tuple[str, ...] | None:
    """What a tag of ``ref`` or ``source`` names, behind that word; None if it is no such tag.

    >>> relation_named("{{ ref('shop', 'orders') }}"), relation_named("{{ shop.orders }}")
    (('ref', 'shop', 'orders'), None)
    """
    found = _TAG.fullmatch(tag)
    call = _CALL.match(found["expression"].strip()) if found is not None and found["expression"] is not None else None
    arguments = _arguments(call["arguments"]) if call is not None and call["name"] in ("ref", "source") else None
    return (call["name"], *arguments) if call is not None and arguments else None


@dataclass(frozen=True, eq=False)
class JinjaText:
    """A template; what is written in it is SQL, never a tag."""

    behind: BehindMagic = NO_MAGIC

    def written(self, text: str) -> Iterator[str]:
        """The text itself, if nothing in it would be a tag."""
        if not any(mark in text for mark in ("{{", "{%", "{#")) and not (self.behind.one_line and "\n" in text):
            yield text

    def reads(self, host: str, behind: str = "") -> str | None:
        """The template's SQL, its masks as they are written."""
        if not self.behind.allows(host):
            return None
        fragments = jinja_fragments(host, Span(0, len(host)), self)
        return "".join(one.host.of(host) if one.kind in ("verbatim", "mask") else "" for one in fragments)


@dataclass(slots=True)
class _Block:
    """An open block: what closes it, whether one of its branches was taken, and whether this one is read."""

    closer: str
    taken: bool
    read: bool


@dataclass(slots=True)
class _State:
    blocks: list[_Block] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def reads(self) -> bool:
        return all(block.read for block in self.blocks)


def jinja_fragments(
    text: str, span: Span, container: JinjaText, relations: Relations = NO_RELATIONS
) -> Iterator[Fragment]:
    """The fragments of a template; never raises, on any text.

    ``ref`` and ``source`` are the relations that dbt has made of them, else what they name. Of ``{% if %}`` the first
    branch is read, of ``{% for %}`` the body once, ``{% set %}`` of a plain value is remembered, macros are left out.
    """
    state, position = _State(), span.start
    raw = False
    for found in _TAG.finditer(text, span.start, span.end):
        tag = found["tag"]
        if raw and (tag is None or tag.strip() != "endraw"):
            continue
        if position < found.start():
            kind_before = Span(position, found.start())
            yield Fragment("verbatim" if state.reads else "removed", kind_before, container=container)
        position = found.end()
        host = Span(found.start(), found.end())
        if found["comment"] is not None:
            yield Fragment("removed", host, container=container)
        elif tag is not None:
            raw = tag.split(None, 1)[:1] == ["raw"]
            read_before = state.reads
            problem = _enter(tag, state)
            yield Fragment("mask" if problem and read_before else "removed", host, "", container, meaning=problem)
        elif not state.reads:
            yield Fragment("removed", host, container=container)
        elif found["open"] is not None:
            yield Fragment("mask", host, None, container, meaning="it has no end yet")
        else:
            yield _expression(found["expression"].strip(), host, container, state, relations)
    if position < span.end:
        yield Fragment("verbatim" if state.reads else "removed", Span(position, span.end), container=container)


def _enter(tag: str, state: _State) -> str:
    """Take a tag into account; what has to be said of how it is read, if anything."""
    word, _, rest = tag.partition(" ")
    rest = rest.strip()
    innermost = state.blocks[-1] if state.blocks else None
    if word == "if":
        known = _truth(rest)
        taken = known is not False
        state.blocks.append(_Block("endif", taken, taken))
        return "" if known is not None else "the first branch is read"
    if word in ("elif", "else") and innermost is not None:
        known = _truth(rest) if word == "elif" else True
        innermost.read = not innermost.taken and known is not False
        innermost.taken = innermost.taken or innermost.read
        return "this branch is read" if innermost.read and known is None else ""
    if word == "for":
        state.blocks.append(_Block("endfor", True, True))
        return "its body is read once"
    if word in _HIDDEN:
        state.blocks.append(_Block(_HIDDEN[word], True, False))
        return ""
    if word == "set":
        assigned = _SET.match(tag)
        if assigned is None:
            state.blocks.append(_Block("endset", True, False))
        elif (value := _literal(assigned["value"])) is not None and state.reads:
            state.variables[assigned["name"]] = value
        else:
            state.variables.pop(assigned["name"], None)
        return ""
    if innermost is not None and word == innermost.closer:
        state.blocks.pop()
        return ""
    if word in _HARMLESS or word.startswith(("end", "raw")):
        return ""
    return "what it makes is left out"


def _truth(condition: str) -> bool | None:
    """Whether a condition holds, if that is plain to see."""
    condition = " ".join(condition.split())
    if condition.lower() in ("true", "false"):
        return condition.lower() == "true"
    return _LAST_TIME.get(condition)


def _expression(source: str, host: Span, container: JinjaText, state: _State, relations: Relations) -> Fragment:
    if source in state.variables:
        return Fragment("mask", host, state.variables[source], container, "known", "it is set in this text")
    if (value := _literal(source)) is not None:
        return Fragment("mask", host, value, container, "known", "it is a plain value")
    call = _CALL.match(source)
    name = call["name"] if call is not None else ""
    arguments = _arguments(call["arguments"]) if call is not None else None
    if name == "config":
        return Fragment("removed", host, container=container)
    if name in ("ref", "source") and arguments:
        relation = relations.source(*arguments[-2:]) if name == "source" else relations.ref(*arguments)
        known: Certainty = "known" if relation is not None else "assumed"
        how = "the relation of dbt's manifest" if relation is not None else "the name alone, without dbt's manifest"
        return Fragment("mask", host, relation or _quoted(arguments[-1]), container, known, how)
    if name in ("var", "env_var") and arguments and len(arguments) == 2:
        return Fragment("mask", host, arguments[1], container, "assumed", "its default")
    return Fragment("mask", host, None, container, meaning="its value is not known here")


def _arguments(source: str) -> list[str] | None:
    """Plain positional arguments as Jinja would print them; named ones (``v=2``) are left out. None if not plain."""
    try:
        tree = ast.parse(f"f({source})", mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if not isinstance(tree, ast.Call):
        return None
    values = [one.value for one in tree.args if isinstance(one, ast.Constant)]
    return [str(value) for value in values] if len(values) == len(tree.args) else None


def _literal(source: str) -> str | None:
    """A string or number as Jinja prints it."""
    source = source.strip()
    if not source or not (source[0] in "'\"-." or source[0].isdigit()):
        return None
    try:
        value = ast.literal_eval(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return str(value) if isinstance(value, str | int | float) else None


def _quoted(name: str) -> str:
    doubled = name.replace('"', '""')
    return name if re.fullmatch(r"[^\W\d]\w*", name) else f'"{doubled}"'
