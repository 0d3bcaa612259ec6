"""Daemon threads that run blocking driver calls."""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from functools import partial
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class DaemonExecutor(Executor):
    """An executor whose threads never keep the process alive.

    ``ThreadPoolExecutor`` joins its threads before any exit hook runs, so that one long query holds up the exit of a
    process that forgot to close its engine. These threads are daemons: the engine's exit hook interrupts what they
    run and joins them (:meth:`shutdown`), in that order. Threads start when work arrives and none is idle, at most
    ``max_threads``; the rest waits its turn.
    """

    def __init__(self, name: str, max_threads: int) -> None:
        self._name = name
        self._max_threads = max_threads
        self._items: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._unfinished = 0
        self._stopped = False

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run ``fn(*args, **kwargs)`` on a thread of this executor."""
        future: Future[T] = Future()
        with self._lock:
            if self._stopped:
                raise RuntimeError(f"{self._name} has been shut down")
            self._unfinished += 1
            if self._unfinished > len(self._threads) < self._max_threads:
                thread = threading.Thread(target=self._work, name=f"{self._name}-{len(self._threads)}", daemon=True)
                self._threads.append(thread)
                thread.start()
            self._items.put((future, partial(fn, *args, **kwargs)))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False, timeout: float | None = None) -> None:
        """Let the threads end after what they hold; ``wait`` joins them, each for at most ``timeout`` seconds."""
        with self._lock:
            if not self._stopped:
                self._stopped = True
                for _ in self._threads:
                    self._items.put(None)
            threads = [thread for thread in self._threads if thread is not threading.current_thread()]
        if wait:
            for thread in threads:
                thread.join(timeout)

    def _work(self) -> None:
        while (item := self._items.get()) is not None:
            future, call = item
            # The item is dropped before waiting for the next one, or an idle thread would keep alive
            # whatever its last call refers to.
            del item
            if future.set_running_or_notify_cancel():
                _finish(future, call)
            del future, call
            with self._lock:
                self._unfinished -= 1


def _finish(future: Future[Any], call: Callable[[], Any]) -> None:
    try:
        result = call()
    except BaseException as error:  # noqa: BLE001 -- not swallowed: it is raised where the future is awaited
        future.set_exception(error)
    else:
        future.set_result(result)
