"""Binds FROM: tables, CTEs, derived tables, their aliases, and what joins them."""

from speql_speculator.navigating.binding_expressions import ExpressionBinder
from speql_speculator.navigating.scopes import Relation, Scope, Stretch
from speql_speculator.navigating.symbols import Output, OutputColumn, Symbol
from speql_speculator.parsing.syntax_tree import Call, Node, Reference, Source, walk
from speql_sql import Span


class SourceBinder(ExpressionBinder):
    """Fills a scope from the sources of a FROM."""

    def source(self, source: Source, scope: Scope) -> None:
        """Bind one source with its join condition, and add it to the scope."""
        before = list(scope.relations)
        if source.inner is not None:
            for inner in source.inner:
                self.source(inner, scope)
            if source.alias >= 0:
                scope.relations[len(before) :] = [self._relation(source, None, (), Output(opaque=True))]
        else:
            scope.relations.append(self._read(source, scope))
        added = scope.relations[len(before) :]
        if source.condition is not None:
            self._narrowed(source.condition, scope)
            self.expression(source.condition, scope)
        if source.using is not None:
            self._narrowed(source.using, scope)
        if source.using is not None and source.using.body is not None:
            for node in walk(source.using.body):
                if isinstance(node, Reference) and len(node.parts) == 1:
                    self._using(node.parts[0], before, added, scope)
        if "NATURAL" in source.kind:
            self._natural(before, added, scope)
        if "SEMI" in source.kind or "ANTI" in source.kind:
            del scope.relations[len(before) :]

    def _read(self, source: Source, scope: Scope) -> Relation:
        if source.query is not None:
            self._narrowed(source, scope)
            output = self.query(source.query, scope.ctes, scope)
            if source.pivoted:
                for column in output.columns:
                    self.block(column.symbol, "PIVOT reads it")
                output = Output(opaque=True)
            return self._relation(source, None, (), output)
        if source.parts:
            names = tuple(self.name(part) for part in source.parts)
            cte = scope.ctes.get(names[0].lower()) if len(names) == 1 else None
            if cte is not None:
                symbol, output = cte.symbol, cte.output
            else:
                symbol, columns = self.table(names)
                output = Output(columns, opaque=symbol.table is None or symbol.table.listed_only)
            if source.call is not None:
                output = Output(opaque=True)  # PIVOT: what comes out of it depends on the rows
                for column in self.outputs.get(symbol, Output()).columns:
                    self.block(column.symbol, "PIVOT reads it")
            self._namespaces(source.parts[:-1])
            self.occurs(source.parts[-1], symbol)
            return self._relation(source, symbol, names, output)
        if source.call is not None:
            self.expression(source.call, scope)
            called = (source.call.name,) if isinstance(source.call, Call) else ()
            return self._relation(source, None, called, Output(opaque=True))
        return self._relation(source, None, (), Output(opaque=not source.dangling))

    def _narrowed(self, node: Node, scope: Scope) -> None:
        """Note that only the sources so far can be named in a part of FROM."""
        self.stretches.append(Stretch(node.first, node.last, scope, tuple(scope.relations)))

    def _relation(self, source: Source, named: Symbol | None, names: tuple[str, ...], output: Output) -> Relation:
        """The relation of a source under its alias, with the names that its columns get there."""
        symbol = named or Symbol("alias", names[0] if names else "")
        place = self._place(source)
        if source.alias >= 0:
            table = named.table if named is not None else None
            symbol = Symbol("alias", self.name(source.alias), self.span(source.alias), table=table, stands_for=named)
            names = (symbol.name,)
        if source.column_names:
            output = self.renamed(source.column_names, output)
        if source.alias >= 0:
            self.declare(source.alias, symbol)
            self.outputs[symbol] = output
        folded = tuple(name.lower() for name in names)
        spellings = tuple(".".join(folded[-count:]) for count in range(1, len(folded) + 1))
        return Relation(symbol, spellings, output.columns, output.opaque, place)

    def renamed(self, tokens: list[int], output: Output) -> Output:
        """The output with the names of ``t (a, b)``: those that it names are columns of their own."""
        columns: list[OutputColumn] = []
        for number, token in enumerate(tokens):
            old = output.columns[number] if number < len(output.columns) else None
            origin = old.symbol if old is not None else None
            symbol = Symbol("output", self.name(token), self.span(token), stands_for=origin)
            self.declare(token, symbol)
            columns.append(OutputColumn(symbol.name, symbol, old.expression if old is not None else ""))
        return Output((*columns, *output.columns[len(tokens) :]), output.opaque)

    def _place(self, source: Source) -> Span:
        if source.alias >= 0:
            return self.span(source.alias)
        if source.parts:
            return self.span(source.parts[-1])
        first = min(max(source.first, source.join[1]), len(self.tokens) - 1)
        return self.span(first)

    def _using(self, token: int, before: list[Relation], added: list[Relation], scope: Scope) -> None:
        """One column of USING: it is that of both sides, and one from here on."""
        folded = self.name(token).lower()
        left = scope.merged.get(folded)
        place = None
        for relation in before:
            if left is None and folded in relation.columns:
                left, place = relation.columns[folded], relation.place
        right = next((found for found in added if folded in found.columns), None)
        if right is not None:
            scope.joined.add((right, folded))
        symbols = [left, right.columns[folded] if right is not None else None]
        known = [symbol for symbol in dict.fromkeys(symbols) if symbol is not None]
        for symbol in known:
            self.occurs(token, symbol, "reference", place if symbol is left or right is None else right.place)
        if len(known) > 1:
            for symbol in known:
                self.block(symbol, "USING joins two columns by this name")
        if known:
            scope.merged[folded] = known[0]
        else:
            self.unresolved.add(token)

    def _natural(self, before: list[Relation], added: list[Relation], scope: Scope) -> None:
        """The columns that NATURAL joins by their names, whichever those are."""
        for relation in before:
            for folded, symbol in relation.columns.items():
                self.block(symbol, "NATURAL JOIN joins by name")
                joined = {(found, folded) for found in added if folded in found.columns}
                scope.joined |= joined
                if symbol is not None and joined:
                    scope.merged.setdefault(folded, symbol)
        for relation in added:
            for symbol in relation.columns.values():
                self.block(symbol, "NATURAL JOIN joins by name")
