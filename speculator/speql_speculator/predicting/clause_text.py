"""What finishes a clause by the rules of SQL and the schema: conditions of joins, keys of groups, orders."""

from collections.abc import Iterator

from speql_speculator.completing.completion_sources import Source
from speql_speculator.completing.quoting import quoted
from speql_speculator.parsing.keywords import AGGREGATES
from speql_speculator.predicting.candidate import Candidate
from speql_speculator.predicting.past_text import fitted
from speql_speculator.predicting.place import Place
from speql_speculator.predicting.words import Word
from speql_speculator.resolving.join_conditions import JoinCondition, join_condition
from speql_speculator.resolving.relations import Relation, table_relation

_BEFORE_CONDITION = frozenset({"WHERE", "AND", "ON"})


def clause_text(place: Place) -> Iterator[Candidate]:
    """Texts that finish what is begun at the place; they need not bind yet."""
    for text, score, reason in _Clauses(place).all():
        fit = fitted(text, place)
        if fit is not None:
            yield Candidate(fit, score, "rules", reason)


class _Clauses:
    def __init__(self, place: Place) -> None:
        self.place = place
        self.words = place.select_words
        self.last = self.words[-1].shape if self.words else ""
        self.lower = _writes_lower(place)
        self.qualifies = any(word.kind == "column" and word.qualifier for word in self.words)

    def all(self) -> Iterator[tuple[str, float, str]]:
        clause = self.place.reading.clause
        if clause == "from":
            yield from self.on_condition()
        elif clause in ("on", "where"):
            yield from self.missing_join()
            yield from self.other_side()
        elif clause == "group":
            yield from self.group_keys()
        elif clause == "order":
            yield from self.order_keys()

    def word(self, text: str) -> str:
        return text.lower() if self.lower else text

    # -- joins -----------------------------------------------------------------------------------------------------

    def on_condition(self) -> Iterator[tuple[str, float, str]]:
        """Behind ``JOIN table alias`` its condition."""
        if not self.place.reading.after_operand or not any(word.shape == "JOIN" for word in self.words):
            return
        joined = next((word for word in reversed(self.words) if word.kind == "keyword"), None)
        if joined is None or joined.shape != "JOIN" or len(self.place.scope.sources) < 2:
            return
        if any(word.shape in ("CROSS", "NATURAL") for word in self.words[-6:]):
            return
        sources = self._sources_here()
        compared = [(w.qualifier.lower(), w.shape) for w in self.words if w.kind == "column" and w.clause == "on"]
        condition = join_condition(_relation(sources[-1]), [_relation(one) for one in sources[:-1]], compared)
        if condition is not None:
            text = f" {self.word('ON')} {self._condition(condition)}"
            yield text, 0.45 + 0.15 * condition.quality, condition.reason

    def missing_join(self) -> Iterator[tuple[str, float, str]]:
        """Behind ``WHERE``, ``AND`` and ``ON`` a condition of a join that is missing; in ``WHERE`` all that are."""
        if self.last not in _BEFORE_CONDITION:
            return
        clause = self.place.reading.clause
        conditions = self._missing()
        if clause == "on":
            conditions = [one for one in conditions if one.right.alias == self._sources_here()[-1].name][:1]
        if not conditions:
            return
        first = conditions[0]
        score = 0.3 + 0.12 * first.quality
        if len(conditions) > 1 and self.last == "WHERE" and all(one.quality >= 2 for one in conditions):
            joint = f"\n  {self.word('AND')} ".join(self._condition(one) for one in conditions)
            yield f" {joint}", score + 0.02, "The conditions that join the tables of FROM."
        yield f" {self._condition(first)}", score, first.reason

    def other_side(self) -> Iterator[tuple[str, float, str]]:
        """Behind ``column =`` the column that it is joined with."""
        if self.last != "=" or len(self.words) < 2 or self.words[-2].kind != "column":
            return
        name = self.words[-2].shape
        for condition in self._missing():
            for left, right in condition.pairs:
                if left == name:
                    yield f" {self._column(condition.right, right)}", 0.85, condition.reason
                elif right == name:
                    yield f" {self._column(condition.left, left)}", 0.85, condition.reason

    def _sources_here(self) -> list[Source]:
        """The sources of the SELECT that the cursor is in, in the order of its FROM."""
        named = [word for word in self.words if word.kind == "table" and word.clause == "from"]
        here = {word.name.lower() for word in named}
        here |= {word.name.lower() for word in self.words if word.kind == "alias" and word.clause == "from"}
        return [source for source in self.place.scope.sources if source.name.lower() in here]

    def _missing(self) -> list[JoinCondition]:
        """The conditions that join each table of FROM to one before it and that are not written yet."""
        relations = [_relation(source) for source in self._sources_here() if source.columns]
        compared = _compared(self.words)
        found: list[JoinCondition] = []
        used: list[tuple[str, str]] = []
        for index, right in enumerate(relations):
            if index == 0:
                continue
            condition = join_condition(right, relations[:index], used)
            if condition is None:
                rest = relations[index + 1 :]
                condition = join_condition(right, rest, used) if rest else None
            if condition is None:
                continue
            used += ((condition.left.alias.lower(), left) for left, _ in condition.pairs)
            if not all(frozenset(pair) in compared for pair in condition.pairs):
                found.append(condition)
        return found

    def _condition(self, condition: JoinCondition) -> str:
        pairs = [
            (self._column(condition.left, left), self._column(condition.right, right))
            for left, right in condition.pairs
        ]
        if self._puts_the_new_table_first():
            pairs = [(right, left) for left, right in pairs]
        return f" {self.word('AND')} ".join(f"{left} = {right}" for left, right in pairs)

    def _puts_the_new_table_first(self) -> bool:
        """Whether the user's last ``ON`` begins with the table that it joins."""
        joined = ""
        found = False
        for word, following in zip(self.words, self.words[1:], strict=False):
            if (word.kind == "alias" and word.clause == "from") or word.kind == "table":
                joined = word.name.lower()
            elif word.shape == "ON" and following.kind == "column" and following.qualifier:
                found = following.qualifier.lower() == joined
        return found

    def _column(self, relation: Relation, name: str) -> str:
        column = relation.columns.get(name)
        spelled = quoted(column.name if column is not None else name, self.place.catalog.dialect)
        shared = sum(any(c.name.lower() == name for c in source.columns) for source in self.place.scope.sources) > 1
        if shared or self.qualifies or self._is_aliased(relation):
            return f"{quoted(relation.alias, self.place.catalog.dialect)}.{spelled}"
        return spelled

    def _is_aliased(self, relation: Relation) -> bool:
        return any(source.name == relation.alias and source.aliased for source in self.place.scope.sources)

    # -- groups and orders -----------------------------------------------------------------------------------------

    def group_keys(self) -> Iterator[tuple[str, float, str]]:
        """Behind ``GROUP BY`` what the SELECT list has outside aggregates."""
        keys = self._plain_items()
        if not keys or not any(word.kind == "call" and word.name.lower() in AGGREGATES for word in self.words):
            return
        yield from self._rest_of_list(keys, "group", 0.8, "What is selected beside the aggregates.")

    def order_keys(self) -> Iterator[tuple[str, float, str]]:
        """Behind ``ORDER BY`` the keys of the groups, as far as they are selected."""
        grouped = [self._text(word) for word in self.words if word.kind == "column" and word.clause == "group"]
        if grouped:
            yield from self._rest_of_list(grouped, "order", 0.4, "What is grouped by.")

    def _rest_of_list(
        self, items: list[str], clause: str, score: float, reason: str
    ) -> Iterator[tuple[str, float, str]]:
        have = {self._text(word).lower() for word in self.words if word.kind == "column" and word.clause == clause}
        missing = [item for item in dict.fromkeys(items) if item.lower() not in have]
        if not missing:
            return
        if self.last in ("BY", ","):
            lead = " "
        elif self.last in ("GROUP", "ORDER"):
            lead = f" {self.word('BY')} "
        elif have:
            lead = ", "
        else:
            return
        yield lead + ", ".join(missing), score, reason

    def _plain_items(self) -> list[str]:
        """The items of the SELECT list without an aggregate, as written and without their aliases."""
        items: list[list[Word]] = [[]]
        depth = next((word.depth for word in self.words if word.shape == "SELECT"), 0)
        for word in self.words:
            if word.clause != "select" or word.shape in ("SELECT", "DISTINCT", "ALL"):
                continue
            if word.shape == "," and word.depth == depth:
                items.append([])
            elif word.kind != "alias":
                items[-1].append(word)
        found = []
        for item in items:
            aggregates = any(word.kind == "call" and word.name.lower() in AGGREGATES for word in item)
            if item and not aggregates and any(word.kind == "column" for word in item):
                found.append(self.place.before[item[0].start : item[-1].end])
        return found

    def _text(self, word: Word) -> str:
        return self.place.before[word.start : word.end]


def _relation(source: Source) -> Relation:
    if source.table is not None:
        return table_relation(source.table, source.name, (source.table.name,))
    from speql_speculator.resolving.relations import VisibleColumn, type_family

    columns = {c.name.lower(): VisibleColumn(c.name, type_family(c.type)) for c in source.columns}
    return Relation(source.name, columns, names=(source.name.lower(),))


def _compared(words: tuple[Word, ...]) -> set[frozenset[str]]:
    """Pairs of columns that are compared with each other already."""
    return {
        frozenset((left.shape, right.shape))
        for left, operator, right in zip(words, words[1:], words[2:], strict=False)
        if operator.shape == "=" and left.kind == right.kind == "column"
    }


def _writes_lower(place: Place) -> bool:
    """Whether the user writes keywords in lower case."""
    written = [place.before[word.start : word.end] for word in place.reading.words if word.kind == "keyword"]
    return sum(keyword.islower() for keyword in written) * 2 > len(written)
