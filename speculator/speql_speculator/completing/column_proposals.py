"""Columns and aliases of the sources in scope."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice

from speql_speculator.completing.name_index import NameIndex
from speql_speculator.completing.names_in_scope import NamedColumn, NamedSource, NamesInScope
from speql_speculator.completing.proposal import Proposal
from speql_speculator.completing.quoting import quoted
from speql_speculator.completing.tiers import Tier
from speql_speculator.struct_fields import struct_fields
from speql_sql import Catalog

_MOST_WITHOUT_FROM = 300


def column_proposals(names: NamesInScope, dialect: str, *, always: bool = False) -> Iterator[Proposal]:
    """The columns that can be named without saying more; those that several sources have, with the name of theirs.

    ``always`` puts names in quotes: the user has typed one.
    """
    hidden: set[str] = set()
    taken: set[str] = set()
    for depth, level in enumerate(names.levels):
        shared = Counter(name for source in level for name in source.by_name)
        told: set[str] = set()
        for source in level:
            for column in source.columns:
                folded = column.name.lower()
                merged = depth == 0 and folded in names.merged
                if merged and folded in told:
                    continue
                told.add(folded)
                ambiguous = (shared[folded] > 1 and not merged) or folded in hidden
                if ambiguous and (not source.name or source.name.lower() in taken):
                    continue
                tier = Tier.COLUMN if depth == 0 else Tier.OUTER_COLUMN
                yield _column(column, source, dialect, tier, qualified=ambiguous, always=always)
        hidden |= set(shared)
        taken |= {source.name.lower() for source in level}


def columns_of(source: NamedSource, dialect: str, *, always: bool = False) -> Iterator[Proposal]:
    """The columns of one source, behind its name and a dot."""
    for column in source.columns:
        yield _column(column, source, dialect, Tier.COLUMN, qualified=False, always=always)


def alias_proposals(names: NamesInScope, dialect: str, wanted: str = "", *, always: bool = False) -> Iterator[Proposal]:
    """The names of the sources in scope, found by their table's name, too."""
    taken: set[str] = set()
    for level in names.levels:
        for source in level:
            folded = source.name.lower()
            if not folded or folded in taken:
                continue
            taken.add(folded)
            text = quoted(source.name, dialect, always=always)
            own = source.stands_for if source.stands_for.lower() != folded else ""
            described = own or ("table" if source.table is not None else "query")
            # One that begins its table's name is found by both; else the word tells which of the two is meant.
            by_table = own.lower().startswith(folded) or (bool(wanted) and not folded.startswith(wanted))
            filter_text = own if by_table else ""
            yield Proposal(
                source.name, "alias", text, Tier.ALIAS, "", described, filter_text, subject=source.table or source
            )


def shared_columns(names: NamesInScope, dialect: str, *, always: bool = False) -> Iterator[Proposal]:
    """The columns that the source joined last has in common with one before it: what USING can name."""
    *before, last = names.sources or (NamedSource(""),)
    for column in last.columns:
        if any(column.name.lower() in source.by_name for source in before):
            yield _column(column, last, dialect, Tier.COLUMN, qualified=False, always=always)


def columns_of_any_table(index: NameIndex, wanted: str, *, always: bool = False) -> Iterator[Proposal]:
    """The columns of all tables that begin with a word: without any FROM, the table is found by its columns."""
    for column, table, count in islice(index.columns_beginning(wanted), _MOST_WITHOUT_FROM):
        named = NamedColumn(column.name, column.type, table, column)
        described = table.name if count == 1 else f"{count} tables"
        text = quoted(column.name, index.catalog.dialect, always=always)
        folded = column.name.lower()
        yield Proposal(column.name, "column", text, Tier.COLUMN, _type(named), described, name=folded, subject=named)


def field_proposals(
    column: NamedColumn, path: Sequence[str], dialect: str, *, always: bool = False
) -> Iterator[Proposal]:
    """The fields of a column of a STRUCT type; ``path`` are the names before the dot, a source's name perhaps first."""
    folded = [part.lower() for part in path]
    kind = column.type
    for part in folded[folded.index(column.name.lower()) + 1 :]:
        kind = next((inner for name, inner in struct_fields(kind) if name.lower() == part), "")
    for name, inner in struct_fields(kind):
        yield Proposal(name, "column", quoted(name, dialect, always=always), Tier.COLUMN, f" {inner}", column.name)


def qualifier_sources(qualifier: Sequence[str], names: NamesInScope, catalog: Catalog) -> Iterator[NamedSource]:
    """The source that a qualifier means; without any source, the table of that name, which FROM still has to name."""
    for level in names.levels:
        for source in level:
            if source.answers_to(qualifier):
                yield source
                return
    if not any(names.levels) and (table := catalog.find(*reversed(qualifier[-3:]))) is not None:
        columns = tuple(NamedColumn(column.name, column.type, table, column) for column in table.columns)
        yield NamedSource(table.name, columns, (table.name.lower(),), table.name, table)


def _column(
    column: NamedColumn, source: NamedSource, dialect: str, tier: int, *, qualified: bool, always: bool
) -> Proposal:
    text = quoted(column.name, dialect, always=always)
    label, filter_text = column.name, ""
    if qualified:
        text = f"{quoted(source.name, dialect)}.{text}"
        label, filter_text = f"{source.name}.{column.name}", column.name
    return Proposal(
        label,
        "column",
        text,
        tier,
        _type(column),
        source.name,
        filter_text,
        name=column.name.lower(),
        subject=column,
    )


def _type(column: NamedColumn) -> str:
    return f" {column.type}" if column.type else ""
