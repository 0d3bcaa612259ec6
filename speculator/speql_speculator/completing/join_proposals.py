"""What joins tables by their keys: partners behind JOIN, whole conditions behind ON."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from speql_speculator.completing.name_index import NameIndex
from speql_speculator.completing.names_in_scope import NamedSource, NamesInScope
from speql_speculator.completing.proposal import Proposal
from speql_speculator.completing.quoting import quoted
from speql_speculator.completing.snippets import escaped, placeholder
from speql_speculator.completing.tiers import Tier
from speql_speculator.resolving.join_conditions import JoinCondition, join_conditions
from speql_speculator.resolving.relations import Relation, VisibleColumn, table_relation, type_family
from speql_sql import Table

_FEW_TABLES = 200
"""Of so many tables each is tried as a partner; of more, those that keys and names of columns lead to."""

_MOST_TRIED = 60
_MOST_PARTNERS = 20
_SURE = 2


def partner_proposals(names: NamesInScope, index: NameIndex, keyword: str) -> Iterator[Proposal]:
    """Tables behind JOIN, each with its alias and the condition that joins it by a key.

    ``keyword`` is ON (and AS) in the letters that the user writes.
    """
    joined = [_relation(source) for source in names.sources if source.columns and source.name]
    if not joined:
        return
    lower = keyword.islower()
    found: list[tuple[JoinCondition, Table]] = []
    for table in _candidates(names.sources, index):
        right = table_relation(table, table.name, (table.name,))
        conditions = [one for one in join_conditions(right, joined) if one.quality >= _SURE and not _is_same_row(one)]
        if conditions:
            found.append((conditions[0], table))
    named = {id(source.table) for source in names.sources}

    def order(one: tuple[JoinCondition, Table]) -> tuple[object, ...]:
        """What a row looks up in a table that is not named yet comes before what refers to the row."""
        condition, table = one
        rank = (-int(part) for part in condition.rank)
        return (id(table) in named, -condition.quality, not condition.to_key, *rank, table.name)

    found.sort(key=order)
    taken = {source.name.lower() for level in names.levels for source in level}
    for condition, table in found[:_MOST_PARTNERS]:
        yield _partner(condition, table, names, index, taken, lower=lower)


def condition_proposals(names: NamesInScope, dialect: str, prefix: str = "") -> Iterator[Proposal]:
    """Whole conditions behind ON, of the source joined last with those before it; ``prefix`` is put before them."""
    *before, last = names.sources or (NamedSource(""),)
    joined = [_relation(source) for source in before if source.columns and source.name]
    if not joined or not last.name or not last.columns:
        return
    for condition in join_conditions(_relation(last), joined):
        text = " AND ".join(
            f"{_qualified(condition.left, left, dialect)} = {_qualified(condition.right, right, dialect)}"
            for left, right in condition.pairs
        )
        yield Proposal(prefix + text, "condition", prefix + text, Tier.WHOLE, "", condition.reason)


def missing_conditions(names: NamesInScope, dialect: str, text: str) -> Iterator[Proposal]:
    """The conditions in WHERE that join sources behind a comma by a key and are not in the statement yet."""
    written = " ".join(text.lower().split())
    for number, source in enumerate(names.sources):
        if source.name.lower() not in names.listed:
            continue
        for condition in condition_proposals(replace(names, levels=(names.sources[: number + 1],)), dialect):
            sides = [side.strip() for side in condition.text.lower().partition("=")[::2]]
            if " = ".join(sides) not in written and " = ".join(reversed(sides)) not in written:
                yield condition
            break


def partner_columns(names: NamesInScope, compared: tuple[str, str]) -> set[tuple[str, str]]:
    """What a column (its source and its name, folded) is joined with: sources and columns, folded."""
    relations = [_relation(source) for level in names.levels for source in level if source.columns and source.name]
    mine = [relation for relation in relations if relation.alias.lower() == compared[0]]
    others = [relation for relation in relations if relation.alias.lower() != compared[0]]
    found: set[tuple[str, str]] = set()
    for other in others:
        for condition in join_conditions(other, mine):
            found |= {(other.alias.lower(), right) for left, right in condition.pairs if left == compared[1]}
    return found


def _candidates(sources: Sequence[NamedSource], index: NameIndex) -> Iterator[Table]:
    """Tables that may be joined: of a large catalog those that refer to these, are referred to, or share a key."""
    catalog = index.catalog
    if len(catalog.tables) <= _FEW_TABLES:
        yield from (table for table in catalog.tables if index.on_path(table))
        return
    seen: set[int] = set()
    for table in _related(sources, index):
        if id(table) not in seen and index.on_path(table):
            seen.add(id(table))
            yield table
            if len(seen) >= _MOST_TRIED:
                return


def _related(sources: Sequence[NamedSource], index: NameIndex) -> Iterator[Table]:
    catalog = index.catalog
    tables = {id(column.table): column.table for source in sources for column in source.columns if column.table}
    for table in tables.values():
        for key in table.foreign_keys:
            target = catalog.find(*reversed(key.target.split(".")[-3:]))
            if target is not None:
                yield target
        yield from index.referring_to(table)
    for table in tables.values():
        for name in table.columns_by_name:
            stem = name.removesuffix("_id").removesuffix("_key").removesuffix("_sk")
            if stem != name:
                for spelled in (stem, f"{stem}s", f"{stem}es", f"dim_{stem}", f"{stem}_dim"):
                    target = catalog.find(spelled)
                    if target is not None:
                        yield target


def _is_same_row(condition: JoinCondition) -> bool:
    """Whether a table is joined with itself by what identifies its rows: that finds each row again."""
    same = condition.left.table is not None and condition.left.table is condition.right.table
    return same and all(left == right for left, right in condition.pairs)


def _partner(
    condition: JoinCondition, table: Table, names: NamesInScope, index: NameIndex, taken: set[str], *, lower: bool
) -> Proposal:
    dialect = index.catalog.dialect
    alias = _alias(table.name, taken) if names.aliases_tables else table.name
    named = quoted(table.name, dialect)
    marker = ("as " if lower else "AS ") if names.marks_aliases else ""
    on, conjunction = (" on ", " and ") if lower else (" ON ", " AND ")
    pairs = [(right, f"{_qualified(condition.left, left, dialect)}") for left, right in condition.pairs]
    spelled = [(_spelled(condition.right, right, dialect), left) for right, left in pairs]
    behind = quoted(alias, dialect)
    text = conjunction.join(f"{behind}.{mine} = {other}" for mine, other in spelled)
    text = f"{named} {marker}{behind}{on}{text}" if names.aliases_tables else f"{named}{on}{text}"
    snippet = ""
    if names.aliases_tables:
        filled = conjunction.join(f"${{1}}.{escaped(mine)} = {escaped(other)}" for mine, other in spelled)
        snippet = f"{escaped(named)} {marker}{placeholder(1, behind)}{on}{filled}$0"
    return Proposal(
        text, table.kind, text, Tier.WHOLE, "", condition.reason, table.name, snippet, table.name.lower(), table
    )


def _alias(name: str, taken: set[str]) -> str:
    """A short name for a table that is free: the first letters of its words, then more of them.

    >>> _alias("order_items", set()), _alias("orders", {"o"}), _alias("orders", {"o", "or", "ord"})
    ('oi', 'ord', 'orde')
    """
    parts = [part for part in name.lower().split("_") if part[:1].isalpha()] or ["t"]
    letters = "".join(part[0] for part in parts)
    candidates = [letters, *(parts[0][:length] for length in range(2, len(parts[0]) + 1))]
    candidates += [f"{letters}{number}" for number in range(2, len(taken) + 3)]
    return next(found for found in candidates if found not in taken and found == quoted(found) and found not in _WORDS)


_WORDS = frozenset({"by", "or", "is", "if", "no", "at", "go", "over", "year", "month", "day", "date", "time", "rows"})
"""Words that would read badly as an alias, though they may be one."""


def _relation(source: NamedSource) -> Relation:
    """A source as the rules for joins know it: where its columns come from tells keys of queries, too."""
    if source.table is not None and len(source.columns) == len(source.table.columns):
        return table_relation(source.table, source.name, (source.table.name,))
    columns = {
        column.name.lower(): VisibleColumn(
            column.name,
            type_family(column.type),
            (column.table, column.origin.name.lower())
            if column.table is not None and column.origin is not None
            else None,
        )
        for column in source.columns
    }
    return Relation(source.name, columns, names=(source.name.lower(),))


def _qualified(relation: Relation, column: str, dialect: str) -> str:
    return f"{quoted(relation.alias, dialect)}.{_spelled(relation, column, dialect)}"


def _spelled(relation: Relation, column: str, dialect: str) -> str:
    found = relation.columns.get(column)
    return quoted(found.name if found is not None else column, dialect)
