"""On which engines a match is proved to give the rows of the direct run."""

from speql_scheduler.matching.engine_semantics import engine_semantics

_PROVED = frozenset({"duckdb", "postgres"})

_WRITTEN_ALIKE = frozenset({"duckdb"})


def proved_for(dialect: str) -> bool:
    """Whether the matching's rules were checked by execution on the engine of that dialect.

    Engines differ where it matters: how text compares (collations, padding), integer division, the scale of decimals,
    the order of NULLs, the empty string. On an engine that is not listed nothing is answered from a temp table, and two
    queries are the same only if their texts are. How they differ is data: `engine_semantics`.
    """
    return dialect in _PROVED and engine_semantics(dialect) is not None


def written_alike(dialect: str) -> bool:
    """Whether trees of that dialect, written as SQL, were checked by execution to say what their texts say.

    Elsewhere a text is matched, and a part of it shown, only if :mod:`speql_sql.faithful` finds no difference.
    """
    return dialect in _WRITTEN_ALIKE
