"""How Python is set so that nothing keeps a keystroke waiting."""

import gc
import sys

_GARBAGE_THRESHOLDS = (20_000, 20, 50)
"""Collections of the young, the middle and all. Trees of SQL are many small objects that die soon: with Python's own
numbers every hundredth keystroke waited 200 ms for a collection of everything, with these none waits for 50."""

_SWITCH_SECONDS = 0.001
"""The thread that analyses must not keep the event loop waiting for 5 ms, Python's default, at each handover."""


def keep_pauses_short() -> None:
    """Set the collection of garbage and the handover between threads. What exists now is taken to stay."""
    gc.freeze()
    gc.set_threshold(*_GARBAGE_THRESHOLDS)
    gc.enable()
    sys.setswitchinterval(_SWITCH_SECONDS)
