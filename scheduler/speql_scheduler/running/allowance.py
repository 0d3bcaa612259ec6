"""How much may be worked ahead."""

from collections.abc import Callable

from speql_scheduler.running.settings import SchedulerSettings


class Allowance:
    """The seconds of the engine that speculation for one document may still take.

    The measure is what the query itself costs: work ahead of a submit is worth a few times that and no more
    (design.md section 9). Half of it is for SELECTs that are still being written and for previews, half for those that
    are finished: whatever the one has taken, the other is there. A submit renews both, and so does time, for one who
    only looks at previews.
    """

    def __init__(self, settings: SchedulerSettings) -> None:
        self._settings = settings
        self._clock: Callable[[], float] = settings.clock
        self._spent = {True: 0.0, False: 0.0}
        self._at = self._clock()

    def renew(self) -> None:
        """The user has got what was worked for."""
        self._spent = {True: 0.0, False: 0.0}

    def spend(self, seconds: float, *, closed: bool) -> None:
        """The engine has worked so long."""
        self._spent[closed] += max(0.0, seconds)

    def room(self, direct_seconds: float, *, closed: bool) -> float:
        """The seconds that may still be spent on a query that takes so long directly."""
        half = self._half(direct_seconds)
        return half - self._spent[closed]

    def rest(self, direct_seconds: float) -> float:
        """What both halves have left together: for what the user waits for."""
        half = self._half(direct_seconds)
        return 2 * half - sum(self._spent.values())

    def _half(self, direct_seconds: float) -> float:
        """Half of the allowance, after giving back what the time since the last question gives."""
        settings = self._settings
        half = max(settings.work_ratio * direct_seconds, settings.free_seconds) / 2
        now = self._clock()
        given_back = half * (now - self._at) / settings.renewal_seconds
        self._at = now
        for key in self._spent:
            self._spent[key] = max(0.0, self._spent[key] - given_back)
        return half
