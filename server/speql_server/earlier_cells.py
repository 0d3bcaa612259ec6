"""What a cell may name: also what the cells before it would make, which may not be there yet."""

from collections import OrderedDict
from collections.abc import Sequence

from speql_speculator.embedding.created import created
from speql_speculator.predicting.words import tables_named
from speql_speculator.snapshot import Snapshot
from speql_sql import Catalog, Problem, Span
from speql_sql.overlay import NOT_RUN_YET, overlaid

_KEPT = 32
_known: OrderedDict[tuple[str, str, tuple[str, ...]], Catalog] = OrderedDict()


def with_earlier_cells(catalog: Catalog, earlier: Sequence[Snapshot]) -> Catalog:
    """The catalog with the tables and views of earlier cells. In the analysis thread alone, which owns what is kept."""
    statements = tuple(one for snapshot in earlier for one in created(snapshot, catalog.dialect))
    if not statements:
        return catalog
    key = (catalog.version, catalog.dialect, statements)
    if key not in _known:
        _known[key] = overlaid(catalog, statements)
        if len(_known) > _KEPT:
            _known.popitem(last=False)
    _known.move_to_end(key)
    return _known[key]


def not_run_yet(text: str, catalog: Catalog) -> Problem | None:
    """What is said of a statement that reads a table which is known only from the statement that would make it."""
    if not catalog.unsafe_tables:
        return None
    named = catalog.unsafe_tables.intersection(tables_named(text, catalog.dialect))
    if not any(table.unsafe == NOT_RUN_YET for table in catalog.named(*named)):
        return None
    message = "This reads what an earlier cell makes, and that cell has not been run."
    return Problem("not-run-yet", message, Span(0, 1), "information", "Submit it first.")
