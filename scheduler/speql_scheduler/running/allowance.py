"""How much may be worked ahead."""

from collections.abc import Callable

from speql_scheduler.running.settings import SchedulerSettings


class Allowance:
    """The seconds of the engine that speculation for one document may still take.

    The measure is what the query itself costs: work ahead of a submit is worth a few times that and no more
    (design.md section 9). SELECTs that are still being written may take half of it, so that enough is left for the
    moment when they are finished. A submit renews it, and so does time, for one who only looks at previews.
    """

    def __init__(self, settings: SchedulerSettings) -> None:
        self._settings = settings
        self._clock: Callable[[], float] = settings.clock
        self._spent = 0.0
        self._at = self._clock()

    @property
    def spent(self) -> float:
        """Seconds of the engine since the last submit, less what time has given back."""
        return self._spent

    def renew(self) -> None:
        """The user has got what was worked for."""
        self._spent = 0.0

    def spend(self, seconds: float) -> None:
        """The engine has worked so long."""
        self._spent += max(0.0, seconds)

    def room(self, direct_seconds: float, *, closed: bool) -> float:
        """The seconds that may still be spent on a query that takes so long directly."""
        settings = self._settings
        whole = max(settings.work_ratio * direct_seconds, settings.free_seconds)
        now = self._clock()
        self._spent = max(0.0, self._spent - whole * (now - self._at) / settings.renewal_seconds)
        self._at = now
        return (whole if closed else whole / 2) - self._spent
