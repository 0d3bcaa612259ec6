"""Finds the tables that a query does not name yet: from the columns that it uses, joined through keys."""

from speql_speculator.parsing.grammar import fragment
from speql_speculator.parsing.syntax_tree import Call, Node, Select, SelectItem, Source, Star
from speql_speculator.resolving.analysis import local_nodes
from speql_speculator.resolving.closest_name import closest_names
from speql_speculator.resolving.join_conditions import JoinCondition, join_condition
from speql_speculator.resolving.pruning import settle
from speql_speculator.resolving.relations import Relation, spell
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
            if name and columns and not explained:
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
        """FROM as the columns say it: one table for each qualifier, joined through keys."""
        named = {name: columns for name, columns in wanted.items() if columns and not (name and self._outer(name))}
        # The word being typed counts if it is a column as it stands.
        typing = [(name, column) for name, column in self.half_typed if not (name and self._outer(name))]
        for name, column in typing:
            if self._candidates({column}):
                more = {**named, name: named.get(name, set()) | {column}}
                best = self._best_tables(more)
                if any(column in relation.columns for relation, _, _ in best[0]):
                    self._use(select, *best)
                    return
        takes_all = any(star.qualifier is None for star in stars(select, in_calls=False))
        if not named:
            wants_rows = (
                takes_all
                or (select.keyword >= 0 and not _has_items(select))
                or (select.from_ is not None and select.keyword >= 0)
            )
            if self.local and wants_rows:
                name = self._unused_cte()
                self._use(select, [(self.ctes[name.lower()].renamed(name), name, "")], [])
            return
        best = self._best_tables(named)
        if best[0]:
            self._use(select, *best)

    def _best_tables(self, named: dict[str, set[str]]) -> tuple[list[tuple[Relation, str, str]], list[JoinCondition]]:
        """Tables for as many of the qualifiers as keys connect, and how: tried from each as the first."""
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
        return best

    def _unused_cte(self) -> str:
        return self.local[-1]

    def _choose(
        self, name: str, columns: set[str], chosen: list[tuple[Relation, str, str]], joins: list[JoinCondition]
    ) -> bool:
        """Choose the table for a qualifier; False if that cannot be told (yet)."""
        relations = [relation for relation, _, _ in chosen]
        taken = {relation.alias.lower(): relation for relation in relations}
        if name in taken and columns <= set(taken[name].columns):
            return True
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
            if relation is None or relation.alias.lower() in taken:
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


def stars(node: Node, *, in_calls: bool = True) -> list[Star]:
    """The stars of a SELECT's own level, with or without those inside function calls."""
    found = [child for child in local_nodes(node) if isinstance(child, Star)]
    if in_calls:
        return found
    inside = {id(child) for call in local_nodes(node) if isinstance(call, Call) for child in local_nodes(call)}
    return [star for star in found if id(star) not in inside]


def _has_items(select: Select) -> bool:
    return select.items is not None and settle(select.items)
