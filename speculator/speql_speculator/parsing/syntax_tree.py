"""The tree that repair works on: every node is a range of tokens, and knows what is missing from it.

It is not a full SQL tree: it has the parts that can be unfinished (lists, conditions, clauses, parentheses) and the
parts that name things (columns, tables). All else is a range of tokens that is kept as it is.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from speql_speculator.parsing.known_queries import KnownQuery


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a node cannot stay. ``fragment``: it is unfinished at the cursor, which needs no complaint."""

    code: str
    reason: str
    fragment: bool = False


@dataclass(slots=True, eq=False)
class Node:
    """A half-open range of tokens. ``fault`` is set if the node has to be left out; ``kept`` is decided at the end.

    ``local`` is what `local_nodes` finds below it, once it was asked for.
    """

    first: int
    last: int
    fault: Fault | None = field(default=None, kw_only=True)
    kept: bool = field(default=True, kw_only=True)
    local: "list[Node] | None" = field(default=None, kw_only=True, repr=False)

    def children(self) -> "Iterator[Node]":
        """The nodes directly below this one, in text order."""
        return iter(())


@dataclass(slots=True, eq=False)
class Missing(Node):
    """An operand, name or list that is not there yet: an empty range."""


@dataclass(slots=True, eq=False)
class Literal(Node):
    """Tokens that are kept as they are: a constant, a type, ``IS NOT NULL``'s tail."""

    constant: str = ""


@dataclass(slots=True, eq=False)
class Star(Node):
    """``*`` or ``t.*``; ``plain`` without EXCLUDE and the like; ``in_list`` if it stands in a SELECT list."""

    qualifier: int | None = None
    plain: bool = True
    in_list: bool = False
    tails: list["Clause"] = field(default_factory=list)

    def children(self) -> Iterator[Node]:
        """The lists of columns that are left out of it."""
        return iter(self.tails)


@dataclass(slots=True, eq=False)
class Reference(Node):
    """A column name, ``parts`` its name tokens; ``dangling`` if it ends with a dot.

    ``left_of_star``: a star leaves it out, of whichever tables have it. ``receiver``: a function is called on it, or it
    is the function's schema.
    """

    parts: list[int] = field(default_factory=list)
    dangling: bool = False
    left_of_star: bool = False
    receiver: bool = False

    @property
    def first_name(self) -> int:
        """The token of its first name: a sign may be before it."""
        return self.parts[0]


@dataclass(slots=True, eq=False)
class Items(Node):
    """A list: ``separators[i]`` is the comma between elements i and i + 1, or -1 where it has to be inserted.

    ``pads``: how many NULLs are put in the place of the elements up to each one that stays (-1: behind the last one),
    ``pad_reason`` why.
    ``last_comma``: a comma behind the last element that the engine takes, -1 if there is none; nothing follows it.
    """

    elements: list[Node] = field(default_factory=list)
    separators: list[int] = field(default_factory=list)
    pads: dict[int, int] = field(default_factory=dict)
    pad_reason: str = ""
    last_comma: int = -1

    def children(self) -> Iterator[Node]:
        """The elements."""
        return iter(self.elements)


@dataclass(slots=True, eq=False)
class Term(Node):
    """Operands and the operators between them, no AND or OR at this level; ``operators[i]`` follows operand i.

    ``comparison`` if one of the operators compares; ``unfinished`` if a part is missing that is no operand
    (``BETWEEN 1`` without its AND). The first ``least`` operands stay together: a key says nothing without its value.
    """

    prefix: int = 0
    operands: list[Node] = field(default_factory=list)
    operators: list[tuple[int, int]] = field(default_factory=list)
    comparison: bool = False
    unfinished: bool = False
    least: int = 1
    complete_with: str = ""

    def children(self) -> Iterator[Node]:
        """The operands."""
        return iter(self.operands)


@dataclass(slots=True, eq=False)
class Expression(Node):
    """Terms connected by AND and OR; ``connectors[i]`` follows term i, or is -1 where AND has to be inserted.

    ``boolean`` where a truth value is asked for: there an unfinished comparison is left out as a whole.
    """

    terms: list[Term] = field(default_factory=list)
    connectors: list[int] = field(default_factory=list)
    boolean: bool = False

    def children(self) -> Iterator[Node]:
        """The terms."""
        return iter(self.terms)


@dataclass(slots=True, eq=False)
class Group(Node):
    """Parentheses, brackets, casts and the like: ``add`` and ``closer`` are what has to be inserted at the end.

    ``sets``: they are those of GROUPING SETS.
    """

    inner: list[Node] = field(default_factory=list)
    closer: str = ""
    add: str = ""
    sets: bool = False
    may_be_empty: bool = False

    def children(self) -> Iterator[Node]:
        """What is inside."""
        return iter(self.inner)


@dataclass(slots=True, eq=False)
class Call(Node):
    """A function call with what follows its parentheses: FILTER, WITHIN GROUP, OVER.

    ``method``: it stands behind a dot, and what is before that is its first argument, or its schema. Names there are
    its ``receiver``.
    ``add`` is what has to be inserted: ``*`` or, after a comma, more arguments inside, a window after it.
    """

    name: str = ""
    arguments: Items | None = None
    closer: str = ""
    order: "Clause | None" = None
    tails: list["Clause"] = field(default_factory=list)
    window: "Window | None" = None
    starred: bool = False
    distinct: bool = False
    empty: bool = False
    method: bool = False
    receiver: Reference | None = None
    add: str = ""

    def children(self) -> Iterator[Node]:
        """What it is called on, arguments, then what follows."""
        if self.receiver is not None:
            yield self.receiver
        if self.arguments is not None:
            yield self.arguments
        if self.order is not None:
            yield self.order
        yield from self.tails
        if self.window is not None:
            yield self.window


@dataclass(slots=True, eq=False)
class Window(Node):
    """What follows OVER, or a definition in the WINDOW clause: a ``name`` (its token), or clauses in parentheses."""

    clauses: list["Clause"] = field(default_factory=list)
    closer: str = ""
    add: str = ""
    name: int = -1

    def children(self) -> Iterator[Node]:
        """PARTITION BY, ORDER BY, the frame."""
        return iter(self.clauses)


@dataclass(slots=True, eq=False)
class Branch(Node):
    """``WHEN condition THEN value``; ``then`` is its token, -1 if it is not there yet."""

    condition: Expression
    then: int
    value: Expression | None

    def children(self) -> Iterator[Node]:
        """Condition and value."""
        yield self.condition
        if self.value is not None:
            yield self.value


@dataclass(slots=True, eq=False)
class Case(Node):
    """A CASE expression; ``otherwise`` the clause of ELSE."""

    subject: Expression | None = None
    branches: list[Branch] = field(default_factory=list)
    otherwise: "Clause | None" = None
    ended: bool = False

    def children(self) -> Iterator[Node]:
        """Subject, branches, ELSE."""
        if self.subject is not None:
            yield self.subject
        yield from self.branches
        if self.otherwise is not None:
            yield self.otherwise


@dataclass(slots=True, eq=False)
class Clause(Node):
    """Key words (tokens ``first`` to ``body_first``) and what they introduce.

    ``opener`` is inserted before the body, ``add`` and ``closer`` after it.
    """

    name: str
    body_first: int
    body: Node | None = None
    add: str = ""
    closer: str = ""
    opener: str = ""
    words_missing: str = ""

    def children(self) -> Iterator[Node]:
        """The body."""
        if self.body is not None:
            yield self.body


@dataclass(slots=True, eq=False)
class SelectItem(Node):
    """An output column. ``alias`` is its token, ``marker`` the AS; ``marker_missing``: it is no name without AS."""

    expression: Expression
    alias: int = -1
    marker: int = -1
    marker_missing: bool = False
    drop_alias: bool = False

    def children(self) -> Iterator[Node]:
        """The expression."""
        yield self.expression


@dataclass(slots=True, eq=False)
class Source(Node):
    """A table, derived table, table function or parenthesised join in FROM, with its join key words.

    ``names_closer`` is inserted behind its column names. ``pivoted``: PIVOT or UNPIVOT make other columns of its own.

    ``join`` is the range of ``, JOIN, LEFT JOIN...`` before it (empty for the first), ``kind`` its words.
    """

    join: tuple[int, int] = (0, 0)
    kind: str = ""
    parts: list[int] = field(default_factory=list)
    query: "Query | None" = None
    inner: "list[Source] | None" = None
    call: Node | None = None
    closer: str = ""
    alias: int = -1
    marker: int = -1
    drop_alias: bool = False
    column_names: list[int] = field(default_factory=list)
    names_closer: str = ""
    tail: tuple[int, int] = (0, 0)
    pivoted: bool = False
    condition: Clause | None = None
    using: Clause | None = None
    dangling: bool = False
    add_alias: str = ""
    add_condition: str = ""

    def children(self) -> Iterator[Node]:
        """The query or call, then the condition."""
        if self.query is not None:
            yield self.query
        if self.inner is not None:
            yield from self.inner
        if self.call is not None:
            yield self.call
        if self.condition is not None:
            yield self.condition
        if self.using is not None:
            yield self.using


@dataclass(slots=True, eq=False)
class From(Node):
    """FROM and its sources; ``add`` is a whole source to insert when there is none."""

    sources: list[Source] = field(default_factory=list)
    add: str = ""

    def children(self) -> Iterator[Node]:
        """The sources."""
        return iter(self.sources)


@dataclass(slots=True, eq=False)
class Select(Node):
    """One SELECT up to its QUALIFY. ``add_*`` are whole clauses to insert; ``order`` the clauses in text order.

    ``one_value``: its columns are those of one value (``SELECT AS STRUCT``). ``pivoted``: the word, if it is a PIVOT.
    """

    keyword: int = -1
    head_last: int = 0
    distinct_on: Items | None = None
    distinct_range: tuple[int, int] = (0, 0)
    items: Items | None = None
    from_: From | None = None
    clauses: list[Clause] = field(default_factory=list)
    one_value: bool = False
    pivoted: str = ""
    add_head: str = ""
    add_items: str = ""
    add_from: str = ""
    add_where: str = ""
    add_group: str = ""
    add_window: str = ""

    def clause(self, name: str) -> Clause | None:
        """The clause of that name that stays, if there is one."""
        return next((clause for clause in self.clauses if clause.name == name and clause.kept), None)

    def children(self) -> Iterator[Node]:
        """All clauses in text order."""
        parts: list[Node] = list(self.clauses)
        parts += (part for part in (self.distinct_on, self.items, self.from_) if part is not None)
        parts.sort(key=lambda part: part.first)
        return iter(parts)


@dataclass(slots=True, eq=False)
class Values(Node):
    """``VALUES (...), (...)``; ``named`` is how many columns are named around it."""

    rows: Items
    named: int = 0

    def children(self) -> Iterator[Node]:
        """The rows."""
        yield self.rows


@dataclass(slots=True, eq=False)
class Cte(Node):
    """``name (columns) AS (query)``; ``name`` its token."""

    name: int
    column_names: list[int] = field(default_factory=list)
    query: "Query | None" = None
    closer: str = ""
    marker_missing: bool = False

    def children(self) -> Iterator[Node]:
        """The query."""
        if self.query is not None:
            yield self.query


@dataclass(slots=True, eq=False)
class With(Node):
    """``WITH [RECURSIVE]`` (tokens ``first`` to ``body_first``) and its list."""

    body_first: int
    recursive: bool
    ctes: Items

    def children(self) -> Iterator[Node]:
        """The list."""
        yield self.ctes


@dataclass(slots=True, eq=False)
class Query(Node):
    """A query expression: WITH, branches with set operators between them, ORDER BY, LIMIT, OFFSET.

    ``text`` is its own if it stands in parentheses, away from the cursor; ``known``: a leaf, not read any further.
    ``resolved``: what stays in it is decided.
    """

    with_: With | None = None
    branches: list["Select | Values | Nested"] = field(default_factory=list)
    operators: list[tuple[int, int]] = field(default_factory=list)
    clauses: list[Clause] = field(default_factory=list)
    add: str = ""
    text: str = ""
    known: "KnownQuery | None" = None
    resolved: bool = False

    def children(self) -> Iterator[Node]:
        """WITH, branches, clauses."""
        if self.with_ is not None:
            yield self.with_
        yield from self.branches
        yield from self.clauses


@dataclass(slots=True, eq=False)
class Nested(Node):
    """A query in parentheses: a branch, or an operand (scalar, EXISTS, IN)."""

    query: Query
    closer: str = ""
    exists: bool = False

    def children(self) -> Iterator[Node]:
        """The query."""
        yield self.query


@dataclass(slots=True, eq=False)
class Junk(Node):
    """Tokens that fit nowhere. Always left out."""


def walk(node: Node) -> Iterator[Node]:
    """All nodes of a tree, each before its children."""
    stack = [node]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(reversed(list(current.children())))


def name_columns(query: Query | None, count: int) -> None:
    """Tell the VALUES that a query is how many columns are named around it."""
    for branch in query.branches if query is not None else ():
        if isinstance(branch, Values):
            branch.named = count
        elif isinstance(branch, Nested):
            name_columns(branch.query, count)
