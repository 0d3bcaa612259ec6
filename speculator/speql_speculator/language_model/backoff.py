"""When an endpoint that fails may be asked again."""

from dataclasses import dataclass

from speql_speculator.language_model.request import Completion
from speql_sql import Problem

_TRANSIENT = frozenset(
    f"language-model-{code}" for code in ("timeout", "unreachable", "failed", "malformed", "truncated", "rejected")
)
_LASTING = frozenset(f"language-model-{code}" for code in ("refused", "unknown-model"))

FAILURES = 3
"""So many failures one after the other mean that the endpoint is dead."""

DEAD_SECONDS = 30.0
LONGEST_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Backoff:
    """How an endpoint has behaved. ``resume_at`` is on the clock whose ``now`` is passed in, in seconds.

    A rate limit is kept as long as the endpoint says, else twice as long each time. After three failures in a row
    nothing is asked for half a minute, then for twice as long each time: a dead endpoint costs one request a pause. A
    key that is not accepted, or a model that is not there, will not be so again soon.
    """

    failures: int = 0
    resume_at: float = 0.0
    reason: str = ""

    def after(self, completion: Completion, now: float) -> "Backoff":
        """The state after an answer or a failure."""
        problem = completion.problem
        if problem is None or problem.code == "language-model-withheld":
            return Backoff()
        failures = self.failures + 1
        if problem.code == "language-model-rate-limited":
            wait = completion.retry_after if completion.retry_after is not None else min(2.0 ** (failures - 1), 60.0)
            return Backoff(failures, now + wait, problem.message)
        if problem.code in _LASTING:
            return Backoff(failures, now + LONGEST_SECONDS, problem.text)
        if problem.code not in _TRANSIENT:
            return self
        # An answer that is too long or breaks off may be the model's fault: it does not tell that the endpoint is dead.
        if failures < FAILURES or (problem.code == "language-model-truncated" and completion.text):
            return Backoff(min(failures, FAILURES - 1), now + (completion.retry_after or 0.0), problem.message)
        wait = min(DEAD_SECONDS * 2.0 ** (failures - FAILURES), LONGEST_SECONDS)
        return Backoff(failures, now + max(wait, completion.retry_after or 0.0), problem.message)

    def paused(self, now: float) -> Problem | None:
        """Why nothing is asked now, and for how long; None if it may be."""
        wait = self.resume_at - now
        if wait <= 0:
            return None
        return Problem(
            "language-model-paused", self.reason, None, "information", f"It is asked again in {max(round(wait), 1)} s."
        )
