"""What the text of a query does that its tree does not show."""

from collections import Counter
from collections.abc import Iterator, Mapping

from sqlglot import exp

from speql_sql.function_data import function_data
from speql_sql.problem import Problem
from speql_sql.strict_tokens import StrictToken, strict_tokens

# Words before a parenthesis that call nothing, in the grammar of any of these dialects.
_GRAMMAR_TEXT = """
all and any as asc between by case cast cluster cross cube desc distinct distribute else end escape except exclude
exists filter following for from full group grouping having ilike in inner intersect interval into is join keep
lateral left like limit materialized minus not nulls of offset on or order ordinality outer over partition pivot
preceding qualify range recursive rename respect right rollup row rows select sets similar some sort table then to
top try_cast union unpivot using values view when where window with within
"""
_TYPES_TEXT = """
bigint bignumeric binary bit blob boolean byteint bytes char character date datetime datetime2 datetimeoffset dec
decimal double float float4 float8 geography geometry int int64 integer interval json long money nchar numeric
nvarchar real short smallint string super text time timestamp timestamptz timetz tinyint varbinary varbyte varchar
variant varying vector zone
"""
_GRAMMAR = frozenset(_GRAMMAR_TEXT.split())
_TYPES = frozenset(_TYPES_TEXT.split())
_TYPES_OF: Mapping[str, frozenset[str]] = {
    "bigquery": frozenset({"bignumeric", "bigdecimal", "bytes", "decimal", "numeric", "string"}),
}
# What is grammar in one dialect, and may be the name of a function in another.
_OWN_GRAMMAR: Mapping[str, frozenset[str]] = {
    "snowflake": frozenset({"timestamp_ltz", "timestamp_ntz", "timestamp_tz", "timestampltz", "timestampntz"}),
    "tsql": frozenset({"apply"}),
    "fabric": frozenset({"apply"}),
}

# SQL Server needs no semicolon between statements, and takes none of these words for a name: `SELECT * FROM t SHUTDOWN`
# is two statements to it, and one with an alias to sqlglot.
_STATEMENTS_TEXT = """
add alter backup begin break browse bulk checkpoint close commit compute continue create dbcc deallocate declare
delete deny disk drop dump errlvl exec execute exit fetch file go goto grant identity_insert if insert into kill
lineno load merge open opendatasource openquery openrowset openxml print proc procedure raiserror readtext
reconfigure replication restore return revert revoke rollback rule save securityaudit set setuser shutdown
textsize throw truncate tsequal update updatetext use waitfor while writetext
"""
_STATEMENTS: Mapping[str, frozenset[str]] = {
    "tsql": frozenset(_STATEMENTS_TEXT.split()),
    "fabric": frozenset(_STATEMENTS_TEXT.split()),
}
# `OFFSET 1 ROWS FETCH NEXT 5 ROWS ONLY`.
_AFTER_FETCH = frozenset({"first", "next"})
# Operators that make another query, or another statement, of what follows.
_JOINTS: Mapping[str, tuple[str, ...]] = {"snowflake": ("->>",)}


def text_problems(text: str, tree: exp.Expr, dialect: str, user_functions: frozenset[str]) -> Iterator[Problem]:
    """Why a text that parses as ``tree`` may not be given to the engine before it is submitted.

    The guard decides on the tree, so the engine must read what sqlglot has read: what quotes and what comments is
    looked at by a reader that takes nothing but what is certain (strict_tokens). And the tree has a class for a call,
    where the text has the name that is called: ``leftpad(...)`` is one of sqlglot's words for ``LPAD``, and a function
    of the user's. So names before a parenthesis are looked at, too. Of engines that were not asked for their functions,
    each must be known.
    """
    reading = strict_tokens(text, dialect)
    if reading.doubt:
        yield Problem("ambiguous-text", f"The engine may read this text in another way: {reading.doubt}.")
        return
    tokens = _without_last_semicolon(reading.tokens)
    yield from _several(text, tokens, dialect)
    data = function_data(dialect)
    documented = bool(data.source)
    named = _aliases(tree) if documented else Counter[str]()
    grammar = _GRAMMAR | _OWN_GRAMMAR.get(dialect, frozenset()) | _TYPES_OF.get(dialect, _TYPES)
    for before, token in _called(tokens):
        name = _plain(token)
        if name in user_functions:
            yield Problem("unknown-function", f"{name} is a function of the database's own, which may do anything.")
        elif not documented:
            continue
        elif before == ".":
            qualifier = _qualifier(tokens, token)
            safely = dialect == "bigquery" and qualifier == "safe" and name in data.functions
            if not safely and f"{qualifier}.{name}" not in data.functions:
                yield Problem("unknown-function", f"{name} is a function of a schema's, which may do anything.")
        elif name in data.functions or name in data.table_functions or (token.kind == "word" and name in grammar):
            continue
        elif name in data.refused:
            yield data.refused[name]
        elif named[name] > 0:
            named[name] -= 1
        else:
            yield Problem("unknown-function", f"The function {name} is not known to always give the same result.")


def _several(text: str, tokens: tuple[StrictToken, ...], dialect: str) -> Iterator[Problem]:
    """What makes more than one statement or query of a text."""
    statements = _STATEMENTS.get(dialect, frozenset())
    for place, token in enumerate(tokens):
        if token.text == ";":
            yield Problem("several-statements", "The text has more than one statement.")
        elif token.kind == "word" and token.text.lower() in statements:
            following = tokens[place + 1].text.lower() if place + 1 < len(tokens) else ""
            if token.text.lower() != "fetch" or following not in _AFTER_FETCH:
                yield Problem("several-statements", f"{token.text.upper()} begins a statement of its own.")
        elif token.text == "|" and text[token.end : token.end + 1] == ">":
            yield Problem("not-understood", "SpeQL does not know what follows |> to be harmless.")
        elif token.text == "!" and text[token.end : token.end + 1] != "=" and function_data(dialect).source:
            yield Problem("not-understood", "SpeQL does not know what ! calls to be harmless.")
        elif any(text.startswith(joint, token.start) for joint in _JOINTS.get(dialect, ())):
            yield Problem("several-statements", f"{text[token.start : token.start + 3]} begins another statement.")


def _without_last_semicolon(tokens: tuple[StrictToken, ...]) -> tuple[StrictToken, ...]:
    end = len(tokens)
    while end and tokens[end - 1].text == ";":
        end -= 1
    return tokens[:end]


def _called(tokens: tuple[StrictToken, ...]) -> Iterator[tuple[str, StrictToken]]:
    """What stands before an opening parenthesis and may be the name of a function, and the mark before that."""
    for place, token in enumerate(tokens[:-1]):
        if token.kind in ("word", "name") and tokens[place + 1].text == "(":
            yield tokens[place - 1].text if place else "", token


def _qualifier(tokens: tuple[StrictToken, ...], token: StrictToken) -> str:
    """``net`` of ``NET.HOST``; more than one is none."""
    place = tokens.index(token)
    if place < 2 or (place > 2 and tokens[place - 3].text == "."):
        return ""
    return _plain(tokens[place - 2])


def _plain(token: StrictToken) -> str:
    return (token.text[1:-1] if token.kind == "name" else token.text).lower()


def _aliases(tree: exp.Expr) -> Counter[str]:
    """Names that the query gives its tables and lists the columns of: ``WITH x (a) AS``, ``AS x (a)``."""
    found: Counter[str] = Counter()
    for alias in tree.find_all(exp.TableAlias):
        if alias.columns:
            found[alias.name.lower()] += 1
    return found
