"""Renames what a statement itself names: aliases, CTEs, output columns, windows and parameters of lambdas."""

from collections import Counter
from collections.abc import Iterator

from speql_speculator.completing.quoting import made_up, quoted
from speql_speculator.edits import Edit, apply_edits
from speql_speculator.navigating.document import model_at
from speql_speculator.navigating.semantic_model import SemanticModel, semantic_model
from speql_speculator.navigating.symbols import Occurrence, Symbol
from speql_speculator.parsing.keywords import (
    CLAUSE_WORDS,
    CONSTANT_WORDS,
    JOIN_WORDS,
    NO_BARE_ALIAS,
    RESERVED,
    TYPE_WORDS,
    UNIT_WORDS,
)
from speql_speculator.parsing.syntax_tree import Clause, Cte, From, Node, Source, Window, With, walk
from speql_speculator.tokens import tokenize
from speql_sql import Catalog, Span


def renamable(text: str, offset: int, catalog: Catalog) -> tuple[Span, str] | str:
    """Where the name at a place of a document is, and the name; or why it cannot be renamed."""
    located = model_at(text, offset, catalog)
    occurrence = located.model.at(offset - located.start) if located is not None else None
    if located is None or occurrence is None:
        return "There is no name here that SpeQL knows the meaning of."
    refusal = _refusal(located.model, occurrence.symbol)
    return refusal or (occurrence.span.shifted(located.start), occurrence.symbol.name)


def rename(text: str, offset: int, new_name: str, catalog: Catalog) -> tuple[Edit, ...] | str:
    """The edits of a document that give the name at a place another name everywhere; or why that cannot be done.

    A column is renamed through the query: from where it gets its name through all SELECTs that only pass it on, the
    statement's own output included. The renamed text is read again, and each name of it has to mean what it meant
    before: that refuses every clash and every capture.
    """
    found = renamable(text, offset, catalog)
    if isinstance(found, str):
        return found
    located = model_at(text, offset, catalog)
    occurrence = located.model.at(offset - located.start) if located is not None else None
    assert located is not None, "it is renamable"
    assert occurrence is not None, "it is renamable"
    name = _name(new_name, catalog.dialect)
    if not name or "\n" in name or "\r" in name:
        return "A name has at least one character, and no line break."
    model, symbol = located.model, occurrence.symbol
    if name == symbol.name:
        return ()
    spelled = made_up(name, catalog.dialect) if name == new_name.strip() else quoted(name, catalog.dialect)
    edits = tuple(_edits(model, symbol, _marked(spelled, catalog.dialect)))
    after = semantic_model(apply_edits(model.text, edits), catalog)
    if not _means_the_same(model, after, edits) or _clashes(model, after, symbol, name):
        return f"`{name}` already means something else here. Choose a name that this statement does not use."
    return tuple(Edit(edit.span.shifted(located.start), edit.new_text, edit.reason, edit.code) for edit in edits)


def _marked(spelled: str, dialect: str) -> str:
    """A name as it has to be written wherever a name may stand: in quotes if it is any word that SQL uses itself."""
    return quoted(spelled, dialect, always=True) if spelled.upper() in _SPECIAL else spelled


_SPECIAL = RESERVED | NO_BARE_ALIAS | CLAUSE_WORDS | JOIN_WORDS | CONSTANT_WORDS | TYPE_WORDS | UNIT_WORDS


def _name(typed: str, dialect: str) -> str:
    """The name that the user means: quotes around it are how it is written, not part of it."""
    typed = typed.strip()
    tokens = tokenize(typed, dialect)
    if len(tokens) == 1 and tokens[0].kind == "quoted" and not tokens[0].closer and tokens[0].end == len(typed):
        return tokens[0].name
    return typed


def _refusal(model: SemanticModel, symbol: Symbol) -> str:
    """Why a symbol cannot be renamed, or nothing."""
    name = symbol.name
    if symbol.kind == "table":
        return f"`{name}` is a table of the database, not of this query. Give it an alias and rename that."
    if symbol.kind == "column":
        of = f" of table `{symbol.table.name}`" if symbol.table is not None else " that this query does not make"
        return f"`{name}` is a column{of}. Give it a name of its own with AS and rename that."
    if symbol.declared is None:
        return f"`{name}` gets its name from a function. Give it an alias and rename that."
    if symbol in model.blocked:
        return f"`{name}` cannot be renamed: {model.blocked[symbol]}."
    folded = name.lower()
    for index, token in enumerate(model.tokens):
        if index in model.named or index in model.marks:
            continue
        if token.kind == "word" and token.upper not in RESERVED | CLAUSE_WORDS | JOIN_WORDS:
            unclear = token.text.lower() == folded
        else:
            # The name of a column that nothing names is the text of its expression.
            unclear = token.kind == "quoted" and folded in token.name.lower()
            unclear = unclear or (token.kind == "parameter" and token.text[1:].lower() == folded)
        if unclear:
            return f"`{name}` also stands where SpeQL cannot tell what it means (`{token.text}`)."
    if symbol.kind == "output" and any(token.upper in _BY_NAME for token in model.tokens):
        return f"`{name}` cannot be renamed: this statement picks columns by their names (COLUMNS, PIVOT, UNPIVOT)."
    return ""


_BY_NAME = frozenset({"COLUMNS", "PIVOT", "UNPIVOT", "PIVOT_WIDER", "PIVOT_LONGER"})


def _edits(model: SemanticModel, symbol: Symbol, spelled: str) -> Iterator[Edit]:
    reason = f"`{symbol.name}` is called {spelled}"
    for occurrence in model.of(symbol):
        if occurrence.role == "declaration" and symbol.borrowed:
            end = model.ends[symbol]
            yield Edit(Span(end, end), f" AS {spelled}", reason, "rename")
        else:
            yield Edit(occurrence.span, spelled, reason, "rename")


def _means_the_same(before: SemanticModel, after: SemanticModel, edits: tuple[Edit, ...]) -> bool:
    """Whether each name still means what it meant."""
    there: dict[Symbol, Symbol] = {}
    back: dict[Symbol, Symbol] = {}
    for occurrence in _references(before):
        start = occurrence.span.start
        moved = start + sum(
            len(edit.new_text) - (edit.span.end - edit.span.start) for edit in edits if edit.span.end <= start
        )
        found = after.at(moved)
        if found is None or found.span.start != moved:
            return False
        if there.setdefault(occurrence.symbol, found.symbol) is not found.symbol:
            return False
        if back.setdefault(found.symbol, occurrence.symbol) is not occurrence.symbol:
            return False
    return len(before.unresolved) == len(after.unresolved)


def _references(model: SemanticModel) -> Iterator[Occurrence]:
    """The first meaning of each name; borrowed names are those of something else."""
    last: Span | None = None
    for occurrence in model.occurrences:
        if occurrence.span != last and not (occurrence.symbol.borrowed and occurrence.role == "declaration"):
            last = occurrence.span
            yield occurrence


def _clashes(before: SemanticModel, after: SemanticModel, symbol: Symbol, name: str) -> bool:
    """Whether the new name is given twice where one is allowed: by a WITH, a FROM, a WINDOW, a list of columns."""
    folded = name.lower()
    if folded == symbol.name.lower():
        return False  # only the case of its letters, or its quotes, are others
    for output in (before.output, *before.outputs.values()):
        listed = any(column.symbol is symbol for column in output.columns)
        if listed and any(column.name.lower() == folded for column in output.columns):
            return True
    return after.tree is None or any(Counter(names)[folded] > 1 for names in _lists_of_names(after.tree, after))


def _lists_of_names(tree: Node, model: SemanticModel) -> Iterator[list[str]]:
    def name(token: int) -> str:
        return model.tokens[token].name.lower()

    for node in walk(tree):
        if isinstance(node, With):
            yield [name(cte.name) for cte in node.ctes.elements if isinstance(cte, Cte)]
        elif isinstance(node, From):
            sources = [found for found in _sources(node.sources) if found.alias >= 0 or found.parts]
            yield [name(found.alias if found.alias >= 0 else found.parts[-1]) for found in sources]
        elif isinstance(node, Clause) and node.name == "WINDOW" and node.body is not None:
            yield [name(found.name) for found in node.body.children() if isinstance(found, Window) and found.name >= 0]


def _sources(sources: list[Source]) -> Iterator[Source]:
    for source in sources:
        yield source
        yield from _sources(source.inner or [])
