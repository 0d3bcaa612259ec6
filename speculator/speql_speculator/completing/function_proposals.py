"""Functions of the engine, with how they are called."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import groupby

from speql_speculator.by_identity import ByIdentity
from speql_speculator.completing.grammar_frames import GrammarPlace
from speql_speculator.completing.proposal import Proposal
from speql_speculator.completing.tiers import Tier
from speql_speculator.navigating.hovering import parameter_labels
from speql_speculator.parsing.keywords import WINDOW_ONLY
from speql_sql import FunctionSignature

_COMMON = (
    *("count", "sum", "avg", "min", "max", "coalesce", "round", "date_trunc", "nullif", "length", "lower", "upper"),
    *("substring", "concat", "abs", "greatest", "least", "row_number", "rank", "lag", "lead", "string_agg", "list"),
    *("median", "stddev", "strftime", "date_part", "date_diff", "replace", "trim", "contains", "starts_with", "floor"),
    *("ceil", "cast", "extract", "try_cast", "dense_rank", "first_value", "last_value", "any_value", "now", "today"),
)
_ORDER = {name: rank for rank, name in enumerate(_COMMON)}
_AT_ONCE = 12
"""So many common functions are proposed before a letter is typed."""

_INTERNAL = ("pg_", "duckdb_", "icu_", "has_", "pragma_", "sqlite_", "__")

# The engine's list has functions; these are written like one and are grammar.
_SPECIAL = (
    ("cast", "(value AS type)", "cast(${1:value} AS ${2:type})"),
    ("try_cast", "(value AS type)", "try_cast(${1:value} AS ${2:type})"),
    ("extract", "(part FROM date)", "extract(${1:year} FROM ${2:date})"),
    ("coalesce", "(value, ...)", "coalesce($1)"),
    ("nullif", "(value, other)", "nullif($1)"),
)


def function_proposals(
    functions: Sequence[FunctionSignature], place: GrammarPlace, wanted: str, *, called: bool = False
) -> Iterator[Proposal]:
    """The functions that can be called at a place: no aggregates in WHERE, no functions of windows but where they can
    stand, tables of functions only in FROM.

    Before a letter is typed only the most common ones come; then all that are called so. ``called``: a parenthesis
    follows already.
    """
    source = place.expects == "source"
    for name, signatures in _by_name(ByIdentity(functions)):
        if not _can_stand(signatures[0], name, place, source=source):
            continue
        rank = _ORDER.get(name, len(_ORDER))
        if not wanted and (source or rank >= _AT_ONCE):
            continue
        yield _proposal(name, signatures, source=source, called=called)
    if not source and functions:
        known = {name for name, _ in _by_name(ByIdentity(functions))}
        for name, parameters, snippet in _SPECIAL:
            if name not in known and (wanted or _ORDER[name] < _AT_ONCE):
                text = name if called else f"{name}("
                tier = Tier.COMMON_FUNCTION
                yield Proposal(name, "function", text, tier, parameters, "", "", "" if called else snippet)


def in_order(name: str) -> int:
    """How far in front a function comes by how common it is."""
    return _ORDER.get(name, len(_ORDER))


def signatures_of(name: str, functions: Sequence[FunctionSignature]) -> tuple[FunctionSignature, ...]:
    """How the function of a folded name is called."""
    return next((found for known, found in _by_name(ByIdentity(functions)) if known == name), ())


@lru_cache(maxsize=8)
def _by_name(key: ByIdentity) -> tuple[tuple[str, tuple[FunctionSignature, ...]], ...]:
    """The functions by folded name, the most common first."""
    (functions,) = key.values
    assert isinstance(functions, tuple)
    ordered = sorted(functions, key=lambda one: one.name.lower())
    grouped = [(name, tuple(found)) for name, found in groupby(ordered, key=lambda one: one.name.lower())]
    return tuple(sorted(grouped, key=lambda one: in_order(one[0])))


def _can_stand(signature: FunctionSignature, name: str, place: GrammarPlace, *, source: bool) -> bool:
    kind = signature.kind
    if name.startswith("__") or kind == "other":
        return False
    if (kind in ("table", "table_macro")) != source:
        return False
    if kind == "window" or name in WINDOW_ONLY:
        return place.clause in ("SELECT", "ORDER", "QUALIFY")
    if kind == "aggregate":
        return place.clause in ("SELECT", "HAVING", "ORDER", "QUALIFY", "PARTITION", "RETURNING", "")
    return True


def _proposal(name: str, signatures: tuple[FunctionSignature, ...], *, source: bool, called: bool) -> Proposal:
    shown = signatures[0].name
    parameters = parameter_labels(signatures[0])
    empty = all(not one.parameters and not one.variadic for one in signatures)
    more = f" +{len(signatures) - 1}" if len(signatures) > 1 else ""
    text = shown if called else f"{shown}()" if empty else f"{shown}("
    snippet = "" if called or empty else f"{shown}($1)"
    tier = Tier.COMMON_FUNCTION if name in _ORDER else Tier.RARE if name.startswith(_INTERNAL) else Tier.FUNCTION
    described = signatures[0].returns or signatures[0].kind
    return Proposal(
        shown,
        "function",
        text,
        Tier.FUNCTION if source else tier,
        f"({', '.join(parameters)}){more}",
        described,
        snippet=snippet,
        subject=signatures,
    )
