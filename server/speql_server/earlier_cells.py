"""The catalog of a cell: with what the cells before it would make."""

from collections import OrderedDict
from collections.abc import Sequence

from speql_speculator.embedding.created import created
from speql_speculator.snapshot import Snapshot
from speql_sql import Catalog
from speql_sql.overlay import overlaid

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
