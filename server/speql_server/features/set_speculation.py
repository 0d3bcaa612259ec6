"""``speql.setSpeculation``: what may be spent ahead of submits on a connection, the consent to a paid engine."""

from typing import TYPE_CHECKING, Any

import msgspec
from pygls.exceptions import JsonRpcInvalidParams

from speql_server.lsp.from_lsp import BadArgumentsError, set_speculation_arguments
from speql_server.protocol import SpeculationSet, SpendingLimit

if TYPE_CHECKING:
    from speql_engines.governed.governor import Governor
    from speql_engines.governed.settings import Limit
    from speql_server.app import SpeqlServer

COMMAND = "speql.setSpeculation"


def register(server: "SpeqlServer") -> None:
    """Register the command."""

    @server.command(COMMAND)
    async def set_speculation(arguments: list[Any]) -> Any:
        try:
            uri, sets, wanted = set_speculation_arguments(arguments)
        except BadArgumentsError as error:
            raise JsonRpcInvalidParams(str(error)) from error
        connection = await server.connection(uri)
        if connection is None:
            raise JsonRpcInvalidParams(f"{uri} is not open. Open it in the editor first.")
        if connection.governor is None:
            raise JsonRpcInvalidParams("Nothing is counted on this connection, so nothing of it can be limited.")
        reason = ""
        if sets:
            entry = server.connections.of(uri)
            settings = entry.profile.speculation if entry is not None else server.settings.speculation
            reason = connection.consent(wanted, settings)
            server.spending_changed(connection)
        return msgspec.to_builtins(_answer(connection.governor, connection.consented, reason))


def _answer(governor: "Governor", by_command: bool, reason: str) -> SpeculationSet:
    settings = governor.settings
    return SpeculationSet(
        connection=governor.label,
        mode=governor.mode,
        paid=governor.is_paid,
        per_statement=_limit(settings.per_statement),
        per_hour=_limit(settings.per_hour),
        per_day=_limit(settings.per_day),
        concurrency=settings.concurrency,
        resume_warehouse=settings.resume_warehouse,
        by_command=by_command,
        reason=reason,
    )


def _limit(limit: "Limit") -> SpendingLimit:
    return SpendingLimit(dollars=limit.dollars, seconds=limit.seconds, bytes=limit.bytes)
