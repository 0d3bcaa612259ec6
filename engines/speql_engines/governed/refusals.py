"""What was refused a moment ago is refused again without asking."""

from collections import OrderedDict
from collections.abc import Callable

from speql_engines.engine import SpeculationHeldError
from speql_sql import Problem

LOOK_AGAIN_SECONDS = 60.0
"""What was refused is asked for again after so long at the latest: others may have given room."""

REMEMBERED = 4_096

_HOW_TO_ALLOW = (
    "Submit the query to see its rows. The command speql.setSpeculation says what may be spent ahead of that."
)


class Refusals:
    """Of single statements, by their hash, and of all of them; each holds for a while by ``clock``."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._refused: OrderedDict[str, tuple[float, Problem]] = OrderedDict()
        self._blocked: tuple[float, Problem] | None = None

    def clear(self) -> None:
        """Everything is asked for again."""
        self._refused.clear()
        self._blocked = None

    def refuse(self, statement: str, problem: Problem) -> SpeculationHeldError:
        """The refusal of one statement, to be raised."""
        self._refused[statement] = (self._clock() + LOOK_AGAIN_SECONDS, problem)
        if len(self._refused) > REMEMBERED:
            self._refused.popitem(last=False)
        return held(problem)

    def block(self, problem: Problem, seconds: float) -> None:
        """All are refused for so long."""
        self._blocked = (self._clock() + seconds, problem)

    def raise_again(self, statement: str) -> None:
        """Raise what was said of this statement, if that was a moment ago."""
        known = self._refused.get(statement)
        if known is None:
            return
        until, problem = known
        if self._clock() < until:
            raise held(problem)
        del self._refused[statement]

    @property
    def of_all(self) -> Problem | None:
        """Why all are refused now; None if they are not."""
        if self._blocked is not None and self._clock() >= self._blocked[0]:
            self._blocked = None
        return self._blocked[1] if self._blocked is not None else None


def held(problem: Problem) -> SpeculationHeldError:
    """The error that says so."""
    return SpeculationHeldError(problem.message, problem.hint)


def refusal(message: str) -> Problem:
    """Why something is not run ahead, with how to allow it."""
    return Problem(SpeculationHeldError.CODE, message, severity="information", hint=_HOW_TO_ALLOW)
