"""A catalog, with what tells whether each of its tables is still as it was."""

from array import array
from dataclasses import dataclass

from speql_sql import Catalog
from speql_sql.packed_columns import TypeSpellings


@dataclass(frozen=True)
class KnownCatalog:
    """All of a catalog as it was read.

    ``fingerprints`` are numbers in the order of the tables: a table that has another one must be read again. They only
    mean something under one ``context``: the engine's version and the settings that change what is read. ``state``
    identifies the state of the database across processes, empty where it has none. ``types`` are those that the packed
    columns refer to.
    """

    catalog: Catalog
    fingerprints: "array[int]"
    context: str
    state: str
    types: TypeSpellings
