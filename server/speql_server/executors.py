"""The threads that a session works on."""

from concurrent.futures import Executor
from dataclasses import dataclass


@dataclass(frozen=True)
class Executors:
    """Threads of our own, one each: pygls reads standard input on its pool, so nothing of ours may run there.

    ``analysis`` turns snapshots into analyses; ``replies`` answers what the client waits for and makes messages.
    """

    analysis: Executor
    replies: Executor
