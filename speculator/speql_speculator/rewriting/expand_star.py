"""Writes the columns that a star stands for."""

from collections import Counter
from collections.abc import Sequence

from speql_speculator.completing.quoting import quoted
from speql_speculator.navigating.scopes import Relation, Scope
from speql_speculator.navigating.semantic_model import SemanticModel
from speql_speculator.parsing.syntax_tree import Select, Source, Star
from speql_speculator.resolving.analysis import local_nodes
from speql_speculator.rewriting.action import Action
from speql_speculator.rewriting.changes import Change, changed
from speql_speculator.rewriting.keeps_meaning import keeps_meaning
from speql_speculator.rewriting.places_in_tree import around, names_in_from, span_of
from speql_sql import Catalog, Span

_LINE = 100


def expand_star(model: SemanticModel, span: Span, catalog: Catalog) -> Action | None:
    """Expand the star at a place: ``*``, ``t.*``, also with EXCLUDE.

    Not offered where a column has no name, two have one, or not all of them are known. A star with REPLACE or RENAME
    is left as it is.
    """
    for star in around(model, span, Star)[:1]:
        select = next((one for one in around(model, span_of(model, star), Select) if star in local_nodes(one)), None)
        excluded = _excluded(model, star)
        if not star.in_list or select is None or excluded is None:
            return None
        columns = _columns(model, star, model.scopes.get(select), excluded)
        if not columns:
            return None
        place = span_of(model, star)
        written = _written(model.text, place, columns, catalog)
        start = len(model.text[: place.start].rstrip()) if written.startswith("\n") else place.start
        change = changed(model.text, [Change(Span(start, place.end), (written,))], "The columns")
        if keeps_meaning(model, change, catalog):
            return Action(f"Expand {place.of(model.text)}", "refactor.rewrite", change.edits)
    return None


def _excluded(model: SemanticModel, star: Star) -> frozenset[str] | None:
    """The folded names behind EXCLUDE; None if something else is behind the star."""
    star_token = star.first if star.qualifier is None else star.qualifier + 2
    rest = model.tokens[star_token + 1 : star.last]
    if not rest:
        return frozenset()
    if rest[0].upper != "EXCLUDE" or any(token.text in (".", "*") for token in rest):
        return None
    names = rest[2:-1] if rest[1].text == "(" else rest[1:]
    if any(token.kind not in ("word", "quoted") and token.text != "," for token in names):
        return None
    return frozenset(token.name.lower() for token in names if token.text != ",")


def _is_doubtful(model: SemanticModel, star: Star) -> bool:
    """Whether a source of FROM has a name that means nothing known."""
    for select in around(model, span_of(model, star), Select)[:1]:
        sources = [node for node in local_nodes(select) if isinstance(node, Source)]
        return any(token in model.unresolved for source in sources for token in (*source.parts, source.alias))
    return False


def _columns(
    model: SemanticModel, star: Star, scope: Scope | None, excluded: frozenset[str]
) -> list[tuple[str, str]] | None:
    """Qualifier (or nothing) and name of each column; None where that is not sure."""
    relations = model.stars.get(star)
    if scope is None or not relations or _is_doubtful(model, star):
        return None
    if any(relation.opaque or _has_a_doubtful_name(relation) for relation in scope.relations):
        return None
    qualifiers = names_in_from(model)
    all_names = Counter(column.name.lower() for relation in scope.relations for column in relation.listed)
    apart = Counter(
        folded
        for relation in scope.relations
        for folded in {column.name.lower() for column in relation.listed}
        if (relation, folded) not in scope.joined
    )
    found: list[tuple[str, str]] = []
    for relation in relations:
        qualifier = qualifiers.get(relation.place.start, "")
        for column in relation.listed:
            folded = column.name.lower()
            if folded in excluded:
                continue
            if star.qualifier is None and folded in scope.merged:
                if apart[folded] > 1:
                    return None  # another table has it, too: the name alone would be ambiguous
                if (relation, folded) not in scope.joined:
                    found.append(("", column.name))
                continue
            alone = len(scope.relations) == 1 and star.qualifier is None
            if not alone and not qualifier and all_names[folded] > 1:
                return None
            found.append(("" if alone else qualifier, column.name))
    return found


def _has_a_doubtful_name(relation: Relation) -> bool:
    names = [column.name.lower() for column in relation.listed]
    return "" in names or len(set(names)) != len(names)


def _written(text: str, place: Span, columns: Sequence[tuple[str, str]], catalog: Catalog) -> str:
    """The columns on the star's line, or one a line where that would be too long."""
    names = [
        f"{qualifier}.{quoted(name, catalog.dialect)}" if qualifier else quoted(name, catalog.dialect)
        for qualifier, name in columns
    ]
    begins = text.rfind("\n", 0, place.start) + 1
    line = text[begins : place.start]
    if len(line) + len(", ".join(names)) <= _LINE:
        return ", ".join(names)
    indentation = line[: len(line) - len(line.lstrip())]
    if line.strip():
        indentation += "    "
        return "".join(f"\n{indentation}{name}," for name in names).removesuffix(",")
    return f",\n{indentation}".join(names)
