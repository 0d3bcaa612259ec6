"""Binds stars of a SELECT list: the columns that they stand for, EXCLUDE, REPLACE and RENAME."""

from collections.abc import Sequence

from speql_speculator.navigating.binding_expressions import ExpressionBinder
from speql_speculator.navigating.scopes import Relation, Scope
from speql_speculator.navigating.symbols import Output, OutputColumn, Symbol
from speql_speculator.parsing.syntax_tree import Star


class StarBinder(ExpressionBinder):
    """Spells out what a star stands for."""

    def star_columns(self, star: Star, scope: Scope) -> Output:
        """The columns of ``*``, ``t.*`` and ``* EXCLUDE (a) REPLACE (b + 1 AS b) RENAME (c AS d)``."""
        relations = self.star(star, scope)
        output = self.listed(relations, scope, merge=star.qualifier is None)
        if star.plain:
            return output
        columns = {column.name.lower(): column for column in reversed(output.columns) if column.name}
        gone: set[str] = set()
        renamed: dict[str, OutputColumn] = {}
        word = ""
        index = star.first + 1
        while index < star.last:
            token = self.tokens[index]
            if token.upper in ("EXCLUDE", "EXCEPT", "REPLACE", "RENAME") and token.kind == "word":
                word = token.upper
            elif word == "REPLACE" and (token.text in ("(", ",")):
                index = self._replacement(index + 1, star.last, columns, scope)
                continue
            elif token.kind in ("word", "quoted") and self.tokens[index + 1].text != "." and token.upper != "AS":
                after = self.tokens[index - 1].upper == "AS"
                if word == "RENAME" and after:
                    old = self.name(index - 2).lower()
                    origin = columns[old].symbol if old in columns else None
                    symbol = Symbol("output", self.name(index), self.span(index), stands_for=origin)
                    renamed[old] = OutputColumn(symbol.name, self.declare(index, symbol))
                elif word:
                    self._named(index, columns)
                    if word in ("EXCLUDE", "EXCEPT"):
                        gone.add(self.name(index).lower())
            index += 1
        kept = (
            renamed.get(column.name.lower(), column) for column in output.columns if column.name.lower() not in gone
        )
        return Output(tuple(kept), output.opaque)

    def _named(self, token: int, columns: dict[str, OutputColumn]) -> None:
        column = columns.get(self.name(token).lower())
        if column is not None and column.symbol is not None:
            self.occurs(token, column.symbol)
        else:
            self.unresolved.add(token)

    def _replacement(self, index: int, last: int, columns: dict[str, OutputColumn], scope: Scope) -> int:
        """Bind one ``expression AS name`` of REPLACE, which the parser skips; where it ends."""
        parser, position = self.parser, self.parser.position
        parser.position = index
        expression = parser.expression()
        index, parser.position = parser.position, position
        self.expression(expression, scope)
        if index + 1 < last and self.tokens[index].upper == "AS":
            self._named(index + 1, columns)
            index += 2
        return max(index, expression.first + 1) if expression.last > expression.first else index + 1

    def listed(self, relations: Sequence[Relation], scope: Scope, *, merge: bool) -> Output:
        """The columns of relations, one after the other; what USING made one is there once."""
        columns = [
            column
            for relation in relations
            for column in relation.listed
            if not merge or (relation, column.name.lower()) not in scope.joined
        ]
        return Output(tuple(columns), any(relation.opaque for relation in relations))
