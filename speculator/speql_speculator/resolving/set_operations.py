"""Set operations: all sides have as many columns."""

from collections.abc import Iterator, Sequence

from speql_speculator.parsing.syntax_tree import Items, Nested, Node, Query, Select, Values
from speql_speculator.resolving.analysis import Analysis
from speql_speculator.resolving.pruning import settle
from speql_speculator.resolving.relations import Relation, spell


def same_width(query: Query, kept: Sequence[tuple[Node, Relation]], analysis: Analysis) -> None:
    """Both sides of a set operation have as many columns: a shorter one that is being typed is filled up."""
    if len(kept) < 2:
        return
    first = next((output for branch, output in kept if not _is_all(branch)), kept[0][1])
    by_name = any(
        "NAME" in (token.upper for token in analysis.parser.tokens[slice(*operator)]) for operator in query.operators
    )
    if first.opaque or by_name:
        return
    for branch, output in kept:
        if output is first:
            continue
        same = not output.opaque and len(output.columns) == len(first.columns)
        if isinstance(branch, Select) and _is_all(branch) and not same:
            names = [column.name for column in first.columns.values()] if output is kept[0][1] else []
            named = (f"NULL AS {spell(name, analysis.catalog.dialect)}" if name else "NULL" for name in names)
            texts = ", ".join(named) or ", ".join(["NULL"] * len(first.columns))
            branch.add_items = f" {texts}" if branch.keyword >= 0 else ""
            branch.add_head = "" if branch.keyword >= 0 else f"SELECT {texts} "
            output.columns, output.opaque = first.columns, False
            continue
        difference = len(first.columns) - len(output.columns)
        if output.opaque or not difference or isinstance(branch, Values):
            continue
        selects = list(select_lists(branch)) if difference > 0 else []
        if selects and all(select.items is not None and select.items.kept for select in selects):
            for select in selects:
                pad(select.items, difference, analysis.parser.gap, "Both sides of a set operation have as many columns")
        else:
            branch.fault = analysis.report(
                branch,
                "column-count",
                f"This side has {len(output.columns)} columns, the first side has {len(first.columns)}",
            )
            settle(branch)


def pad(items: Items | None, count: int, gap: int, reason: str) -> None:
    """Fill a list up with NULLs, for a reason: where columns are left out, else at the cursor, else at its end.

    So the columns behind stay below those of the other sides, whose types they have.
    """
    assert items is not None, "it has columns"
    items.pad_reason = reason
    kept = [index for index, element in enumerate(items.elements) if element.kept]
    gone = [index for index, element in enumerate(items.elements) if not element.kept]
    at_cursor = next((index for index in kept if items.elements[index].first >= gap), -1)
    places = [next((index for index in kept if index > place), -1) for place in gone][:count]
    places += [at_cursor if items.first <= gap <= items.last else -1] * (count - len(places))
    for place in places:
        items.pads[place] = items.pads.get(place, 0) + 1


def _is_all(branch: Node) -> bool:
    """Whether nothing is selected yet: what there is is taken for it."""
    from_first = isinstance(branch, Select) and branch.keyword < 0 and branch.from_ is not None and branch.from_.kept
    return isinstance(branch, Select) and (from_first or bool(branch.add_items))


def select_lists(branch: Node) -> Iterator[Select]:
    """The SELECTs that give the columns of a side of a set operation, behind any number of parentheses."""
    if isinstance(branch, Select):
        yield branch
    elif isinstance(branch, Nested):
        for inner in branch.query.branches:
            if inner.kept:
                yield from select_lists(inner)
