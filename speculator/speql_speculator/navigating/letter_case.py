"""Names that only the case of their letters tells apart, on engines where quotes make that count."""

from collections.abc import Collection, Sequence

from speql_speculator.tokens import Token

_FOLDS = {**dict.fromkeys(("postgres", "materialize", "risingwave"), str.lower), "snowflake": str.upper}


def told_apart_by_case(tokens: Sequence[Token], names: Collection[int], dialect: str) -> frozenset[int]:
    """Those of the tokens ``names`` that are two for the engine and alike otherwise: ``total`` and ``"Total"``.

    The model of names takes them for one, as DuckDB does: it would rename one with the other.
    """
    fold = _FOLDS.get(dialect)
    if fold is None:
        return frozenset()
    spellings: dict[str, set[str]] = {}
    for index in names:
        token = tokens[index]
        exact = fold(token.text) if token.kind == "word" else token.name
        spellings.setdefault(exact.lower(), set()).add(exact)
    return frozenset(index for index in names if len(spellings[tokens[index].name.lower()]) > 1)
