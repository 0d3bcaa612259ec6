"""Where in SQL's grammar a place is."""

from dataclasses import dataclass, field
from typing import Literal

Expects = Literal["start", "operand", "after", "source", "sourced", "name", "named", "type", "phrase", "number", "none"]
"""What comes next: a query or statement; an operand; what follows one; a table; what follows a table; a new name;
what follows that; a type; words that go on with a key word; a number; nothing that is known."""


@dataclass(slots=True)
class Frame:
    """One parenthesis level, or the whole statement.

    ``clause`` is the key word of the clause, ``phrase`` the key words right before the place (``IS NOT``), ``last``
    what the last operand or source is. ``call`` is the function whose arguments these are, ``called`` the one that was
    called last. ``operand`` are the first and last token of the last operand if that is a name, ``held`` is what came
    before that name, ``compared`` the operand that the next one is compared with; ``predicate``: the term has its
    comparison. ``needs_condition``: the last JOIN still lacks its ON. ``seen`` are the clauses so far, ``cases`` the
    open CASEs, each by its last word, ``betweens`` the BETWEENs that lack their AND. ``opens``: nothing stands in the
    parenthesis yet. ``statement`` is the first word of one that is no query.
    """

    kind: str
    expects: Expects
    clause: str = ""
    phrase: str = ""
    call: str = ""
    called: str = ""
    last: str = ""
    held: Expects = "none"
    dotted: bool = False
    operand: tuple[int, int] | None = None
    compared: tuple[int, int] | None = None
    predicate: bool = False
    needs_condition: bool = False
    statement: str = ""
    aliased: bool = False
    opens: bool = True
    betweens: int = 0
    cases: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    @property
    def is_query(self) -> bool:
        """Whether clauses of a query stand directly in it."""
        return self.kind in ("statement", "query")

    def enter(self, clause: str, expects: Expects, phrase: str = "") -> None:
        """A clause begins."""
        self.clause, self.expects, self.phrase = clause, expects, phrase or clause
        self.seen.add(clause)
        self.last, self.aliased, self.dotted, self.held = "", False, False, "none"
        self.betweens, self.cases = 0, []
        self.term()

    def term(self) -> None:
        """A new term of an expression begins."""
        self.operand = self.compared = None
        self.predicate = False

    def goes_on(self, phrase: str, expects: Expects = "phrase") -> None:
        """A key word that others follow."""
        self.phrase, self.expects = phrase, expects


@dataclass(frozen=True, slots=True)
class GrammarPlace:
    """A place in the grammar: the innermost parenthesis level there, and those around it."""

    frames: tuple[Frame, ...]
    following: str = ""

    @property
    def top(self) -> Frame:
        """The innermost level."""
        return self.frames[-1]

    @property
    def expects(self) -> Expects:
        """What comes next."""
        return self.top.expects

    @property
    def clause(self) -> str:
        """The key word of the clause that the place is in, parentheses of expressions looked through."""
        return next((frame.clause for frame in reversed(self.frames) if frame.clause), "")

    @property
    def calls(self) -> tuple[str, ...]:
        """The functions whose arguments the place is in, the innermost first, up to the next query."""
        found = []
        for frame in reversed(self.frames):
            if frame.is_query:
                break
            if frame.call:
                found.append(frame.call)
        return tuple(found)

    @property
    def is_condition(self) -> bool:
        """Whether a truth value is asked for."""
        if self.top.cases:
            return self.top.cases[-1] == "WHEN"
        return self.clause in ("WHERE", "ON", "HAVING", "QUALIFY") and not self.calls
