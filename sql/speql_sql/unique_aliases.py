"""Rename the sources of a qualified query so that no two of the whole tree share an alias."""

from collections.abc import Mapping

from sqlglot import exp


class UnresolvedNameError(Exception):
    """A column names a source that is not in sight. ``node`` is the column."""

    def __init__(self, message: str, node: exp.Expr, name: str = "") -> None:
        super().__init__(message)
        self.node = node
        self.name = name


def make_aliases_unique(query: exp.Query) -> None:
    """Rename sources in place so that an alias means one source in the whole tree.

    With that, an expression can be moved between the SELECTs of a tree and still mean the same, which is what view
    matching does. Raises :class:`UnresolvedNameError` for a column whose source is not in sight, and for forms whose
    scoping is not known here.
    """
    _Renamer().visit(query, {})


class _Renamer:
    def __init__(self) -> None:
        self._taken: set[str] = set()

    def visit(self, node: exp.Expr, env: Mapping[str, str]) -> None:
        if isinstance(node, exp.Column):
            self._rename_column(node, env)
        elif isinstance(node, exp.Select):
            self._visit_select(node, env)
        else:
            for child in node.iter_expressions():
                self.visit(child, env)

    def _rename_column(self, column: exp.Column, env: Mapping[str, str]) -> None:
        identifier = column.args.get("table")
        if identifier is None:
            if not column.find_ancestor(exp.Ordered, exp.Distinct):
                raise UnresolvedNameError(f"Column {column.name!r} is unknown or ambiguous.", column, column.name)
            return
        name = env.get(identifier.name)
        if name is None:
            raise UnresolvedNameError(f"Column {column.sql()!r} is not in sight here.", column, column.name)
        if name != identifier.name:
            identifier.set("this", name)

    def _visit_select(self, select: exp.Select, outer: Mapping[str, str]) -> None:
        env = dict(outer)
        from_ = select.args.get("from_")
        joins = select.args.get("joins") or []
        laterals = select.args.get("laterals") or []
        sources = ([from_.this] if from_ else []) + [join.this for join in joins] + laterals
        for source in sources:
            self._name_source(source, env)
        if with_ := select.args.get("with_"):
            self.visit(with_, outer)
        for source in sources:
            # Only a LATERAL or an UNNEST sees the other sources of its FROM.
            visible = env if isinstance(source, (exp.Lateral, exp.Unnest)) else outer
            for child in source.iter_expressions():
                if isinstance(child, exp.TableAlias):
                    continue
                self.visit(child, visible)
        for join in joins:
            for key, child in join.args.items():
                if key != "this" and isinstance(child, exp.Expr):
                    self.visit(child, env)
        for key, value in select.args.items():
            if key in ("from_", "joins", "laterals", "with_"):
                continue
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, exp.Expr):
                    self.visit(child, env)

    def _name_source(self, source: exp.Expr, env: dict[str, str]) -> None:
        if source.args.get("joins") or (isinstance(source, exp.Subquery) and isinstance(source.this, exp.Table)):
            raise UnresolvedNameError("A join in parentheses is not analysed.", source)
        alias = source.args.get("alias")
        identifier = alias.this if isinstance(alias, exp.TableAlias) else None
        if not isinstance(identifier, exp.Identifier):
            raise UnresolvedNameError("A source of FROM has no name.", source)
        name = identifier.name
        unique, number = name, 2
        while unique.lower() in self._taken:
            unique, number = f"{name}_{number}", number + 1
        self._taken.add(unique.lower())
        env[name] = unique
        if unique != name:
            identifier.set("this", unique)
