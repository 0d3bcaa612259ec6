import asyncio
import signal
import threading
from collections.abc import Iterator

import pytest

from speql_notebook.background import BackgroundLoop


@pytest.fixture
def loop() -> Iterator[BackgroundLoop]:
    background = BackgroundLoop("test")
    yield background
    background.close()


def test_a_coroutine_runs_to_its_end_in_the_other_thread(loop: BackgroundLoop) -> None:
    async def work() -> str:
        await asyncio.sleep(0)
        return threading.current_thread().name

    assert loop.run(work()) == "test"


def test_its_error_is_raised_here(loop: BackgroundLoop) -> None:
    async def fail() -> None:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        loop.run(fail())


def test_an_interrupt_cancels_it_and_waits_until_it_has_ended(loop: BackgroundLoop) -> None:
    ended = []

    async def work() -> None:
        try:
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended.append(True)

    with pytest.raises(KeyboardInterrupt):
        loop.run(work())
    assert ended == [True]


def test_it_can_be_closed_twice(loop: BackgroundLoop) -> None:
    loop.close()
    loop.close()
