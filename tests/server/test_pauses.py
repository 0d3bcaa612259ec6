"""Garbage is collected when nobody waits."""

import asyncio
import gc
import weakref

import pytest

from speql_server import pauses
from speql_server.cli.bench.virtual_time import VirtualTimeLoop, run_in_virtual_time
from speql_server.pauses import RestCollector


@pytest.fixture
def collections(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    found: list[int] = []
    monkeypatch.setattr(gc, "collect", lambda: found.append(1))
    return found


def test_garbage_is_collected_only_after_many_keystrokes_and_a_rest(
    collections: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pauses, "_COLLECTED_KEYSTROKES", 3)

    async def typing(loop: VirtualTimeLoop) -> list[int]:
        garbage, seen = RestCollector(), []
        for pause in (10.0, 10.0, 0.2, 0.2, 10.0, 10.0):  # the third key is followed at once, the fifth by a rest
            garbage.typed()
            await asyncio.sleep(pause)
            seen.append(len(collections))
        garbage.close()
        return seen

    assert run_in_virtual_time(typing) == [0, 0, 0, 0, 1, 1]


def test_everything_is_looked_at_only_in_a_long_rest(collections: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pauses, "_COLLECTED_KEYSTROKES", 1)
    monkeypatch.setattr(pauses, "_COLLECTIONS", 2)

    async def typing(loop: VirtualTimeLoop) -> list[int]:
        garbage, seen = RestCollector(), []
        for pause in (
            10.0,
            1.0,
            10.0,
            10.0,
        ):  # the second is the one after which everything is due, in the third's rest
            garbage.typed()
            await asyncio.sleep(pause)
            seen.append(len(collections))
        garbage.close()
        return seen

    assert run_in_virtual_time(typing) == [1, 2, 4, 5]


class Kept:
    """Something that a weak reference can be made to."""

    def __init__(self) -> None:
        self.itself = self


def test_what_was_in_use_at_a_collection_is_found_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pauses, "_COLLECTED_KEYSTROKES", 1)
    monkeypatch.setattr(pauses, "_COLLECTIONS", 2)
    monkeypatch.setattr(pauses, "_GARBAGE_THRESHOLDS", gc.get_threshold())

    async def typing(loop: VirtualTimeLoop) -> list[bool]:
        garbage, seen, kept = RestCollector(), [], [Kept()]
        gone = weakref.ref(kept[0])
        for pause in (1.0, 1.0, 10.0):
            garbage.typed()
            await asyncio.sleep(pause)
            kept.clear()
            seen.append(gone() is None)
        garbage.close()
        return seen

    try:
        assert run_in_virtual_time(typing) == [False, False, True]
    finally:
        gc.unfreeze()


def test_a_submit_holds_collections_for_a_moment_only() -> None:
    async def submitting(loop: VirtualTimeLoop) -> list[bool]:
        garbage, seen = RestCollector(), []
        garbage.hold()
        seen.append(gc.isenabled())
        await asyncio.sleep(1.0)
        seen.append(gc.isenabled())
        garbage.hold()
        garbage.close()
        seen.append(gc.isenabled())
        return seen

    assert run_in_virtual_time(submitting) == [False, True, True]
