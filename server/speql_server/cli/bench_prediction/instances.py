"""Other instances of a query's template: what the same person may have run before."""

import random
from collections.abc import Awaitable, Callable, Iterator
from zlib import crc32

from speql_speculator.predicting.words import Word, read
from speql_sql import Catalog, Column

_SWAPPED_COLUMNS = 0.25
"""This share of a query's plain columns is replaced by others of the same table and kind."""

_TRIES = 6


async def instances(
    text: str, catalog: Catalog, count: int, binds: Callable[[str], Awaitable[bool]]
) -> tuple[str, ...]:
    """Up to ``count`` queries of the shape of ``text`` that bind, never ``text`` itself; the same ones in each run.

    All constants that may change are changed, half of the aliases have other names, and a quarter of the columns that
    are neither keys nor compared with constants are other columns of their tables. What then does not bind is tried
    again with fewer changes, so that what is left differs at least in its constants.
    """
    found: list[str] = []
    for number in range(count):
        for attempt in range(_TRIES):
            chance = random.Random(crc32(f"{number} {attempt} {text}".encode()))
            share = _SWAPPED_COLUMNS * (1 - attempt / (_TRIES - 1))
            changed = _changed(text, catalog, chance, share, rename=attempt < _TRIES - 2)
            if changed != text and changed not in found and await binds(changed):
                found.append(changed)
                break
    return tuple(found)


def _changed(text: str, catalog: Catalog, chance: random.Random, share: float, *, rename: bool) -> str:
    words = read(text, catalog.dialect).words
    names = dict(_swapped(words, catalog, chance, share))
    renamed = dict(_renamed(words, catalog, chance)) if rename else {}
    parts: list[str] = []
    position = 0
    for word in words:
        written = text[word.start : word.end]
        new = written
        if word.kind == "literal":
            new = _literal(written, word, chance)
        elif word.kind in ("column", "table", "alias"):
            spelled = {**names, **renamed}.get(word.name.lower(), word.name)
            qualifier = renamed.get(word.qualifier.lower(), word.qualifier)
            if spelled != word.name or qualifier != word.qualifier:
                before = written[: len(written) - len(word.name)] if word.kind == "alias" else ""
                new = before + (f"{qualifier}." if qualifier else "") + spelled
        parts += (text[position : word.start], new)
        position = word.end
    return "".join([*parts, text[position:]])


def _literal(written: str, word: Word, chance: random.Random) -> str:
    """Another constant of its kind and size; what is no value to compare with stays (a LIMIT, a format, a position)."""
    if word.clause not in ("where", "having", "on", "select", "qualify") or word.call in (
        "cast(",
        "substring(",
        "round(",
    ):
        return written
    if written.isdecimal():
        number = int(written)
        if 1900 <= number <= 2100:
            return str(number + chance.choice((-2, -1, 1, 2)))
        return str(max(1, number + chance.randint(1, max(2, number // 5)))) if number > 1 else written
    if len(written) > 3 and written[0] == written[-1] == "'" and written[1:-1].isalpha():
        letters = list(written[1:-1])
        chance.shuffle(letters)
        return f"'{''.join(letters)}'"
    if written[1:5].isdecimal() and written[5:6] == "-":
        return f"'{int(written[1:5]) + chance.choice((-1, 1))}{written[5:]}"
    return written


def _swapped(
    words: tuple[Word, ...], catalog: Catalog, chance: random.Random, share: float
) -> Iterator[tuple[str, str]]:
    """Columns to be replaced throughout, and by which: another one of the same table and type that is not in use."""
    used = {word.name.lower() for word in words if word.kind in ("column", "alias")}
    fixed = {name for word, after in zip(words, (*words[1:], None), strict=True) for name in _fixed(word, after)}
    for name in dict.fromkeys(word.name.lower() for word in words if word.kind == "column"):
        tables = catalog.tables_by_column.get(name, ())
        if len(tables) != 1 or name in fixed or chance.random() >= share:
            continue
        column = tables[0].column(name)
        others = [other for other in tables[0].columns if other.name.lower() not in used and _alike(column, other)]
        near = [other for other in others if other.name.split("_")[:2] == name.split("_")[:2]] or others
        if near:
            taken = chance.choice(near).name
            used.add(taken.lower())
            yield name, taken


def _fixed(word: Word, after: Word | None) -> Iterator[str]:
    """Names that must stay: keys, and those that a condition compares, which make the template what it is."""
    if word.kind == "column" and (word.name.lower().endswith(("_sk", "_id", "id")) or word.clause in ("where", "on")):
        yield word.name.lower()


def _alike(column: Column | None, other: Column) -> bool:
    key = other.name.lower().endswith(("_sk", "_id", "id"))
    return column is not None and other.type.split("(")[0] == column.type.split("(")[0] and not key


def _renamed(words: tuple[Word, ...], catalog: Catalog, chance: random.Random) -> Iterator[tuple[str, str]]:
    """New names for half of the aliases: those that are no column or table of the catalog."""
    for name in dict.fromkeys(word.name.lower() for word in words if word.kind == "alias" and word.clause != "with"):
        known = name in catalog.tables_by_column or catalog.find(name) is not None
        if not known and name.isidentifier() and chance.random() < 0.5:
            yield name, f"{name}_{chance.choice('abcxyz')}"
