"""Where in SQL's grammar a place is, read off the tokens before it, which need not parse."""

from collections.abc import Sequence

from speql_speculator.completing.completion_groups import words
from speql_speculator.completing.grammar_frames import GrammarPlace
from speql_speculator.completing.grammar_marks import GrammarMarks
from speql_speculator.tokens import Token


def grammar_place(tokens: Sequence[Token], following: Token | None = None) -> GrammarPlace:
    """The place behind these tokens of one statement (without comments); never raises, linear time.

    ``following`` is the token behind the place.
    """
    reader = _Reader(tokens)
    for index, token in enumerate(tokens):
        reader.take(index, token)
    word = following.upper if following is not None and following.kind in ("word", "punctuation") else ""
    return GrammarPlace(tuple(reader.frames), word)


_SET_OPERATORS = words("UNION EXCEPT INTERSECT")
_SET_PHRASES = ("UNION", "UNION ALL", "SET OPERATION", "SET DONE")
_JOIN_PREFIXES = words("LEFT RIGHT FULL INNER CROSS NATURAL ASOF SEMI ANTI POSITIONAL OUTER")
_NO_CONDITION = words("CROSS NATURAL POSITIONAL")
_CONSTANTS = words("NULL TRUE FALSE UNKNOWN CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP LOCALTIME LOCALTIMESTAMP")
_STATEMENTS = words(
    """ALTER ANALYZE ATTACH BEGIN CALL CHECKPOINT COMMENT COMMIT COPY CREATE DELETE DESC DESCRIBE DETACH DROP EXECUTE
    EXPLAIN EXPORT IMPORT INSERT INSTALL LOAD MERGE PIVOT PRAGMA PREPARE RESET ROLLBACK SET SHOW SUMMARIZE TRUNCATE
    UNPIVOT UPDATE USE VACUUM"""
)
_OF_A_TABLE = words("DESCRIBE DESC SUMMARIZE TRUNCATE SHOW ANALYZE COPY PIVOT UNPIVOT")
_MADE = words("TABLE VIEW SCHEMA INDEX MACRO FUNCTION SEQUENCE TYPE DATABASE")
_BEHIND_FROM = words("extract trim substring overlay position")
_UNITS = words("YEAR YEARS MONTH MONTHS DAY DAYS HOUR HOURS MINUTE MINUTES SECOND SECONDS WEEK WEEKS QUARTER QUARTERS")


class _Reader(GrammarMarks):
    """Reads key words, too."""

    def _word(self, index: int, upper: str) -> None:
        top = self.top
        if top.expects == "name" and upper not in ("RECURSIVE", "IF", "NOT", "EXISTS", "SELECT", "FROM"):
            self._name(index)
        elif self._goes_on(index, upper) or self._of_query(index, upper) or self._of_expression(index, upper):
            top.dotted = False
            if top.expects not in ("after", "sourced"):
                top.held = "none"
        else:
            self._name(index)

    def _goes_on(self, index: int, upper: str) -> bool:
        """A word that is one only behind certain others."""
        top = self.top
        phrase = top.phrase
        if top.expects == "start" and top.kind == "statement" and phrase in ("", "EXPLAIN") and upper in _STATEMENTS:
            top.statement = upper
            self._statement(upper)
        elif phrase == "EXPLAIN" and upper == "ANALYZE":
            return True
        elif phrase in ("INSERT INTO", "INSERT OR") and upper in ("OR", "REPLACE", "IGNORE"):
            top.goes_on("INSERT INTO")
        elif upper == "INTO" and phrase == "INSERT INTO":
            top.enter("INTO", "source")
        elif phrase.startswith("CREATE") and top.expects in ("phrase", "name"):
            self._create(index, upper)
        elif phrase in ("DROP", "ALTER") and upper in _MADE:
            top.enter("DESCRIBE", "source" if upper in ("TABLE", "VIEW") else "none", phrase + " TABLE")
        elif (top.clause == "DESCRIBE" and upper in ("IF", "EXISTS")) or (
            phrase == "INSERT" and upper in ("BY", "NAME", "DEFAULT")
        ):
            return True
        elif phrase in _SET_PHRASES and top.expects == "start" and upper in ("ALL", "DISTINCT", "BY", "NAME"):
            top.goes_on("UNION ALL" if (phrase, upper) == ("UNION", "ALL") else "SET DONE", "start")
        elif upper == "BY" and phrase in ("GROUP", "ORDER", "PARTITION"):
            top.enter(phrase, "operand", phrase + " BY")
        elif phrase in ("SELECT", "SELECT DISTINCT") and upper in ("DISTINCT", "ALL", "ON"):
            top.goes_on(
                "SELECT DISTINCT ON" if upper == "ON" else "SELECT DISTINCT", "phrase" if upper == "ON" else "operand"
            )
        elif phrase == "CALL" and upper in ("DISTINCT", "ALL"):
            top.goes_on("CALL DISTINCT", "operand")
        elif phrase in ("GROUP BY", "ORDER BY") and upper == "ALL":
            top.last = "all"
            top.goes_on("", "after")
        elif phrase == "GROUP BY" and upper == "GROUPING" and not self._next_is(index, "("):
            top.goes_on("GROUPING")
        elif phrase == "GROUPING" and upper == "SETS":
            top.goes_on("GROUPING SETS")
        elif phrase == "IS" and upper == "NOT":
            top.goes_on("IS NOT")
        elif phrase in ("IS", "IS NOT") and upper == "DISTINCT":
            top.goes_on("IS DISTINCT")
        elif phrase == "IS DISTINCT" and upper == "FROM":
            top.compared = top.operand if top.last == "name" else None
            top.goes_on("=", "operand")
        elif phrase in ("IS", "IS NOT"):
            top.goes_on("", "after")
        elif phrase == "SIMILAR" and upper == "TO":
            top.goes_on("LIKE", "operand")
        elif phrase == "AT" and upper in ("TIME", "ZONE"):
            top.goes_on("AT", "phrase" if upper == "TIME" else "operand")
        elif phrase == "NULLS" and upper in ("FIRST", "LAST"):
            top.last = "ordered"
            top.goes_on("", "after")
        elif phrase.startswith("INTERVAL ") and upper in _UNITS:
            top.goes_on("", "after")
        elif phrase == "WITH AS" and upper in ("NOT", "MATERIALIZED"):
            return True
        elif phrase == "WITHIN" and upper == "GROUP":
            top.goes_on("WITHIN GROUP")
        elif top.kind == "over" and (phrase.startswith("FRAME") or upper in ("ROWS", "RANGE", "GROUPS")):
            self._frame_of_window(upper)
        else:
            return False
        return True

    def _statement(self, upper: str) -> None:
        top = self.top
        if upper == "EXPLAIN":
            top.goes_on("EXPLAIN", "start")
        elif upper == "INSERT":
            top.goes_on("INSERT INTO")
        elif upper == "UPDATE":
            top.enter("UPDATE", "source")
        elif upper == "DELETE":
            top.goes_on("DELETE")
        elif upper in ("CREATE", "DROP", "ALTER"):
            top.goes_on(upper)
        elif upper in ("PIVOT", "UNPIVOT"):
            top.enter("FROM", "source")
        elif upper in _OF_A_TABLE:
            top.enter("DESCRIBE", "source", upper)
        elif upper == "CALL":
            top.enter("SELECT", "operand", "CALL")
        else:
            top.expects = "none"

    def _create(self, index: int, upper: str) -> None:
        top = self.top
        if upper in _MADE:
            top.goes_on("CREATE NAME", "name")
        elif upper in ("OR", "REPLACE", "TEMP", "TEMPORARY", "PERSISTENT", "UNIQUE"):
            top.goes_on("CREATE")
        elif upper in ("IF", "NOT", "EXISTS"):
            return
        elif upper == "AS" and top.phrase == "CREATE NAME":
            top.goes_on("CREATE AS", "start")
        elif upper == "ON":
            top.enter("DESCRIBE", "source")
        else:
            self._name(index)

    def _of_query(self, index: int, upper: str) -> bool:
        """The words that begin a clause, join tables or connect queries."""
        top = self.top
        if upper == "SELECT" or (upper == "WITH" and (top.expects == "start" or top.opens)):
            if top.kind != "statement":
                top.kind = "query"
            top.enter(upper, "operand" if upper == "SELECT" else "name")
            return True
        if upper == "RECURSIVE" and top.clause == "WITH":
            top.goes_on("RECURSIVE", "name")
            return True
        if upper == "VALUES" and top.expects in ("start", "source"):
            top.enter("VALUES", "phrase")
            return True
        if upper == "FROM":
            return self._from()
        if not top.is_query and top.kind not in ("from", "over", "filter", "call", "group", "in"):
            return False
        if upper in _SET_OPERATORS and top.kind == "from" and top.last == "query" and not top.aliased:
            top.kind = "query"
        if upper in _SET_OPERATORS and top.is_query and not (top.last == "star" and self._next_is(index, "(")):
            top.seen = set()
            top.enter("", "start", "UNION" if upper == "UNION" else "SET OPERATION")
            return True
        return self._joins(index, upper) or self._clauses(index, upper)

    def _from(self) -> bool:
        top = self.top
        if top.kind == "call" and top.call in _BEHIND_FROM:
            top.seen.add("FROM")
            top.goes_on("CALL FROM", "operand")
            return True
        if top.kind in ("call", "group", "in", "row", "distinct") and len(self.frames) > 1 and not top.opens:
            # The parenthesis is still open, and the clause belongs to the query around it.
            while len(self.frames) > 1 and not self.top.is_query:
                self.frames.pop()
            top = self.top
        if top.kind in ("from", "group", "in", "call") and top.opens:
            top.kind = "query"
        top.enter("FROM", "source")
        return True

    def _joins(self, index: int, upper: str) -> bool:
        top = self.top
        behind = top.expects in ("sourced", "phrase", "after") and top.clause in ("FROM", "JOIN", "ON", "USING")
        if upper == "JOIN":
            needs = not any(word in _NO_CONDITION for word in top.phrase.split())
            top.enter("JOIN", "source", "JOIN")
            top.needs_condition = needs
            return True
        if upper in _JOIN_PREFIXES and behind and not (upper in ("LEFT", "RIGHT") and self._next_is(index, "(")):
            joined = top.phrase.split() if top.phrase.split()[:1] and top.phrase.split()[0] in _JOIN_PREFIXES else []
            top.goes_on(" ".join([*joined, upper]))
            return True
        if upper == "ON" and top.clause in ("JOIN", "FROM", "ON") and top.expects in ("sourced", "source", "after"):
            top.enter("ON", "operand")
            top.needs_condition = False
            return True
        if upper == "USING" and top.expects in ("sourced", "source", "phrase"):
            if top.phrase == "DELETE NAME":
                top.enter("FROM", "source")
            else:
                top.enter("USING", "phrase", "USING")
            return True
        if upper in ("LATERAL", "ONLY") and top.expects == "source":
            return True
        if upper == "TABLESAMPLE" and top.expects == "sourced":
            top.enter("FROM", "none", "TABLESAMPLE")
            return True
        if upper in ("PIVOT", "UNPIVOT") and top.expects == "sourced":
            top.goes_on("PIVOT")
            return True
        return False

    def _clauses(self, index: int, upper: str) -> bool:
        top = self.top
        if upper in ("WHERE", "HAVING", "QUALIFY", "RETURNING"):
            if top.kind == "filter":
                top.enter("WHERE", "operand")
            else:
                self._leave_open()
                self.top.enter(upper, "operand")
            return True
        if upper in ("GROUP", "ORDER", "PARTITION"):
            if upper == "GROUP" and top.phrase == "WITHIN":
                return False
            if upper == "PARTITION" and top.kind != "over":
                return False
            if upper == "GROUP" and top.kind not in ("statement", "query"):
                self._leave_open()
                top = self.top
            top.goes_on(upper)
            return True
        if upper == "WINDOW" and top.is_query and top.expects in ("after", "sourced"):
            top.enter("WINDOW", "name")
            return True
        if upper in ("LIMIT", "OFFSET") and top.is_query:
            top.enter(upper, "number")
            return True
        if upper == "SET" and top.phrase == "UPDATE NAME":
            top.enter("SET", "operand")
            return True
        if upper == "AS":
            return self._as()
        return False

    def _leave_open(self) -> None:
        """A clause of a query ends the expression before it, though a parenthesis is still open there."""
        while len(self.frames) > 1 and not self.top.is_query and self.top.kind not in ("over", "filter"):
            if self.top.kind == "from":
                self.top.kind = "query"
                return
            self.frames.pop()

    def _as(self) -> bool:
        top = self.top
        if top.phrase == "WITH NAME":
            top.goes_on("WITH AS")
        elif top.phrase == "WINDOW NAME":
            top.goes_on("WINDOW AS")
        elif top.kind == "call" and top.call in ("cast", "try_cast"):
            top.goes_on("AS", "type")
        else:
            top.goes_on("AS", "name")
        return True

    def _of_expression(self, index: int, upper: str) -> bool:
        """The words inside of expressions."""
        top = self.top
        called = self._next_is(index, "(")
        if upper == "CASE":
            top.cases.append("CASE")
            top.goes_on("CASE", "operand")
        elif upper in ("WHEN", "THEN", "ELSE") and top.cases:
            top.cases[-1] = upper
            top.term()
            top.goes_on(upper, "operand")
        elif upper == "END" and top.cases:
            top.cases.pop()
            top.last = "group"
            top.goes_on("", "after")
        elif upper in ("AND", "OR"):
            if upper == "AND" and top.betweens:
                top.betweens -= 1
                top.goes_on("BETWEEN AND", "operand")
            elif top.kind == "over" and top.phrase.startswith("FRAME"):
                top.goes_on("FRAME AND")
            else:
                top.term()
                top.goes_on(upper, "operand")
        elif upper == "NOT":
            if top.expects == "operand":
                top.goes_on("NOT", "operand")
            else:
                top.goes_on("NOT BEHIND")
        elif upper == "EXISTS" and top.expects == "operand":
            top.goes_on("EXISTS")
        elif upper in ("LIKE", "ILIKE", "GLOB", "IN", "SIMILAR", "BETWEEN", "IS") and top.expects in (
            "after",
            "phrase",
        ):
            self._predicate(upper)
        elif upper in ("ISNULL", "NOTNULL") and top.expects == "after":
            top.predicate = True
            top.goes_on("", "after")
        elif upper in ("ESCAPE", "DIV") and top.expects == "after":
            top.goes_on("OPERATOR", "operand")
        elif upper in ("COLLATE", "AT", "OVER", "FILTER", "WITHIN") and top.expects == "after":
            top.goes_on(upper)
        elif upper in ("IGNORE", "RESPECT") and top.expects == "after":
            top.goes_on("IGNORE")
        elif upper == "NULLS" and top.expects in ("after", "phrase"):
            if top.phrase == "IGNORE":
                top.goes_on("", "after")
            else:
                top.goes_on("NULLS")
        elif upper in ("ASC", "DESC") and top.expects == "after" and top.clause == "ORDER":
            top.last = "directed"
            top.goes_on("", "after")
        elif upper in ("EXCLUDE", "REPLACE", "RENAME", "EXCEPT") and top.last == "star":
            top.goes_on("STAR")
        elif upper == "INTERVAL" and top.expects == "operand" and not called:
            top.goes_on("INTERVAL", "operand")
        elif (upper in ("ANY", "ALL", "SOME", "ARRAY") and top.expects == "operand" and called) or (
            upper in ("BOTH", "LEADING", "TRAILING") and top.expects == "operand"
        ):
            return True
        elif upper in _CONSTANTS and top.expects == "operand" and not called:
            top.operand, top.last = None, "constant"
            top.goes_on("", "after")
        else:
            return False
        return True

    def _predicate(self, upper: str) -> None:
        top = self.top
        top.predicate = True
        if upper in ("LIKE", "ILIKE", "GLOB", "IN"):
            top.compared = top.operand if top.last == "name" else None
        if upper == "BETWEEN":
            top.betweens += 1
            top.goes_on("BETWEEN", "operand")
        elif upper in ("IN", "IS", "SIMILAR"):
            top.goes_on(upper)
        else:
            top.goes_on("LIKE", "operand")

    def _frame_of_window(self, upper: str) -> None:
        """ROWS BETWEEN ... AND ... in the definition of a window."""
        top = self.top
        if upper in ("ROWS", "RANGE", "GROUPS"):
            top.goes_on("FRAME")
        elif upper == "BETWEEN":
            top.goes_on("FRAME BETWEEN")
        elif upper in ("UNBOUNDED", "CURRENT"):
            top.goes_on(f"{_between(top.phrase)} {upper}")
        elif upper in ("PRECEDING", "FOLLOWING", "ROW"):
            top.goes_on(f"{_between(top.phrase)} BOUND")
        elif upper == "AND":
            top.goes_on("FRAME AND")


def _between(phrase: str) -> str:
    """The phrase without what the bound at hand has added."""
    parts = phrase.split()[:2]
    return " ".join(part for part in parts if part in ("FRAME", "BETWEEN", "AND"))
