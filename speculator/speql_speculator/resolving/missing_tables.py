"""Finds the tables that a query does not name yet: from the columns that it uses, joined through keys."""

from collections import Counter

from speql_speculator.parsing.grammar import fragment
from speql_speculator.parsing.syntax_tree import Call, Node, Select, SelectItem, Source, Star
from speql_speculator.resolving.analysis import local_nodes, local_references
from speql_speculator.resolving.closest_name import closest_names
from speql_speculator.resolving.inferred_tables import MAX_BRIDGES, InferredTable, connected_tables
from speql_speculator.resolving.join_conditions import JoinCondition, join_condition
from speql_speculator.resolving.pruning import settle
from speql_speculator.resolving.tables import TableFinder, affinity


class MissingTableFinder(TableFinder):
    """FROM as the columns of a SELECT say it."""

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
            if len(open_sources) == 1 and wanted[name] and affinity(name, next(iter(open_sources[0][1].names), "")):
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
            for candidate in self._named_or_having(name, columns):
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
            text = self._spelled(candidate) + (f" {name}" if name and name != candidate.lower() else "")
            if listed:
                # A JOIN after a comma would see the last table only.
                self.listed.append((f", {text}", condition))
            else:
                select.from_.add += f" JOIN {text} ON {self.condition_text(condition)}"

    def _unexplained(self, select: Select, wanted: dict[str, set[str]]) -> list[tuple[str, set[str]]]:
        """Qualifiers, and columns without one, that nothing in scope explains."""
        taken = {name for relation in self.scope.relations for name in relation.names}
        known = {column for relation in self.scope.relations for column in relation.columns}
        found: list[tuple[str, set[str]]] = []
        for name, columns in wanted.items():
            explained = name in taken or name in self.scope.left_out or name in known or self._outer(name)
            if name and (columns or name in self.starred) and not explained:
                found.append((name, columns))
        aliases = {
            self.analysis.name(item.alias).lower()
            for item in (select.items.elements if select.items is not None else ())
            if isinstance(item, SelectItem) and item.alias >= 0
        }
        if self.scope.parent is not None or self.scope.left_out:
            return found
        unknown = sorted(wanted.get("", set()) - known - aliases - taken)
        sure = [name for name in unknown if not closest_names(name, known) and len(self._candidates({name})) == 1]
        return found + [("", {name}) for name in sure]

    def _infer_from(self, select: Select, wanted: dict[str, set[str]]) -> None:
        """FROM as the columns say it: a table for each qualifier and each group of columns, joined through keys."""
        named = {
            name: columns
            for name, columns in wanted.items()
            if (columns or name in self.starred) and not (name and self._outer(name))
        }
        # The word being typed counts if it is a column as it stands.
        typing = [(name, column) for name, column in self.half_typed if not (name and self._outer(name))]
        for name, column in typing:
            if self._candidates({column}):
                more = {**named, name: named.get(name, set()) | {column}}
                best = self._best_tables(select, more)
                if any(column in table.relation.columns for table in best):
                    self._use(select, best)
                    return
        takes_all = any(star.qualifier is None for star in stars(select, in_calls=False))
        if not named:
            wants_rows = (
                takes_all
                or (select.keyword >= 0 and not _has_items(select))
                or (select.from_ is not None and select.keyword >= 0)
            )
            if wants_rows and (nearest := [*self.earlier, *self.local]):
                name = nearest[-1]
                self._use(select, [InferredTable(self.ctes[name.lower()].renamed(name), name, "")])
            return
        self._use(select, self._best_tables(select, named))

    def _best_tables(self, select: Select, named: dict[str, set[str]]) -> list[InferredTable]:
        """Tables for as many of the columns as keys connect."""
        order = self._order_of(select)
        chosen = self._tables_of_qualifiers(named)
        chosen += self._tables_of_columns(sorted(named.get("", set()), key=lambda name: order.get(name, 0)), chosen)
        taken = {table.name.lower() for table in chosen}
        return connected_tables(chosen, lambda: self._bridges(taken))

    def _order_of(self, select: Select) -> dict[str, int]:
        """Where the columns are named first."""
        order: dict[str, int] = {}
        for reference in local_references(select):
            order.setdefault(self.analysis.name(reference.parts[-1]).lower(), reference.first)
        return order

    def _tables_of_qualifiers(self, named: dict[str, set[str]]) -> list[InferredTable]:
        """For each qualifier the one table that has its columns, and that it fits best."""
        chosen: list[InferredTable] = []
        for name in sorted((name for name in named if name), key=lambda name: -len(named[name])):
            options = [
                (affinity(name, candidate), candidate in self.ctes and candidate in self.local, candidate)
                for candidate in self._named_or_having(name, named[name])
            ]
            best = [option for option in options if option[:2] == max(options)[:2]]
            tables = [self._inferred_table(option[2], name) for option in best]
            chosen += self._only_one(tables, chosen)
        return chosen

    def _tables_of_columns(self, columns: list[str], qualified: list[InferredTable]) -> list[InferredTable]:
        """Tables for columns without a qualifier: those first that only one table has, then the most at once."""
        known = {column for table in qualified for column in table.relation.columns}
        waiting = {name: found for name in columns if name not in known and (found := self._tables_having(name))}
        chosen: list[InferredTable] = []
        while waiting:
            sure = next((found[0] for found in waiting.values() if len(found) == 1), None)
            counts = Counter(name for found in waiting.values() for name in found)
            most = max(counts.values())
            best = [sure] if sure else [name for name, count in counts.items() if count == most]
            taken = self._only_one([self._inferred_table(name, "") for name in best], [*qualified, *chosen])
            chosen += taken
            covered = set(best) if not taken else {taken[0].name}
            waiting = {name: found for name, found in waiting.items() if not covered & set(found)}
        return chosen

    def _tables_having(self, column: str) -> list[str]:
        """The CTEs of this query that have a column, or else the tables and other CTEs that do."""
        found = self._candidates({column})
        return [name for name in found if name in self.local] or found

    def _only_one(self, tables: list[InferredTable], chosen: list[InferredTable]) -> list[InferredTable]:
        """The table if it is one, or if one alone can be joined to those that are chosen."""
        if len(tables) > 1 and chosen:
            relations = [table.relation for table in chosen]
            joinable = [table for table in tables if join_condition(table.relation, relations, ()) is not None]
            tables = joinable if len(joinable) == 1 else tables
        return tables if len(tables) == 1 else []

    def _inferred_table(self, name: str, alias: str) -> InferredTable:
        relation = self._known_relation(name, alias)
        assert relation is not None, "it was found by its columns"
        return InferredTable(relation, name, alias)

    def _bridges(self, taken: set[str]) -> list[InferredTable]:
        """Tables that may stand between others: none in a catalog in which looking for one would take long."""
        tables = self.analysis.catalog.tables
        if len(tables) > MAX_BRIDGES:
            return []
        paths = [self._inferable(table) for table in tables]
        return [self._inferred_table(path, "") for path in paths if path and path.lower() not in taken]

    def _use(self, select: Select, chosen: list[InferredTable]) -> None:
        if not chosen:
            return
        parts = []
        for table in chosen:
            alias = f" {table.alias}" if table.alias and table.alias.lower() != table.name.lower() else ""
            text = self._spelled(table.name) + alias
            if table.condition is not None:
                text = f" JOIN {text} ON {self.condition_text(table.condition)}"
            parts.append(text)
            relation = table.relation
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


def stars(node: Node, *, in_calls: bool = True) -> list[Star]:
    """The stars of a SELECT's own level, with or without those inside function calls."""
    found = [child for child in local_nodes(node) if isinstance(child, Star)]
    if in_calls:
        return found
    inside = {id(child) for call in local_nodes(node) if isinstance(call, Call) for child in local_nodes(call)}
    return [star for star in found if id(star) not in inside]


def _has_items(select: Select) -> bool:
    return select.items is not None and settle(select.items)
