"""Finds what column names mean, and mends those that mean nothing."""

from collections.abc import Iterator

from speql_speculator.parsing.grammar import fragment
from speql_speculator.parsing.keywords import TYPE_WORDS
from speql_speculator.parsing.syntax_tree import Fault, Node, Reference
from speql_speculator.resolving.analysis import Analysis, local_references
from speql_speculator.resolving.closest_name import closest_names
from speql_speculator.resolving.relations import Relation, Scope, VisibleColumn, spell, type_family
from speql_speculator.resolving.word_beginning import may_become
from speql_speculator.struct_fields import struct_fields


def resolve_references(node: Node, scope: Scope, analysis: Analysis, *, aliases_first: bool = False) -> None:
    """Resolve every column name of ``node``'s own level in ``scope``; mark those that cannot stay.

    ``aliases_first`` in ORDER BY: there a name is an output column before it is one of a table.
    """
    for reference in local_references(node):
        if not reference.dangling and reference.fault is None:
            if aliases_first and _is_alias(reference, scope, analysis):
                continue
            _resolve(reference, scope, analysis)
        elif reference.dangling and reference.fault is None:
            reference.fault = fragment(f"`{analysis.text(reference)}`")


def _is_alias(reference: Reference, scope: Scope, analysis: Analysis) -> bool:
    if len(reference.parts) != 1:
        return False
    found = scope.aliases.get(analysis.name(reference.parts[0]).lower())
    if found is None:
        return False
    _take_alias(reference, found, analysis)
    return True


def _take_alias(reference: Reference, alias: VisibleColumn, analysis: Analysis) -> None:
    """Take a name for that of an output column."""
    analysis.columns[id(reference)] = (None, alias)
    analysis.aliased.add(id(reference))


def visible(scope: Scope, parts: list[str]) -> list[tuple[Relation | None, VisibleColumn, int]]:
    """What ``parts`` may mean in a scope alone: relation, column, number of parts used for the relation."""
    folded = [part.lower() for part in parts]
    for used in range(len(folded) - 1, 0, -1):
        relation = scope.relation(".".join(folded[:used])) or (
            scope.relation(folded[used - 1]) if used > 1 and scope.relation(folded[0]) is None else None
        )
        if relation is not None:
            column = relation.columns.get(folded[used])
            if column is not None:
                return [(relation, column, used)]
            if relation.opaque:
                return [(relation, VisibleColumn(parts[used]), used)]
            return []
    found = [
        (relation, relation.columns[folded[0]], 0) for relation in scope.relations if folded[0] in relation.columns
    ]
    if not found and (relation := scope.relation(folded[0])) is not None:
        return [(relation, VisibleColumn(parts[0], "" if relation.opaque else "row"), 0)]
    return found  # type: ignore[return-value]  # a list of a subtype: mypy's lists are invariant


def _resolve(reference: Reference, scope: Scope, analysis: Analysis) -> None:
    parts = [analysis.name(part) for part in reference.parts]
    own_alias = scope.aliases.get(parts[0].lower()) if len(parts) == 1 else None
    level: Scope | None = scope
    while level is not None:
        found = visible(level, parts)
        if found and _is_row(found[0]) and analysis.touches_half(reference):
            # The alias of a table, with its dot still to come.
            reference.fault = fragment(f"`{parts[0]}`")
            return
        if found:
            if level is not scope:
                analysis.outer[id(reference)] = level
            _found(reference, found, level, analysis)
            return
        if level is scope and own_alias is not None:
            _take_alias(reference, own_alias, analysis)
            return
        if level.relation(parts[0]) is not None if len(parts) > 1 else parts[0].lower() in level.later_aliases:
            break
        level = level.parent
    _not_found(reference, parts, scope, analysis)


def _is_row(found: tuple[Relation | None, VisibleColumn, int]) -> bool:
    """Whether a name stands for a whole row of a relation."""
    relation, column, used = found
    return used == 0 and relation is not None and not relation.opaque and column.name.lower() not in relation.columns


def _found(
    reference: Reference, found: list[tuple[Relation | None, VisibleColumn, int]], scope: Scope, analysis: Analysis
) -> None:
    relation, column, used = found[0]
    if len(reference.parts) > used + 1 and column.family:
        text = analysis.text(reference)
        reference.fault = (
            fragment(f"`{text}`")
            if reference.first <= analysis.parser.gap <= reference.last
            else analysis.report(reference, "unknown-column", f"`{column.name}` has no fields: `{text}`")
        )
        return
    if len(reference.parts) > used + 1:
        field = _field(reference, column, used + 1, analysis)
        if field is None:
            return
        column = field
    analysis.columns[id(reference)] = (relation, column)
    if reference.left_of_star:
        return
    if len(found) > 1 and used == 0 and relation is not None and column.name.lower() not in scope.merged:
        # Ambiguous: the table that is named first.
        analysis.named[id(relation)] = relation
        analysis.qualified.append((reference.first_name, spell(relation.alias, analysis.catalog.dialect)))


def _field(reference: Reference, column: VisibleColumn, first: int, analysis: Analysis) -> VisibleColumn | None:
    """The field of a STRUCT that the parts from ``first`` on name; None, with its fault, if there is none of that name.

    Where the type of the column is not known, any field may be there.
    """
    table, name = column.origin or (None, "")
    kind = table.columns_by_name[name].type if table is not None else ""
    for part in reference.parts[first:]:
        fields = struct_fields(kind)
        if not fields and type_family(kind):
            text = analysis.text(reference)
            reference.fault = (
                fragment(f"`{text}`")
                if reference.first <= analysis.parser.gap <= reference.last
                else analysis.report(reference, "unknown-column", f"`{name}` has no fields: `{text}`")
            )
            return None
        if not fields:
            return VisibleColumn(analysis.name(reference.parts[-1]))
        typed = analysis.name(part)
        found = next((inner for field, inner in fields if field.lower() == typed.lower()), None)
        if found is None:
            beginning = [field for field, _ in fields if field.lower().startswith(typed.lower())]
            known = [field for field, _ in fields]
            if analysis.touches_half(reference):
                reference.fault = fragment(f"`{analysis.text(reference)}`")
            elif len(close := closest_names(typed, known)) == 1 and not beginning:
                _replace(reference, part, close[0], analysis)
                found = dict(fields)[close[0]]
            else:
                message = f"`{column.name}` has no field `{typed}`"
                reference.fault = analysis.report(reference, "unknown-column", message, _did_you_mean(known))
        if found is None:
            return None
        kind = found
    return VisibleColumn(analysis.name(reference.parts[-1]), type_family(kind))


def _not_found(reference: Reference, parts: list[str], scope: Scope, analysis: Analysis) -> None:
    text = analysis.text(reference)
    folded = parts[0].lower()
    lambda_names = analysis.parser.lambda_names
    half = analysis.touches_half(reference)
    if folded in lambda_names or reference.first in analysis.parser.unit_words:
        return
    if not analysis.catalog.tables:
        return
    if reference.receiver and not analysis.catalog.tables_by_column.get(folded) and scope.relation(folded) is None:
        return  # the schema of a function
    if len(parts) == 1 and parts[0].upper() in TYPE_WORDS and analysis.parser.at_cursor(reference.last):
        # ``day > DATE``, with its string still to come.
        reference.fault = fragment(f"`{text}`")
        return
    if not scope.relations and (scope.left_out or scope.table_in_doubt) and not half:
        # Its table was named and left out: that is what the user is told.
        reference.fault = Fault("left-out", f"`{text}`: its table is left out")
        return
    if not scope.relations and scope.parent is None and not half:
        having = [table.name for table in analysis.catalog.tables_by_column.get(parts[-1].lower(), ())]
        hint = f"`{parts[-1]}` is in {', '.join(having[:5])}." if having else ""
        reference.fault = analysis.report(reference, "missing-from", f"There is no FROM for `{text}` yet", hint)
        return
    level: Scope | None = scope
    relation = None
    opaque = False
    while level is not None:
        if folded in level.left_out and len(parts) > 1:
            reference.fault = Fault("left-out", f"`{text}`: {level.left_out[folded]}")
            return
        opaque = opaque or level.opaque
        relation = relation or (level.relation(parts[0]) if len(parts) > 1 else None)
        level = level.parent
    if relation is None and opaque and (len(parts) == 1 or analysis.catalog.dialect in _WITH_FIELDS):
        return
    # In a large catalog nearly everything is the beginning of something.
    if half and (
        not scope.relations or analysis.catalog.large or may_become(parts[-1], _words_at_cursor(scope, analysis))
    ):
        reference.fault = fragment(f"`{text}`")
        return
    if relation is None and len(parts) > 1:
        known = [candidate.alias for candidate in scope.relations]
        close = [name for name in closest_names(parts[0], known) if _has(scope.relation(name), parts[1])]
        if len(close) == 1:
            _replace(reference, reference.parts[0], close[0], analysis)
            analysis.columns[id(reference)] = (scope.relation(close[0]), VisibleColumn(parts[1]))
            return
        if half:
            reference.fault = fragment(f"`{text}`")
            return
        reference.fault = analysis.report(
            reference, "unknown-alias", f"There is no table `{parts[0]}` in this query", _did_you_mean(known)
        )
        return
    if relation.typing if relation is not None else scope.typing:
        # No misspelling: what it is the name of is still to come.
        reference.fault = (
            fragment(f"`{text}`")
            if half
            else analysis.report(reference, "left-out", f"`{text}` is no column of the subquery yet")
        )
        return
    if relation is not None:
        known = [column.name for column in relation.columns.values()]
        wrong = reference.parts[-1] if len(reference.parts) > 1 else reference.parts[0]
    else:
        known = list(
            dict.fromkeys(column.name for candidate in scope.relations for column in candidate.columns.values())
        )
        known += [column.name for column in scope.aliases.values()]
        wrong = reference.parts[0]
    close = list(dict.fromkeys(closest_names(analysis.name(wrong), known)))
    # What is the name of a column of another table is not misspelt: its table is still to come.
    elsewhere = len(parts) == 1 and bool(analysis.catalog.tables_by_column.get(folded))
    if len(close) == 1 and not elsewhere:
        _replace(reference, wrong, close[0], analysis)
        mended = visible(scope, [*parts[:-1], close[0]] if len(parts) > 1 else [close[0]])
        if mended:
            _found(reference, mended, scope, analysis)
        elif close[0].lower() in scope.aliases:
            _take_alias(reference, scope.aliases[close[0].lower()], analysis)
        return
    if half:
        reference.fault = fragment(f"`{text}`")
        return
    reference.fault = analysis.report(
        reference, "unknown-column", f"There is no column `{text}` here", _did_you_mean(close or known)
    )


_WITH_FIELDS = ("bigquery", "spark", "databricks")
"""Dialects in which a dot also takes a field of a column's value."""


def _words_at_cursor(scope: Scope, analysis: Analysis) -> Iterator[str]:
    """Names that a word at the cursor may be the beginning of: also those of tables that are not joined yet."""
    level: Scope | None = scope
    while level is not None:
        for relation in level.relations:
            yield from relation.names
            yield from relation.columns
        yield from level.aliases
        level = level.parent
    yield from analysis.catalog.tables_by_column
    yield from (table.name for table in analysis.catalog.tables)


def _has(relation: Relation | None, column: str) -> bool:
    return relation is not None and (column.lower() in relation.columns or relation.opaque)


def _replace(reference: Reference, token: int, name: str, analysis: Analysis) -> None:
    typed = analysis.name(token)
    analysis.replaced.append(
        (token, spell(name, analysis.catalog.dialect), "name-corrected", f"There is no `{typed}`: `{name}` is meant")
    )


def _did_you_mean(names: list[str]) -> str:
    return f"Known here: {', '.join(names[:8])}." if names else ""
