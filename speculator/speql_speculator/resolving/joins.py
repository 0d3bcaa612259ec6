"""Resolves joins: conditions typed, half typed or missing, and aliases that are used before they are typed."""

from speql_speculator.parsing.grammar import fragment
from speql_speculator.parsing.keywords import CLAUSE_WORDS, JOIN_WORDS
from speql_speculator.parsing.syntax_tree import Clause, Expression, Fault, Reference, Source, Term
from speql_speculator.resolving.analysis import local_nodes, local_references
from speql_speculator.resolving.conditions import check_conditions
from speql_speculator.resolving.grouping import is_aggregate
from speql_speculator.resolving.impossible import check_types
from speql_speculator.resolving.join_conditions import JoinCondition, join_condition
from speql_speculator.resolving.missing_tables import MissingTableFinder
from speql_speculator.resolving.pruning import cause, settle
from speql_speculator.resolving.references import resolve_references
from speql_speculator.resolving.relations import Relation, VisibleColumn
from speql_speculator.resolving.tables import affinity

_AFTER_A_TABLE = CLAUSE_WORDS | JOIN_WORDS | {"ON", "USING", "AS", "TABLESAMPLE"}
_NO_CONDITION = ("CROSS JOIN", "NATURAL JOIN", "POSITIONAL JOIN")


class JoinResolver(MissingTableFinder):
    """Joins a source to those before it."""

    def _join(self, source: Source, relation: Relation, wanted: dict[str, set[str]]) -> None:
        before = list(self.scope.relations)
        self._alias_before_join(source, relation, wanted)
        if self._is_named_twice(source, relation, before):
            return
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
        if kind in _NO_CONDITION or kind.startswith(("NATURAL", "CROSS", "POSITIONAL", "LATERAL")) or "APPLY" in kind:
            return
        if source.using is not None:
            self._using(source)
            if settle(source.using):
                return
        if source.condition is not None:
            resolve_references(source.condition, self.scope, self.analysis)
            check_conditions(source.condition, self.analysis)
            check_types(source.condition, self.analysis)
            for term in local_nodes(source.condition):
                if isinstance(term, Term) and is_aggregate(term) and term.fault is None:
                    term.fault = self.analysis.report(term, "aggregate-in-where", "A join condition sees single rows")
            if settle(source.condition) and self._says_something(source.condition, relation):
                self._complete(source, relation, before)
                self._note_used(source.condition)
                self._as_of(source, relation, before)
                return
        if source.query is None and source.call is not None:
            # A table function: DuckDB asks for a condition all the same.
            if self.dialect != "bigquery" and source.condition is None:
                source.add_condition = " ON 1 = 1" if self.dialect in ("tsql", "fabric") else " ON TRUE"
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
        self._as_of(source, relation, before)

    def _as_of(self, source: Source, relation: Relation, before: list[Relation]) -> None:
        """Complete an ASOF join with its comparison of times, where each side has one; else leave it out."""
        if "ASOF" not in source.kind.split() or self._compares(source.condition):
            return
        left = [(other, name) for other in before for name, column in other.columns.items() if column.family == "time"]
        right = [name for name, column in relation.columns.items() if column.family == "time"]
        if len(left) > 1 and right:
            left = [pair for pair in left if pair[1] == right[0]]
        if len(left) != 1 or len(right) != 1:
            source.fault = self.analysis.report(
                source, "left-out", f"The ASOF join with `{relation.alias}` compares no times yet", "Type `AND a >= b`."
            )
            self._leave_out(source, relation)
            return
        text = f"{self._column(*left[0])} >= {self._column(relation, right[0])}"
        if source.condition is not None:
            source.condition.add += f" AND {text}"
        else:
            source.add_condition += f" AND {text}"
        self.analysis.quality = min(self.analysis.quality, 1)

    def _compares(self, condition: Clause | None) -> bool:
        """Whether a term that stays in a condition is an inequality."""
        body = condition.body if condition is not None else None
        terms = [term for term in body.terms if term.kept] if isinstance(body, Expression) else []
        operators = {self.analysis.text_of(first) for term in terms for first, _ in term.operators}
        return bool(operators & {"<", "<=", ">", ">="})

    def _is_named_twice(self, source: Source, relation: Relation, before: list[Relation]) -> bool:
        """Leave out a table whose name another one has already: nothing could be said of either of them."""
        if not any(_have_one_name(relation, other) for other in before):
            return False
        if source.alias >= 0 and source.alias == self.analysis.parser.half and source.marker < 0 and source.parts:
            # An alias half typed: the table's own name will do.
            table = self.analysis.name(source.parts[-1])
            source.drop_alias = True
            relation.alias, relation.names = table, (table.lower(),)
            if not any(_have_one_name(relation, other) for other in before):
                return False
        if self.analysis.parser.at_cursor(source.last):
            source.fault = fragment(f"`{self.analysis.text(source)}`")
        else:
            source.fault = self.analysis.report(
                source, "left-out", f"There are two tables `{relation.alias}` here", "Give one of them an alias."
            )
        source.kept = False
        return True

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
            relation.alias, relation.names = name or self._free_name(wanted), (name.lower(),) if name else ()
            typed = ""
        own = [name for name in relation.names if name]
        if source.alias >= 0 and not typed and not own:
            return
        if not typed and any(name in wanted or name.split(".")[-1] in wanted for name in own):
            return
        taken = {name for other in self.scope.relations for name in other.names}
        name = self.analysis.name(source.parts[-1]) if source.parts else ""
        if typed and name and name.lower() in wanted and name.lower() not in taken and source.marker < 0:
            source.drop_alias = True
            relation.alias, relation.names = name, (name.lower(),)
            return
        fields = {name for name, column in relation.columns.items() if not column.family}
        unknown = [
            alias for alias in wanted if alias and alias not in taken and alias not in fields and not self._outer(alias)
        ]
        fitting = [
            alias
            for alias in unknown
            if wanted[alias] and wanted[alias] <= set(relation.columns) and alias not in self.scope.left_out
        ]
        if not fitting:
            return
        table = name or (own[0] if own else "")
        fitting.sort(key=lambda alias: -affinity(alias, table))
        if len(fitting) > 1 and affinity(fitting[0], table) == affinity(fitting[1], table):
            return
        if affinity(fitting[0], table) == 0 and self._fits_better(fitting[0], wanted[fitting[0]], relation):
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
            source.add_alias = alias
        relation.alias, relation.names = alias, (alias,)

    def _begins_key_word(self, source: Source) -> bool:
        """Whether an alias at the cursor is rather the beginning of a key word."""
        word = self.analysis.name(source.alias).upper()
        table = self.analysis.name(source.parts[-1]) if source.parts else ""
        return not affinity(word, table) and any(key_word.startswith(word) for key_word in _AFTER_A_TABLE)

    def _fits_better(self, alias: str, columns: set[str], relation: Relation) -> bool:
        """Whether another table has these columns and a name that the alias stands for."""
        if self.analysis.catalog.large:
            return any(affinity(alias, name) > 0 for name in self._candidates(columns))
        return any(
            affinity(alias, name) > 0 and columns <= set(self._columns_of(name))
            for name in (*self.ctes, *(table.name for table in self.analysis.catalog.tables))
        )

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

    def _leave_out(self, source: Source, relation: Relation | None) -> None:
        """Remember that names of this source cannot be used."""
        fault = source.fault or cause(source)
        source.kept = False
        if source.parts or source.query is not None:
            self.scope.table_in_doubt = True
        for part in (source.alias, *(source.parts[-1:])):
            if part >= 0 and part != self.analysis.parser.half:
                self.scope.left_out.setdefault(self.analysis.name(part).lower(), fault.reason)
        if relation is not None and relation in self.scope.relations:
            self.scope.relations.remove(relation)


def _have_one_name(left: Relation, right: Relation) -> bool:
    """Whether two sources go by the same name, and no schema before it tells them apart."""
    if not left.names or not right.names or not left.names[0] or left.names[0] != right.names[0]:
        return False
    return left.names[-1] == right.names[-1] or "." not in left.names[-1] + right.names[-1]
