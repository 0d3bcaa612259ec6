"""The key words that SQL's grammar allows at a place, the likeliest first."""

from collections.abc import Iterator, Sequence

from speql_speculator.completing.completion_groups import words
from speql_speculator.completing.grammar_frames import Frame, GrammarPlace
from speql_speculator.parsing.keywords import AGGREGATES, WINDOW_ONLY
from speql_speculator.tokens import Token

_STATEMENTS = (
    *("SELECT", "WITH", "FROM", "INSERT INTO", "UPDATE", "DELETE FROM", "CREATE TABLE", "CREATE VIEW"),
    *("CREATE OR REPLACE TABLE", "CREATE OR REPLACE VIEW", "DROP TABLE", "DROP VIEW", "ALTER TABLE", "EXPLAIN"),
    *("EXPLAIN ANALYZE", "DESCRIBE", "SUMMARIZE", "SHOW", "VALUES", "PIVOT", "UNPIVOT", "COPY", "TRUNCATE", "SET"),
    *("USE", "PRAGMA", "ATTACH", "DETACH", "CALL", "LOAD", "INSTALL"),
)
_JOINS = (
    *("JOIN", "LEFT JOIN", "INNER JOIN", "RIGHT JOIN", "FULL JOIN", "CROSS JOIN", "NATURAL JOIN", "ASOF JOIN"),
    *("SEMI JOIN", "ANTI JOIN", "POSITIONAL JOIN"),
)
_TAIL = ("WHERE", "GROUP BY", "HAVING", "WINDOW", "QUALIFY", "ORDER BY", "LIMIT", "OFFSET")
_FIRST_WORDS = {"GROUP BY": "GROUP", "ORDER BY": "ORDER"}
_SET_OPERATORS = ("UNION ALL", "UNION", "EXCEPT", "INTERSECT", "UNION BY NAME", "UNION ALL BY NAME")
_PREDICATES = (
    *("IS NULL", "IS NOT NULL", "IN", "LIKE", "BETWEEN", "NOT IN", "NOT LIKE", "ILIKE", "NOT ILIKE", "NOT BETWEEN"),
    *("IS DISTINCT FROM", "IS NOT DISTINCT FROM", "IS TRUE", "IS FALSE", "IS NOT TRUE", "IS NOT FALSE"),
    *("SIMILAR TO", "GLOB"),
)
_BEHIND = {
    "GROUP": ("BY",),
    "ORDER": ("BY",),
    "PARTITION": ("BY",),
    "GROUPING": ("SETS",),
    "IS": ("NULL", "NOT NULL", "DISTINCT FROM", "NOT DISTINCT FROM", "TRUE", "FALSE", "NOT TRUE", "NOT FALSE"),
    "IS NOT": ("NULL", "DISTINCT FROM", "TRUE", "FALSE"),
    "IS DISTINCT": ("FROM",),
    "NOT BEHIND": ("IN", "LIKE", "BETWEEN", "ILIKE", "SIMILAR TO", "GLOB"),
    "SIMILAR": ("TO",),
    "NULLS": ("FIRST", "LAST"),
    "IGNORE": ("NULLS",),
    "AT": ("TIME ZONE",),
    "WITHIN": ("GROUP",),
    "FILTERED": ("WHERE",),
    "WITH NAME": ("AS",),
    "WITH AS": ("MATERIALIZED", "NOT MATERIALIZED"),
    "WINDOW NAME": ("AS",),
    "LEFT": ("JOIN", "OUTER JOIN"),
    "RIGHT": ("JOIN", "OUTER JOIN"),
    "FULL": ("JOIN", "OUTER JOIN"),
    "LEFT OUTER": ("JOIN",),
    "RIGHT OUTER": ("JOIN",),
    "FULL OUTER": ("JOIN",),
    "INNER": ("JOIN",),
    "CROSS": ("JOIN",),
    "SEMI": ("JOIN",),
    "ANTI": ("JOIN",),
    "POSITIONAL": ("JOIN",),
    "NATURAL": ("JOIN", "LEFT JOIN", "INNER JOIN", "RIGHT JOIN", "FULL JOIN"),
    "ASOF": ("JOIN", "LEFT JOIN"),
    "NATURAL LEFT": ("JOIN",),
    "ASOF LEFT": ("JOIN",),
    "FRAME": ("BETWEEN", "UNBOUNDED PRECEDING", "CURRENT ROW"),
    "FRAME BETWEEN": ("UNBOUNDED PRECEDING", "CURRENT ROW"),
    "FRAME AND": ("CURRENT ROW", "UNBOUNDED FOLLOWING"),
    "FRAME NUMBER": ("PRECEDING", "FOLLOWING"),
    "FRAME BETWEEN NUMBER": ("PRECEDING", "FOLLOWING"),
    "FRAME AND NUMBER": ("PRECEDING", "FOLLOWING"),
    "FRAME BETWEEN BOUND": ("AND",),
    "FRAME UNBOUNDED": ("PRECEDING",),
    "FRAME BETWEEN UNBOUNDED": ("PRECEDING",),
    "FRAME AND UNBOUNDED": ("FOLLOWING",),
    "FRAME CURRENT": ("ROW",),
    "FRAME BETWEEN CURRENT": ("ROW",),
    "FRAME AND CURRENT": ("ROW",),
    "INSERT INTO": ("INTO", "OR REPLACE INTO", "OR IGNORE INTO"),
    "DELETE": ("FROM",),
    "UPDATE NAME": ("SET",),
    "CREATE": ("TABLE", "VIEW", "OR REPLACE TABLE", "OR REPLACE VIEW", "TEMP TABLE", "SCHEMA", "MACRO", "SEQUENCE"),
    "CREATE NAME": ("AS",),
    "DROP": ("TABLE", "VIEW", "SCHEMA", "MACRO", "SEQUENCE", "TYPE"),
    "ALTER": ("TABLE", "VIEW"),
    "WITHIN ORDER": ("ORDER BY",),
}
_UNITS = (
    *("DAY", "DAYS", "MONTH", "MONTHS", "YEAR", "YEARS", "HOUR", "HOURS", "MINUTE", "MINUTES", "WEEK", "WEEKS"),
    *("SECOND", "SECONDS", "QUARTER", "QUARTERS"),
)
_PARTS = ("YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND", "QUARTER", "WEEK", "DOW", "DOY", "EPOCH")
TYPES = (
    *("INTEGER", "VARCHAR", "DOUBLE", "DATE", "TIMESTAMP", "BOOLEAN", "BIGINT", "DECIMAL", "TIME", "INTERVAL", "JSON"),
    *("FLOAT", "REAL", "SMALLINT", "TINYINT", "HUGEINT", "UINTEGER", "UBIGINT", "UUID", "BLOB", "TIMESTAMPTZ", "TEXT"),
)
"""Names of types, the most used first."""


def following_keywords(place: GrammarPlace) -> tuple[str, ...]:
    """The key words, also those of several words, that the grammar allows at a place; the likeliest first.

    What already follows the place is left out.
    """
    found = dict.fromkeys(_at(place))
    return tuple(keyword for keyword in found if keyword.split()[0] != place.following)


def writes_lower(tokens: Sequence[Token], typed: str) -> bool:
    """Whether the user writes key words in lower case: most of those in the statement are, or else the word at hand."""
    written = [token.text.islower() for token in tokens if token.kind == "word" and token.upper in _COMMON]
    if written:
        return sum(written) * 2 > len(written)
    return typed.islower()


_COMMON = words(
    """SELECT FROM WHERE GROUP ORDER BY HAVING JOIN LEFT ON USING AND OR AS IN IS NOT NULL LIMIT WITH CASE WHEN THEN
    ELSE END UNION DISTINCT BETWEEN LIKE DESC ASC INSERT INTO UPDATE SET DELETE CREATE TABLE OVER PARTITION"""
)


def _at(place: GrammarPlace) -> Iterator[str]:
    top = place.top
    expects = place.expects
    if top.dotted:
        return
    if expects == "start":
        yield from _starts(place)
    elif expects == "phrase":
        yield from _phrases(place)
    elif expects == "operand":
        yield from _operands(place)
    elif expects == "source":
        if top.kind == "from" and top.opens:
            yield from ("SELECT", "WITH", "FROM", "VALUES")
        if top.phrase in ("DESCRIBE", "SUMMARIZE", "COPY"):
            yield "SELECT"
        if top.clause in ("FROM", "JOIN"):
            yield from ("LATERAL", "VALUES")
    elif expects == "sourced":
        yield from _behind_source(place)
    elif expects == "after":
        yield from _behind_operand(place)
    elif expects == "type":
        yield from TYPES
    elif expects == "name" and top.phrase == "WITH":
        yield "RECURSIVE"


def _starts(place: GrammarPlace) -> Iterator[str]:
    top = place.top
    if top.phrase in ("UNION", "UNION ALL", "SET OPERATION", "SET DONE"):
        yield "SELECT"
        if top.phrase in ("UNION", "SET OPERATION"):
            yield from ("ALL", "DISTINCT")
        if top.phrase == "UNION":
            yield "ALL BY NAME"
        if top.phrase in ("UNION", "UNION ALL"):
            yield "BY NAME"
        yield from ("FROM", "VALUES")
    elif top.phrase == "INSERT":
        yield from ("VALUES", "SELECT", "FROM", "WITH", "DEFAULT VALUES", "BY NAME")
    elif top.phrase == "EXPLAIN":
        yield from ("SELECT", "ANALYZE", "WITH", "FROM", "INSERT INTO", "UPDATE", "DELETE FROM")
    elif top.phrase == "WITH DONE":
        yield from ("SELECT", "FROM")
        if top.kind == "statement":
            yield from ("INSERT INTO", "UPDATE", "DELETE FROM")
    elif top.kind == "statement" and not top.phrase:
        yield from _STATEMENTS
    else:
        yield from ("SELECT", "WITH", "FROM", "VALUES")


def _phrases(place: GrammarPlace) -> Iterator[str]:
    top = place.top
    if top.kind == "over" and top.phrase in ("OVER", "OVER NAME"):
        yield from ("PARTITION BY", "ORDER BY", "ROWS BETWEEN", "RANGE BETWEEN", "GROUPS BETWEEN")
    elif top.kind == "over" and top.phrase == "WITHIN":
        yield "ORDER BY"
    else:
        yield from _BEHIND.get(top.phrase, ())


def _operands(place: GrammarPlace) -> Iterator[str]:
    top = place.top
    if top.phrase == "SELECT":
        yield from ("DISTINCT", "DISTINCT ON", "ALL")
    if top.phrase == "SELECT DISTINCT":
        yield "ON"
    if top.kind == "call":
        if top.call == "extract" and top.phrase == "CALL":
            yield from _PARTS
            return
        if top.phrase == "CALL" and top.call in AGGREGATES:
            yield "DISTINCT"
        if top.call in ("rollup", "cube"):
            return
    if (
        top.kind in ("star", "using")
        or (top.kind == "names")
        or (top.clause in ("SET",) and top.phrase in ("SET", ","))
    ):
        return
    if top.opens and top.kind in ("group", "in"):
        yield from ("SELECT", "WITH", "FROM", "VALUES")
    if top.cases and top.cases[-1] == "CASE":
        yield "WHEN"
    if place.clause in ("GROUP", "ORDER") and top.is_query and top.phrase in ("GROUP BY", "ORDER BY"):
        yield "ALL"
    if place.clause == "GROUP" and top.is_query:
        yield from ("ROLLUP", "CUBE", "GROUPING SETS")
    if top.phrase == "INTERVAL":
        return
    yield "CASE"
    if top.phrase not in ("=", "OPERATOR", "LIKE"):
        yield "NOT"
        if place.is_condition or top.kind == "group":
            yield "EXISTS"
    if top.phrase not in ("=", "LIKE"):
        yield "NULL"
    yield from ("TRUE", "FALSE", "INTERVAL", "CURRENT_DATE", "CURRENT_TIMESTAMP")


def _behind_source(place: GrammarPlace) -> Iterator[str]:
    top = place.top
    if top.statement == "UPDATE":
        return
    if top.clause == "DESCRIBE":
        return
    if not top.aliased:
        yield "AS"
    if top.needs_condition:
        yield from ("ON", "USING")
        yield from _JOINS
        return
    if top.statement == "DELETE":
        yield from ("WHERE", "USING", "RETURNING")
        return
    yield from _JOINS
    if top.kind == "from":
        if top.last == "query" and not top.aliased:
            yield from _SET_OPERATORS
        return
    if "SELECT" not in top.seen:
        yield "SELECT"
    yield from _later_clauses(top)
    if not top.aliased or top.last == "query":
        yield from ("TABLESAMPLE", "PIVOT", "UNPIVOT")


def _behind_operand(place: GrammarPlace) -> Iterator[str]:
    top = place.top
    if top.phrase.startswith("INTERVAL "):
        yield from _UNITS
        return
    if top.kind in ("using", "names", "star"):
        return
    if top.betweens:
        yield "AND"
        return
    if top.cases:
        yield from _in_case(place)
        return
    if top.last == "call" and top.phrase in ("CALL", "OVER", "FILTER", "") and place.clause in _WITH_CALLS:
        yield from _behind_call(place)
    if top.kind == "over":
        yield from _in_window(top)
        return
    if top.kind == "filter":
        yield from ("AND", "OR", *_predicates(place))
        return
    if top.kind == "call":
        yield from _in_call(place)
        return
    if not top.is_query and top.kind != "from":
        yield from _predicates(place)
        yield from ("AND", "OR")
        return
    yield from _in_clause(place)


_WITHIN_GROUP = ("percentile_cont", "percentile_disc", "mode")
_WITH_CALLS = ("SELECT", "ORDER", "QUALIFY", "HAVING", "")


def _in_case(place: GrammarPlace) -> Iterator[str]:
    state = place.top.cases[-1]
    if state == "CASE":
        yield "WHEN"
    elif state == "WHEN":
        if place.top.predicate:
            yield from ("THEN", "AND", "OR")
        else:
            yield from (*_predicates(place), "THEN", "AND", "OR")
    elif state == "THEN":
        yield from ("WHEN", "ELSE", "END")
    else:
        yield "END"
    if state not in ("WHEN",):
        yield from (*_predicates(place), "AND", "OR")


def _behind_call(place: GrammarPlace) -> Iterator[str]:
    top = place.top
    called = place.top.called
    if top.phrase == "OVER":
        return
    if called in AGGREGATES or called in WINDOW_ONLY or not called:
        yield "OVER"
    if called in AGGREGATES and top.phrase != "FILTER":
        yield "FILTER"
    if called in _WITHIN_GROUP and top.phrase != "FILTER":
        yield "WITHIN GROUP"


def _in_window(top: Frame) -> Iterator[str]:
    frames = ("ROWS BETWEEN", "RANGE BETWEEN", "GROUPS BETWEEN", "ROWS", "RANGE", "GROUPS")
    if top.clause == "PARTITION":
        yield "ORDER BY"
        yield from frames
    elif top.clause == "ORDER":
        yield from _directions(top)
        yield from frames


def _directions(top: Frame) -> Iterator[str]:
    if top.last not in ("directed", "ordered"):
        yield from ("DESC", "ASC")
    if top.last != "ordered":
        yield from ("NULLS LAST", "NULLS FIRST")


def _in_call(place: GrammarPlace) -> Iterator[str]:
    top = place.top
    if top.call in ("cast", "try_cast"):
        if top.last != "typed":
            yield "AS"
        return
    if top.clause == "ORDER":
        yield from _directions(top)
        return
    if top.call in ("extract", "trim", "substring", "overlay") and "FROM" not in top.seen:
        yield "FROM"
    if top.call in AGGREGATES:
        yield "ORDER BY"
    if top.call in WINDOW_ONLY or top.call in AGGREGATES:
        yield from ("IGNORE NULLS", "RESPECT NULLS")
    if top.last != "star":
        yield from (*_predicates(place), "AND", "OR")


def _in_clause(place: GrammarPlace) -> Iterator[str]:
    top = place.top
    clause = top.clause
    if clause == "VALUES":
        if top.statement == "INSERT":
            yield from ("ON CONFLICT", "RETURNING")
        return
    if clause == "SELECT":
        if "FROM" not in top.seen:
            yield "FROM"
        if top.last == "star":
            yield from ("EXCLUDE", "REPLACE", "RENAME")
        elif top.last != "alias":
            yield "AS"
            yield from (*_predicates(place), "AND", "OR")
        yield from _later_clauses(top)
        return
    if clause in ("WHERE", "ON", "HAVING", "QUALIFY"):
        if not top.predicate and top.last != "constant":
            yield from _predicates(place)
        yield from ("AND", "OR")
        if clause == "ON":
            yield from _JOINS
            if "SELECT" not in top.seen:
                yield "SELECT"
        if top.statement in ("DELETE", "UPDATE"):
            yield "RETURNING"
            return
        yield from _later_clauses(top)
        return
    if clause == "ORDER":
        yield from _directions(top)
    elif clause == "SET":
        yield from ("WHERE", "FROM", "RETURNING")
        return
    elif clause == "RETURNING":
        yield "AS"
        return
    yield from _later_clauses(top)
    if clause in ("GROUP", "ORDER") and top.last in ("name", "call", "group"):
        yield from (*_predicates(place), "AND", "OR", "COLLATE")


def _predicates(place: GrammarPlace) -> tuple[str, ...]:
    top = place.top
    return (
        () if top.predicate or top.last in ("star", "alias", "constant", "all", "directed", "ordered") else _PREDICATES
    )


def _later_clauses(top: Frame) -> Iterator[str]:
    """The clauses of a query that may follow the one at hand."""
    clause = {"JOIN": "FROM", "ON": "FROM", "USING": "FROM"}.get(top.clause, top.clause)
    order = ("SELECT", "FROM", *(_FIRST_WORDS.get(word, word) for word in _TAIL))
    at = order.index(clause) if clause in order else 0 if clause != "QUERY" else order.index("QUALIFY")
    if clause == "SELECT" and "FROM" in top.seen:
        at = order.index("FROM")
    for word in _TAIL:
        first = _FIRST_WORDS.get(word, word)
        if order.index(first) > at and first not in top.seen:
            yield word
    if clause not in ("ORDER", "LIMIT", "OFFSET"):
        yield from _SET_OPERATORS
