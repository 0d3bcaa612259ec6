"""Garbage is collected when nobody waits."""

import asyncio
import gc

import pytest

from speql_server import pauses
from speql_server.cli.bench.virtual_time import VirtualTimeLoop, run_in_virtual_time
from speql_server.pauses import RestCollector


@pytest.fixture
def collections(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    found: list[int] = []
    monkeypatch.setattr(gc, "collect", lambda: found.append(1))
    return found


def test_everything_is_collected_only_after_many_keystrokes_and_a_rest(
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
