"""What the server tells of itself."""

from collections.abc import Iterable, Sequence

from speql_server import protocol
from speql_server.connecting.connections import Connections, Entry
from speql_server.workspaces import Workspaces
from speql_sql.database_names import without_password


def status(
    first: protocol.Connection,
    connections: Connections,
    documents: Sequence[protocol.DocumentConnection],
    speculation: protocol.Speculation,
) -> protocol.Status:
    """The status of a server; ``first`` is the connection of documents that say nothing of one."""
    opened = [entry.opened for entry in connections if entry.opened is not None]
    budgets = [one.connection.budget() for one in opened]
    models = [one.language_model for one in opened if one.language_model is not None]
    budget = protocol.Budget()
    if budgets:
        budget = protocol.Budget(
            bytes_held=sum(one.bytes_held or 0 for one in budgets),
            bytes_allowed=sum(one.bytes_allowed or 0 for one in budgets),
            seconds_saved=_sum(one.seconds_saved for one in budgets),
            seconds_spent=_sum(one.seconds_spent for one in budgets),
            seconds_wasted=_sum(one.seconds_wasted for one in budgets),
            dollars_spent=_sum(one.dollars_spent for one in budgets),
            dollars_wasted=_sum(one.dollars_wasted for one in budgets),
            dollars_saved=_sum(one.dollars_saved for one in budgets),
        )
    return protocol.Status(
        connection=first,
        connections=[connection_message(entry) for entry in connections],
        documents=list(documents),
        speculation=speculation,
        budget=budget,
        language_model=models[0].status() if models else protocol.LanguageModel(state="off"),
    )


def speculation(workspaces: Workspaces, primary: Entry | None, *, paused: bool, working: bool) -> protocol.Speculation:
    """Whether something is run ahead, or why not. ``paused`` is by the user, ``working`` in any document."""
    if not workspaces.trusted:
        return protocol.Speculation(state="off", reason="You have not trusted this workspace.")
    if not workspaces.settings.speculate:
        return protocol.Speculation(state="off", reason="Switched off by the settings.")
    if primary is None or primary.opened is None:
        return protocol.Speculation(state="paused", reason="The connection is not open yet.")
    if paused:
        return protocol.Speculation(state="paused", reason="Paused by you: speql.pause goes on.")
    governor = primary.opened.connection.governor
    if governor is not None and (held := governor.held()) is not None:
        return protocol.Speculation(state="off" if governor.mode == "off" else "paused", reason=held.message)
    return protocol.Speculation(state="running" if working else "idle")


def _sum(amounts: Iterable[float | None]) -> float | None:
    """The sum of what is known; None if nothing is."""
    known = [one for one in amounts if one is not None]
    return round(sum(known), 4) if known else None


def connection_message(entry: Entry) -> protocol.Connection:
    """What to show of a connection, while it is being opened too."""
    profile, opened = entry.profile, entry.opened
    if opened is not None:
        return opened.connection.message()
    label = without_password(profile.database or "in memory")
    if entry.failure:
        return protocol.Connection(name=profile.name, state="failed", label=label, message=entry.failure)
    saved = entry.saved.result() if entry.saved is not None and entry.saved.done() else None
    if saved is None:
        return protocol.Connection(name=profile.name, state="opening", label=label)
    kept = protocol.CatalogState(stale=True, loaded_at=saved.loaded_at)
    return protocol.Connection(name=profile.name, state="opening", label=label, tables=len(saved.tables), catalog=kept)
