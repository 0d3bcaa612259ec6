"""What may stand at a place of a text that is still being written: tables, columns, aliases, a few keywords."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from speql_speculator.column_facts import column_list, key_facts
from speql_speculator.completing.completion_groups import words
from speql_speculator.completing.completion_scope import Scope, scope_at
from speql_speculator.completing.completion_sources import Source
from speql_speculator.completing.statement_around import statement_around
from speql_speculator.tokens import Token, tokenize
from speql_sql import Catalog, Span, Table

CompletionKind = Literal["table", "view", "schema", "column", "cte", "alias", "keyword"]

_LIMIT = 2_000


@dataclass(frozen=True, slots=True)
class Completion:
    """A proposal: put ``text`` in the place of ``span``. ``label`` is the name that the user looks for."""

    label: str
    kind: CompletionKind
    text: str
    span: Span
    detail: str = ""
    documentation: str = ""


def completions(text: str, offset: int, catalog: Catalog) -> tuple[Completion, ...]:
    """What may stand at ``offset`` of a document, the likeliest first. Never raises, on any text.

    Names start with the word before the cursor, letter case ignored. After ``FROM`` and ``JOIN`` they are tables and
    CTEs, after ``alias.`` the alias's columns, elsewhere the columns of the sources in scope, of outer queries
    too, and their aliases. Without any source they are the columns of all tables: the missing FROM is then
    inferred. Nothing is proposed in strings, comments and numbers, nor where a new name is made up.
    """
    offset = min(max(offset, 0), len(text))
    start, inner = statement_around(text, offset, catalog.dialect)
    if len(inner) > _LONGEST:
        return ()
    place = offset - start
    tokens = tokenize(inner, catalog.dialect, comments=True)
    touched = next((token for token in tokens if token.start < place <= token.end and _is_open_to(token, place)), None)
    if touched is not None and touched.kind in ("string", "comment", "number", "parameter"):
        return ()
    word = touched if touched is not None and touched.kind in ("word", "quoted") else None
    prefix = inner[word.start : place] if word is not None else ""
    span = Span(start + (word.start if word is not None else place), start + (word.end if word is not None else place))
    code = [token for token in tokens if token.kind not in ("comment", "end")]
    before = [token for token in code if token.end <= (word.start if word is not None else place)]
    scope = scope_at(code, word.start if word is not None else place, catalog)
    wanted = prefix.lstrip('"`[').lower()
    found: dict[tuple[str, CompletionKind], Completion] = {}
    for candidate in _candidates(before, scope, wanted, catalog, span):
        if candidate.label.lower().startswith(wanted):
            found.setdefault((candidate.label.lower(), candidate.kind), candidate)
            if len(found) >= _LIMIT:
                break
    return tuple(found.values())


def quoted(name: str, dialect: str = "duckdb") -> str:
    """The name as it must be written: in quotes where it is no plain word, or one that SQL keeps for itself.

    >>> quoted("carrier"), quoted("Order"), quoted("dep delay")
    ('carrier', '"Order"', '"dep delay"')
    """
    if _PLAIN.fullmatch(name) and name.upper() not in _RESERVED:
        return name
    mark = "`" if dialect in ("bigquery", "mysql", "spark", "databricks", "hive") else '"'
    return mark + name.replace(mark, mark * 2) + mark


_LONGEST = 200_000
"""In a statement with more characters nothing is proposed: it was not typed."""

_PLAIN = re.compile(r"[^\W\d]\w*")
_RESERVED = words(
    """ALL ANALYSE ANALYZE AND ANY ANTI ARRAY AS ASC ASOF ASYMMETRIC AUTHORIZATION BINARY BOTH CASE CAST CHECK
    COLLATE COLLATION COLUMN CONCURRENTLY CONSTRAINT CREATE CROSS DEFAULT DEFERRABLE DESC DESCRIBE DISTINCT DO
    ELSE END EXCEPT FALSE FETCH FOR FOREIGN FREEZE FROM FULL GENERATED GLOB GROUP HAVING ILIKE IN INITIALLY
    INNER INTERSECT INTO IS ISNULL JOIN LAMBDA LATERAL LEADING LEFT LIKE LIMIT MAP NATURAL NOT NOTNULL NULL
    OFFSET ON ONLY OR ORDER OUTER OVERLAPS PIVOT PLACING POSITIONAL PRIMARY QUALIFY REFERENCES RETURNING RIGHT
    SELECT SEMI SHOW SIMILAR SOME STRUCT SUMMARIZE SYMMETRIC TABLE TABLESAMPLE THEN TO TRAILING TRUE TRY_CAST
    UNION UNIQUE UNPACK UNPIVOT USING VARIADIC VERBOSE WHEN WHERE WINDOW WITH"""
)


def _is_open_to(token: Token, place: int) -> bool:
    """Whether a cursor there is in the token: behind the end of a string or a block comment it is not."""
    if place < token.end:
        return True
    if token.kind == "string":
        return bool(token.closer)
    if token.kind == "comment":
        return bool(token.closer) or not token.text.startswith("/*")
    return True


def _candidates(before: list[Token], scope: Scope, wanted: str, catalog: Catalog, span: Span) -> Iterator[Completion]:
    qualifier = _qualifier(before)
    if qualifier:
        yield from _qualified(qualifier, scope, catalog, span)
        return
    if scope.clause == "name":
        return
    if scope.clause == "source":
        yield from _sources(scope, catalog, span)
    elif scope.clause == "expression":
        yield from _expressions(scope, wanted, catalog, span)
    for keyword in scope.keywords:
        yield Completion(keyword, "keyword", keyword, span)


def _qualifier(before: list[Token]) -> tuple[str, ...]:
    """The names before the last dot, outermost first."""
    names: list[str] = []
    at = len(before) - 1
    while at >= 1 and before[at].text == "." and before[at - 1].kind in ("word", "quoted"):
        names.append(before[at - 1].name)
        at -= 2
    return tuple(reversed(names))


def _qualified(qualifier: tuple[str, ...], scope: Scope, catalog: Catalog, span: Span) -> Iterator[Completion]:
    if scope.clause != "source":
        sources = [source for source in scope.sources if source.answers_to(qualifier)]
        # The inner query's alias hides an outer one of the same name.
        for source in sources[:1]:
            yield from _columns_of(source, span)
        if sources:
            return
    folded = tuple(name.lower() for name in qualifier)
    for table in catalog.tables:
        if folded in (
            (table.schema.lower(),),
            (table.database.lower(), table.schema.lower()),
            (table.database.lower(),),
        ):
            yield _table(table, span)
    # Without any source the table is one that is not joined yet: the missing FROM is inferred from its name.
    if not scope.sources and (named := catalog.find(*reversed(qualifier[-3:]))) is not None:
        yield from _columns_of(Source(named.name, tuple(named.columns), named), span)


def _sources(scope: Scope, catalog: Catalog, span: Span) -> Iterator[Completion]:
    for cte in scope.ctes:
        detail = ", ".join(column.name for column in cte.columns[:8])
        yield Completion(cte.name, "cte", quoted(cte.name, catalog.dialect), span, detail, column_list(cte.columns))
    on_path = [table for table in catalog.tables if catalog.find(table.name) is table]
    for table in on_path:
        yield _table(table, span)
    for schema in dict.fromkeys(table.schema for table in catalog.tables if catalog.find(table.name) is not table):
        yield Completion(schema, "schema", quoted(schema, catalog.dialect), span, "schema")


def _expressions(scope: Scope, wanted: str, catalog: Catalog, span: Span) -> Iterator[Completion]:
    for source in scope.sources:
        yield from _columns_of(source, span)
    columns = {column.name.lower() for source in scope.sources for column in source.columns}
    for name in (name for name in scope.outputs if name.lower() not in columns):
        yield Completion(name, "alias", quoted(name, catalog.dialect), span, "column of this SELECT")
    for source in scope.sources:
        detail = source.table.name if source.table is not None else "subquery"
        yield Completion(source.name, "alias", quoted(source.name, catalog.dialect), span, detail)
    if not scope.sources and wanted:
        for table in catalog.tables:
            yield from _columns_of(Source(table.name, table.columns, table), span)


def _columns_of(source: Source, span: Span) -> Iterator[Completion]:
    for column in source.columns:
        key = key_facts(column, source.table)
        where = source.table.name if source.table is not None else source.name
        lines = [f"`{where}.{column.name}` {column.type}".rstrip() if where else f"`{column.name}`"]
        lines += [line for line in (key, "" if column.nullable else "Not null.") if line]
        yield Completion(
            column.name,
            "column",
            quoted(column.name),
            span,
            " ".join(filter(None, (column.type, source.name))),
            "\n\n".join(lines),
        )


def _table(table: Table, span: Span) -> Completion:
    rows = f"{table.row_count:,} rows" if table.row_count is not None else ""
    detail = ", ".join(filter(None, (f"{table.kind} in {table.schema}", rows)))
    return Completion(table.name, table.kind, quoted(table.name), span, detail, column_list(table.columns, table))
