"""The user's own connections in a real server: chosen, listed, changed while it runs, and tried again."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest
from tests.conftest import PostgresLogin

from speql_engines.governed.settings import SpeculationSettings
from speql_server import protocol
from speql_server.connecting.file import connection_file_path
from speql_server.connecting.named_connection import NamedConnection
from speql_server.connecting.profile import ConnectionProfile
from speql_server.settings import EVERYWHERE, ServerSettings
from speql_server.workspaces import Workspaces

from .conftest import Editor, Start
from .test_workspaces import opened, status


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SPEQL_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("PGPASSFILE", str(tmp_path / "pgpass"))
    monkeypatch.delenv("PGPASSWORD", raising=False)
    path = connection_file_path()
    path.parent.mkdir()
    return path


def folder(path: Path) -> Path:
    path.mkdir()
    return path


def write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


@pytest.fixture
def shops(tmp_path: Path) -> Path:
    path = tmp_path / "shops.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE shops AS SELECT 'Lima' AS city")
    return path


async def listed(editor: Editor, *chosen: str) -> protocol.SelectConnectionResult:
    answer = await editor.command("speql.selectConnection", editor.uri, *chosen)
    return msgspec.convert(answer, protocol.SelectConnectionResult)


async def shown(editor: Editor, says: str) -> str:
    def fits(params: Any) -> bool:
        return says in params["message"]

    message: dict[str, str] = await editor.client.wait_for("window/showMessage", fits, editor.seen)
    return message["message"]


async def test_one_is_chosen_and_the_file_is_read_again_when_it_changes(
    start: Start, file: Path, shops: Path, flights: Path
) -> None:
    write(file, f"[shops]\ndatabase = '{shops}'\n")
    editor = await start("--database", flights)
    editor.open("-- speql: connection=shops\nSELECT city FROM shops")
    assert (await editor.rows()).rows == [["Lima"]]
    assert [(one.name, one.database) for one in (await listed(editor)).connections][1:] == [("shops", str(shops))]

    editor.forget()
    write(file, f"[shops]\ndatabase = '{flights}'\n[more]\ndatabase = ':memory:'\n")
    await status(
        editor, lambda one: any(each.label == flights.name and each.name == "shops" for each in one.connections)
    )
    editor.replace(0, len(editor.text), "-- speql: connection=shops\nSELECT count(*) AS n FROM airlines")
    assert (await editor.rows()).rows == [[4]]
    assert [one.name for one in (await listed(editor)).connections] == ["", "shops", "more"]

    editor.forget()
    write(file, f"[shops]\ndatabase = '{flights}'\npassword = 'hunter2'\n")
    assert "hunter2" not in await shown(editor, "looks like a secret")
    editor.replace(0, 0, " ")
    assert (await editor.rows()).rows == [[4]], "what is broken stays what it was"


async def test_the_command_line_names_the_one_that_all_documents_have(start: Start, file: Path, shops: Path) -> None:
    write(file, f"[shops]\ndatabase = '{shops}'\n")
    editor = await start("--connection", "shops", "--writable", options={"connection": "other"})
    editor.open("SELECT city FROM shops")
    assert (await editor.rows()).rows == [["Lima"]]
    said = await status(editor, lambda one: one.connection.state == "open")
    assert (said.connection.name, said.connection.label, said.connection.writable) == ("shops", "shops.duckdb", True)


async def test_a_name_of_the_command_line_that_is_none_is_told(start: Start) -> None:
    editor = await start("--connection", "nothing")
    editor.open("SELECT 1 AS a")
    assert "Known: none" in await shown(editor, "no connection nothing")


async def test_a_password_that_was_put_right_is_tried_when_the_connection_is_chosen_again(
    start: Start, file: Path, postgres_login: PostgresLogin, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(file, f"[shop]\ndatabase = '{postgres_login.url}'\n")
    monkeypatch.setenv("SPEQL_PASSWORD_SHOP", "was-hunter2")
    editor = await start()
    editor.open("-- speql: connection=shop\nSELECT 1 AS one, current_user AS who")
    told = await shown(editor, "wrong")
    assert "SPEQL_PASSWORD_SHOP" in told
    editor.forget()
    postgres_login.run(f"ALTER ROLE {postgres_login.user} PASSWORD 'was-hunter2'")
    # Its time alone is another: that is how the command line tells of a password.
    os.utime(file, (1, 1))
    said = await status(
        editor, lambda one: any(each.name == "shop" and each.state == "open" for each in one.connections)
    )
    assert next(one.engine for one in said.connections if one.name == "shop") == "PostgreSQL"
    answer = await editor.submit()
    assert answer.rows == [["1", postgres_login.user]] or answer.rows == [[1, postgres_login.user]]
    assert "hunter2" not in str(editor.client.received)


async def test_choosing_one_again_that_has_failed_tries_it_again(start: Start, file: Path, tmp_path: Path) -> None:
    later = tmp_path / "later.duckdb"
    write(file, f"[later]\ndatabase = '{later}'\n")
    editor = await start()
    editor.open("SELECT a FROM t")
    await listed(editor, "later")
    await shown(editor, "later.duckdb")
    await status(editor, lambda said: any(one.name == "later" and one.state == "failed" for one in said.connections))
    with duckdb.connect(str(later)) as connection:
        connection.execute("CREATE TABLE t AS SELECT 7 AS a")
    editor.forget()
    await listed(editor, "later")
    assert (await editor.rows()).rows == [[7]]


async def test_a_postgresql_target_of_dbt_is_opened_with_its_password(
    start: Start, tmp_path: Path, postgres_login: PostgresLogin
) -> None:
    project = tmp_path / "project"
    write(folder(project) / "dbt_project.yml", "profile: shop\n")
    host = postgres_login.url.rpartition("host=")[2]
    database = postgres_login.url.partition("@/")[2].partition("?")[0]
    target = {"type": "postgres", "host": host, "user": postgres_login.user, "dbname": database}
    target |= {"password": postgres_login.password, "search_path": '"a b", public'}
    profiles = msgspec.json.encode({"shop": {"outputs": {"dev": target}}})  # JSON is YAML
    write(project / "profiles.yml", profiles.decode())
    editor = await opened(start, [project])
    editor.open("-- speql: connection=dbt.shop.dev\nSELECT current_user AS who, current_setting('search_path') AS p")
    assert (await editor.submit()).rows == [[postgres_login.user, '"a b", public']]
    assert postgres_login.password not in str(editor.client.received)


def test_what_settings_say_of_a_name_comes_first_and_gets_no_password() -> None:
    made = Workspaces(ServerSettings())
    own: Callable[[str], ConnectionProfile] = lambda name: made.profile("file:///a.sql", name)  # noqa: E731
    secret = lambda: None  # noqa: E731
    free = SpeculationSettings(mode="free")
    made.use_own((NamedConnection("shop", "postgresql://db/x", True, secret=secret, speculation=free),))  # type: ignore[arg-type]
    profile = own("shop")
    assert (profile.database, profile.writable, profile.secret, profile.speculation) == (
        "postgresql://db/x",
        True,
        secret,
        free,
    )
    made.configure("", {"connections": {"shop": {"database": "postgresql://elsewhere/x"}}})
    profile = own("shop")
    assert (profile.database, profile.secret, profile.speculation) == (
        "postgresql://elsewhere/x",
        None,
        SpeculationSettings(),
    )


def test_the_command_lines_connection_comes_before_settings() -> None:
    made = Workspaces(ServerSettings(connection=((EVERYWHERE, "shop"),), writable=True))
    made.use_own((NamedConnection("shop", ":memory:"), NamedConnection("other", ":memory:")))
    made.configure("", {"connection": {"reports/**": "other", "**": "other"}})
    assert made.name("file:///a.sql") == "shop"
    assert made.profile("file:///a.sql").writable
    assert not made.profile("file:///a.sql", "other").writable
