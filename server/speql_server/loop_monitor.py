"""How long the event loop was not free, as it sees it itself."""

import asyncio
import gc
import time
from dataclasses import dataclass, field
from typing import Any

BEAT_SECONDS = 0.004
LONG_SECONDS = 0.010
"""No handler is to work longer than this on the loop."""

_KEPT = 20_000


@dataclass
class Pauses:
    """What a monitor saw since it was asked last. All times are seconds.

    ``late`` is how late each beat came: the loop was busy, or Python was with another thread. ``own`` is the CPU time
    that the loop's own thread took between two beats: what its handlers did, collections of garbage there included.
    ``garbage`` is how long collections took, in any thread: while one runs no other thread does.
    """

    late: list[float] = field(default_factory=list)
    own: list[float] = field(default_factory=list)
    garbage: list[float] = field(default_factory=list)

    def summary(self) -> dict[str, Any]:
        """In milliseconds: the longest, the 99th of a hundred, and how many were too long."""
        return {"beats": len(self.late), **{name: _summary(getattr(self, name)) for name in ("late", "own", "garbage")}}


class LoopMonitor:
    """A heart that beats on an event loop. For measurements: it costs 250 wake-ups a second."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._pauses = Pauses()
        self._due = time.perf_counter() + BEAT_SECONDS
        self._own = time.thread_time()
        self._collecting = 0.0
        gc.callbacks.append(self._collected)
        self._timer = loop.call_later(BEAT_SECONDS, self._beat)

    def take(self) -> Pauses:
        """What was seen since the last time."""
        taken, self._pauses = self._pauses, Pauses()
        return taken

    def close(self) -> None:
        """Stop."""
        self._timer.cancel()
        gc.callbacks.remove(self._collected)

    def _beat(self) -> None:
        now, own = time.perf_counter(), time.thread_time()
        if len(self._pauses.late) < _KEPT:
            self._pauses.late.append(max(now - self._due, 0.0))
            self._pauses.own.append(own - self._own)
        self._due, self._own = now + BEAT_SECONDS, own
        self._timer = self._loop.call_later(BEAT_SECONDS, self._beat)

    def _collected(self, phase: str, _: dict[str, int]) -> None:
        if phase == "start":
            self._collecting = time.perf_counter()
        elif len(self._pauses.garbage) < _KEPT:
            self._pauses.garbage.append(time.perf_counter() - self._collecting)


def _summary(seconds: list[float]) -> dict[str, float]:
    ordered = sorted(seconds) or [0.0]
    return {
        "longestMs": round(ordered[-1] * 1000, 2),
        "p99Ms": round(ordered[int(0.99 * (len(ordered) - 1))] * 1000, 2),
        "long": sum(one > LONG_SECONDS for one in ordered),
    }
