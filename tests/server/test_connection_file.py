"""The user's own connections: what is read, what is not and why, and when it is read again."""

from collections.abc import Callable
from pathlib import Path

import pytest

from speql_server.connecting.file import ConnectionFile, connection_file_path, read_connection_file
from speql_server.connecting.file_edit import (
    ConnectionFileError,
    remove_connection,
    write_connection,
    written_connections,
)
from speql_server.connecting.named_connection import NamedConnection
from speql_server.connecting.own_connections import OwnConnections
from speql_server.connecting.snowflake_connections import snowflake_connections, snowflake_file

SALES = '[sales]\ndatabase = "postgresql://ann@db/shop"\n'
FILES = """[files]
database = "data"
writable = true
workspace = "/w"
[files.speculation]
mode = "budget"
perHour = { seconds = 60 }
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SPEQL_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("SNOWFLAKE_HOME", str(tmp_path))
    path = connection_file_path()
    path.parent.mkdir()
    return path


def names(found: ConnectionFile) -> list[str]:
    return [one.name for one in found.connections]


def test_what_a_connection_says(file: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbf" + (SALES + FILES).replace("\n", "\r\n").encode())
    found = read_connection_file(file)
    assert not found.errors
    sales, files = found.connections
    assert (sales.name, sales.database, sales.writable, sales.workspace) == (
        "sales",
        "postgresql://ann@db/shop",
        False,
        None,
    )
    assert (files.database, files.writable, files.workspace) == (str(file.parent / "data"), True, Path("/w"))
    assert sales.speculation is None
    assert (files.speculation.mode, files.speculation.per_hour.seconds) == ("budget", 60)
    assert isinstance(hash(files), int)


def test_no_file_is_no_connection(file: Path) -> None:
    assert read_connection_file(file) == ConnectionFile()


WRONG = [
    ("[bad]\npassword = 'hunter2'\ndatabase = 'x'\n", "looks like a secret"),
    ("[bad]\ndatabase = 'postgresql://ann:hunter2@db/x'\n", "database of the connection bad looks like a secret"),
    ("[bad]\ndatabase = 'postgresql://db/x?password=hunter2'\n", "looks like a secret"),
    ("[bad]\ndatabase = 'postgresql://db/x?sslpassword=hunter2'\n", "looks like a secret"),
    ("[bad]\ndatabase = 'x'\ncolour = 1\n", "a setting colour that is not known. Known: database"),
    ("[bad]\ndatabase = 3\n", "must be a string"),
    ("[bad]\ndatabase = 'x'\nwritable = 'yes'\n", "must be true or false"),
    ("[bad]\ndatabase = 'x'\nspeculation = 'off'\n", "must be a table"),
    ("[bad]\ndatabase = 'x'\n[bad.speculation]\nmode = 'wild'\n", "speculation of the connection bad does not fit"),
    ("[bad]\nwritable = true\n", "names no database"),
    ("[bad]\ndatabase = ' '\n", "names no database"),
    ("[bad]\ndatabase = '~no_such_user_here/x'\n", "no home directory"),
    ('["my bad"]\ndatabase = "x"\n', "cannot be the name"),
    ('["SALES"]\ndatabase = "x"\n', "SPEQL_PASSWORD_SALES"),
    ("[bad]\ndatabase = 'unclosed\n", "The connection bad was not read"),
    ("[bad]\ndatabase = 'x'\ndatabase = 'y'\n", "line 5"),
    ("[bad]\ndatabase = '\udcff'\n", "not UTF-8"),
]


@pytest.mark.parametrize(("text", "says"), WRONG)
def test_one_that_is_wrong_is_told_and_the_others_work(file: Path, text: str, says: str) -> None:
    file.write_bytes((SALES + text + FILES).encode("utf-8", "surrogateescape"))
    found = read_connection_file(file)
    assert names(found) == ["sales", "files"]
    assert found.connections[0].database == "postgresql://ann@db/shop"
    assert [says in str(error) for error in found.errors] == [True], found.errors
    assert str(file) in str(found.errors[0])
    assert "hunter2" not in f"{found.errors!r} {found!r}"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (SALES.encode("utf-16"), "not UTF-8"),
        (b"database = 'x'\n", "database is no table"),
        (b"oops", "cannot be read"),
        (b"# " + b"x" * 1_000_001, "too large"),
    ],
)
def test_a_file_that_is_wrong_as_a_whole(file: Path, content: bytes, says: str) -> None:
    file.write_bytes(content)
    found = read_connection_file(file)
    assert not found.connections
    assert [says in str(error) for error in found.errors] == [True], found.errors


def test_a_file_that_is_a_folder_is_told(file: Path) -> None:
    file.mkdir()
    assert "cannot be read" in str(read_connection_file(file).errors[0])


def own() -> OwnConnections:
    return OwnConnections({}, Path("/no/home"))


def test_it_is_read_again_when_it_has_changed(file: Path) -> None:
    connections = own()
    assert connections.changed()
    assert connections.read().connections == ()
    assert not connections.changed()
    file.write_text(SALES, encoding="utf-8")
    assert connections.changed()
    assert [one.name for one in connections.read().connections] == ["sales"]
    assert not connections.changed()


def test_what_is_broken_for_a_moment_stays_what_it_was(file: Path) -> None:
    connections = own()
    file.write_text(SALES + FILES, encoding="utf-8")
    before = connections.read().connections
    file.write_text(SALES + FILES.replace('"/w"', '"/w'), encoding="utf-8")
    broken = connections.read()
    assert sorted(broken.connections, key=_name) == sorted(before, key=_name)
    assert broken.errors
    file.write_bytes(b"\xff")
    assert len(connections.read().connections) == 2
    file.write_text(SALES, encoding="utf-8")
    assert [one.name for one in connections.read().connections] == ["sales"]


def _name(one: NamedConnection) -> str:
    return one.name


def test_snowflakes_own_names_are_connections_where_an_adapter_opens_them(
    tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = snowflake_file({"SNOWFLAKE_HOME": str(tmp_path)})
    path.write_text(
        'title = "x"\n[dev]\naccount = "a"\npassword = "hunter2"\n["my prod"]\nuser = "u"\n', encoding="utf-8"
    )
    found, errors = snowflake_connections(path)
    assert not errors
    assert [(one.name, one.database) for one in found] == [
        ("snowflake.dev", "snowflake://dev"),
        ("snowflake.my_prod", "snowflake://my%20prod"),
    ]
    assert "hunter2" not in repr(found)
    connections = OwnConnections({"SNOWFLAKE_HOME": str(tmp_path)})
    monkeypatch.setattr("speql_engines.adapters.schemes", lambda: ("postgresql",))
    assert connections.read().connections == ()
    monkeypatch.setattr("speql_engines.adapters.schemes", lambda: ("snowflake",))
    assert connections.read().connections == found
    path.write_text('[dev]\npassword = "hunter2\n', encoding="utf-8")
    broken = connections.read()
    assert (broken.connections, len(broken.errors)) == (found, 1)
    assert "line 2" in str(broken.errors[0])
    assert "hunter2" not in str(broken.errors[0])
    path.unlink()
    assert connections.read().connections == ()


def test_where_snowflakes_file_is_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / ".snowflake").mkdir()
    assert snowflake_file({}, tmp_path) == tmp_path / ".snowflake" / "connections.toml"
    assert snowflake_file({}, tmp_path / "other") == tmp_path / "config" / "snowflake" / "connections.toml"


def test_changes_leave_the_rest_as_it_was_written(file: Path) -> None:
    text = f"# mine\n{SALES}# the end\n"
    file.write_text(text, encoding="utf-8")
    write_connection(file, "files", {"database": "/data", "writable": True, "keyring": None})
    write_connection(file, "files", {"writable": None})
    assert file.read_text(encoding="utf-8").startswith(text)
    assert written_connections(file)["files"] == {"database": "/data"}
    assert file.stat().st_mode & 0o777 == 0o600
    assert remove_connection(file, "files")
    assert not remove_connection(file, "files")
    assert file.read_text(encoding="utf-8").rstrip() == text.rstrip()
    assert [one.name for one in file.parent.iterdir()] == ["connections.toml"]


def test_a_file_behind_a_link_is_changed_where_it_is(file: Path, tmp_path: Path) -> None:
    (tmp_path / "dotfiles.toml").write_text(SALES, encoding="utf-8")
    file.symlink_to(tmp_path / "dotfiles.toml")
    write_connection(file, "more", {"database": ":memory:"})
    assert file.is_symlink()
    assert set(written_connections(tmp_path / "dotfiles.toml")) == {"sales", "more"}


@pytest.mark.parametrize("change", [lambda path: write_connection(path, "a", {"database": "x"}), written_connections])
@pytest.mark.parametrize(
    ("content", "says"), [(b"\xff", "not UTF-8"), (b"[a]\nb = 'hunter2\n", "line 2"), (b"[a]\n[a]\n", "broken")]
)
def test_a_broken_file_is_not_changed(file: Path, content: bytes, says: str, change: Callable[[Path], object]) -> None:
    file.write_bytes(content)
    with pytest.raises(ConnectionFileError, match=says) as raised:
        change(file)
    assert "hunter2" not in str(raised.value)
    assert file.read_bytes() == content
