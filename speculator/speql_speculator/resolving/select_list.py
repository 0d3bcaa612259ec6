"""What a SELECT still needs when the rest of it is known: a list, and the windows that it names."""

from speql_speculator.parsing.grammar import fragment
from speql_speculator.parsing.syntax_tree import Call, Group, Items, Select, Window
from speql_speculator.resolving.analysis import Analysis, local_nodes
from speql_speculator.resolving.pruning import settle


def complete_list(select: Select, analysis: Analysis) -> None:
    """A SELECT list that is empty so far, or a PIVOT that nothing is said of."""
    if select.pivoted:
        _complete_pivot(select)
        return
    if select.keyword < 0 and select.from_ is not None and select.from_.kept:
        group = select.clause("GROUP BY")
        if group is not None and isinstance(group.body, Items):
            select.add_head = f"SELECT {', '.join(_keys(group.body, analysis))} "
        return
    if select.items is None or select.items.kept or select.keyword < 0:
        return
    has_source = bool(select.add_from) or (select.from_ is not None and select.from_.kept)
    if not has_source:
        return
    group = select.clause("GROUP BY")
    if group is not None and isinstance(group.body, Items) and group.body.kept:
        select.add_items = " " + ", ".join(_keys(group.body, analysis))
    elif group is not None:
        select.add_items = " count(*)"
    else:
        select.add_items = " *"
    settle(select)


def _complete_pivot(select: Select) -> None:
    """A PIVOT counts rows until it is told what; an UNPIVOT is nothing without its columns."""
    said = [clause.name for clause in select.clauses if clause.kept]
    if select.pivoted == "UNPIVOT":
        # Several columns at once need a name each.
        columns = select.clause("ON")
        rows = columns is not None and any(
            isinstance(found, Group) and len(found.inner) == 1 and len(list(found.inner[0].children())) > 1
            for found in local_nodes(columns)
        )
        if columns is None or (rows and "INTO" not in said):
            select.fault = select.fault or fragment("`UNPIVOT`")
    elif not said:
        select.clauses[-1].add = " USING count(*)"
    settle(select)


def complete_windows(select: Select, analysis: Analysis) -> None:
    """Windows that are used by name and not defined yet: all rows, for now."""
    clause = next((clause for clause in select.clauses if clause.name == "WINDOW"), None)
    defined: set[str] = set()
    if clause is not None and isinstance(clause.body, Items):
        names = [window for window in clause.body.elements if isinstance(window, Window) and window.kept]
        defined = {analysis.name(window.name).lower() for window in names if window.name >= 0}
    used = [
        found.window.name
        for part in (select.items, *select.clauses)
        if part is not None and part.kept
        for found in local_nodes(part)
        if isinstance(found, Call) and found.window is not None and found.window.name >= 0 and found.kept
    ]
    names_used = {analysis.name(token).lower(): analysis.text_of(token) for token in used}
    missing = ", ".join(f"{text} AS ()" for name, text in names_used.items() if name not in defined)
    if missing and clause is None:
        select.add_window = f" WINDOW {missing}"
    elif missing and clause is not None:
        clause.fault = None
        clause.add = f", {missing}" if defined else f" {missing}"


def _keys(items: Items, analysis: Analysis) -> list[str]:
    """The texts of the grouping keys, those of ROLLUP and CUBE one by one."""
    texts: list[str] = []
    for element in items.elements:
        calls = [found for found in local_nodes(element) if isinstance(found, Call) and found.kept]
        sets = bool(calls) and calls[0].name in ("rollup", "cube", "grouping sets")
        if sets and calls[0].arguments is not None:
            texts += _keys(calls[0].arguments, analysis)
        elif element.kept:
            texts.append(analysis.text(element))
    return list(dict.fromkeys(texts)) or ["count(*)"]
