"""What marks, operators, constants and names say of a place in SQL's grammar."""

from collections.abc import Sequence

from speql_speculator.completing.completion_groups import words
from speql_speculator.completing.grammar_frames import Expects, Frame
from speql_speculator.tokens import Token

_LIST_CLAUSES = words("SELECT GROUP ORDER PARTITION RETURNING SET DISTINCT PIVOT")
_COMPARISONS = frozenset({"=", "==", "<>", "!="})
_ORDERINGS = frozenset({"<", ">", "<=", ">=", "~~", "~", "!~~"})


class GrammarMarks:
    """Reads marks, operators, constants and names one after the other; what it knows is in its frames."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens
        self.frames = [Frame("statement", "start")]

    @property
    def top(self) -> Frame:
        """The innermost level."""
        return self.frames[-1]

    def take(self, index: int, token: Token) -> None:
        """Go on behind the next token, which has that index."""
        if token.kind == "punctuation":
            self._mark(index, token.upper)
        elif token.kind == "operator":
            self._operator(token.text)
        elif token.kind in ("string", "number", "parameter"):
            self._constant(token.kind)
        elif token.kind == "quoted" or self.top.dotted:
            self._name(index)
        else:
            self._word(index, token.upper)
        if token.text != "(":
            self.frames[-1].opens = False

    def _next_is(self, index: int, mark: str) -> bool:
        return index + 1 < len(self._tokens) and self._tokens[index + 1].text == mark

    def _word(self, index: int, upper: str) -> None:
        """A word that may be a key word."""
        raise NotImplementedError

    # -- marks -----------------------------------------------------------------------------------------------------

    def _mark(self, index: int, mark: str) -> None:
        top = self.top
        if mark == "(":
            self.frames.append(self._opened(index))
        elif mark in ("[", "{"):
            self.frames.append(Frame("group", "operand"))
        elif mark in (")", "]", "}"):
            if len(self.frames) > 1:
                self._closed(self.frames.pop())
        elif mark == ".":
            top.expects, top.dotted = (top.held if top.held != "none" else top.expects), True
        elif mark == ";":
            self.frames[:] = [Frame("statement", "start")]
        elif mark == ",":
            self._comma()

    def _opened(self, index: int) -> Frame:
        top = self.top
        before = self._tokens[index - 1] if index else None
        phrase, expects = top.phrase, top.expects
        if expects == "start":
            return Frame("names" if phrase == "INSERT" else "query", "operand" if phrase == "INSERT" else "start")
        if expects == "phrase":
            kinds: dict[str, tuple[str, Expects, str]] = {
                "WITH NAME": ("names", "name", ""),
                "WITH AS": ("query", "start", ""),
                "WINDOW AS": ("over", "phrase", "OVER"),
                "OVER": ("over", "phrase", "OVER"),
                "FILTER": ("filter", "phrase", "FILTERED"),
                "WITHIN GROUP": ("over", "phrase", "WITHIN"),
                "USING": ("using", "operand", ""),
                "IN": ("in", "operand", ""),
                "EXISTS": ("query", "start", ""),
                "VALUES": ("row", "operand", ""),
                "SELECT DISTINCT ON": ("distinct", "operand", ""),
                "CREATE NAME": ("names", "name", ""),
                "STAR": ("star", "operand", ""),
                "GROUPING SETS": ("group", "operand", ""),
            }
            if phrase in kinds:
                kind, inside, inner = kinds[phrase]
                frame = Frame(kind, inside, phrase=inner, compared=top.compared)
                if kind == "using":
                    frame.clause = "USING"
                return frame
            return Frame("group", "operand")
        if expects == "source":
            return Frame("from", "source", clause=top.clause)
        if expects == "type" or top.last == "typed":
            return Frame("nothing", "none")
        if expects == "sourced" and (top.aliased or top.last == "alias"):
            return Frame("names", "name")
        if expects in ("after", "sourced") and before is not None and before.kind in ("word", "quoted"):
            top.last = "function" if expects == "sourced" else "call"
            top.called = before.name.lower()
            return Frame("call", "operand", call=top.called, phrase="CALL")
        if expects in ("name", "named"):
            return Frame("names", "name")
        return Frame("group", "operand", compared=top.compared if phrase == "IN" else None)

    def _closed(self, frame: Frame) -> None:
        top = self.top
        top.dotted = False
        if frame.kind == "names" and top.phrase == "WITH NAME":
            top.goes_on("WITH NAME")
        elif frame.kind in ("names", "using") and top.expects in ("sourced", "phrase") and top.phrase != "CREATE NAME":
            top.expects, top.aliased, top.needs_condition = "sourced", True, False
            top.phrase = ""
        elif top.phrase == "WITH AS":
            top.goes_on("WITH DONE", "start")
        elif top.phrase == "INSERT" and frame.kind == "names":
            top.goes_on("INSERT", "start")
        elif top.expects == "start" and frame.kind == "query":
            top.enter("QUERY", "after")
        elif frame.kind == "from" or (frame.kind == "query" and top.expects == "source"):
            top.expects, top.last, top.phrase = "sourced", "query", ""
        elif frame.kind == "call" and top.expects == "sourced":
            top.phrase = ""
        elif frame.kind == "distinct":
            top.goes_on("DISTINCT DONE", "operand")
        elif frame.kind == "row":
            top.goes_on("ROW", "after")
        elif top.phrase == "CREATE NAME":
            top.goes_on("CREATED", "none")
        elif top.phrase == "GROUPING SETS" or frame.call in ("rollup", "cube"):
            top.last = "sets"
            top.goes_on("", "after")
        elif frame.kind in ("over", "filter", "call"):
            top.goes_on(frame.kind.upper(), "after")
        elif frame.kind == "star":
            top.goes_on("", "after")
        else:
            if top.expects != "after" or top.phrase == "IN":
                top.predicate = top.predicate or top.phrase in ("IN", "EXISTS")
                top.last = "group"
            top.goes_on("", "after")

    def _comma(self) -> None:
        top = self.top
        top.dotted = False
        if top.kind == "names":
            top.expects = "name" if top.held != "operand" else "operand"
        elif top.phrase == "WITH DONE" or top.clause == "WINDOW":
            top.enter("WITH" if top.phrase == "WITH DONE" else "WINDOW", "name", "," if top.clause == "WITH" else "")
        elif top.clause in ("FROM", "JOIN", "ON", "USING") and (top.is_query or top.kind == "from"):
            top.enter("FROM", "source", ",")
        elif top.phrase == "ROW":
            top.goes_on("VALUES")
        elif top.is_query and top.clause not in _LIST_CLAUSES:
            top.expects = "none"
        else:
            compared = top.compared if top.kind == "in" else None
            top.goes_on(",", "operand")
            top.last = ""
            top.term()
            top.compared = compared

    def _operator(self, text: str) -> None:
        top = self.top
        if text == "*" and top.expects == "operand":
            top.last, top.dotted = "star", False
            top.goes_on("", "after")
        elif text == "::":
            top.goes_on("", "type")
        elif text in _COMPARISONS or text in _ORDERINGS:
            top.compared = top.operand if text in _COMPARISONS and top.last == "name" else None
            top.predicate = True
            top.goes_on("=", "operand")
        elif text in ("%",) and top.expects == "after" and top.clause in ("LIMIT", "TABLESAMPLE"):
            return
        elif top.expects in ("after", "operand", "named"):
            top.operand = top.compared = None
            top.goes_on("OPERATOR", "operand")

    def _constant(self, kind: str) -> None:
        top = self.top
        if top.expects == "source":
            top.expects, top.last, top.phrase = "sourced", "file", ""
        elif top.expects in ("number", "phrase") and top.clause in ("LIMIT", "OFFSET"):
            top.goes_on("", "after")
        elif top.phrase == "INTERVAL":
            top.goes_on("INTERVAL " + kind.upper(), "after")
            top.last = "constant"
        elif top.kind == "over" and top.phrase.startswith("FRAME"):
            top.goes_on(top.phrase + " NUMBER")
        elif top.expects == "name":
            top.expects = "named"
        else:
            top.operand, top.last = None, "constant"
            top.goes_on("", "after")

    # -- names -----------------------------------------------------------------------------------------------------

    def _name(self, index: int) -> None:
        """A word that is no key word here."""
        top = self.top
        expects = top.expects
        if expects == "operand":
            first = top.operand[0] if top.dotted and top.operand is not None else index
            top.operand, top.last, top.held = (first, index), "name", "operand"
            top.goes_on("", "after")
        elif expects == "source":
            top.held, top.last, top.phrase = "source", "table", ""
            top.expects, top.aliased = "sourced", False
            if top.clause in ("INTO", "UPDATE", "DESCRIBE", "COPY"):
                top.goes_on({"INTO": "INSERT", "UPDATE": "UPDATE NAME"}.get(top.clause, "DONE"), "start")
                if top.clause != "INTO":
                    top.expects = "phrase"
        elif expects == "sourced":
            top.aliased, top.last, top.phrase, top.held = True, "alias", "", "none"
        elif expects == "name":
            self._new_name()
        elif expects == "after" and top.clause == "SELECT" and top.is_query and not top.cases and top.last != "alias":
            top.last = "alias"
            top.goes_on("ALIAS", "after")
        elif expects == "type":
            top.last = "typed"
            top.goes_on("", "after")
        elif expects == "phrase" and top.phrase in ("OVER", "STAR", "COLLATE"):
            named = top.phrase == "OVER"
            top.goes_on("OVER" if named else "", "after")
            top.last = "call" if named else top.last
        elif top.kind == "over" and top.phrase == "OVER":
            top.phrase = "OVER NAME"
        elif expects == "start" and top.phrase in ("INSERT",):
            top.last = "alias"
        elif expects == "start":
            top.expects = "none"
        top.dotted = False

    def _new_name(self) -> None:
        top = self.top
        if top.kind == "names":
            top.expects, top.held = "named", "none"
        elif top.clause == "WITH":
            top.goes_on("WITH NAME")
        elif top.clause == "WINDOW":
            top.goes_on("WINDOW NAME")
        elif top.phrase.startswith("CREATE"):
            top.held = "name"
            top.goes_on("CREATE NAME")
        elif top.clause in ("FROM", "JOIN", "ON", "USING"):
            top.expects, top.aliased, top.last, top.phrase = "sourced", True, "alias", ""
        else:
            top.last = "alias"
            top.goes_on("ALIAS", "after")
