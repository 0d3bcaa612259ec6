"""What names and types say of the columns of a catalog: keys, measures, labels, what conditions are made of."""

import math
import re
from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache

from speql_speculator.by_identity import ByIdentity
from speql_speculator.predicting.words import Word
from speql_speculator.resolving.relations import type_family
from speql_sql import Catalog, Column, Table

_KEY = re.compile(r"(?:^|_)(?:sk|id|uuid|guid|key|pk|number)$|^id$", re.IGNORECASE)
_LABEL = re.compile(r"name|title|label|desc|city|state|county|country|brand|category|class|type|model|carrier", re.I)
_FILTER = re.compile(
    r"year|month|moy|qoy|quarter|date|day|dow|week|state|county|country|city|category|class|type|status|flag|gender|kind"
    r"|education|marital|color|size|segment|region|channel|manager|active|hour|zip",
    re.IGNORECASE,
)
_TIME = re.compile(r"(?:^|_)(?:year|date|month|moy|month_seq|day|quarter|qoy)$|_at$|^placed|time", re.IGNORECASE)
_MEASURE = re.compile(
    r"price|amount|amt|cost|paid|profit|quantity|qty|total|revenue|sales|discount|loss|fee|tax|delay|distance|count"
    r"|balance|value|score|weight|duration|speed|seats|temp",
    re.IGNORECASE,
)


class SchemaFacts:
    """Facts of one catalog, each worked out when first asked for. All names are folded."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._few = not catalog.large
        self._prefixes: dict[int, str] = {}
        self._ranked: dict[tuple[int, str], tuple[str, ...]] = {}

    def table_of(self, name: str, among: Sequence[Table] = ()) -> Table | None:
        """The one table that has the column, looked for in ``among`` first; None if several or none have it."""
        inside = [table for table in among if name in table.columns_by_name]
        if inside:
            return inside[0]
        tables = self._catalog.tables_by_column.get(name, ()) if self._few else ()
        return tables[0] if len(tables) == 1 else None

    def stem(self, name: str) -> str:
        """The name without what all columns of its table begin with: ``sold_date_sk`` of ``ss_sold_date_sk``."""
        table = self.table_of(name)
        return self._stem_in(name, table) if table is not None else name

    def siblings(self, name: str) -> list[str]:
        """Columns of other tables with the same stem."""
        return [other for other in self._by_stem.get(self.stem(name), ()) if other != name][:3]

    def sibling(self, name: str, table: Table) -> str:
        """The column of ``table`` with the same stem, or nothing."""
        wanted = self._prefix(table) + self.stem(name)
        return wanted if wanted in table.columns_by_name else ""

    def is_key(self, name: str) -> bool:
        """Whether it identifies something: such a column joins, and is seldom shown."""
        return bool(_KEY.search(name))

    def measures(self, table: Table) -> tuple[str, ...]:
        """Numbers to add up, those called so first; none of a table without any that is called so."""
        return self._rank(table, "measures", _measure)

    def labels(self, table: Table) -> tuple[str, ...]:
        """Columns to group and name things by."""
        return self._rank(table, "labels", _label)

    def filters(self, table: Table) -> tuple[str, ...]:
        """Columns that conditions are made of, time first."""
        return self._rank(table, "filters", _filter)

    def references(self, table: Table) -> tuple[str, ...]:
        """Columns that refer to other tables, by declared keys or by name, in the table's order."""
        declared = {key.columns[0].lower() for key in table.foreign_keys if len(key.columns) == 1}
        own = {name.lower() for name in table.primary_key}
        names = list(table.columns_by_name)
        by_name = [name for name in names[:12] if _KEY.search(name) and name not in own and name != names[0]]
        if names and self.measures(table) and _KEY.search(names[0]) and names[0] not in own:
            by_name.insert(0, names[0])  # a table of facts has no key of its own in front
        return tuple(name for name in names if name in declared) or tuple(by_name[:6])

    def keys_in_common(self, left: Table, right: Table) -> list[tuple[str, str]]:
        """Key-like columns of two tables that have the same stem, at most four."""
        if left is right:
            return []
        keys = (name for name in left.columns_by_name if _KEY.search(name))
        found = ((name, other) for name in keys if (other := self.sibling(name, right)))
        return [pair for pair in found if self._stem_in(pair[0], left) not in ("id", "sk")][:4]

    def likely_tables(self, words: Sequence[Word]) -> list[Table]:
        """Tables that were named before, then those with measures, the largest first.

        Of a large catalog those alone that were named.
        """
        named = {word.shape for word in words if word.kind == "table"}
        among = self._catalog.named(*named) if self._catalog.large else self._catalog.tables

        def rank(table: Table) -> tuple[bool, bool, int]:
            return (table.name.lower() not in named, not self.measures(table), -(table.row_count or 0))

        return sorted(among, key=rank)

    def _stem_in(self, name: str, table: Table) -> str:
        return name.removeprefix(self._prefix(table))

    def _prefix(self, table: Table) -> str:
        """What all columns of a table begin with."""
        # Tables live as long as their catalog, so that no other one can come to have the identity of one.
        known = self._prefixes.get(id(table))
        if known is None:
            known = self._prefixes[id(table)] = _common_prefix(table)
        return known

    @cached_property
    def _by_stem(self) -> dict[str, list[str]]:
        """Columns by their stems; of a large catalog none: looking at all of it takes longer than anybody waits."""
        found: dict[str, list[str]] = {}
        for table in self._catalog.tables if self._few else ():
            for name in table.columns_by_name:
                found.setdefault(self._stem_in(name, table), []).append(name)
        return found

    def _rank(self, table: Table, kind: str, score: Callable[[str, Column], float]) -> tuple[str, ...]:
        key = (id(table), kind)
        if key not in self._ranked:
            found = [
                (score(self._stem_in(name, table), column), name) for name, column in table.columns_by_name.items()
            ]
            self._ranked[key] = tuple(name for points, name in sorted(found, key=lambda one: -one[0]) if points > 0)
        return self._ranked[key]


def schema_facts(catalog: Catalog) -> SchemaFacts:
    """The facts of a catalog; the last ones are remembered."""
    return _schema_facts(ByIdentity(catalog))


@lru_cache(maxsize=4)
def _schema_facts(key: ByIdentity) -> SchemaFacts:
    (catalog,) = key.values
    assert isinstance(catalog, Catalog)
    return SchemaFacts(catalog)


def _common_prefix(table: Table) -> str:
    """What all columns of a table begin with, up to an underscore: ``ss_``."""
    if len(table.columns) < 2:
        return ""
    names = list(table.columns_by_name)
    first = names[0]
    length = next((at for at in range(len(first)) if any(name[at : at + 1] != first[at] for name in names)), len(first))
    return first[: first.rfind("_", 0, length) + 1]


def _measure(stem: str, column: Column) -> float:
    if type_family(column.type) != "number" or _KEY.search(stem) or _TIME.search(stem):
        return 0.0
    if not _MEASURE.search(stem):
        return 0.0
    return 1.3 if column.type.upper().startswith(("DECIMAL", "DOUBLE", "FLOAT")) else 1.0


def _label(stem: str, column: Column) -> float:
    if type_family(column.type) not in ("text", ""):
        return 0.5 if stem in ("year", "month") else 0.0
    return 1.0 if _LABEL.search(stem) else 0.4


def _filter(stem: str, column: Column) -> float:
    """Short names count more: ``year`` rather than ``current_year``, ``state`` rather than ``street_type``."""
    family = type_family(column.type)
    if _KEY.search(stem) and family != "text":
        return 0.0
    parts = stem.count("_") + 1
    points = 0.0
    if _TIME.search(stem) or family == "time":
        points = 1.8 if "year" in stem else 1.7 if stem in ("moy", "month", "date") else 1.4
    elif _FILTER.search(stem.rpartition("_")[2]):
        points = 1.2
    elif _FILTER.search(stem):
        points = 0.8
    return points / math.sqrt(parts) + (0.05 if family == "text" else 0.0)
