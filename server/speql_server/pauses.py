"""How Python is set so that nothing keeps a keystroke waiting."""

import asyncio
import atexit
import gc
import sys

_GARBAGE_THRESHOLDS = (20_000, 4, 200)
"""Collections of the young, the middle and all. Trees of SQL are many small objects with cycles, which only a
collection frees. With Python's own numbers every hundredth keystroke waits 200 ms for one of everything; with these
one of the young takes 2 ms, one of the middle 20, and the rest is left to the moments when nobody types."""

_REST_SECONDS = 0.6
"""Without a keystroke for so long, nobody waits for a collection of what is new."""

_COLLECTED_KEYSTROKES = 20
"""After so many: the garbage of one is up to 200 KB, a few thousand objects that only a collection finds."""

_LONG_REST_SECONDS = 3.0
"""Without a keystroke for so long, nobody waits for a collection of everything, which takes 100 ms."""

_COLLECTIONS = 20
"""After so many of what is new: what was still in use at one of them and is not any more is found then."""

_SWITCH_SECONDS = 0.001
"""The thread that analyses must not keep the event loop waiting for 5 ms, Python's default, at each handover."""


def keep_pauses_short() -> None:
    """Set the collection of garbage and the handover between threads. What exists now is taken to stay."""
    gc.freeze()
    atexit.register(gc.unfreeze)  # or libraries complain at the exit of what is never let go of
    gc.set_threshold(*_GARBAGE_THRESHOLDS)
    gc.enable()
    sys.setswitchinterval(_SWITCH_SECONDS)


def keep_what_is_there() -> None:
    """Take what exists now to stay, where pauses are kept short: collections do not look at it any more.

    The rooms below are half a million objects: to look at them takes longer than at all that typing leaves behind.
    """
    if gc.get_threshold() == _GARBAGE_THRESHOLDS:
        gc.freeze()


_HELD_SECONDS = 0.3
"""Most submits that temp tables serve are answered by then."""


class RestCollector:
    """Collects garbage when the typing rests, and none while a submit is fresh. Belongs to an event loop.

    What is still in use after a collection is not looked at by the next ones, so they take as long as what has become
    garbage since is large: a few ms. Only after many of them, in a long rest, everything is looked at.
    """

    def __init__(self) -> None:
        self._keystrokes = 0
        self._collections = 0
        self._timer: asyncio.TimerHandle | None = None
        self._held: asyncio.TimerHandle | None = None

    def typed(self) -> None:
        """There was a keystroke."""
        self._keystrokes += 1
        self.cancel()
        if self._keystrokes >= _COLLECTED_KEYSTROKES:
            self._timer = asyncio.get_running_loop().call_later(_REST_SECONDS, self._collect)

    def hold(self) -> None:
        """There is a submit: collect nothing for a moment."""
        gc.disable()
        if self._held is not None:
            self._held.cancel()
        self._held = asyncio.get_running_loop().call_later(_HELD_SECONDS, gc.enable)

    def close(self) -> None:
        """Leave Python's collector on, and nothing to come."""
        self.cancel()
        if self._held is not None:
            self._held.cancel()
            self._held = None
            gc.enable()

    def cancel(self) -> None:
        """Collect nothing until the next keystroke."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _collect(self) -> None:
        self._keystrokes = 0
        self._collections += 1
        gc.collect()
        keep_what_is_there()
        if self._collections >= _COLLECTIONS:
            overdue = self._collections >= 3 * _COLLECTIONS
            rest = 0.0 if overdue else _LONG_REST_SECONDS - _REST_SECONDS
            self._timer = asyncio.get_running_loop().call_later(rest, self._collect_everything)

    def _collect_everything(self) -> None:
        self._collections = 0
        gc.unfreeze()
        gc.collect()
        keep_what_is_there()
