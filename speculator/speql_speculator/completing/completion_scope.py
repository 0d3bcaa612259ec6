"""What is in scope at a place of a text that need not parse: sources, CTEs, output names, and the clause."""

from collections.abc import Sequence
from dataclasses import dataclass

from speql_speculator.completing.completion_clause import Clause, clause_at
from speql_speculator.completing.completion_groups import grouped, path_to
from speql_speculator.completing.completion_sources import Source, SourceReader, segment_at
from speql_speculator.tokens import Token
from speql_sql import Catalog


@dataclass(frozen=True)
class Scope:
    """What is in scope at a place. Inner sources come before outer ones; ``clause`` says what may stand there."""

    clause: Clause
    sources: tuple[Source, ...] = ()
    ctes: tuple[Source, ...] = ()
    outputs: tuple[str, ...] = ()


def scope_at(tokens: Sequence[Token], place: int, catalog: Catalog) -> Scope:
    """What is in scope at ``place`` of one statement's tokens (comments left out).

    A word that starts at ``place`` is the one being typed and says nothing yet. The statement need not parse: only
    parentheses, clause keywords and the shape of table references are looked at, and what follows the cursor counts
    as much as what comes before it (``SELECT | FROM flights``).
    """
    root = grouped([token for token in tokens if not (token.start == place and token.kind in ("word", "quoted"))])
    path = path_to(root, place)
    reader = SourceReader(catalog)
    ctes: dict[str, Source] = {}
    for group in path:
        ctes |= {cte.name.lower(): cte for cte in reader.ctes(group.items, place, ctes)}
    sources: list[Source] = []
    outputs: tuple[str, ...] = ()
    for group in reversed(path):
        segment = segment_at(group.items, place)
        sources += reader.sources(segment, ctes)
        if group is path[-1]:
            outputs = tuple(column.name for column in reader.outputs(segment, ctes, stars=False))
    clause, word = clause_at(path, place)
    in_list = word in ("SELECT", "FROM", "JOIN", "ON", "USING", "")
    return Scope(clause, tuple(sources), tuple(ctes.values()), () if in_list else outputs)
