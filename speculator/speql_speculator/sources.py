"""Resolves FROM: tables, aliases not typed yet, join conditions, and tables not named yet."""

from collections.abc import Callable

from speql_speculator.analysis import Analysis, local_nodes, local_references
from speql_speculator.closest_name import closest_names
from speql_speculator.conditions import check_conditions
from speql_speculator.expressions import fragment
from speql_speculator.grouping import is_aggregate
from speql_speculator.join_conditions import JoinCondition, join_condition
from speql_speculator.keywords import CLAUSE_WORDS, JOIN_WORDS
from speql_speculator.pruning import cause, settle
from speql_speculator.references import resolve_references
from speql_speculator.relations import Relation, Scope, VisibleColumn, spell, table_relation
from speql_speculator.syntax_tree import (
    Call,
    Clause,
    Expression,
    Fault,
    From,
    Group,
    Node,
    Query,
    Reference,
    Select,
    SelectItem,
    Source,
    Star,
    Term,
)

Relations = dict[str, Relation]
QueryResolver = Callable[[Query, Relations, Scope | None], Relation]

_AFTER_A_TABLE = CLAUSE_WORDS | JOIN_WORDS | {"ON", "USING", "AS", "TABLESAMPLE"}
_NO_CONDITION = ("CROSS JOIN", "NATURAL JOIN", "POSITIONAL JOIN")


class SourceResolver:
    """Resolves the sources of one SELECT into its scope."""

    def __init__(
        self, analysis: Analysis, ctes: Relations, local: list[str], scope: Scope, resolve_query: QueryResolver
    ) -> None:
        self.analysis = analysis
        self.ctes = ctes
        self.local = local
        self.scope = scope
        self.resolve_query = resolve_query
        self.dialect = analysis.catalog.dialect
        self.by_source: dict[int, Relation] = {}
        self.predicates: list[str] = []
        self.half_typed: list[tuple[str, str]] = []

    # -- what FROM names ---------------------------------------------------------------------------------------------

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
                names = [self.analysis.name(part).lower() for part in reference.parts]
                if self.analysis.touches_half(reference) or reference.dangling:
                    if len(names) > 1 or reference.dangling:
                        wanted.setdefault(names[0], set())
                    if not reference.dangling:
                        self.half_typed.append((names[-2] if len(names) > 1 else "", names[-1]))
                    continue
                if len(names) == 1:
                    wanted.setdefault("", set()).add(names[0])
                else:
                    wanted.setdefault(names[-2] if len(names) < 4 else names[0], set()).add(names[-1])
            for star in _stars(node):
                if star.qualifier is not None:
                    wanted.setdefault(self.analysis.name(star.qualifier).lower(), set())
        return wanted

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
        if source.query is not None:
            output = self.resolve_query(source.query, self.ctes, self.scope)
            if not settle(source):
                source.fault = source.fault or cause(source.query)
                return None
            return self._with_names(output, source).renamed(alias)
        if source.call is not None:
            resolve_references(source.call, self.scope, analysis)
            for node in source.call.children():
                del node
            return Relation(alias, {}, True, names=(alias.lower(), _call_name(source)), single_row=True)
        names = [analysis.name(part) for part in source.parts]
        if len(names) == 1 and names[0].lower() in self.ctes:
            found = self.ctes[names[0].lower()]
            return self._with_names(found, source).renamed(alias or names[0])
        table = analysis.catalog.find(*reversed(names[-3:]))
        if table is not None:
            relation = table_relation(table, alias or names[-1], tuple(names) if not alias else (alias,))
            return self._with_names(relation, source)
        return self._unknown(source, names, alias, wanted)

    def _with_names(self, relation: Relation, source: Source) -> Relation:
        """The relation with the column names of ``AS t (a, b)``."""
        if not source.column_names:
            return relation
        names = [self.analysis.name(part) for part in source.column_names]
        return renamed_columns(relation, names)

    def _unknown(self, source: Source, names: list[str], alias: str, wanted: dict[str, set[str]]) -> Relation | None:
        """A table that the catalog does not have: half typed, misspelt, or not for us to know."""
        analysis = self.analysis
        catalog = analysis.catalog
        opaque = Relation(alias or names[-1], {}, True, names=((alias or names[-1]).lower(), ".".join(names).lower()))
        if not catalog.tables or names[0].lower() in ("information_schema", "pg_catalog", "duckdb_logs"):
            return opaque
        if len(names) == 1 and names[0].lower().startswith(("duckdb_", "sqlite_", "pragma_", "pg_")):
            return opaque
        known = {**{table.name: None for table in catalog.tables}, **dict.fromkeys(self.ctes)}
        last = source.parts[-1]
        if last == analysis.parser.half and len(names) > 1:
            source.fault = fragment(f"`{analysis.text(source)}`")
            return None
        if last == analysis.parser.half:
            needed = wanted.get(alias.lower(), set()) if alias else self._unclaimed(wanted)
            beginning = [name for name in known if name.lower().startswith(names[-1].lower())]
            fitting = [name for name in beginning if needed <= set(self._columns_of(name))]
            chosen = fitting if len(fitting) == 1 or len(beginning) > 1 else beginning
            if len(chosen) == 1:
                name = chosen[0]
                analysis.replaced.append(
                    (last, spell(name, self.dialect), "name-completed", f"`{name}` is the only table that begins so")
                )
                return self._known_relation(name, alias)
            source.fault = fragment(f"`{analysis.text(source)}`")
            return None
        close = closest_names(names[-1], known)
        if len(close) == 1:
            name = close[0]
            analysis.replaced.append(
                (last, spell(name, self.dialect), "name-corrected", f"There is no `{names[-1]}`: `{name}` is meant")
            )
            return self._known_relation(name, alias)
        hint = f"Did you mean {', '.join(close)}?" if close else f"Known tables: {', '.join(sorted(known)[:8])}."
        source.fault = analysis.report(source, "unknown-table", f"There is no table `{'.'.join(names)}`", hint)
        return None

    def _known_relation(self, name: str, alias: str) -> Relation | None:
        if name.lower() in self.ctes:
            return self.ctes[name.lower()].renamed(alias or name)
        table = self.analysis.catalog.find(name)
        return table_relation(table, alias or name, (alias or name,)) if table else None

    def _columns_of(self, name: str) -> list[str]:
        relation = self._known_relation(name, "")
        return list(relation.columns) if relation else []

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

    def _leave_out(self, source: Source, relation: Relation | None) -> None:
        """Remember that names of this source cannot be used."""
        fault = source.fault or cause(source)
        source.kept = False
        for part in (source.alias, *(source.parts[-1:])):
            if part >= 0 and part != self.analysis.parser.half:
                self.scope.left_out.setdefault(self.analysis.name(part).lower(), fault.reason)
        if relation is not None and relation in self.scope.relations:
            self.scope.relations.remove(relation)

    # -- join conditions ---------------------------------------------------------------------------------------------

    def _join(self, source: Source, relation: Relation, wanted: dict[str, set[str]]) -> None:
        before = list(self.scope.relations)
        self._alias_before_join(source, relation, wanted)
        self.scope.relations.append(relation)
        kind = source.kind
        if kind in ("", ","):
            if source.condition is not None or source.using is not None:
                for clause in (source.condition, source.using):
                    if clause is not None:
                        clause.fault = Fault("unexpected-text", f"`{clause.name}` belongs to a JOIN: left out")
            return
        if kind.split()[0] == "NATURAL":
            for other in before:
                self.scope.merged |= set(relation.columns) & set(other.columns)
        if kind in _NO_CONDITION or kind.startswith(("NATURAL", "CROSS", "POSITIONAL")):
            return
        if source.using is not None:
            self._using(source)
            if settle(source.using):
                return
        if source.condition is not None:
            resolve_references(source.condition, self.scope, self.analysis)
            check_conditions(source.condition, self.analysis)
            for term in local_nodes(source.condition):
                if isinstance(term, Term) and is_aggregate(term) and term.fault is None:
                    term.fault = self.analysis.report(term, "aggregate-in-where", "A join condition sees single rows")
            if settle(source.condition) and self._says_something(source.condition, relation):
                self._complete(source, relation, before)
                self._note_used(source.condition)
                return
        if source.query is None and source.call is not None:
            # A table function: DuckDB asks for a condition all the same.
            source.add_condition = " ON TRUE" if source.condition is None else ""
            return
        found = join_condition(relation, before, self.analysis.used_join_columns)
        if found is None:
            if source.condition is not None and settle(source.condition):
                return
            names = " and ".join(f"`{other.alias}`" for other in before) or "the rest"
            source.fault = self.analysis.report(
                source,
                "left-out",
                f"No key joins `{relation.alias}` to {names}",
                "Type its ON condition to see it in the preview.",
            )
            self._leave_out(source, relation)
            return
        self._insert(source, found)

    def _says_something(self, condition: Clause, relation: Relation) -> bool:
        """Whether a term of the condition compares ``relation`` with another table: else it may be half typed."""
        body = condition.body
        if not isinstance(body, Expression) or not self.analysis.parser.at_cursor(body.last):
            return True
        kept = [term for term in body.terms if term.kept]
        return any(term.comparison or len(term.operands) == 1 for term in kept)

    def _alias_before_join(self, source: Source, relation: Relation, wanted: dict[str, set[str]]) -> None:
        """The alias that is used for this table but not typed yet."""
        parser = self.analysis.parser
        if source.alias >= 0 and source.alias != parser.half:
            return
        typed = self.analysis.name(source.alias).lower() if source.alias >= 0 else ""
        if typed and typed in wanted:
            return
        if typed and source.marker < 0 and len(typed) > 1 and self._begins_key_word(source):
            source.drop_alias = True
            name = self.analysis.name(source.parts[-1]) if source.parts else ""
            relation.alias, relation.names = name, (name.lower(),)
            typed = ""
        own = [name for name in relation.names if name]
        if source.alias >= 0 and not typed and not own:
            return
        if not typed and any(name in wanted or name.split(".")[-1] in wanted for name in own):
            return
        if typed and source.parts and (self.analysis.name(source.parts[-1]).lower() in wanted) and source.marker < 0:
            source.drop_alias = True
            name = self.analysis.name(source.parts[-1])
            relation.alias, relation.names = name, (name.lower(),)
            return
        taken = {name for other in self.scope.relations for name in other.names}
        unknown = [name for name in wanted if name and name not in taken and not self._outer(name)]
        fitting = [
            name
            for name in unknown
            if wanted[name] and wanted[name] <= set(relation.columns) and name not in self.scope.left_out
        ]
        if not fitting:
            return
        fitting.sort(key=lambda name: -affinity(name, own[0] if own else ""))
        if len(fitting) > 1 and affinity(fitting[0], own[0] if own else "") == affinity(
            fitting[1], own[0] if own else ""
        ):
            return
        if affinity(fitting[0], own[0] if own else "") == 0 and self._fits_better(
            fitting[0], wanted[fitting[0]], relation
        ):
            return
        alias = fitting[0]
        if typed:
            if alias.startswith(typed):
                self.analysis.replaced.append((source.alias, alias, "alias-added", f"`{alias}` is used for this table"))
            elif source.marker < 0:
                source.drop_alias = True
                source.add_alias = alias
            else:
                return
        else:
            source.add_alias = ("AS " if False else "") + alias
        relation.alias, relation.names = alias, (alias,)

    def _begins_key_word(self, source: Source) -> bool:
        """Whether an alias at the cursor is rather the beginning of a key word."""
        word = self.analysis.name(source.alias).upper()
        table = self.analysis.name(source.parts[-1]) if source.parts else ""
        return not affinity(word, table) and any(key_word.startswith(word) for key_word in _AFTER_A_TABLE)

    def _fits_better(self, alias: str, columns: set[str], relation: Relation) -> bool:
        """Whether another table has these columns and a name that the alias stands for."""
        return any(
            affinity(alias, name) > 0 and columns <= set(self._columns_of(name))
            for name in (*self.ctes, *(table.name for table in self.analysis.catalog.tables))
        )

    def _outer(self, name: str) -> bool:
        scope = self.scope.parent
        while scope is not None:
            if scope.relation(name) is not None:
                return True
            scope = scope.parent
        return False

    def _using(self, source: Source) -> None:
        if source.using is None or source.using.body is None:
            return
        for reference in local_references(source.using.body):
            name = self.analysis.name(reference.parts[0]).lower()
            having = [relation for relation in self.scope.relations if name in relation.columns or relation.opaque]
            if len(having) >= 2:
                self.scope.merged.add(name)
                found = next((relation.columns[name] for relation in having if name in relation.columns), None)
                self.analysis.columns[id(reference)] = (having[0], found or VisibleColumn(name))
            elif self.analysis.touches_half(reference):
                reference.fault = fragment(f"`{name}`")
            else:
                reference.fault = self.analysis.report(reference, "unknown-column", f"Not every table has `{name}`")

    def _note_used(self, condition: Clause) -> None:
        for reference in local_references(condition):
            relation, column = self.analysis.columns.get(id(reference), (None, None))
            if relation is not None and column is not None:
                self.analysis.used_join_columns.append((relation.alias.lower(), column.name.lower()))

    def _insert(self, source: Source, found: JoinCondition) -> None:
        self.analysis.used_join_columns += [(found.left.alias.lower(), column) for column, _ in found.pairs]
        self.analysis.quality = min(self.analysis.quality, found.quality)
        text = self.condition_text(found)
        if source.condition is not None:
            if not self._complete(source, found.right, [found.left], found):
                source.condition.add = " " + text
        else:
            if source.using is not None:
                source.using.fault = source.using.fault or fragment("`USING`")
            source.add_condition = " ON " + text

    def condition_text(self, found: JoinCondition) -> str:
        """The condition as SQL."""
        return " AND ".join(
            f"{self._column(found.left, left)} = {self._column(found.right, right)}" for left, right in found.pairs
        )

    def _column(self, relation: Relation, folded: str) -> str:
        return f"{spell(relation.alias, self.dialect)}.{spell(relation.columns[folded].name, self.dialect)}"

    def _complete(
        self, source: Source, relation: Relation, before: list[Relation], found: JoinCondition | None = None
    ) -> bool:
        """Complete a comparison that is being typed in ON with the other side of the join, where that is known."""
        body = source.condition.body if source.condition is not None else None
        if not isinstance(body, Expression) or not body.terms or body.terms[-1].kept:
            return False
        term = body.terms[-1]
        if not term.operands or (term.fault is not None and not term.fault.fragment):
            return False
        if not isinstance(term.operands[0], Reference) or not term.operands[0].kept or term.prefix:
            return False
        condition = found or join_condition(relation, before, ())
        known = self.analysis.columns.get(id(term.operands[0]))
        if condition is None or known is None or known[0] is None:
            return False
        if len(term.operators) > 1 or (
            term.operators and self.analysis.parser.tokens[term.operators[0][0]].text != "="
        ):
            return False
        side, name = known[0], known[1].name.lower()
        for left, right in condition.pairs:
            if side is condition.left and name == left:
                partner = self._column(condition.right, right)
            elif side is condition.right and name == right:
                partner = self._column(condition.left, left)
            else:
                continue
            others = [pair for pair in condition.pairs if pair != (left, right)]
            rest = "".join(
                f" AND {self._column(condition.left, a)} = {self._column(condition.right, b)}" for a, b in others
            )
            if any(other.kept for other in body.terms[:-1]):
                rest = ""
            term.complete_with = f" {partner}" if term.operators else f" = {partner}"
            term.complete_with += rest
            term.fault = None
            if source.condition is not None:
                settle(source.condition)
            return True
        return False

    # -- what FROM does not name yet ---------------------------------------------------------------------------------

    def _missing_aliases(self, sources: list[Source], wanted: dict[str, set[str]]) -> None:
        """A single table without alias takes the one qualifier that nothing else explains."""
        taken = {name for relation in self.scope.relations for name in relation.names}
        unknown = [
            name
            for name in wanted
            if name and name not in taken and name not in self.scope.left_out and not self._outer(name)
        ]
        for name in unknown:
            if any(name in relation.columns for relation in self.scope.relations):
                continue
            open_sources = [
                (source, relation)
                for source in sources
                if source.alias < 0
                and not source.add_alias
                and (relation := self.by_source.get(id(source))) is not None
                and relation in self.scope.relations
                and wanted[name] <= set(relation.columns)
                and not any(own in wanted for own in relation.names)
            ]
            if len(open_sources) == 1 and wanted[name] and affinity(name, open_sources[0][1].alias):
                source, relation = open_sources[0]
                source.add_alias = name
                relation.alias, relation.names = name, (name,)

    def _missing_tables(self, select: Select, wanted: dict[str, set[str]]) -> None:
        """Tables whose columns are used but that are not joined yet: joined if one fits and a key leads to it."""
        if not self.analysis.catalog.tables or select.from_ is None or not self.scope.relations or self.scope.opaque:
            return
        listed = any(source.kind == "," for source in select.from_.sources)
        for name, columns in self._unexplained(select, wanted):
            options: list[tuple[int, int, int, JoinCondition, str]] = []
            for candidate in self._candidates(columns):
                relation = self._known_relation(candidate, name)
                if relation is None or (not name and self.scope.relation(candidate) is not None):
                    continue
                condition = join_condition(relation, self.scope.relations, self.analysis.used_join_columns)
                if condition is not None and condition.to_key:
                    same = sum(left == right for left, right in condition.pairs)
                    options.append((affinity(name, candidate), condition.quality, same, condition, candidate))
            options.sort(key=lambda option: option[:3], reverse=True)
            if not options or (len(options) > 1 and options[0][:3] == options[1][:3]):
                continue
            condition, candidate = options[0][3], options[0][4]
            self.scope.relations.append(condition.right)
            self.analysis.used_join_columns += [(condition.left.alias.lower(), column) for column, _ in condition.pairs]
            self.analysis.quality = min(self.analysis.quality, 1)
            text = spell(candidate, self.dialect) + (f" {name}" if name and name != candidate.lower() else "")
            if listed:
                # A JOIN after a comma would see the last table only.
                select.from_.add += f", {text}"
                self.predicates.append(self.condition_text(condition))
            else:
                select.from_.add += f" JOIN {text} ON {self.condition_text(condition)}"

    def _unexplained(self, select: Select, wanted: dict[str, set[str]]) -> list[tuple[str, set[str]]]:
        """Qualifiers, and columns without one, that nothing in scope explains."""
        taken = {name for relation in self.scope.relations for name in relation.names}
        known = {column for relation in self.scope.relations for column in relation.columns}
        found: list[tuple[str, set[str]]] = []
        for name, columns in wanted.items():
            if name and columns and name not in taken and name not in self.scope.left_out and name not in known:
                if not self._outer(name):
                    found.append((name, columns))
        aliases = {
            self.analysis.name(item.alias).lower()
            for item in (select.items.elements if select.items is not None else ())
            if isinstance(item, SelectItem) and item.alias >= 0
        }
        for column in sorted(wanted.get("", set()) - known - aliases - taken):
            if self.scope.parent is None and not self.scope.left_out and not closest_names(column, known):
                if len(self._candidates({column})) == 1:
                    found.append(("", {column}))
        return found

    def _candidates(self, columns: set[str]) -> list[str]:
        """Tables and CTEs that have all of ``columns``."""
        ctes = [name for name, relation in self.ctes.items() if columns <= set(relation.columns)]
        tables = None
        for column in columns:
            having = {table.name for table in self.analysis.catalog.tables_by_column.get(column, ())}
            tables = having if tables is None else tables & having
        ordered = [table.name for table in self.analysis.catalog.tables if tables and table.name in tables]
        return ctes + [name for name in ordered if name.lower() not in self.ctes]

    def _infer_from(self, select: Select, wanted: dict[str, set[str]]) -> None:
        """FROM as the columns say it: one table for each qualifier, joined through keys."""
        named = {name: columns for name, columns in wanted.items() if columns and not (name and self._outer(name))}
        for name, column in self.half_typed:
            # The word being typed counts if it is a column as it stands.
            if not (name and self._outer(name)) and self._candidates(named.get(name, set()) | {column}):
                named[name] = named.get(name, set()) | {column}
        stars = any(star.qualifier is None for item in [select] for star in _stars(item, in_calls=False))
        if not named:
            wants_rows = (
                stars
                or (select.keyword >= 0 and not _has_items(select))
                or (select.from_ is not None and select.keyword >= 0)
            )
            if self.local and wants_rows:
                name = self._unused_cte()
                self._use(select, [(self.ctes[name.lower()].renamed(name), name, "")], [])
            return
        best: tuple[list[tuple[Relation, str, str]], list[JoinCondition]] = ([], [])
        order = sorted(named, key=lambda name: (-len(named[name]), name == ""))
        for start in order[:6]:
            chosen: list[tuple[Relation, str, str]] = []
            joins: list[JoinCondition] = []
            waiting = [start, *(name for name in order if name != start)]
            while waiting:
                before = len(waiting)
                waiting = [name for name in waiting if not self._choose(name, named[name], chosen, joins)]
                if len(waiting) == before or not chosen:
                    break
            if len(chosen) > len(best[0]):
                best = (chosen, joins)
        if best[0]:
            self._use(select, *best)

    def _unused_cte(self) -> str:
        return self.local[-1]

    def _choose(
        self, name: str, columns: set[str], chosen: list[tuple[Relation, str, str]], joins: list[JoinCondition]
    ) -> bool:
        """Choose the table for a qualifier; False if that cannot be told (yet)."""
        relations = [relation for relation, _, _ in chosen]
        if not name and relations:
            known = {column for relation in relations for column in relation.columns}
            columns = columns - known
            if not columns:
                return True
        candidates = self._candidates(columns)
        if not candidates and not name:
            return self._choose_path(columns, chosen, joins)
        ranked: list[tuple[int, int, int, str, JoinCondition | None]] = []
        for candidate in candidates:
            relation = self._known_relation(candidate, name)
            if relation is None:
                continue
            condition = join_condition(relation, relations, ()) if relations else None
            if relations and (condition is None or not condition.to_key):
                continue
            quality = condition.quality if condition else 0
            same = sum(left == right for left, right in condition.pairs) if condition else 0
            cte = 1 if candidate in self.ctes and candidate in self.local else 0
            ranked.append((affinity(name, candidate) if name else 0, cte, 10 * quality + same, candidate, condition))
        ranked.sort(key=lambda option: option[:3], reverse=True)
        if not ranked or (len(ranked) > 1 and ranked[0][:3] == ranked[1][:3]):
            return False
        _, _, _, candidate, condition = ranked[0]
        relation = condition.right if condition else self._known_relation(candidate, name)
        if relation is None:
            return False
        chosen.append((relation, candidate, name))
        if condition is not None:
            joins.append(condition)
        return True

    def _choose_path(
        self, columns: set[str], chosen: list[tuple[Relation, str, str]], joins: list[JoinCondition]
    ) -> bool:
        """Several tables for unqualified columns: each has one that no other has, and keys connect them."""
        needed: list[str] = []
        left = set(columns)
        for column in sorted(columns):
            having = self._candidates({column})
            if len(having) == 1 and having[0] not in needed:
                needed.append(having[0])
        for name in needed:
            left -= set(self._columns_of(name))
        if left or not needed or len(needed) > 4 or chosen:
            return False
        relations = [self._known_relation(name, "") for name in needed]
        waiting = [(relation, name) for relation, name in zip(relations, needed, strict=True) if relation is not None]
        # The table with foreign keys to the others comes first.
        waiting.sort(key=lambda pair: -(len(pair[0].table.foreign_keys) if pair[0].table else 0))
        path = [waiting.pop(0)]
        found: list[JoinCondition] = []
        while waiting:
            for option in waiting:
                condition = join_condition(option[0], [relation for relation, _ in path], ())
                if condition is not None and condition.quality >= 2:
                    path.append(option)
                    found.append(condition)
                    waiting.remove(option)
                    break
            else:
                return False
        chosen += [(relation, name, "") for relation, name in path]
        joins += found
        return True

    def _use(self, select: Select, chosen: list[tuple[Relation, str, str]], joins: list[JoinCondition]) -> None:
        parts = []
        for number, (relation, name, alias) in enumerate(chosen):
            text = spell(name, self.dialect) + (f" {alias}" if alias and alias.lower() != name.lower() else "")
            condition = next((join for join in joins if join.right is relation), None) if number else None
            if number and condition is not None:
                text = f" JOIN {text} ON {self.condition_text(condition)}"
            parts.append(text)
            relation.names = tuple(dict.fromkeys((*relation.names, relation.alias.lower())))
            self.scope.relations.append(relation)
        self.analysis.quality = min(self.analysis.quality, 1)
        if select.from_ is not None:
            for source in select.from_.sources:
                source.fault = source.fault or fragment("the table")
                source.kept = False
            select.from_.add = " " + "".join(parts)
        else:
            select.add_from = " FROM " + "".join(parts)


def affinity(alias: str, table: str) -> int:
    """How well an alias stands for a table: 3 the same, 2 its initials or beginning, 0 not at all.

    >>> affinity("d", "delays"), affinity("ss", "store_sales"), affinity("x", "flights")
    (2, 2, 0)
    """
    alias, table = alias.lower(), table.lower()
    if alias == table:
        return 3
    letters = alias.rstrip("0123456789")
    if not letters:
        return 0
    initials = "".join(part[0] for part in table.split("_") if part)
    return 2 if table.startswith(letters) or letters == initials else 0


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


def _stars(node: Node, *, in_calls: bool = True) -> list[Star]:
    found: list[Star] = []
    inside = {id(child) for call in local_nodes(node) if isinstance(call, Call) for child in local_nodes(call)}
    for child in local_nodes(node):
        if isinstance(child, Star) and (in_calls or id(child) not in inside):
            found.append(child)
    return found


def _has_items(select: Select) -> bool:
    return select.items is not None and settle(select.items)


def _call_name(source: Source) -> str:
    return getattr(source.call, "name", "") or ""


__all__ = ["Edit", "From", "Group", "SourceResolver", "Term", "affinity", "renamed_columns"]
