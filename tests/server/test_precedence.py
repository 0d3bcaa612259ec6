"""Whoever works ahead waits while somebody waits for a reply, but not for ever."""

import threading

from speql_server.precedence import Precedence, YieldingThread


def test_work_ahead_begins_when_the_last_reply_is_there() -> None:
    precedence, begun = Precedence(), threading.Event()
    thread = YieldingThread("test", precedence)
    waits: list[bool] = []
    precedence._nobody_waits.wait = lambda timeout=None: waits.append(precedence._nobody_waits.is_set()) or True  # type: ignore[method-assign, assignment, func-returns-value]
    with precedence.reply():
        with precedence.reply():
            pass
        thread.submit(begun.set).result()
    thread.submit(begun.clear).result()
    thread.shutdown()
    assert waits == [False, True]
    assert not begun.is_set()


def test_work_ahead_is_done_also_if_no_reply_ever_comes() -> None:
    precedence = Precedence()
    thread = YieldingThread("test", precedence)
    with precedence.reply():
        assert thread.submit(lambda: 7).result(timeout=30) == 7
    thread.shutdown()
