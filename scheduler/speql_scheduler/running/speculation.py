"""What the server hands over at each change of a text."""

from dataclasses import dataclass

from sqlglot import exp

from speql_sql import Catalog


@dataclass(frozen=True)
class Speculation:
    """A repaired statement, the superset query to prepare for, and the SELECT to preview.

    ``id`` grows with each change, and names the speculation in callbacks. ``sql`` is the repaired text and ``query``
    its tree; ``superset`` contains what the finished query will need; ``preview`` is the SELECT under the cursor as a
    query that stands alone, or None if there is none to show; ``previews_all`` says that it is the whole query.
    ``predicted`` is True if the preview is not what the user typed but what a repair made of it. ``open_units`` are the
    paths of the SELECTs that the cursor is in, and of those that depend on them; ``closed_texts`` the texts of the
    others. ``as_typed`` says that the repair has changed nothing: a submit would run just ``sql``. ``guessed`` says
    that the repair has put in tables or joins, of which the finished query will hardly have the same.
    ``edited_columns`` are compared with a constant that is being changed now, ``likely_columns`` with one that is
    likely to change next. ``predicted_columns`` are names with the chance, 0 to 1, that the next words use them: the
    superset has the surest of them where another column changes no row. Nobody may change the trees: they are read by
    several threads.
    """

    id: int
    sql: str
    query: exp.Query
    superset: exp.Query
    preview: exp.Query | None
    predicted: bool
    catalog: Catalog
    open_units: frozenset[tuple[str, ...]] = frozenset()
    closed_texts: tuple[str, ...] = ()
    guessed: bool = False
    edited_columns: tuple[str, ...] = ()
    likely_columns: tuple[str, ...] = ()
    predicted_columns: tuple[tuple[str, float], ...] = ()
    previews_all: bool = True
    as_typed: bool = False
