"""How much may be worked ahead."""

from collections.abc import Callable
from typing import Literal, get_args

from speql_scheduler.running.settings import SchedulerSettings

Share = Literal["writing", "finished", "whole"]
"""What work is for: a SELECT that is being written, with all previews; one that the user has left, inside the query;
the whole query, once only its ORDER BY and LIMIT are to come."""


class Allowance:
    """The seconds of the engine that speculation for one document may still take.

    The measure is what the query itself costs: work ahead of a submit is worth a few times that and no more
    (design.md section 9). Each share has a third of it: whatever was spent on what came before, the finished query is
    still prepared. A submit renews them, and so does looking at a preview for a while; slowly, time does. A few times
    next to nothing are still nothing: of quick queries the previews go on in a small share of the time.
    """

    def __init__(self, settings: SchedulerSettings) -> None:
        self._settings = settings
        self._clock: Callable[[], float] = settings.clock
        self._spent: dict[Share, float] = dict.fromkeys(get_args(Share), 0.0)
        self._at = self._clock()

    def renew(self) -> None:
        """The user has got what was worked for."""
        self._spent = dict.fromkeys(self._spent, 0.0)

    def spend(self, seconds: float, share: Share) -> None:
        """The engine has worked so long."""
        self._spent[share] += max(0.0, seconds)

    def room(self, direct_seconds: float, share: Share) -> float:
        """The seconds that may still be spent on a query that takes so long directly."""
        return self._third(direct_seconds) - self._spent[share]

    def rest(self, direct_seconds: float) -> float:
        """What all shares have left together: for what the user waits for."""
        third = self._third(direct_seconds)
        return len(self._spent) * third - sum(self._spent.values())

    def _third(self, direct_seconds: float) -> float:
        """A share, after giving back what the time since the last question gives."""
        settings = self._settings
        third = max(settings.work_ratio * direct_seconds, settings.free_seconds) / len(self._spent)
        now = self._clock()
        passed, self._at = now - self._at, now
        for share in self._spent:
            given_back = third * passed / settings.renewal_seconds
            if share == "writing" and direct_seconds < settings.at_once_seconds:
                given_back = max(given_back, settings.trickle * passed)
            self._spent[share] = max(0.0, self._spent[share] - given_back)
        return third
