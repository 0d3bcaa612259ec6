"""A catalog from the statements that make a database, without a database."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

import sqlglot
from sqlglot import exp
from sqlglot.dialects.dialect import Dialect, NormalizationStrategy
from sqlglot.tokenizer_core import Token, TokenType

from speql_sql.catalog import Catalog, Column, ForeignKey
from speql_sql.ddl_tables import NotReadError, TableDraft, TableName, read_element
from speql_sql.ddl_views import output_columns
from speql_sql.guard import GuardPolicy, speculation_problems
from speql_sql.parse import PARSE_ERRORS, is_dialect, parse_message
from speql_sql.problem import Problem
from speql_sql.span import Span

_DEFAULT_SCHEMA = {
    "duckdb": "main",
    "postgres": "public",
    "redshift": "public",
    "snowflake": "PUBLIC",
    "tsql": "dbo",
    "fabric": "dbo",
    "sqlite": "main",
}
# What these do changes neither tables nor what names mean.
_WITHOUT_EFFECT = (
    exp.Query,
    exp.DML,
    exp.Comment,
    exp.Grant,
    exp.Revoke,
    exp.Pragma,
    exp.Install,
    exp.Transaction,
    exp.Commit,
    exp.Semicolon,
    exp.Analyze,
)
_KINDS_WITHOUT_EFFECT = frozenset({"SCHEMA", "DATABASE", "INDEX", "SEQUENCE", "TRIGGER"})
_TEXT_WORDS = ("CHAR", "TEXT", "STRING")


@dataclass(frozen=True)
class Ddl:
    """The tables that a text declares, and what of it could not be read.

    What is not read is left out whole: a table of which a declaration is not understood is not in the catalog, so that
    nothing is concluded from half of it.
    """

    catalog: Catalog
    problems: tuple[Problem, ...] = ()


def catalog_of_ddl(ddl: str, dialect: str = "duckdb") -> Ddl:
    """The catalog that an engine would have after these statements; never raises on bad SQL.

    Tables, columns, types as DuckDB spells them (other dialects: as sqlglot writes them), NULL, keys, views. Row counts
    are not known. Declared keys are believed, also where the dialect's engines do not enforce them.

    >>> catalog_of_ddl("CREATE TABLE t (a INT PRIMARY KEY, b VARCHAR(9))").catalog.find("T").columns
    (Column(name='a', type='INTEGER', nullable=False), Column(name='b', type='VARCHAR', nullable=True))
    """
    if not is_dialect(dialect):
        return Ddl(Catalog(), (Problem("unknown-dialect", f"{dialect} is no dialect of SQL that is known here"),))
    reader = _Reader(ddl, dialect)
    reader.read()
    catalog = reader.catalog()
    return Ddl(catalog, tuple(reader.problems))


class _Reader:
    def __init__(self, ddl: str, dialect: str) -> None:
        self.problems: list[Problem] = []
        self._ddl = ddl
        self._dialect = dialect
        self._rules = Dialect.get_or_raise(dialect)
        self._folds_later = self._rules.normalization_strategy is NormalizationStrategy.CASE_INSENSITIVE
        self._schema = _DEFAULT_SCHEMA.get(dialect, "")
        self._drafts: dict[TableName, TableDraft] = {}
        self._types: dict[str, exp.DataType] = {}
        self._functions: set[str] = set()
        self._derived: set[TableName] = set()
        self._collates = False
        self._span = Span(0, 0)

    def read(self) -> None:
        try:
            tokens = sqlglot.tokenize(self._ddl, read=self._dialect)
        except PARSE_ERRORS as error:
            self._problem("cannot-parse", parse_message(error))
            return
        for statement in _statements(tokens):
            self._span = Span(statement[0].start, statement[-1].end + 1)
            self._read_statement(statement)
        for draft in self._drafts.values():
            if len(list(self._foreign_keys(draft))) < len(draft.references):
                message = f"A foreign key of {draft.name[-1]} refers to a table or columns that are not there"
                self.problems.append(Problem("unknown-key-target", message, None, "warning"))

    def catalog(self) -> Catalog:
        """The tables so far, by name as engines list them."""
        tables = [draft.table(tuple(self._foreign_keys(draft))) for draft in self._drafts.values()]
        if self._collates or any("COLLATE" in column.type for table in tables for column in table.columns):
            # A view may pass on the collation of any column: then no text of a view is known to have none.
            tables = [
                replace(table, columns=tuple(map(_perhaps_collated, table.columns)))
                if self._collates or _fold_name((table.database, table.schema, table.name)) in self._derived
                else table
                for table in tables
            ]
        version = hashlib.sha256(f"{self._dialect}\n{self._ddl}".encode("utf-8", "replace")).hexdigest()[:16]
        return Catalog(
            tables=tuple(sorted(tables, key=lambda table: (table.database, table.schema, table.name))),
            dialect=self._dialect,
            path=(("", self._schema),),
            version=version,
            user_functions=frozenset(self._functions),
        )

    def _read_statement(self, tokens: list[Token]) -> None:
        try:
            if (words := [token.text.upper() for token in tokens[:4]])[:2] == ["CREATE", "TYPE"] and words[3:] == [
                "AS"
            ]:
                kind = self._ddl[tokens[4].start : self._span.end] if len(tokens) > 4 else ""
                self._types[tokens[2].text.lower()] = exp.DataType.build(kind, dialect=self._dialect)
                return
            tree = sqlglot.parse_one(self._ddl[self._span.start : self._span.end], read=self._dialect)
            self._apply(tree, [token.text.upper() for token in tokens])
        except NotReadError as error:
            self._problem("not-read", str(error))
            self._forget_mentioned(tokens)
        except PARSE_ERRORS as error:
            self._problem("cannot-parse", parse_message(error))
            self._forget_mentioned(tokens)

    def _apply(self, tree: exp.Expr, words: list[str]) -> None:
        if isinstance(tree, exp.Create):
            self._create(tree)
        elif isinstance(tree, exp.Alter) and tree.args.get("kind") == "TABLE":
            self._alter(tree)
        elif isinstance(tree, exp.Drop) and tree.args.get("kind") in ("TABLE", "VIEW"):
            for table in tree.args.get("tables") or ():
                self._drafts.pop(_fold_name(self._name(table)), None)
        elif isinstance(tree, exp.Drop) and tree.args.get("kind") in ("INDEX", "SEQUENCE", "FUNCTION", "MACRO"):
            pass
        elif not isinstance(tree, _WITHOUT_EFFECT) and not _is_harmless(words):
            self._collates |= "DEFAULT_COLLATION" in words
            raise NotReadError(f"{words[0]} is not understood here")

    def _create(self, tree: exp.Create) -> None:
        kind = str(tree.args.get("kind") or "")
        if isinstance(tree.this, exp.UserDefinedFunction):
            self._functions.add(tree.this.this.name.lower())
        elif kind in ("TABLE", "VIEW"):
            self._create_table(tree, kind)
        elif kind not in _KINDS_WITHOUT_EFFECT:
            raise NotReadError(f"CREATE {kind} is not understood")

    def _create_table(self, tree: exp.Create, kind: str) -> None:
        schema = tree.this if isinstance(tree.this, exp.Schema) else None
        table = schema.this if schema is not None else tree.this
        if not isinstance(table, exp.Table):
            raise NotReadError(f"The {kind.lower()} has no name")
        name = self._name(table)
        properties = tree.args.get("properties")
        if isinstance(properties, exp.Properties) and properties.find(exp.TemporaryProperty):
            raise NotReadError(f"{name[-1]} is temporary: it is no part of a catalog")
        key = _fold_name(name)
        if key in self._drafts and not tree.args.get("replace"):
            if not tree.args.get("exists"):
                self._problem("duplicate-table", f"{name[-1]} is created twice; the first one counts")
            return
        draft = TableDraft(name, self._dialect, "view" if kind == "VIEW" else "table")
        self._derived.discard(key)
        if isinstance(query := tree.expression, exp.Query):
            written = [self._fold(item) for item in schema.expressions] if schema is not None else []
            catalog = self.catalog()
            draft.columns = list(output_columns(query, catalog, written, self._types))
            self._derived.add(key)
            if kind == "VIEW":
                draft.unsafe = self._unsafe([query], catalog)
        elif schema is not None:
            # Constraints may come before the columns that they name.
            elements = sorted(schema.expressions, key=lambda element: not isinstance(element, exp.ColumnDef))
            for element in elements:
                read_element(draft, element, self._fold, self._types)
            if draft.generated:
                draft.unsafe = self._unsafe([exp.select(part.copy()) for part in draft.generated], self.catalog())
        if not draft.columns:
            raise NotReadError(f"The columns of {name[-1]} cannot be told")
        self._drafts[key] = draft

    def _alter(self, tree: exp.Alter) -> None:
        draft = self._drafts.get(_fold_name(self._name(tree.this)))
        if draft is None:
            raise NotReadError(f"There is no table {tree.this.name} to alter")
        for action in tree.args.get("actions") or ():
            if isinstance(action, exp.AddConstraint):
                for constraint in action.expressions:
                    read_element(draft, constraint, self._fold, self._types)
            elif isinstance(action, exp.ColumnDef) and not action.args.get("position"):
                if not (action.args.get("exists") and draft.spelled((self._fold(action.this),))):
                    read_element(draft, action, self._fold, self._types)
            elif isinstance(action, exp.AlterColumn) and _changes_default(action):
                pass
            elif isinstance(action, exp.AlterColumn) and action.args.get("allow_null") is not None:
                self._set_nullable(draft, self._fold(action.this), bool(action.args["allow_null"]))
            else:
                raise NotReadError(f"This change of {tree.this.name} is not understood")

    def _set_nullable(self, draft: TableDraft, name: str, nullable: bool) -> None:
        if not draft.spelled((name,)):
            raise NotReadError(f"There is no column {name} to alter")
        draft.columns = [
            replace(column, nullable=nullable) if column.name.lower() == name.lower() else column
            for column in draft.columns
        ]

    def _foreign_keys(self, draft: TableDraft) -> Iterator[ForeignKey]:
        """The foreign keys to tables that exist; one without columns refers to the primary key."""
        for columns, target, listed in draft.references:
            name = self._name(target)
            found = self._drafts.get(_fold_name(name))
            if found is None and not target.db:
                found = self._drafts.get(_fold_name((*draft.name[:2], name[-1])))
            referred = found.spelled(listed or found.primary_key) if found is not None else None
            if found is not None and referred and len(referred) == len(columns):
                yield ForeignKey(columns, f"{found.name[1]}.{found.name[2]}", referred)

    def _unsafe(self, queries: list[exp.Query] | list[exp.Select], catalog: Catalog) -> str:
        policy = GuardPolicy.for_catalog(catalog)
        return next((problem.message for query in queries for problem in speculation_problems(query, policy)), "")

    def _forget_mentioned(self, tokens: list[Token]) -> None:
        """Leave out the tables that a change names which is not understood: they are no longer what they were."""
        words = [token.text.upper() for token in tokens[:3]]
        if words[0] in ("ALTER", "DROP", "RENAME") or words[2:] == ["REPLACE"]:
            mentioned = {token.text.lower() for token in tokens}
            self._drafts = {
                key: draft
                for key, draft in self._drafts.items()
                if key[-1] not in mentioned and words[1:2] != ["SCHEMA"]
            }

    def _name(self, table: exp.Table) -> TableName:
        database, schema = table.args.get("catalog"), table.args.get("db")
        return (
            self._fold(database) if isinstance(database, exp.Expr) else "",
            self._fold(schema) if isinstance(schema, exp.Expr) else self._schema,
            self._fold(table.this),
        )

    def _fold(self, identifier: exp.Expr) -> str:
        """A name as the catalog has it: as written where the engine keeps letter case, else in the engine's case."""
        if self._folds_later or not isinstance(identifier, exp.Identifier):
            return identifier.name
        return self._rules.normalize_identifier(identifier.copy()).name

    def _problem(self, code: str, message: str) -> None:
        self.problems.append(Problem(code, message, self._span, "warning"))


def _statements(tokens: list[Token]) -> Iterator[list[Token]]:
    statement: list[Token] = []
    for token in tokens:
        if token.token_type is not TokenType.SEMICOLON:
            statement.append(token)
        elif statement:
            yield statement
            statement = []
    if statement:
        yield statement


def _is_harmless(words: list[str]) -> bool:
    """Statements that the parser does not take apart, and that change neither tables nor what names mean."""
    if words[0] == "SET":
        return not {"SEARCH_PATH", "SCHEMA", "DEFAULT_COLLATION"} & set(words)
    alters_owner = words[:2] == ["ALTER", "TABLE"] and words[-3:-1] == ["OWNER", "TO"]
    return alters_owner or words[0] in ("LOAD", "VACUUM", "EXPLAIN", "CHECKPOINT")


def _changes_default(action: exp.AlterColumn) -> bool:
    changed = {name for name, value in action.args.items() if value and name not in ("this", "exists", "drop")}
    return changed == {"default"} or (bool(action.args.get("drop")) and not changed and "allow_null" not in action.args)


def _fold_name(name: TableName) -> TableName:
    database, schema, table = name
    return database.lower(), schema.lower(), table.lower()


def _perhaps_collated(column: Column) -> Column:
    is_text = any(word in column.type.upper() for word in _TEXT_WORDS)
    return (
        replace(column, type=f"{column.type} COLLATE UNKNOWN") if is_text and "COLLATE" not in column.type else column
    )
