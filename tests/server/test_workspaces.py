"""Settings, folders and several connections over a real server: what changes takes effect, and where."""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest
from lsprotocol import types

from speql_engines import open_engine
from speql_scheduler.running.settings import default_byte_budget
from speql_server import protocol
from speql_server.app import SpeqlServer, create_server
from speql_server.client import Client, ServerAnswerError
from speql_server.connecting.profile import ConnectionProfile
from speql_server.settings import ServerSettings
from speql_speculator.snapshot import Snapshot
from speql_sql import Catalog, Table

from .conftest import Editor, Start

CAN = {
    "workspace": {
        "configuration": True,
        "workspaceFolders": True,
        "didChangeConfiguration": {"dynamicRegistration": True},
        "didChangeWatchedFiles": {"dynamicRegistration": True},
    }
}


@pytest.fixture
def shops(tmp_path: Path) -> Path:
    path = tmp_path / "shops.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE shops AS SELECT 'Lima' AS city, 3 AS n")
    return path


async def opened(start: Start, folders: list[Path], *arguments: Any, **more: Any) -> Editor:
    """An editor whose client has these folders and answers ``workspace/configuration`` with ``configuration``."""
    configuration: Callable[[str | None], Any] | None = more.pop("configuration", None)
    editor = await start(*arguments, handshake=False)
    client = editor.client
    if configuration is not None:
        answer = configuration
        client.answers["workspace/configuration"] = lambda params: [
            answer(item.get("scopeUri")) for item in params["items"]
        ]
    listed = [{"uri": folder.as_uri(), "name": folder.name} for folder in folders]
    params = {
        "processId": None,
        "rootUri": None,
        "capabilities": more.pop("capabilities", CAN if configuration is not None else {}),
        "workspaceFolders": listed,
        "initializationOptions": more.pop("options", None),
    }
    await client.request("initialize", params)
    client.notify("initialized", {})
    if folders:
        editor.uri = (folders[0] / "query.sql").as_uri()
    return editor


async def status(editor: Editor, matches: Callable[[protocol.Status], bool]) -> protocol.Status:
    def fits(params: Any) -> bool:
        return matches(msgspec.convert(params, protocol.Status))

    return msgspec.convert(await editor.client.wait_for("speql/status", fits, editor.seen), protocol.Status)


def connection_of(said: protocol.Status, uri: str) -> str | None:
    return next((one.name for one in said.documents if one.uri == uri), None)


async def test_two_documents_of_two_connections(start: Start, flights: Path, shops: Path) -> None:
    first = await start("--database", flights, options={"connections": {"shops": {"database": str(shops)}}})
    second = await start(on=first.client)
    first.open("SELECT name FROM airlines ORDER BY name")
    second.open("-- speql: connection=shops\nSELECT city FROM shops")
    assert len((await first.rows()).rows) == 4
    assert (await second.rows()).rows == [["Lima"]]
    assert await second.complete(len("-- speql: connection=shops\nSELECT city FROM ")) == ["shops"]
    said = await status(first, lambda one: [each.state for each in one.connections] == ["open", "open"])
    assert (connection_of(said, first.uri), connection_of(said, second.uri)) == ("", "shops")
    assert [one.chosen_by for one in said.documents] == ["settings", "comment"]
    assert {one.name: one.label for one in said.connections} == {"": "flights.duckdb", "shops": "shops.duckdb"}
    assert said.connection.label == "flights.duckdb"
    # The temp tables of all connections share one budget.
    assert abs((said.budget.bytes_allowed or 0) - default_byte_budget()) <= 2


async def test_another_comment_is_another_connection(start: Start, flights: Path, shops: Path) -> None:
    editor = await start("--database", flights, options={"connections": {"shops": {"database": str(shops)}}})
    editor.open("-- speql: connection=shops\nSELECT city FROM shops")
    assert (await editor.rows()).rows == [["Lima"]]
    editor.replace(0, len(editor.text), "SELECT count(*) AS n FROM airlines")
    assert (await editor.rows()).rows == [[4]]
    editor.replace(0, 0, "-- speql: connection=nothing\n")
    message = await editor.client.wait_for("window/showMessage")
    assert "no connection nothing" in message["message"]
    assert "shops" in message["message"]
    said = await status(editor, lambda one: any("nothing" in document.problem for document in one.documents))
    assert said.documents[0].chosen_by == "comment"


async def test_a_connection_is_selected_by_command(start: Start, flights: Path, shops: Path) -> None:
    editor = await start("--database", flights, options={"connections": {"shops": {"database": str(shops)}}})
    editor.open("SELECT city FROM shops")

    async def select(*arguments: Any) -> protocol.SelectConnectionResult:
        answer = await editor.command("speql.selectConnection", editor.uri, *arguments)
        return msgspec.convert(answer, protocol.SelectConnectionResult)

    listed = await select()
    assert (listed.name, [one.name for one in listed.connections]) == ("", ["", "shops"])
    chosen = await select("shops")
    assert (chosen.name, chosen.reason) == ("shops", "")
    assert (await editor.rows()).rows == [["Lima"]]
    assert "no connection" in (await select("nothing")).reason
    assert (await select("")).name == ""
    editor.replace(0, len(editor.text), "SELECT count(*) AS n FROM airlines")
    assert (await editor.rows()).rows == [[4]]
    editor.replace(0, 0, "-- speql: connection=shops\n")
    assert "comment" in (await select("")).reason
    with pytest.raises(ServerAnswerError, match="not open"):
        await editor.command("speql.selectConnection", "file:///other.sql")


async def test_a_connection_that_fails_harms_no_other(start: Start, flights: Path, tmp_path: Path) -> None:
    options = {"connections": {"lost": {"database": str(tmp_path / "lost.duckdb")}}}
    first = await start("--database", flights, options=options)
    second = await start(on=first.client)
    second.open("-- speql: connection=lost\nSELECT 6 * 7 AS answer")
    first.open("SELECT count(*) AS n FROM airlines")
    assert (await first.rows()).rows == [[4]]
    said = await status(first, lambda one: {each.state for each in one.connections} == {"open", "failed"})
    assert said.connection.state == "open"
    assert "lost.duckdb does not exist" in next(one.message for one in said.connections if one.name == "lost")
    assert (await second.rows()).rows == [[42]]


async def test_settings_are_asked_for_and_take_effect_when_they_change(
    start: Start, flights: Path, shops: Path, tmp_path: Path
) -> None:
    told: dict[str, Any] = {"database": str(flights), "unknown": {"x": 1}}
    editor = await opened(start, [tmp_path], configuration=lambda scope: told)
    registered = await editor.client.wait_for("client/registerCapability")
    assert {one["method"] for one in registered["registrations"]} == {
        *("workspace/didChangeConfiguration", "workspace/didChangeWatchedFiles")
    }
    editor.open("SELECT count(*) AS n FROM airlines")
    assert (await editor.rows()).rows == [[4]]
    asked = await editor.client.wait_for("workspace/configuration", lambda params: len(params["items"]) == 2)
    assert [item.get("scopeUri") for item in asked["items"]] == [None, tmp_path.as_uri()]
    await editor.client.wait_for(
        "workspace/configuration", lambda params: [item.get("scopeUri") for item in params["items"]] == [editor.uri]
    )
    told.update(speculate=False)
    editor.forget()
    editor.client.notify("workspace/didChangeConfiguration", {"settings": None})
    assert (await status(editor, lambda one: one.speculation.state == "off")).connection.label == "flights.duckdb"
    told.update(speculate=True, database=str(shops))
    editor.forget()
    editor.client.notify("workspace/didChangeConfiguration", {"settings": None})
    await status(editor, lambda one: one.connection.label == "shops.duckdb" and one.connection.state == "open")
    editor.replace(0, len(editor.text), "SELECT city FROM shops")
    assert (await editor.rows()).rows == [["Lima"]]
    told.update(database=7)
    editor.forget()
    editor.client.notify("workspace/didChangeConfiguration", {"settings": None})
    shown = await editor.client.wait_for("window/showMessage", since=editor.seen)
    assert "database must be a string" in shown["message"]


async def test_settings_that_are_pushed_count_where_none_can_be_asked_for(start: Start, flights: Path) -> None:
    editor = await start(options={"speculate": False})
    editor.open("SELECT count(*) AS n FROM airlines")
    await status(editor, lambda one: one.connection.state == "open")
    editor.client.notify(
        "workspace/didChangeConfiguration", {"settings": {"speql": {"database": str(flights), "speculate": True}}}
    )
    assert (await editor.rows()).rows == [[4]]


async def test_a_database_is_opened_again_for_writing(start: Start, shops: Path) -> None:
    editor = await start(options={"database": str(shops)})
    editor.open("INSERT INTO shops VALUES ('Bern', 4)")
    assert (await editor.submit()).outcome == "failed"
    editor.client.notify("workspace/didChangeConfiguration", {"settings": {"speql": {"writable": True}}})
    await status(editor, lambda one: one.connection.writable)
    assert (await editor.submit()).outcome == "rows"
    editor.replace(0, len(editor.text), "SELECT count(*) AS n FROM shops")
    assert (await editor.rows(lambda message: message.rows == [[2]])).rows == [[2]]


async def test_files_of_every_folder_are_read_while_typing(start: Start, tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("one", "two", "three", "outside")]
    for number, folder in enumerate(folders):
        folder.mkdir()
        (folder / "data.csv").write_text(f"a\n{number}\n")
    one, two, three, outside = (folder / "data.csv" for folder in folders)
    editor = await opened(start, folders[:2])
    editor.open(f"SELECT a FROM '{one}'")
    assert (await editor.rows()).rows == [[0]]
    editor.replace(0, len(editor.text), f"SELECT a FROM '{two}'")
    assert (await editor.rows()).rows == [[1]]
    editor.replace(0, len(editor.text), f"SELECT a FROM '{outside}'")
    refused = await editor.preview(lambda message: bool(message.problems))
    assert "file-access" in [problem.code for problem in refused.problems]
    added = [{"uri": folders[2].as_uri(), "name": "three"}]
    removed = [{"uri": folders[1].as_uri(), "name": "two"}]
    editor.client.notify("workspace/didChangeWorkspaceFolders", {"event": {"added": added, "removed": removed}})
    editor.replace(0, len(editor.text), f"SELECT a FROM '{three}'")
    assert (await editor.rows(lambda message: message.rows == [[2]])).rows == [[2]]
    editor.replace(0, len(editor.text), f"SELECT a FROM '{two}'")
    await editor.preview(lambda message: any(problem.code == "file-access" for problem in message.problems))


async def test_tables_in_memory_survive_a_new_folder(start: Start, tmp_path: Path) -> None:
    editor = await opened(start, [tmp_path])
    editor.open("CREATE TABLE kept AS SELECT 1 AS x")
    assert (await editor.submit()).outcome == "rows"
    added = [{"uri": (tmp_path / "more").as_uri(), "name": "more"}]
    editor.client.notify("workspace/didChangeWorkspaceFolders", {"event": {"added": added, "removed": []}})
    editor.replace(0, len(editor.text), "SELECT x FROM kept")
    assert (await editor.rows()).rows == [[1]]


async def test_a_project_file_names_the_connections(start: Start, flights: Path, shops: Path, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    shutil.copy(shops, folder / "own.duckdb")
    file = folder / ".speql.toml"
    file.write_text('[connection]\n"*.sql" = "own"\n[connections.own]\ndatabase = "own.duckdb"\n')
    editor = await opened(start, [folder], options={"database": str(flights)}, configuration=lambda scope: None)
    editor.open("SELECT city FROM shops")
    assert (await editor.rows()).rows == [["Lima"]]
    file.write_text("speculate = true\n")
    changes = [{"uri": file.as_uri(), "type": 2}]
    editor.client.notify("workspace/didChangeWatchedFiles", {"changes": changes})
    editor.replace(0, len(editor.text), "SELECT count(*) AS n FROM airlines")
    assert (await editor.rows()).rows == [[4]]
    file.write_text('[connections.own]\npassword = "hunter2"\n')
    editor.client.notify("workspace/didChangeWatchedFiles", {"changes": changes})
    shown = await editor.client.wait_for("window/showMessage")
    assert "looks like a secret" in shown["message"]
    assert "hunter2" not in shown["message"]


async def test_the_history_is_switched_off_without_a_restart(start: Start, flights: Path, tmp_path: Path) -> None:
    editor = await start("--database", flights)
    editor.open("SELECT carrier FROM airlines WHERE name = 'United'")
    await editor.submit()
    editor.client.notify("workspace/didChangeConfiguration", {"settings": {"speql": {"history": {"enabled": False}}}})
    editor.replace(0, len(editor.text), "SELECT max(dep_delay) AS forgotten FROM flights")
    await editor.submit()
    await editor.client.stop()
    kept = "".join(
        file.read_text("utf-8", "replace") for file in (tmp_path / "speql-data").rglob("*") if file.is_file()
    )
    assert "airlines" in kept
    assert "forgotten" not in kept


async def test_the_status_tells_how_old_the_catalog_is(start: Start, flights: Path) -> None:
    editor = await start("--database", flights)
    first = (await status(editor, lambda one: one.connection.tables == 2)).connection.catalog
    assert first.loaded_at is not None
    assert not first.partial
    assert not first.stale
    await editor.client.stop()
    again = await start("--database", flights)
    second = (await status(again, lambda one: one.connection.tables == 2)).connection.catalog
    assert second == first, "the saved copy holds, and so does the time at which it was read"


async def test_a_large_catalog_is_loaded_in_the_background(start: Start, flights: Path) -> None:
    editor = await start("--database", flights, options={"backgroundTables": 0, "keepCatalog": False})
    opened = await status(editor, lambda one: one.connection.state == "open")  # read in part, or already whole
    assert opened.connection.tables == 2
    await status(editor, lambda one: one.connection.state == "open" and not one.connection.catalog.partial)
    editor.open("SELECT name FROM airlines ORDER BY carrier LIMIT 1")
    assert (await editor.rows()).rows == [["American"]]
    assert await editor.complete(7) is not None


class Loading:
    """An engine whose catalog is being read for ever."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    async def catalog(self) -> Catalog:
        return Catalog((Table("listed", (), listed_only=True),), version="1+0", partial=True)


async def known_functions(server: SpeqlServer) -> None:
    """Have the engine's functions read: a list without them is not complete either."""
    connection = await server.connection("file:///a.sql")
    assert connection is not None
    await connection.functions()


@pytest.mark.parametrize("loading", [True, False])
async def test_completion_says_that_more_may_come(loading: bool) -> None:
    async def open_one(_: ConnectionProfile) -> Any:
        engine = await open_engine(None)
        return Loading(engine) if loading else engine

    server = create_server(open_engine=open_one)
    server.protocol.client_capabilities = types.ClientCapabilities()
    server.documents.put(Snapshot("file:///a.sql", 1, "SELECT * FROM main."), 0.0)
    params = types.CompletionParams(types.TextDocumentIdentifier("file:///a.sql"), types.Position(0, 19))
    try:
        await known_functions(server)
        answer = await asyncio.wait_for(server.protocol.fm.features["textDocument/completion"](params), 30)
    finally:
        await server.close()
    assert answer.is_incomplete is loading
    assert [item.label for item in answer.items] == (["listed"] if loading else [])


async def test_completion_does_not_wait_for_a_database_that_was_open_before(start: Start, flights: Path) -> None:
    editor = await start("--database", flights)
    await status(editor, lambda one: one.connection.tables == 2)
    await editor.client.stop()
    opening = asyncio.Event()

    async def open_one(profile: ConnectionProfile) -> Any:
        await opening.wait()
        return await open_engine(profile.database)

    server = create_server(ServerSettings(database=str(flights)), open_engine=open_one)
    server.protocol.client_capabilities = types.ClientCapabilities()
    server.documents.put(Snapshot("file:///a.sql", 1, "SELECT * FROM main."), 0.0)
    params = types.CompletionParams(types.TextDocumentIdentifier("file:///a.sql"), types.Position(0, 19))
    complete = server.protocol.fm.features["textDocument/completion"]
    try:
        early = await asyncio.wait_for(complete(params), 30)
        looked_at = server.offered(*early.items[0].data)
        opening.set()
        await known_functions(server)
        later = await asyncio.wait_for(complete(params), 30)
    finally:
        await server.close()
    assert [item.label for item in early.items] == [item.label for item in later.items] == ["airlines", "flights"]
    assert (early.is_incomplete, later.is_incomplete) == (True, False)
    assert looked_at is not None
    assert looked_at.text == "airlines"


async def test_a_client_that_does_not_answer_is_not_waited_for_long(start: Start, flights: Path) -> None:
    editor = await start(handshake=False)
    client: Client = editor.client
    client.answers["workspace/configuration"] = lambda _: None
    params = {"processId": None, "rootUri": None, "capabilities": CAN}
    await client.request("initialize", {**params, "initializationOptions": {"database": str(flights)}})
    client.notify("initialized", {})
    editor.open("SELECT count(*) AS n FROM airlines")
    assert (await editor.rows()).rows == [[4]]


REFRESHES = {"inlayHint": {"refreshSupport": True}, "codeLens": {"refreshSupport": True}}


async def shown(editor: Editor) -> tuple[Any, Any, list[str]]:
    """The hints, the lenses and the words that formatting writes in a document."""
    document = {"uri": editor.uri}
    hints = await editor.client.request(
        "textDocument/inlayHint", {"textDocument": document, "range": editor.range(0, len(editor.text))}
    )
    lenses = await editor.client.request("textDocument/codeLens", {"textDocument": document})
    layout = {"textDocument": document, "options": {"tabSize": 4, "insertSpaces": True}}
    edits = await editor.client.request("textDocument/formatting", layout)
    return hints, lenses, [edit["newText"] for edit in edits]


async def test_what_is_shown_is_as_the_settings_of_each_document_say(
    start: Start, flights: Path, tmp_path: Path
) -> None:
    loud, quiet = tmp_path / "loud", tmp_path / "quiet"
    loud.mkdir()
    quiet.mkdir()
    told: dict[str, Any] = {"inlayHints": "off", "codeLens": False, "format": {"keywordCase": "upper"}}

    def configuration(scope: str | None) -> Any:
        return {"database": str(flights), **(told if scope is not None and "quiet" in scope else {})}

    capabilities = {"workspace": {**CAN["workspace"], **REFRESHES}}
    first = await opened(start, [loud, quiet], configuration=configuration, capabilities=capabilities)
    second = await start(on=first.client)
    second.uri = (quiet / "query.sql").as_uri()
    text = "select name from airlines"
    first.open(text)
    second.open(text)
    await second.client.wait_for(
        "workspace/configuration",
        lambda params: second.uri in [item.get("scopeUri") for item in params["items"]],
    )
    hints, lenses, layout = await shown(first)
    assert hints
    assert lenses
    assert layout == []
    hints, lenses, layout = await shown(second)
    assert (hints, lenses) == (None, None)
    assert layout == ["SELECT", "FROM"]
    told.clear()
    second.forget()
    second.client.notify("workspace/didChangeConfiguration", {"settings": None})
    await second.client.wait_for("workspace/inlayHint/refresh", since=second.seen)
    await second.client.wait_for("workspace/codeLens/refresh", since=second.seen)
    assert all((await shown(second))[:2])


async def test_proposals_of_two_connections_are_told_apart(start: Start, flights: Path, shops: Path) -> None:
    first = await start("--database", flights, options={"connections": {"shops": {"database": str(shops)}}})
    second = await start(on=first.client)
    first.open("SELECT * FROM main.")
    second.open("-- speql: connection=shops\nSELECT * FROM main.")
    items = []
    for editor in (first, second):
        params = {"textDocument": {"uri": editor.uri}, "position": editor.position(len(editor.text))}
        items.append((await editor.client.request("textDocument/completion", params))["items"][0])
    assert [item["label"] for item in items] == ["airlines", "shops"]
    resolved = [await first.client.request("completionItem/resolve", item) for item in items]
    assert "carrier" in resolved[0]["documentation"]["value"]
    assert "city" in resolved[1]["documentation"]["value"]


async def test_a_pause_holds_for_what_takes_the_place_of_a_session(flights: Path) -> None:
    server = create_server(ServerSettings(database=str(flights)))
    uri = "file:///a.sql"
    server.documents.put(Snapshot(uri, 1, "SELECT name FROM airlines"), 0.0)
    try:
        found = await server.session(uri)
        server.pause(True)
        server.workspaces.configure("", {"statementLimit": 100})
        server.settings_changed()
        again = await server.session(uri)
        assert found is not None
        assert again is not None
        assert again[0] is not found[0]
        assert again[0].paused
        await again[0].idle()
        assert [len(connection.store.views) for connection in server.connections.opened] == [0]
        server.pause(False)
        await again[0].idle()
        assert not again[0].paused
    finally:
        await server.close()


class Gated:
    """An engine whose submits wait for the test."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine
        self.began, self.gate = asyncio.Event(), asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    async def submit(self, sql: str, max_rows: int | None = None) -> Any:
        self.began.set()
        await self.gate.wait()
        return await self._engine.submit(sql, max_rows)


@pytest.mark.parametrize("end", ["the engine's", "speql.cancel", "closing the document", "closing the server"])
async def test_other_settings_do_not_stop_what_the_user_has_submitted(end: str) -> None:
    engines: list[Gated] = []

    async def open_one(_: ConnectionProfile) -> Any:
        engines.append(Gated(await open_engine(None)))
        return engines[-1]

    server = create_server(open_engine=open_one)
    uri = "file:///a.sql"
    server.documents.put(Snapshot(uri, 1, "SELECT 6 * 7 AS answer"), 0.0)
    try:
        found = await server.session(uri)
        assert found is not None
        submitted = asyncio.ensure_future(found[0].submit(found[1]))
        await engines[0].began.wait()
        server.workspaces.configure("", {"codeLens": False})
        server.settings_changed()
        again = await server.session(uri)
        assert again is not None
        assert again[0] is not found[0]
        if end == "the engine's":
            engines[0].gate.set()
        elif end == "speql.cancel":
            await server.protocol.fm.commands["speql.cancel"]([uri])
        elif end == "closing the document":
            await server.closed(uri)
        else:
            await server.close()
        answer = await asyncio.wait_for(submitted, 20)
    finally:
        await server.close()
    if end == "the engine's":
        assert answer.rows == [[42]]
    else:
        assert [problem.code for problem in answer.problems] == ["cancelled"]


async def test_a_folder_of_files_is_a_database_and_its_changes_are_seen(start: Start, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "stores.csv").write_text("store,city\n1,Rome\n2,Oslo\n", encoding="utf-8")
    editor = await opened(start, [tmp_path], options={"database": str(data)})
    editor.open("SELECT city FROM stores ORDER BY city")
    assert (await editor.rows()).rows == [["Oslo"], ["Rome"]]
    said = await status(editor, lambda one: one.connection.state == "open")
    assert (said.connection.label, said.connection.tables) == ("data/", 1)
    (data / "stores.csv").write_text("store,city,open\n1,Kyiv,true\n", encoding="utf-8")
    assert (await editor.submit()).rows == [["Kyiv"]]


async def test_what_the_user_does_not_trust_is_not_read(start: Start, tmp_path: Path) -> None:
    (tmp_path / ".speql.toml").write_text('database = "theirs.duckdb"\n', encoding="utf-8")
    (tmp_path / "theirs.csv").write_text("a\n1\n", encoding="utf-8")
    editor = await opened(start, [tmp_path], options={"trusted": False})
    editor.open("SELECT 1 AS one")
    said = await status(editor, lambda one: one.connection.state != "opening")
    assert (said.connection.state, said.connection.label) == ("open", "in-memory")
    assert (said.speculation.state, said.speculation.reason) == ("off", "You have not trusted this workspace.")
    editor.replace(0, len(editor.text), f"FROM '{tmp_path / 'theirs.csv'}'")
    refused = await editor.submit()
    assert (refused.outcome, refused.rows) == ("failed", [])


async def test_a_target_of_dbt_is_chosen_by_a_comment(start: Start, tmp_path: Path, shops: Path) -> None:
    (tmp_path / "dbt_project.yml").write_text("profile: shop\n", encoding="utf-8")
    targets = f"shop: {{outputs: {{dev: {{type: duckdb, path: '{shops}'}}, prod: {{type: snowflake}}}}}}"
    (tmp_path / "profiles.yml").write_text(targets, encoding="utf-8")
    editor = await opened(start, [tmp_path])
    editor.open("-- speql: connection=dbt.shop.dev\nSELECT city FROM shops")
    assert (await editor.rows()).rows == [["Lima"]]
    listed = msgspec.convert(
        await editor.command("speql.selectConnection", editor.uri), protocol.SelectConnectionResult
    )
    assert [(one.name, bool(one.unavailable)) for one in listed.connections] == [
        ("", False),
        ("dbt.shop.dev", False),
        ("dbt.shop.prod", True),
    ]
