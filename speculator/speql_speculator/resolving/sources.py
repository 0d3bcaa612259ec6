"""Resolves FROM: tables, aliases not typed yet, join conditions, and tables not named yet."""

from dataclasses import replace

from speql_speculator.parsing.syntax_tree import Fault, Junk, Node, Select, Source
from speql_speculator.resolving.analysis import local_references
from speql_speculator.resolving.joins import JoinResolver
from speql_speculator.resolving.missing_tables import stars
from speql_speculator.resolving.pruning import cause, settle
from speql_speculator.resolving.references import resolve_references
from speql_speculator.resolving.relations import Relation, VisibleColumn, table_relation
from speql_speculator.struct_fields import struct_fields
from speql_sql import Table


class SourceResolver(JoinResolver):
    """Resolves the sources of one SELECT into its scope."""

    def resolve(self, select: Select, extra: list[Node]) -> None:
        """Fill the scope from FROM, or find out what FROM should be."""
        wanted = self._wanted(select, extra)
        if select.from_ is not None:
            self._all(select.from_.sources, wanted)
            if not self.scope.relations and not any(
                source.kept and not source.fault for source in select.from_.sources
            ):
                self._infer_from(select, wanted)
            else:
                self._missing_aliases(select.from_.sources, wanted)
                self._missing_tables(select, wanted)
        else:
            self._infer_from(select, wanted)

    def _wanted(self, select: Select, extra: list[Node]) -> dict[str, set[str]]:
        """The columns that this level names, by qualifier ("" for none); the word being typed is left out."""
        wanted: dict[str, set[str]] = {}
        for node in (select, *extra):
            for reference in local_references(node):
                names = self._of_column([self.analysis.name(part).lower() for part in reference.parts])
                if self.analysis.touches_half(reference) or reference.dangling:
                    if len(names) > 1 or reference.dangling:
                        wanted.setdefault(names[0], set())
                    if not reference.dangling:
                        self.half_typed.append((names[-2] if len(names) > 1 else "", names[-1]))
                    continue
                if len(names) > 2 and self.dialect in _WITH_FIELDS and self._is_field(names):
                    wanted.setdefault(names[0], set()).add(names[1])
                elif len(names) == 1:
                    wanted.setdefault("", set()).add(names[0])
                else:
                    wanted.setdefault(names[-2] if len(names) < 4 else names[0], set()).add(names[-1])
            for star in stars(node):
                if star.qualifier is not None:
                    name = self.analysis.name(star.qualifier).lower()
                    wanted.setdefault(name, set())
                    self.starred.add(name)
        return wanted

    def _of_column(self, names: list[str]) -> list[str]:
        """The names of a column without those of its fields: ``a.meta.country`` is ``meta`` of ``a``."""
        catalog = self.analysis.catalog
        for place in range(min(2, len(names) - 1)):
            column, field = names[place], names[place + 1]
            if catalog.find(column) is not None or column in self.ctes:
                continue
            kinds = [table.columns_by_name[column].type for table in catalog.tables_by_column.get(column, ())]
            if any(name.lower().startswith(field) for kind in kinds for name, _ in struct_fields(kind)):
                return names[: place + 1]
        return names

    def _all(self, sources: list[Source], wanted: dict[str, set[str]]) -> None:
        for source in sources:
            if source.inner is not None:
                self._all(source.inner, wanted)
                if source.alias >= 0:
                    self.scope.relations.append(
                        Relation(
                            self.analysis.name(source.alias),
                            {},
                            True,
                            names=(self.analysis.name(source.alias).lower(),),
                        )
                    )
            else:
                relation = None if source.fault else self._relation(source, wanted)
                if relation is None:
                    self._leave_out(source, None)
                    continue
                self.by_source[id(source)] = relation
                self._join(source, relation, wanted)
                continue
            self._condition_of_group(source)

    def _condition_of_group(self, source: Source) -> None:
        if source.condition is not None:
            resolve_references(source.condition, self.scope, self.analysis)
        if source.using is not None and source.using.body is not None:
            self._using(source)

    def _relation(self, source: Source, wanted: dict[str, set[str]]) -> Relation | None:
        analysis = self.analysis
        alias = analysis.name(source.alias) if source.alias >= 0 else ""
        if source.pivoted and source.query is None:
            name = alias or (analysis.name(source.parts[-1]) if source.parts else "")
            return Relation(name, {}, True, names=(name.lower(),))
        if source.query is not None:
            output = self.resolve_query(source.query, self.ctes, self.scope)
            if not settle(source):
                source.fault = source.fault or cause(source.query)
                return None
            if source.pivoted:
                output = Relation("", {}, True)
            relation = self._with_names(output, source).renamed(alias)
            return relation if alias else replace(relation, alias=self._free_name(wanted), names=())
        if source.call is not None:
            resolve_references(source.call, self.scope, analysis)
            if not settle(source.call):
                source.fault = source.fault or cause(source.call)
                return None
            return self._function_relation(source, alias)
        names = self._names(source)
        if len(names) == 1 and names[0].lower() in self.ctes:
            found = self.ctes[names[0].lower()]
            return self._with_names(found, source).renamed(alias or names[0])
        table = analysis.catalog.find(*reversed(names[-3:]))
        if table is not None:
            relation = table_relation(table, alias or names[-1], tuple(names) if not alias else (alias,))
            return self._with_names(relation, source)
        if self._is_of_the_session(names):
            return Relation(
                alias or names[-1], {}, True, names=((alias or names[-1]).lower(),), single_row=len(names) > 1
            )
        if self.dialect == "bigquery" and names[-1].endswith("*"):
            return self._wildcard(names, alias)
        return self._unknown(source, names, alias, wanted)

    def _function_relation(self, source: Source, alias: str) -> Relation:
        """What a table function gives: its columns are known where the alias names them all."""
        relation = Relation(alias, {}, True, names=(alias.lower(), _call_name(source)), single_row=True)
        if source.kind != "LATERAL VIEW" and (self.dialect not in ("postgres", "redshift") or not source.column_names):
            return relation
        named = self._with_names(relation, source)
        named.single_row = True
        named.typing = source.first <= self.analysis.parser.gap <= source.last
        return named

    def _names(self, source: Source) -> list[str]:
        """The parts of a table's name. BigQuery's are often quoted as one."""
        names = [self.analysis.name(part) for part in source.parts]
        if self.dialect == "bigquery":
            names = [piece for name in names for piece in name.split(".")]
        return names

    def _is_field(self, names: list[str]) -> bool:
        """Whether ``a.b.c`` is a field of a column ``b`` rather than a column of a table ``b``."""
        catalog = self.analysis.catalog
        return bool(catalog.tables_by_column.get(names[1])) and not catalog.named(names[1])

    def _wildcard(self, names: list[str], alias: str) -> Relation:
        """All tables whose name begins so: they have the columns of the last one, and the rest of their name."""
        name = alias or names[-1]
        beginning = names[-1][:-1].lower()
        tables = () if self.analysis.catalog.large else self.analysis.catalog.tables
        last = max((table for table in tables if table.name.lower().startswith(beginning)), key=_name_of, default=None)
        columns = dict(table_relation(last, name, (name,)).columns) if last is not None else {}
        columns["_table_suffix"] = VisibleColumn("_TABLE_SUFFIX", "text")
        return Relation(name, columns, True, names=(name.lower(),))

    def _is_of_the_session(self, names: list[str]) -> bool:
        """Whether no catalog has what a name of FROM means: a temporary table, a variable, a column that has rows."""
        if self.dialect in ("tsql", "fabric") and names[-1].startswith(("#", "@")):
            return True
        return self.dialect in ("bigquery", "redshift") and len(names) > 1 and self.scope.relation(names[0]) is not None

    def name_derived_tables(self, sources: list[Source]) -> None:
        """Give a derived table without an alias its name, where something that is inserted uses that."""
        for source in sources:
            relation = self.by_source.get(id(source))
            nameless = source.query is not None and (source.alias < 0 or source.drop_alias) and not source.add_alias
            if nameless and relation is not None and id(relation) in self.analysis.named:
                source.add_alias = relation.alias
            self.name_derived_tables(source.inner or [])

    def _with_names(self, relation: Relation, source: Source) -> Relation:
        """The relation with the column names of ``AS t (a, b)``."""
        if not source.column_names:
            return relation
        names = [self.analysis.name(part) for part in source.column_names]
        if relation.typing and not relation.opaque and 0 < len(relation.columns) < len(names):
            # A column that is left out has taken one of them with it; which one, nobody can tell.
            fault = Fault("left-out", f"There are {len(relation.columns)} columns to name: left out")
            for token in source.column_names[len(relation.columns) :]:
                self.analysis.parser.strays.append(Junk(token - 1, token + 1, fault=fault))
            names = names[: len(relation.columns)]
        return renamed_columns(relation, names)


def renamed_columns(relation: Relation, names: list[str]) -> Relation:
    """A relation whose first columns have new names."""
    columns: dict[str, VisibleColumn] = {}
    for number, column in enumerate(relation.columns.values()):
        name = names[number] if number < len(names) else column.name
        columns[name.lower()] = VisibleColumn(name, column.family, column.origin)
    for name in names[len(relation.columns) :]:
        if relation.opaque:
            columns[name.lower()] = VisibleColumn(name)
    return Relation(relation.alias, columns, False, (), relation.single_row, relation.table, relation.names)


_WITH_FIELDS = ("bigquery", "redshift", "spark", "databricks", "duckdb")
"""Dialects in which a dot also takes a field of a column's value."""


def _name_of(table: Table) -> str:
    return table.name


def _call_name(source: Source) -> str:
    return getattr(source.call, "name", "") or ""
