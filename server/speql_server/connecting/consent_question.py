"""Asks once whether queries may be run ahead on an engine that charges for them."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from speql_engines.governed.settings import PAID_LIMITS, SpeculationSettings
from speql_server.connecting.spending_files import note_asked, was_asked

if TYPE_CHECKING:
    from speql_server.connecting.connection import Connection

Ask = Callable[[types.ShowMessageRequestParams], Awaitable[types.MessageActionItem | None]]


async def ask_for_consent(connection: "Connection", ask: Ask) -> SpeculationSettings | None:
    """What the user chooses; None if there is nothing to ask, nobody answers, or the client cannot ask.

    Who has set a mode, by command or in the settings, has answered already. A question that is closed is not asked
    again: what holds is what costs nothing, and ``speql.setSpeculation`` changes it.
    """
    governor = connection.governor
    if governor is None or not governor.is_paid or connection.consented or governor.given.mode is not None:
        return None
    if await asyncio.to_thread(was_asked, governor.connection):
        return None
    statement, hour, day = (f"${limit.dollars:.2f}" for limit in PAID_LIMITS)
    choices = {
        f"Up to {day} a day": SpeculationSettings(mode="budget"),
        "Only what is free": SpeculationSettings(mode="free"),
        "Nothing": SpeculationSettings(mode="off"),
    }
    message = (
        f"{connection.engine.info.engine} charges for what runs on {governor.label}. May SpeQL run queries ahead of "
        f"your submits, for at most {statement} a statement, {hour} an hour and {day} a day? Until you say so, only "
        "what costs nothing is run ahead."
    )
    actions = [types.MessageActionItem(title) for title in choices]
    try:
        answer = await ask(types.ShowMessageRequestParams(types.MessageType.Info, message, actions))
    except JsonRpcException:
        return None
    await asyncio.to_thread(note_asked, governor.connection)
    return choices.get(answer.title) if answer is not None else None
