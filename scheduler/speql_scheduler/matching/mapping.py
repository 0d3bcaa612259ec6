"""The ways to send the sources of a view to those of a query."""

from collections.abc import Iterator
from itertools import islice, permutations, product

from sqlglot import exp

from speql_scheduler.matching.lossless import are_lossless
from speql_scheduler.matching.spjg import Block

_MOST_MAPPINGS = 48


def source_mappings(query: Block, view: Block) -> Iterator[dict[str, str]] | str:
    """Mappings from view aliases to different query aliases of the same identity, or why there is none.

    Sources that only the view has are left out of a mapping if they neither add nor lose rows. A FROM without normal
    form is compared whole: source by source, in the order of the text.
    """
    if not view.identities:
        return "the view reads no table"
    missing = _missing(query, view)
    if missing and (query.clause.opaque or view.clause.opaque or not are_lossless(view, frozenset(missing))):
        source = view.clause.sources[missing[0]]
        name = source.name if isinstance(source, exp.Table) else missing[0]
        return f"the view reads {name}, which the query does not read here (or not in the same form)"
    return _mappings(query, view, frozenset(missing))


def _missing(query: Block, view: Block) -> list[str]:
    """The view's sources for which the query has no source left."""
    wanted = list(query.identities.values())
    missing = []
    for alias, identity in view.identities.items():
        if identity in wanted:
            wanted.remove(identity)
        else:
            missing.append(alias)
    return missing


def _mappings(query: Block, view: Block, left_out: frozenset[str]) -> Iterator[dict[str, str]]:
    if query.clause.opaque or view.clause.opaque:
        if bool(query.clause.opaque) == bool(view.clause.opaque) and len(query.identities) == len(view.identities):
            yield dict(zip(view.identities, query.identities, strict=True))
        return
    groups: dict[str, list[str]] = {}
    for alias, identity in view.identities.items():
        if alias not in left_out:
            groups.setdefault(identity, []).append(alias)
    choices = [
        [
            dict(zip(aliases, chosen, strict=True))
            for chosen in permutations([a for a, i in query.identities.items() if i == identity], len(aliases))
        ]
        for identity, aliases in groups.items()
    ]
    for parts in islice(product(*choices), _MOST_MAPPINGS):
        yield {alias: target for part in parts for alias, target in part.items()}
