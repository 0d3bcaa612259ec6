"""Columns that the user will use next, with the chance of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from speql_speculator.predicting.alignment import Aligned, align
from speql_speculator.predicting.history import History
from speql_speculator.predicting.past_columns import columns_by_role, past_columns
from speql_speculator.predicting.place import Place
from speql_speculator.predicting.schema_columns import schema_columns

MOST = 20
"""At most so many columns are predicted."""

_LEAST_CHANCE = 0.02
_SURE_ALIGNMENT = 0.5
"""A place in a past statement that scores no better than this tells nothing of what comes next."""


@dataclass(frozen=True, slots=True)
class LikelyColumn:
    """A column by its name as the catalog or the statement spells it. ``table`` is the base table it is of, if known.

    ``score`` is the estimated chance, 0 to 1, that it is among the next columns used.
    """

    name: str
    score: float
    table: str = ""


def likely_columns(
    place: Place, aligned: Sequence[Aligned] = (), suggested: Mapping[str, float] | None = None
) -> tuple[LikelyColumn, ...]:
    """The columns that are likely to be used next at a place, the likeliest first.

    ``aligned`` are the places in past statements (see `align_with_history`), ``suggested`` names with chances of a
    language model. A half-typed word at the cursor narrows the choice to what it may become.
    """
    past = past_columns([one for one in aligned if one.score > _SURE_ALIGNMENT])
    roles = columns_by_role(aligned[:4], place.reading.clause)
    rules = schema_columns(place)
    trust = max((one.score for one in aligned), default=0.0)
    trust = max(0.0, (trust - _SURE_ALIGNMENT) / (1 - _SURE_ALIGNMENT))
    chances: dict[str, float] = {}
    for name in {*past, *rules, *roles, *(suggested or {})}:
        by_rules = rules.get(name, 0.0) * (1 - 0.6 * trust)
        by_past = past.get(name, 0.0)
        by_role = 0.15 * roles.get(name, 0.0)
        by_model = 0.7 * (suggested or {}).get(name, 0.0)
        chances[name] = 1 - (1 - by_rules) * (1 - by_past) * (1 - by_role) * (1 - by_model)
    wanted = place.half_name
    ranked = sorted(
        (
            (chance, name)
            for name, chance in chances.items()
            if chance >= _LEAST_CHANCE and name.startswith(wanted) and _can_be_named(place, name)
        ),
        key=lambda one: (-one[0], one[1]),
    )
    return tuple(_spelled(place, name, chance) for chance, name in ranked[:MOST])


def align_with_history(place: Place, history: History, count: int = 12) -> list[Aligned]:
    """Where the text before a place leaves off in the past statements that are most like it."""
    neighbours = history.neighbours(place.before, count)
    return align(place.reading, neighbours) if neighbours else []


def _can_be_named(place: Place, name: str) -> bool:
    """Whether the half word's qualifier, if it has one, may stand before the column."""
    qualifier = place.half_qualifier.lower()
    if not qualifier:
        return True
    sources = [source for source in place.scope.sources if source.name.lower() == qualifier]
    return not sources or any(column.name.lower() == name for column in sources[0].columns)


def _spelled(place: Place, name: str, chance: float) -> LikelyColumn:
    for source in place.scope.sources:
        for column in source.columns:
            if column.name.lower() == name:
                table = source.table.name if source.table is not None else ""
                return LikelyColumn(column.name, round(chance, 4), table)
    tables = place.catalog.tables_by_column.get(name, ())
    if tables:
        column_found = tables[0].column(name)
        spelled = column_found.name if column_found is not None else name
        return LikelyColumn(spelled, round(chance, 4), tables[0].name if len(tables) == 1 else "")
    return LikelyColumn(name, round(chance, 4))
