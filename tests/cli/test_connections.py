"""`speql connections`, and `--connection` of the other commands, with a real server that asks for a password."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import MemoryKeyring, PostgresLogin
from typer.testing import CliRunner, Result

from speql_server.cli.connections_add import AddedConnection, add_connection
from speql_server.cli.main import app
from speql_server.connecting.file import connection_file_path
from speql_sql import SpeqlError

psycopg = pytest.importorskip("psycopg")


@pytest.fixture(autouse=True)
def own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test has a file, a folder and an environment of its own."""
    monkeypatch.setenv("SPEQL_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("PGPASSFILE", str(tmp_path / "pgpass"))
    monkeypatch.delenv("PGPASSWORD", raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


@pytest.fixture
def run(memory_keyring: MemoryKeyring) -> Callable[..., Result]:
    def run(*arguments: str, stdin: str | None = None, status: int = 0) -> Result:
        found = CliRunner().invoke(app, list(arguments), input=stdin)
        if isinstance(found.exception, SpeqlError):  # `main` makes a message of it
            found.stderr_bytes += str(found.exception).encode()
            found.exit_code = 2
        assert found.exit_code == status, f"{found.output}{found.stderr}{found.exception!r}"
        return found

    return run


Run = Callable[..., Result]

FILE_KEYRING = """
import os, pathlib
from keyring.backend import KeyringBackend

class FileKeyring(KeyringBackend):
    priority = 1
    def get_password(self, service, username):
        return None
    def set_password(self, service, username, password):
        pathlib.Path(os.environ["KEPT"]).write_text(f"{service} {username} {password}", encoding="utf-8")
"""


def tried(run: Run, name: str, status: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run("connections", "test", name, "--json", status=status).stdout)
    return found["connections"][0]


def test_a_connection_with_a_password_from_its_beginning_to_its_end(
    run: Run, memory_keyring: MemoryKeyring, postgres_login: PostgresLogin
) -> None:
    with psycopg.connect(postgres_login.url, password=postgres_login.password, autocommit=True) as connection:
        connection.execute("CREATE TEMP TABLE gone (a int)")
    added = run("connections", "add", "shop", postgres_login.url, "--password-stdin", stdin=postgres_login.password)
    assert postgres_login.password not in added.output
    assert list(memory_keyring.entries.values()) == [postgres_login.password]
    written = connection_file_path().read_text(encoding="utf-8")
    assert postgres_login.password not in written
    assert connection_file_path().stat().st_mode & 0o077 == 0

    one = tried(run, "shop")
    assert (one["ok"], one["engine"], one["writable"], one["tables"]) == (True, "PostgreSQL", False, 0)
    assert one["version"]
    assert one["seconds"] >= one["loginSeconds"] > 0
    assert "0 tables" in run("connections", "test", "shop").stdout

    listed = json.loads(run("connections", "list", "--json").stdout)
    assert listed["problems"] == []
    assert [(one["name"], one["password"], one["from"]) for one in listed["connections"]] == [
        ("shop", "keyring", "connections.toml")
    ]
    assert "keyring" in run("connections", "list").stdout

    checks = {one["name"]: one for one in json.loads(run("doctor", "--connection", "shop", "--json").stdout)["checks"]}
    assert "keyring" in checks["connection"]["found"]
    assert "PostgreSQL" in checks["engine"]["found"]
    assert checks["catalog"]["found"] == "0 tables, 0 columns"
    explained = json.loads(run("explain", "SELECT 1 AS a", "--connection", "shop", "--json").stdout)
    assert explained["repaired"] == "SELECT 1 AS a"

    run("connections", "remove", "shop")
    assert not memory_keyring.entries
    assert run("connections", "list").stdout.startswith("There is no connection")
    assert "There is no connection shop" in run("connections", "remove", "shop", status=2).stderr


def test_tables_are_counted_and_repaired_against(run: Run, small_database: Path) -> None:
    run("connections", "add", "flights", str(small_database))
    one = tried(run, "flights")
    assert (one["engine"], one["tables"], one["columns"]) == ("DuckDB", 2, 5)
    repaired = json.loads(run("repair", "SELECT carrier FROM fli", "--connection", "flights", "--json").stdout)
    assert "flights" in repaired["sql"]
    assert "No statement" in run("history", "list", "--connection", "flights").stdout
    both = run("explain", "SELECT 1", "--connection", "flights", "-d", str(small_database), status=2)
    assert "Give one of them" in both.stderr


def test_a_wrong_password_says_where_it_came_from(
    run: Run, postgres_login: PostgresLogin, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("connections", "add", "shop", postgres_login.url, "--password-stdin", stdin="wrong-hunter2")
    one = tried(run, "shop", status=2)
    assert (one["ok"], one["reason"]) == (False, "login")
    assert "The user or the password is wrong. The password was that of the keyring." in one["hint"]
    assert "connections add shop --replace" in one["hint"]
    monkeypatch.setenv("SPEQL_PASSWORD_SHOP", "wronger-hunter2")
    assert "environment variable SPEQL_PASSWORD_SHOP" in tried(run, "shop", status=2)["hint"]
    monkeypatch.setenv("SPEQL_PASSWORD_SHOP", postgres_login.password)
    assert tried(run, "shop")["ok"]
    monkeypatch.delenv("SPEQL_PASSWORD_SHOP")
    told = run("connections", "test", "shop", status=2)
    assert "hunter2" not in told.output + told.stderr
    run("connections", "add", "shop", "--replace", "--password-stdin", stdin=f"{postgres_login.password}\n")
    assert tried(run, "shop")["ok"]


def test_without_a_password_it_is_said_where_one_goes(run: Run, postgres_login: PostgresLogin) -> None:
    added = run("connections", "add", "shop", postgres_login.url)
    assert "SPEQL_PASSWORD_SHOP" in added.stdout
    one = tried(run, "shop", status=2)
    assert (one["reason"], "SPEQL_PASSWORD_SHOP" in one["hint"]) == ("login", True)


def test_a_network_that_is_not_there(run: Run) -> None:
    run("connections", "add", "far", "postgresql://ann@no-such-host.invalid/x")
    assert tried(run, "far", status=2)["reason"] == "network"
    done = run("doctor", "--connection", "far", "--json", status=1)
    engine = next(one for one in json.loads(done.stdout)["checks"] if one["name"] == "engine")
    assert "network" in engine["remedy"]


REFUSED: list[tuple[tuple[str, ...], str]] = [
    (("add", "a b", "x"), "cannot be the name"),
    (("add", "-", "x"), "cannot be the name"),
    (("add", "a"), "No database is named"),
    (("add", "a", "postgresql://ann:hunter2@db/x"), "Consider it known"),
    (("add", "a", "postgresql://db/x?password=hunter2"), "Consider it known"),
    (("add", "a", "nosuchengine://db/x"), "It opens DuckDB files"),
    (("add", "a", "missing.duckdb"), "There is no"),
    (("add", "a", ":memory:", "--password-stdin"), "A file has no password"),
    (("add", "a", "postgresql://db/x", "--password-stdin", "--no-password"), "exclude each other"),
    (("add", "a", "postgresql://db/x", "--password-stdin"), "it is empty"),
    (("test", "a"), "There is no connection a"),
    (("remove", "a"), "There is no connection a"),
]


@pytest.mark.parametrize(("arguments", "says"), REFUSED)
def test_what_is_refused_changes_nothing(
    run: Run, memory_keyring: MemoryKeyring, arguments: tuple[str, ...], says: str
) -> None:
    told = run("connections", *arguments, stdin="", status=2)
    assert says in told.stderr
    assert "hunter2" not in told.output + told.stderr
    assert not connection_file_path().exists()
    assert not memory_keyring.entries


def test_a_name_is_changed_only_if_that_is_asked_for(
    run: Run, small_database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("connections", "add", "one", str(small_database), "--writable", "--workspace", str(tmp_path))
    assert "Give --replace" in run("connections", "add", "one", ":memory:", status=2).stderr
    assert "one variable" in run("connections", "add", "ONE", ":memory:", status=2).stderr
    run("connections", "add", "one", "--replace", "--workspace", "")
    one = json.loads(run("connections", "list", "--json").stdout)["connections"][0]
    assert (one["database"], one["writable"], one["workspace"]) == (str(small_database), True, "")
    monkeypatch.chdir(small_database.parent)
    run("connections", "add", "one", f"duckdb:{small_database.name}", "--replace", "--read-only")
    assert json.loads(run("connections", "list", "--json").stdout)["connections"][0]["database"] == str(small_database)
    assert not json.loads(run("connections", "list", "--json").stdout)["connections"][0]["writable"]


def add(name: str, database: str | None, answer: str | None, **more: Any) -> tuple[str, list[str]]:
    """Add it on a terminal whose user answers so; what is told, and what was asked."""
    asked: list[str] = []

    def ask(question: str) -> str:
        asked.append(question)
        assert answer is not None, "nothing is asked"
        return answer

    return add_connection(AddedConnection(name, database, **more), ask), asked


def test_the_password_is_asked_for_and_is_for_one_database_only(memory_keyring: MemoryKeyring) -> None:
    entries = memory_keyring.entries
    _, asked = add("shop", "postgresql://db/x", "hunter2")
    assert ["none is kept" in question for question in asked] == [True]
    assert list(entries.values()) == ["hunter2"]
    _, asked = add("shop", None, "", replace=True, writable=True)
    assert ["the one that is kept stays" in question for question in asked] == [True]
    assert list(entries.values()) == ["hunter2"]
    told, _ = add("shop", "postgresql://elsewhere/x", "", replace=True)
    assert not entries, "a password is for the server that it was given for"
    assert "No password is kept" in told
    add("shop", None, "hunter3", replace=True)
    add("shop", None, None, replace=True, no_password=True)
    assert not entries
    with pytest.raises(SpeqlError, match="control characters"):
        add("shop", None, "a\x1bb", replace=True)
    _, asked = add("file", ":memory:", None)
    assert not asked


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="there are no pseudo-terminals here")
def test_a_terminal_is_asked_and_does_not_show_the_answer(tmp_path: Path) -> None:
    """A keyring in a file stands in for the system's, since the command is a process of its own."""
    (tmp_path / "file_keyring.py").write_text(FILE_KEYRING, encoding="utf-8")
    environment = {
        **os.environ,
        "PYTHONPATH": str(tmp_path),
        "PYTHON_KEYRING_BACKEND": "file_keyring.FileKeyring",
        "KEPT": str(tmp_path / "kept"),
    }
    termios = pytest.importorskip("termios")
    ours, theirs = os.openpty()
    command = [sys.executable, "-m", "speql_server.cli.entry", "connections", "add", "shop", "postgresql://db/x"]
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True
    ) as process:
        os.close(theirs)
        seen = b""
        while b"Password for shop" not in seen:
            seen += os.read(ours, 1000)
        while termios.tcgetattr(ours)[3] & termios.ECHO:
            assert process.poll() is None, seen  # what is typed before it hides the answer is thrown away
        os.write(ours, b"hunter2\n")
        try:
            while chunk := os.read(ours, 1000):
                seen += chunk
        except OSError:
            pass  # Linux says so that the other side has closed it
        assert process.wait(60) == 0, seen
    os.close(ours)
    assert b"hunter2" not in seen
    assert (tmp_path / "kept").read_text(encoding="utf-8") == "speql connection/shop hunter2"


@pytest.mark.usefixtures("no_keyring")
def test_without_a_keyring_a_variable_is_named_and_nothing_is_asked(capsys: pytest.CaptureFixture[str]) -> None:
    _, asked = add("shop", "postgresql://db/x", None)
    assert not asked
    assert "no keyring" in (said := capsys.readouterr().err)
    assert "SPEQL_PASSWORD_SHOP" in said
    with pytest.raises(SpeqlError, match="SPEQL_PASSWORD_OTHER"):
        add("other", "postgresql://db/x", None, password_stdin=True)
    assert "other" not in connection_file_path().read_text(encoding="utf-8")


def test_what_is_wrong_in_the_files_is_listed_beside_what_is_right(run: Run) -> None:
    run("connections", "add", "good", ":memory:")
    with connection_file_path().open("a", encoding="utf-8") as file:
        file.write("[bad]\ndatabase = 'postgresql://ann:hunter2@db/x'\n")
    Path("dbt_project.yml").write_text("profile: p\n", encoding="utf-8")
    Path("profiles.yml").write_text("p: {outputs: {dev: {type: oracle}, db: {type: duckdb}}}\n", encoding="utf-8")
    Path(".speql.toml").write_text(
        'connection = {"*" = "here"}\n[connections.here]\ndatabase = "x.duckdb"\n', encoding="utf-8"
    )
    found = run("connections", "list", "--json", status=1)
    listed = json.loads(found.stdout)
    assert {one["name"]: (one["from"], bool(one["unavailable"])) for one in listed["connections"]} == {
        "here": (".speql.toml", False),
        "good": ("connections.toml", False),
        "dbt.p.dev": ("dbt", True),
        "dbt.p.db": ("dbt", False),
    }
    assert "bad looks like a secret" in listed["problems"][0]
    assert "no adapter" in run("connections", "list", status=1).stdout
    assert "hunter2" not in found.output
    assert tried(run, "good")["label"] == "in-memory", "what the folder says of documents is not for commands"
    assert "no adapter" in tried(run, "dbt.p.dev", status=2)["error"]
    missing = tried(run, "bad", status=2)
    assert "There is no connection bad." in missing["error"]
    assert "looks like a secret" in missing["error"]
    assert "described elsewhere" in run("connections", "remove", "here", status=2).stderr
    assert "bad is removed" in run("connections", "remove", "bad").stdout


def test_a_missing_driver_is_told_with_what_installs_it(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run("connections", "add", "shop", "postgresql://db/x")
    for name in [name for name in sys.modules if name.split(".")[0] == "psycopg" or "speql_engines.postgres" in name]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    one = tried(run, "shop", status=2)
    assert one["reason"] == "driver"
    assert "pip install 'speql[postgres]'" in one["hint"]


def test_a_keyring_that_cannot_forget_is_told(
    run: Run, memory_keyring: MemoryKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("connections", "add", "shop", "postgresql://db/x", "--password-stdin", stdin="hunter2")

    def locked(*_: str) -> None:
        raise RuntimeError("locked")

    monkeypatch.setattr(memory_keyring, "delete_password", locked)
    told = run("connections", "remove", "shop", status=1)
    assert "connection/shop" in told.stderr
    assert run("connections", "list").stdout.startswith("There is no connection")


def test_the_log_and_the_output_of_a_real_process_hold_no_secret(tmp_path: Path, postgres_login: PostgresLogin) -> None:
    connection_file_path().parent.mkdir()
    connection_file_path().write_text(f'[shop]\ndatabase = "{postgres_login.url}"\n', encoding="utf-8")
    command = [sys.executable, "-X", "dev", "-m", "speql_server.cli.entry", "connections", "test", "shop"]
    for password, status in (("wrong-hunter2", 2), (postgres_login.password, 0)):
        environment = {**os.environ, "SPEQL_PASSWORD_SHOP": password, "PYTHONUTF8": "1"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == status, done.stderr
        assert password not in done.stdout + done.stderr
