"""Columns that come next by what the statement says so far and by the schema: for who has no history yet."""

from collections.abc import Iterator, Sequence
from functools import lru_cache

from speql_speculator.completing.completion_sources import Source
from speql_speculator.parsing.keywords import AGGREGATES
from speql_speculator.predicting.place import Place
from speql_speculator.predicting.schema_facts import SchemaFacts, schema_facts
from speql_speculator.predicting.words import Word
from speql_speculator.resolving.join_conditions import join_condition
from speql_speculator.resolving.relations import Relation, table_relation
from speql_sql import Table

Scored = Iterator[tuple[str, float]]


def schema_columns(place: Place) -> dict[str, float]:
    """Folded names of columns with the chance, 0 to 1, that they are used soon, as far as rules can tell."""
    found: dict[str, float] = {}
    for name, chance in _Rules(place).all():
        # Two rules that say the same are surer than one.
        found[name] = 1 - (1 - found.get(name, 0.0)) * (1 - min(chance, 0.99))
    return found


class _Rules:
    def __init__(self, place: Place) -> None:
        self.place = place
        self.facts: SchemaFacts = schema_facts(place.catalog)
        self.words = place.select_words
        self.clause = place.reading.clause
        self.sources = place.scope.sources
        self.last = next((word for word in reversed(self.words) if word.kind == "column"), None)

    def all(self) -> Scored:
        clause = self.clause
        yield from self.repeated()
        if clause == "select":
            # Behind an operand the list may be at its end; then FROM comes, and conditions.
            ended = self.place.reading.after_operand and not self.place.half
            for name, chance in self.select_list():
                yield name, chance * (0.6 if ended else 1.0)
            if ended:
                yield from self.joins(0.6)
                yield from self.keys_of_groups(0.2)
        elif clause == "from":
            yield from self.joins(0.8)
            yield from self.filters(0.25)
        elif clause == "on":
            # Behind a whole condition the next clause is as likely as another join.
            whole = self.place.reading.after_operand
            yield from self.other_side()
            yield from self.joins(0.6 if whole else 0.8)
            yield from self.filters(0.5 if whole else 0.1)
        elif clause == "where":
            yield from self.other_side()
            yield from self.joins(0.8)
            yield from self.filters(0.5)
            yield from self.keys_of_groups(0.3)
        elif clause == "group":
            missing = list(self.keys_of_groups(0.9))
            yield from missing
            # All keys are there: what comes next is ORDER BY.
            yield from self.outputs(0.3 if missing else 0.75)
            yield from self.selected(0.2 if missing else 0.5)
        elif clause in ("having", "qualify"):
            yield from self.measures_in_use(0.6)
            yield from self.outputs(0.5)
            yield from self.selected(0.2)
        elif clause == "order":
            yield from self.outputs(0.9)
            yield from self.keys_of_groups(0.3)
        elif clause == "limit" or clause in ("", "with"):
            yield from self.select_list()

    # -- the same statement's other SELECTs ------------------------------------------------------------------------

    def repeated(self) -> Scored:
        """What followed the last columns where this statement named them before, or their like of another table."""
        words = [word for word in self.place.reading.words if word.kind == "column"]
        if len(words) < 2:
            return
        stems = [self.facts.stem(word.shape) for word in words]
        size = len(words)
        best: list[tuple[float, int]] = []
        for at in range(1, size):
            if stems[at - 1] != stems[size - 1]:
                continue
            length = 1
            while length < 6 and at - 1 - length >= 0 and stems[at - 1 - length] == stems[size - 1 - length]:
                length += 1
            exact = words[at - 1].shape == words[-1].shape
            same_clause = words[at].clause == self.clause or words[at - 1].clause == words[-1].clause
            best.append((length + 0.5 * exact + 1.0 * same_clause, at))
        best.sort(key=lambda one: (-one[0], -one[1]))
        for strength, at in best[:2]:
            chance = min(0.2 * strength, 0.85)
            seen: set[str] = set()
            for word in words[at : at + 4]:
                if word.shape not in seen:
                    seen.add(word.shape)
                    yield from self._or_its_like(word, words[at - 1], chance)
                    chance *= 0.75

    def _or_its_like(self, word: Word, before: Word, chance: float) -> Scored:
        """The column that came next, or where another table's column took the place of the one before, its sibling."""
        last = next(one for one in reversed(self.place.reading.words) if one.kind == "column")
        own, other = self.facts.table_of(before.shape), self.facts.table_of(last.shape)
        table = self.facts.table_of(word.shape)
        if own is not None and other is not None and own is not other and table is own:
            sibling = self.facts.sibling(word.shape, other)
            if sibling:
                yield sibling, chance
                return
        yield word.shape, chance
        if table is not None and self.facts.measures(table):
            # A fact's column in one branch is often its sibling's in the next.
            for sibling in self.facts.siblings(word.shape):
                yield sibling, chance * 0.45

    # -- SELECT ----------------------------------------------------------------------------------------------------

    def select_list(self) -> Scored:
        sources = [source for source in self.sources if source.columns]
        used = {word.shape for word in self.words if word.kind == "column"}
        if not sources and not used:
            yield from self._from_ctes(0.55)
            yield from self._anything(0.1)
            return
        yield from self._from_ctes(0.3)
        if self.last is not None:
            yield from self._beside(self.last.shape, used)
        tables = self._tables(sources, used)
        in_aggregate = self.place.reading.call.rstrip("(") in AGGREGATES
        for table in tables:
            measures = self.facts.measures(table)
            for rank, name in enumerate(measures[:6]):
                if name not in used:
                    yield name, (0.5 if in_aggregate else 0.18) * 0.85**rank
            for rank, name in enumerate(self.facts.labels(table)[:5]):
                if name not in used:
                    yield name, (0.1 if in_aggregate else 0.25) * 0.85**rank
        if self.place.reading.words and self.place.reading.words[-1].shape == "SELECT":
            yield from self.joins(0.2)
        for source in sources:
            if source.table is None:
                for rank, column in enumerate(source.columns):
                    if column.name.lower() not in used:
                        yield column.name.lower(), 0.5 * 0.9**rank

    def _from_ctes(self, chance: float) -> Scored:
        if any(source.columns for source in self.sources):
            return
        used = {word.shape for word in self.words if word.kind == "column"}
        for cte in reversed(self.place.scope.ctes):
            names = [column.name.lower() for column in cte.columns]
            boost = 1.8 if used & set(names) else 1.0
            for rank, name in enumerate(name for name in names if name not in used):
                yield name, min(chance * boost, 0.9) * 0.88**rank
            chance *= 0.7

    def _anything(self, chance: float) -> Scored:
        """Where nothing is said yet: labels of the tables that others refer to most, measures of the largest."""
        for table in self.facts.likely_tables(self.place.reading.words)[:4]:
            for rank, name in enumerate((*self.facts.labels(table)[:3], *self.facts.measures(table)[:2])):
                yield name, chance * 0.9**rank

    def _beside(self, name: str, used: set[str]) -> Scored:
        """Columns of the same table that stand near the last one, or are called nearly the same."""
        table = self.facts.table_of(name, self._known_tables())
        if table is None:
            return
        names = list(table.columns_by_name)
        at = names.index(name) if name in names else -1
        parts = self.facts.stem(name).split("_")
        for index, other in enumerate(names):
            if other in used:
                continue
            distance = index - at
            near = {1: 0.45, 2: 0.28, -1: 0.3, 3: 0.2, -2: 0.2, 4: 0.12, -3: 0.1}.get(distance, 0.03)
            shared = len(set(parts) & set(self.facts.stem(other).split("_")))
            alike = 0.25 if shared else 0.0
            key = 0.3 if self.facts.is_key(other) else 1.0
            yield other, (near + alike) * key

    def _known_tables(self) -> list[Table]:
        return [source.table for source in self.sources if source.table is not None]

    def _tables(self, sources: Sequence[Source], used: set[str]) -> list[Table]:
        known = [source.table for source in sources if source.table is not None]
        if known:
            return known
        return list({id(t): t for name in used if (t := self.facts.table_of(name)) is not None}.values())

    # -- FROM, ON, WHERE -------------------------------------------------------------------------------------------

    def other_side(self) -> Scored:
        """Behind ``column =`` the column that it is joined with."""
        words = self.place.reading.words
        if len(words) < 2 or words[-1].shape != "=" or words[-2].kind != "column":
            return
        for left, right in self._join_pairs():
            for one, other in ((left, right), (right, left)):
                if one == words[-2].shape:
                    yield other, 0.97

    def joins(self, chance: float) -> Scored:
        """The columns of the join conditions that are still missing."""
        used = {word.shape for word in self.words if word.kind == "column" and word.clause in ("where", "on")}
        rank = 0
        for left, right in self._join_pairs():
            if left in used and right in used:
                continue
            yield left, chance * 0.85**rank
            yield right, chance * 0.85**rank
            rank += 1
        rank = 0
        for left, right in self._shared_keys():
            if left not in used and right not in used:
                yield left, chance * 0.4 * 0.8**rank
                yield right, chance * 0.4 * 0.8**rank
                rank += 1
        if self.clause in ("from", "select", "on"):
            # Tables that are not named yet: what refers to others will be compared with their keys.
            rank = 0
            for table in self._tables(self.sources, self._selected()):
                for name in self.facts.references(table):
                    if name not in used:
                        yield name, chance * 0.3 * 0.85**rank
                        rank += 1
            for source in self.sources:
                if source.table is None:
                    shown = self._selected()
                    for rank, name in enumerate(name for name in _names(source) if name not in shown | used):
                        yield name, chance * 0.35 * 0.8**rank

    def _selected(self) -> set[str]:
        return {word.shape for word in self.words if word.kind == "column" and word.clause == "select"}

    def _coming(self) -> list[Table]:
        """Tables that the SELECT list takes columns from and FROM does not name yet."""
        if any(source.table is None for source in self.sources):
            return []
        known = {id(source.table) for source in self.sources}
        found = (self.facts.table_of(word.shape) for word in self.words if word.kind == "column")
        return [t for t in {id(t): t for t in found if t is not None}.values() if id(t) not in known]

    def _join_pairs(self) -> list[tuple[str, str]]:
        relations = [_relation(source) for source in self.sources if source.columns]
        relations += (_table_relation(table, table.name) for table in self._coming())
        return list(_pairs(relations, self._compared()))

    def _compared(self) -> list[tuple[str, str]]:
        """Alias and column of what conditions of joins use already, folded."""
        found = (word for word in self.words if word.kind == "column" and word.clause in ("where", "on"))
        return [(word.qualifier.lower(), word.shape) for word in found if word.qualifier]

    def _shared_keys(self) -> Iterator[tuple[str, str]]:
        """Keys that two tables have under the same name or stem: two facts of one event."""
        tables = [source.table for source in self.sources if source.table is not None]
        for index, left in enumerate(tables):
            for right in tables[index + 1 :]:
                yield from self.facts.keys_in_common(left, right)

    def filters(self, chance: float) -> Scored:
        """Columns that conditions are made of: those used so in other SELECTs, time, and what has few values."""
        used = {word.shape for word in self.words if word.kind == "column" and word.clause in ("where", "on")}
        selected = {word.shape for word in self.words if word.kind == "column" and word.clause == "select"}
        elsewhere = [
            word.shape
            for word in self.place.reading.words
            if word.kind == "column" and word.clause in ("where", "having") and word.select != self.place.reading.select
        ]
        mine = {name for source in self.sources for name in _names(source)}
        for name in elsewhere:
            if name in mine and name not in used and not self.facts.is_key(name):
                yield name, chance * 0.8
        for rank, word in enumerate(reversed([w for w in self.words if w.kind == "column" and w.clause == "select"])):
            if word.shape not in used and not self.facts.is_key(word.shape):
                yield word.shape, chance * 0.3 * 0.8**rank
        if self.last is not None and self.last.clause in ("where", "on") and not self.facts.is_key(self.last.shape):
            yield self.last.shape, chance * 0.25
            table = self.facts.table_of(self.last.shape, self._known_tables())
            for rank, name in enumerate(self.facts.filters(table) if table else ()):
                if name not in used:
                    yield name, chance * 0.5 * 0.8**rank
        for source in self.sources:
            if source.table is None:
                continue
            names = source.table.columns_by_name
            # A table that nothing is selected from is there for a condition, unless it only joins two others.
            idle = not any(name in names for name in selected)
            begun = any(name in names and not self.facts.is_key(name) for name in used)
            share = 0.9 if idle and not begun else 0.55 if idle else 0.4
            for rank, name in enumerate(self.facts.filters(source.table)[:6]):
                if name not in used:
                    yield name, chance * share * 0.7**rank

    # -- GROUP BY, HAVING, ORDER BY --------------------------------------------------------------------------------

    def keys_of_groups(self, chance: float) -> Scored:
        """The columns of the SELECT list outside aggregates that the clause does not have yet, in order."""
        used = {word.shape for word in self.words if word.kind == "column" and word.clause == self.clause}
        if not any(word.kind == "call" and word.name.lower() in AGGREGATES for word in self.words):
            chance *= 0.5
        rank = 0
        seen: set[str] = set()
        for word in self.words:
            plain = word.kind == "column" and word.clause == "select" and word.call.rstrip("(") not in AGGREGATES
            if plain and word.shape not in seen:
                seen.add(word.shape)
                if self.clause != "group" or word.shape not in used:
                    yield word.shape, chance * 0.88**rank
                    rank += 1

    def selected(self, chance: float) -> Scored:
        """The columns of the SELECT list, in order."""
        for rank, name in enumerate(
            dict.fromkeys(w.shape for w in self.words if w.kind == "column" and w.clause == "select")
        ):
            yield name, chance * 0.88**rank

    def outputs(self, chance: float) -> Scored:
        """The names of the SELECT's output columns that the clause does not have yet, in order."""
        used = {word.shape for word in self.words if word.kind == "column" and word.clause == self.clause}
        for rank, name in enumerate(name.lower() for name in self.place.scope.outputs if name.lower() not in used):
            yield name, chance * 0.88**rank

    def measures_in_use(self, chance: float) -> Scored:
        for word in self.words:
            if word.kind == "column" and word.call.rstrip("(") in AGGREGATES:
                yield word.shape, chance


def _names(source: Source) -> Iterator[str]:
    return (column.name.lower() for column in source.columns)


def _relation(source: Source) -> Relation:
    if source.table is not None:
        return _table_relation(source.table, source.name)
    from speql_speculator.resolving.relations import VisibleColumn, type_family

    columns = {c.name.lower(): VisibleColumn(c.name, type_family(c.type)) for c in source.columns}
    return Relation(source.name, columns, names=(source.name.lower(),))


@lru_cache(maxsize=256)
def _table_relation(table: Table, alias: str) -> Relation:
    return table_relation(table, alias, (table.name,))


def _pairs(relations: Sequence[Relation], compared: Sequence[tuple[str, str]] = ()) -> Iterator[tuple[str, str]]:
    """The columns of the conditions that join each relation to one before or behind it, in the order of FROM."""
    told: set[frozenset[tuple[str, str]]] = set()
    used = list(compared)
    for index, right in enumerate(relations):
        others = [*relations[:index], *relations[index + 1 :]]
        condition = join_condition(right, others, used)
        if condition is None:
            continue
        for left_name, right_name in condition.pairs:
            left = condition.left.alias.lower()
            pair = frozenset(((left, left_name), (right.alias.lower(), right_name)))
            if pair not in told:
                told.add(pair)
                used.append((left, left_name))
                yield left_name, right_name
