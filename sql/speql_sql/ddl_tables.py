"""What one CREATE TABLE declares."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from sqlglot import exp

from speql_sql.catalog import Column, ForeignKey, Table, TableKind
from speql_sql.ddl_types import spelled_type

TableName = tuple[str, str, str]
Fold = Callable[[exp.Expr], str]
# In these a column of a primary key may hold NULL all the same.
_NULL_IN_PRIMARY_KEYS = frozenset({"bigquery", "sqlite"})


@dataclass
class TableDraft:
    """A table while the statements that shape it are read. Foreign keys keep the name as written until the end."""

    name: TableName
    dialect: str
    kind: TableKind = "table"
    columns: list[Column] = field(default_factory=list)
    primary_key: tuple[str, ...] = ()
    unique_keys: list[tuple[str, ...]] = field(default_factory=list)
    references: list[tuple[tuple[str, ...], exp.Table, tuple[str, ...]]] = field(default_factory=list)
    generated: list[exp.Expr] = field(default_factory=list)
    unsafe: str = ""

    def table(self, foreign_keys: tuple[ForeignKey, ...] = ()) -> Table:
        """The table as it is now."""
        implied = self.dialect not in _NULL_IN_PRIMARY_KEYS
        keyed = {name.lower() for name in self.primary_key} if implied else set()
        database, schema, name = self.name
        return Table(
            name=name,
            columns=tuple(replace(c, nullable=c.nullable and c.name.lower() not in keyed) for c in self.columns),
            schema=schema,
            database=database,
            kind=self.kind,
            primary_key=self.primary_key,
            unique_keys=tuple(self.unique_keys),
            foreign_keys=foreign_keys,
            unsafe=self.unsafe,
        )

    def spelled(self, names: tuple[str, ...]) -> tuple[str, ...] | None:
        """Names of columns as they were declared; None if one of them does not exist."""
        known = {column.name.lower(): column.name for column in self.columns}
        found = tuple(known.get(name.lower(), "") for name in names)
        return found if all(found) else None


class NotReadError(Exception):
    """A declaration that is not understood; the message is a sentence without its full stop."""


def read_element(draft: TableDraft, element: exp.Expr, fold: Fold, named: Mapping[str, exp.DataType]) -> None:
    """Add a column or a constraint to a table; raises :class:`NotReadError`."""
    if isinstance(element, exp.ColumnDef):
        _read_column(draft, element, fold, named)
    elif isinstance(element, exp.Constraint):
        parts = element.expressions
        if (
            len(parts) == 2
            and isinstance(parts[0], exp.PrimaryKeyColumnConstraint)
            and (listed := _clustered(parts[1]))
        ):
            parts = [exp.PrimaryKey(expressions=listed)]
        for part in parts:
            read_element(draft, part, fold, named)
    elif isinstance(element, exp.PrimaryKey):
        draft.primary_key = _key(draft, element.expressions, fold)
    elif isinstance(element, exp.UniqueColumnConstraint):
        listed = element.this.expressions if isinstance(element.this, exp.Schema) else _clustered(element.this)
        draft.unique_keys.append(_key(draft, listed, fold))
    elif isinstance(element, exp.ForeignKey):
        reference = element.args.get("reference")
        if not isinstance(reference, exp.Reference):
            raise NotReadError("The foreign key does not say what it refers to")
        _read_reference(draft, _key(draft, element.expressions, fold), reference, fold)
    elif not isinstance(element, exp.CheckColumnConstraint | exp.IndexColumnConstraint | exp.Reference):
        raise NotReadError(f"{element.key.upper()} is not understood in a CREATE TABLE")


def _read_column(draft: TableDraft, element: exp.ColumnDef, fold: Fold, named: Mapping[str, exp.DataType]) -> None:
    name = fold(element.this)
    nullable, collation = True, ""
    if draft.spelled((name,)):
        raise NotReadError(f"The column {name} is declared twice")
    constraints = [one.args.get("kind") for one in element.args.get("constraints") or ()]
    for constraint in constraints:
        if isinstance(constraint, exp.NotNullColumnConstraint):
            nullable = bool(constraint.args.get("allow_null"))
        elif isinstance(constraint, exp.PrimaryKeyColumnConstraint):
            draft.primary_key = (name,)
        elif isinstance(constraint, exp.UniqueColumnConstraint):
            draft.unique_keys.append((name,))
        elif isinstance(constraint, exp.CollateColumnConstraint):
            collation = constraint.this.sql()
        elif isinstance(constraint, exp.Reference):
            _read_reference(draft, (name,), constraint, fold)
        elif computed := _computed(constraint):
            draft.generated.append(computed)
    kind = element.args.get("kind")
    spelled = spelled_type(kind, draft.dialect, named, collation) if isinstance(kind, exp.DataType) else ""
    draft.columns.append(Column(name, spelled, nullable))


def _computed(constraint: object) -> exp.Expr | None:
    """The expression of a generated column."""
    if isinstance(constraint, exp.ComputedColumnConstraint):
        found = constraint.this
    elif isinstance(constraint, exp.GeneratedAsIdentityColumnConstraint | exp.GeneratedAsRowColumnConstraint):
        found = constraint.args.get("expression")
    else:
        return None
    return found if isinstance(found, exp.Expr) else None


def _read_reference(draft: TableDraft, columns: tuple[str, ...], reference: exp.Reference, fold: Fold) -> None:
    target = reference.this
    listed: tuple[str, ...] = ()
    if isinstance(target, exp.Schema):
        listed = tuple(fold(name) for name in target.expressions)
        target = target.this
    if not isinstance(target, exp.Table):
        raise NotReadError("The foreign key does not say what it refers to")
    draft.references.append((columns, target, listed))


def _key(draft: TableDraft, listed: list[exp.Expr], fold: Fold) -> tuple[str, ...]:
    """The columns of a key, spelled as they were declared."""
    names = tuple(_key_names(listed, fold))
    spelled = draft.spelled(names)
    if not spelled:
        raise NotReadError(f"A key names columns that the table does not have: {', '.join(names) or 'none'}")
    return spelled


def _clustered(part: object) -> list[exp.Expr]:
    """The columns of T-SQL's ``CLUSTERED (a ASC)``."""
    if not isinstance(part, exp.ClusteredColumnConstraint | exp.NonClusteredColumnConstraint):
        return []
    return [item for item in part.this if isinstance(item, exp.Expr)] if isinstance(part.this, list) else []


def _key_names(listed: list[exp.Expr], fold: Fold) -> Iterator[str]:
    for item in listed:
        inner = item.this if isinstance(item, exp.Ordered) else item
        inner = inner.this if isinstance(inner, exp.Column) else inner
        if not isinstance(inner, exp.Identifier):
            raise NotReadError("A key of expressions is not understood")
        yield fold(inner)
