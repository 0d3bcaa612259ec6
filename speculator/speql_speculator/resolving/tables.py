"""Looks up tables and CTEs by name and by column."""

from collections.abc import Callable, Sequence
from itertools import count

from speql_speculator.parsing.grammar import fragment
from speql_speculator.parsing.keywords import DUCKDB_VIEWS
from speql_speculator.parsing.syntax_tree import Fault, Query, Source
from speql_speculator.resolving.analysis import Analysis
from speql_speculator.resolving.join_conditions import JoinCondition
from speql_speculator.resolving.known_tables import KnownTables
from speql_speculator.resolving.relations import Relation, Scope, spell, table_relation
from speql_sql import Problem, Table

_WITH_SCHEMAS = ("bigquery", "fabric", "tsql")
"""Dialects of engines on which tables are named with their schema as a rule."""
_MOST_PATHS = 20
"""So many tables that have a column are looked at: among more none can be told to be meant."""

Relations = dict[str, Relation]
QueryResolver = Callable[[Query, Relations, Scope | None], Relation]


class TableFinder:
    """The tables that one SELECT may name: those of the catalog, and the CTEs around it."""

    def __init__(
        self,
        analysis: Analysis,
        ctes: Relations,
        local: list[str],
        scope: Scope,
        resolve_query: QueryResolver,
        earlier: Sequence[str] = (),
    ) -> None:
        self.analysis = analysis
        self.ctes = ctes
        self.local = local
        self.earlier = earlier
        self.scope = scope
        self.resolve_query = resolve_query
        self.dialect = analysis.catalog.dialect
        self.by_source: dict[int, Relation] = {}
        self.listed: list[tuple[str, JoinCondition]] = []
        self.half_typed: list[tuple[str, str]] = []
        self.starred: set[str] = set()

    def _known_relation(self, name: str, alias: str) -> Relation | None:
        if name.lower() in self.ctes:
            return self.ctes[name.lower()].renamed(alias or name)
        catalog = self.analysis.catalog
        table = catalog.find(name) or catalog.find(*reversed(name.split(".")[-3:]))
        return table_relation(table, alias or table.name, (alias or name,)) if table else None

    def _path(self, table: Table) -> str:
        """The shortest name that means a table here; empty if none does."""
        for parts in ((table.name,), (table.schema, table.name), (table.database, table.schema, table.name)):
            if all(parts) and self.analysis.catalog.find(*reversed(parts)) is table:
                return ".".join(parts)
        return ""

    def _inferable(self, table: Table) -> str:
        """The name by which a table is inferred; empty if it is not: elsewhere its schema has to be named first."""
        path = self._path(table)
        return path if path == table.name or self.dialect in _WITH_SCHEMAS else ""

    def _spelled(self, path: str) -> str:
        """A name that `_path` gave, or that of a CTE, as SQL."""
        whole = path.lower() in self.ctes or self.analysis.catalog.find(path) is not None
        return ".".join(spell(part, self.dialect) for part in ([path] if whole else path.split(".")))

    def _columns_of(self, name: str) -> list[str]:
        relation = self._known_relation(name, "")
        return list(relation.columns) if relation else []

    def _candidates(self, columns: set[str]) -> list[str]:
        """Tables and CTEs that have all of ``columns``, by the names that mean them."""
        catalog = self.analysis.catalog
        ctes = [name for name, relation in self.ctes.items() if columns <= set(relation.columns)]
        # Those that have the rarest of the columns: in a large catalog the others may be in any number of tables.
        rarest = min((catalog.tables_by_column.get(column, ()) for column in columns), key=len, default=())
        found = [table for table in rarest if columns <= table.columns_by_name.keys()]
        reached = [table.name for table in found if catalog.find(table.name) is table]
        if not reached:
            reached = [path for table in found[:_MOST_PATHS] if (path := self._inferable(table))]
        return ctes + [name for name in reached if name.lower() not in self.ctes]

    def _named_or_having(self, name: str, columns: set[str]) -> list[str]:
        """Tables and CTEs that a qualifier may stand for: those with its columns; of its name, if it has but a star."""
        if columns or name not in self.starred:
            return self._candidates(columns)
        table = self.analysis.catalog.find(name)
        return [name] if name in self.ctes else [table.name] if table is not None else []

    def _unknown(self, source: Source, names: list[str], alias: str, wanted: dict[str, set[str]]) -> Relation | None:
        """A table that the catalog does not have: half typed, misspelt, or not for us to know."""
        analysis = self.analysis
        catalog = analysis.catalog
        opaque = Relation(alias or names[-1], {}, True, names=((alias or names[-1]).lower(), ".".join(names).lower()))
        system = names[0].lower() in ("information_schema", "pg_catalog", "duckdb_logs") or (
            len(names) == 1 and names[0].lower().startswith(("duckdb_", "sqlite_", "pragma_", "pg_"))
        )
        if not catalog.tables or system:
            if (
                source.parts[-1] != analysis.parser.half
                or self.dialect != "duckdb"
                or names[-1].upper() in DUCKDB_VIEWS
            ):
                return opaque
            if system:
                source.fault = fragment(f"`{analysis.text(source)}`")
                return None
            return opaque
        known = KnownTables(catalog, self.ctes)
        last = source.parts[-1]
        if names[-1].lower() in analysis.lost_ctes:
            source.fault = Fault("left-out", f"The CTE `{names[-1]}` is left out: left out with it")
            return None
        close = known.closest(names[-1])
        half = last == analysis.parser.half
        if half and not known.may_become(names[-1]):
            if len(close) != 1:
                self._in_doubt(source, names, close, known)
                return None
        elif half and len(names) > 1:
            self._in_doubt(source, names, close, known)
            return None
        elif half:
            needed = wanted.get(alias.lower(), set()) if alias else self._unclaimed(wanted)
            beginning = known.beginning(names[-1])
            fitting = [name for name in beginning if needed <= set(self._columns_of(name))]
            chosen = fitting if len(fitting) == 1 or len(beginning) > 1 else beginning
            found = self._meant(source, names, chosen[0], alias) if len(chosen) == 1 else None
            if found is not None:
                reason = f"`{chosen[0]}` is the only table that begins so"
                analysis.replaced.append((last, found[0], "name-completed", reason))
                return found[1]
            self._in_doubt(source, names, close, known)
            return None
        found = self._meant(source, names, close[0], alias) if len(close) == 1 else None
        if found is not None:
            reason = f"There is no `{names[-1]}`: `{close[0]}` is meant"
            analysis.replaced.append((last, found[0], "name-corrected", reason))
            return found[1]
        name = ".".join(names)
        source.fault = analysis.report(
            source, "unknown-table", f"There is no table `{name}`", _did_you_mean(close, known)
        )
        return None

    def _meant(self, source: Source, names: list[str], name: str, alias: str) -> tuple[str, Relation] | None:
        """How the last of the parts ``names`` is to be written so that it means the table ``name``, and that table."""
        catalog = self.analysis.catalog
        quoted = len(source.parts) < len(names)
        if len(names) > 1:
            table = catalog.find(name, *reversed(names[-3:-1]))
            if table is None:
                return None
            # Where the whole path is quoted as one, it is written again as one.
            text = ".".join([*names[:-1], name]) if quoted else name
            return spell(text, self.dialect), table_relation(table, alias or name, (alias or name,))
        path = name
        if name.lower() not in self.ctes and catalog.find(name) is None:
            paths = [self._path(table) for table in catalog.named(name)]
            path = paths[0] if len(paths) == 1 else ""
        relation = self._known_relation(path, alias) if path else None
        return None if relation is None else (self._spelled(path), relation)

    def _in_doubt(self, source: Source, names: list[str], close: Sequence[str], known: KnownTables) -> None:
        """A table at the cursor that cannot be told: left out, and told of if that leaves nothing to run."""
        analysis = self.analysis
        name = ".".join(names)
        span = analysis.span(source)
        if known.may_become(names[-1]):
            beginning = known.beginning(names[-1])
            hint = f"It may become {', '.join(beginning[:8])}." if beginning else ""
            message = f"The table name `{name}` is not finished yet"
            analysis.unfinished.append(Problem("unfinished", message, span, "information", hint))
            source.fault = fragment(f"`{analysis.text(source)}`")
            return
        message = f"There is no table `{name}`"
        analysis.unfinished.append(Problem("unknown-table", message, span, "error", _did_you_mean(close, known)))
        joined = source.join[0] < source.join[1]
        source.fault = (
            fragment(f"`{analysis.text(source)}`") if joined else Fault("unknown-table", f"{message}: left out")
        )

    def _free_name(self, wanted: dict[str, set[str]]) -> str:
        """A name for a derived table that has none, in case that it is needed."""
        taken = {name for relation in self.scope.relations for name in (*relation.names, relation.alias)}
        taken |= {*wanted, *self.ctes}
        names = (f"derived_{number}" for number in count(1))
        return next(name for name in names if name not in taken and not self.analysis.catalog.named(name))

    def _unclaimed(self, wanted: dict[str, set[str]]) -> set[str]:
        """Columns that no table of the scope has."""
        known = {column for relation in self.scope.relations for column in relation.columns}
        names = {name for relation in self.scope.relations for name in relation.names}
        return {
            column
            for qualifier, columns in wanted.items()
            if qualifier not in names
            for column in columns
            if qualifier or column not in known
        }

    def _outer(self, name: str) -> bool:
        scope = self.scope.parent
        while scope is not None:
            if scope.relation(name) is not None:
                return True
            scope = scope.parent
        return False

    def condition_text(self, found: JoinCondition) -> str:
        """The condition as SQL."""
        return " AND ".join(
            f"{self._column(found.left, left)} = {self._column(found.right, right)}" for left, right in found.pairs
        )

    def _column(self, relation: Relation, folded: str) -> str:
        self.analysis.named[id(relation)] = relation
        return f"{spell(relation.alias, self.dialect)}.{spell(relation.columns[folded].name, self.dialect)}"


def _did_you_mean(close: Sequence[str], known: KnownTables) -> str:
    return f"Did you mean {', '.join(close)}?" if close else f"Known tables: {', '.join(known.some(8))}."


def affinity(alias: str, table: str) -> int:
    """How well an alias stands for a table: 3 the same, 2 its initials or beginning, 0 not at all.

    >>> affinity("d", "delays"), affinity("ss", "store_sales"), affinity("x", "flights")
    (2, 2, 0)
    """
    alias, table = alias.lower(), table.lower().rpartition(".")[2]
    if alias == table:
        return 3
    letters = alias.rstrip("0123456789")
    if not letters:
        return 0
    initials = "".join(part[0] for part in table.split("_") if part)
    return 2 if table.startswith(letters) or letters == initials else 0
