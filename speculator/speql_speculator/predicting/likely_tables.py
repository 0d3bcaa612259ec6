"""Tables that the user will name next, by what was run before."""

from speql_speculator.predicting.history import History

_NEIGHBOURS = 12


def likely_tables(before: str, history: History) -> dict[str, float]:
    """Folded names of the tables that the statements most like the text ``before`` a place read, with their share of
    these, 0 to 1; a table that the text names already counts half.
    """
    neighbours = history.neighbours(before, _NEIGHBOURS)
    total = sum(one.similarity for one in neighbours if one.similarity > 0)
    if not total:
        return {}
    found: dict[str, float] = {}
    for one in neighbours:
        for name in {word.shape for word in one.statement.words if word.kind == "table"}:
            found[name] = found.get(name, 0.0) + max(one.similarity, 0.0) / total
    named = before.lower()
    return {name: share * (0.5 if name in named else 1.0) for name, share in found.items()}
