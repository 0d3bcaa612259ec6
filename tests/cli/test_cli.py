"""The command as a user runs it, each time in a process of its own."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import psutil
import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]

QUERY = """-- Who is late?
-- edit: 100 => 200
WITH late AS (SELECT carrier, count(*) AS flights, avg(delay) AS mean FROM flights WHERE delay > 5 GROUP BY carrier)
SELECT a.name, l.flights, l.mean FROM late l JOIN airlines a ON a.carrier = l.carrier WHERE l.flights > 100
ORDER BY a.name LIMIT 5
"""


@pytest.fixture
def query_file(tmp_path: Path) -> Path:
    path = tmp_path / "late.sql"
    path.write_text(QUERY)
    return path


def test_help_names_every_command(speql: Run) -> None:
    shown = speql("--help")
    assert shown.returncode == 0
    for command in ("demo", "serve", "repair", "explain", "doctor"):
        assert re.search(rf"\b{command}\b", shown.stdout)


def test_version(speql: Run) -> None:
    assert re.fullmatch(r"speql \d+\.\d+\.\d+\n", speql("--version").stdout)


def test_repair_completes_a_query(speql: Run, small_database: Path) -> None:
    done = speql("repair", "SELECT carrier, count(*) FROM fli", "--database", str(small_database))
    assert done.returncode == 0, done.stderr
    sql = done.stdout.splitlines()[0]
    with duckdb.connect(small_database, read_only=True) as connection:
        assert sorted(connection.execute(sql).fetchall()) == [("AA", 2500), ("UA", 2500)]


def test_repair_as_json_gives_edits_that_make_the_sql(speql: Run, small_database: Path) -> None:
    text = "SELECT 1;\nSELECT carrier, delay FROM flights WHERE delay >"
    done = speql("repair", "-", "--database", str(small_database), "--json", stdin=text)
    repaired = json.loads(done.stdout)
    edited = text
    for edit in sorted(repaired["edits"], key=lambda edit: edit["start"], reverse=True):
        edited = edited[: edit["start"]] + edit["newText"] + edited[edit["end"] :]
    assert edited.endswith(repaired["sql"])
    assert all(edit["reason"] and edit["code"] for edit in repaired["edits"])
    assert repaired["ms"] > 0


def test_repair_without_a_database_mends_the_syntax(speql: Run) -> None:
    done = speql("repair", "SELECT a FROM t WHERE (a > 1", "--json")
    assert json.loads(done.stdout)["sql"] == "SELECT a FROM t WHERE (a > 1)"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no statement"),
        ("-- only a comment", "no statement"),
        ("DELETE FROM flights", "only a query is run"),
        ("\x00\x01\x02 binary", ""),
        ("x" * 1_000_000, ""),
    ],
    ids=["empty", "comment", "write", "binary", "megabyte"],
)
def test_repair_of_what_cannot_run_says_why(speql: Run, small_database: Path, text: str, said: str) -> None:
    done = speql("repair", "-", "--database", str(small_database), stdin=text)
    assert done.returncode == 1
    assert said in done.stdout.lower()
    assert done.stdout.strip()
    assert "Traceback" not in done.stderr


def test_explain_says_what_would_be_computed_and_used(speql: Run, small_database: Path) -> None:
    query = QUERY.split("\n", 2)[2]
    done = speql("explain", query, "--database", str(small_database), "--json")
    assert done.returncode == 0, done.stderr
    explained = json.loads(done.stdout)
    assert [unit["path"] for unit in explained["units"]] == [["main", "CTE late"], ["main"]]
    assert all(unit["reason"] for unit in explained["units"])
    with duckdb.connect(small_database, read_only=True) as connection:
        assert len(connection.execute(explained["served"]["sql"]).fetchall()) == 2


def test_explain_of_a_query_that_does_not_bind(speql: Run, small_database: Path) -> None:
    done = speql("explain", "SELECT no_such_function(delay) FROM flights", "--database", str(small_database))
    assert done.returncode == 1
    assert "no_such_function" in done.stdout


def test_doctor_is_well(speql: Run, small_database: Path) -> None:
    done = speql("doctor", "--database", str(small_database), "--json")
    report = json.loads(done.stdout)
    assert done.returncode == 0
    assert report["healthy"] is True
    found = {check["name"]: check["found"] for check in report["checks"]}
    assert found["catalog"] == "2 tables, 5 columns"
    assert "flights" in found["estimate"]
    assert "dropped" in found["temp table"]
    assert {"query", "page", "values", "names and types", "cancel", "time limit", "sample"} <= found.keys()


@pytest.mark.parametrize("command", ["repair", "explain", "doctor", "demo"])
@pytest.mark.parametrize("kind", ["missing", "directory", "not a database", "corrupt", "locked"])
def test_a_database_that_cannot_be_opened_is_told(
    speql: Run, tmp_path: Path, small_database: Path, command: str, kind: str
) -> None:
    path = tmp_path / "bad.duckdb"
    holder = None
    if kind == "directory":
        path.mkdir()
    elif kind == "not a database":
        path.write_text("carrier,name\nAA,American\n")
    elif kind == "corrupt":
        content = bytearray(small_database.read_bytes())
        content[4096:12288] = os.urandom(8192)
        path.write_bytes(content)
    elif kind == "locked":
        path.write_bytes(small_database.read_bytes())
        script = f"import duckdb, sys; c = duckdb.connect({str(path)!r}); print('open', flush=True); sys.stdin.read()"
        holder = subprocess.Popen(
            [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
    try:
        sql = [] if command in ("doctor", "demo") else ["SELECT 1"]
        plain = ["--plain"] if command == "demo" else []
        done = speql(command, *sql, *plain, "--database", str(path))
    finally:
        if holder is not None:
            holder.communicate()
    said = done.stdout + done.stderr
    assert done.returncode == (1 if command == "doctor" else 2)
    assert "Traceback" not in said
    assert "bad.duckdb" in re.sub(r"\s*\n\s*", "", said)


def test_the_demo_on_a_database_of_ones_own(speql: Run, small_database: Path, query_file: Path) -> None:
    done = speql("demo", "--query", str(query_file), "--database", str(small_database), "--json", "--speed", "100")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["rows_equal"] is True
    assert report["submit"]["rows"] == 2
    assert report["edit"]["rows_equal"] is True
    assert report["submit"]["direct_ms"] > 0


def test_the_demo_in_plain_lines_ends_with_its_figures(speql: Run, small_database: Path, query_file: Path) -> None:
    done = speql("demo", "--query", str(query_file), "--database", str(small_database), "--plain", "--speed", "100")
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout
    assert "typed    ORDER BY a.name LIMIT 5" in done.stdout
    assert done.stdout.count("rows equal") == 2


@pytest.mark.parametrize("name", ["nothing", "missing.sql"])
def test_the_demo_of_an_unknown_query(speql: Run, name: str) -> None:
    done = speql("demo", "--query", name, "--plain")
    assert done.returncode == 2
    assert name in done.stderr


def test_the_demo_of_a_query_that_does_not_run(speql: Run, small_database: Path, tmp_path: Path) -> None:
    path = tmp_path / "wrong.sql"
    path.write_text("SELECT no_such_function(delay) FROM flights")
    done = speql("demo", "--query", str(path), "--database", str(small_database), "--plain", "--speed", "100")
    assert done.returncode == 2
    assert "no_such_function" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("style", ["plain", "live"])
def test_ctrl_c_restores_the_terminal_and_leaves_no_process(
    environment: dict[str, str], small_database: Path, query_file: Path, style: str
) -> None:
    """In a terminal of its own: interrupted while typing, the cursor and the normal screen come back."""
    options = ["--plain"] if style == "plain" else []
    command = [sys.executable, "-m", "speql_server.cli.entry", "demo", "--query", str(query_file)]
    command += ["--database", str(small_database), "--speed", "0.5", *options]
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvpe(command[0], command, {**environment, "TERM": "xterm-256color", "NO_COLOR": ""})
    screen, deadline = b"", time.monotonic() + 30
    started = b"\x1b[?1049h" if style == "live" else b"query"
    while started not in screen and time.monotonic() < deadline:
        screen += os.read(terminal, 65_536)
    assert started in screen
    children = psutil.Process(pid).children(recursive=True)
    os.kill(pid, signal.SIGINT)
    rest = _read_to_end(terminal)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 130, rest.decode()
    if style == "live":
        assert b"\x1b[?1049l" in rest, "the normal screen is back"
        assert b"\x1b[?25h" in rest, "the cursor is visible"
    assert b"Traceback" not in rest
    assert not [child for child in children if child.is_running()]


def _read_to_end(terminal: int) -> bytes:
    found = b""
    while True:
        try:
            data = os.read(terminal, 65_536)
        except OSError:  # Linux says EIO when the other side is closed
            return found
        if not data:
            return found
        found += data


@pytest.mark.xdist_group("demo data")
def test_the_demo_on_its_own_data_loads_once_and_serves_equal_rows(speql: Run) -> None:
    """The whole of it: ten million flights, and the second run starts at once."""
    first = speql("demo", "--plain", "--speed", "40")
    assert first.returncode == 0, first.stderr
    assert "10,103,280 flights" in re.sub(r"\s+", " ", first.stdout)
    assert "100% writing the file" in first.stdout
    second = speql("demo", "--json", "--speed", "100", "--query", "worst")
    assert second.returncode == 0, second.stderr
    report = json.loads(second.stdout)
    assert report["rows_equal"] is True
    assert report["submit"]["rows"] == 9


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT carrier, origin, count(*) AS n FROM flights GROUP BY ALL LIMIT 3",
        "SELECT origin, count(*) // 1000 AS n FROM flights GROUP BY origin ORDER BY n LIMIT 2",
        "SELECT carrier, delay FROM flights",
    ],
    ids=["LIMIT without order", "LIMIT among ties", "many pages"],
)
def test_an_open_answer_is_no_difference(speql: Run, small_database: Path, tmp_path: Path, sql: str) -> None:
    path = tmp_path / "open.sql"
    path.write_text(sql)
    done = speql("demo", "--query", str(path), "--database", str(small_database), "--json", "--speed", "200")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["rows_equal"] is True


@pytest.mark.parametrize("kind", ["below a file", "interrupted"])
def test_data_that_cannot_be_loaded_leave_nothing(tmp_path: Path, environment: dict[str, str], kind: str) -> None:
    cache = tmp_path / "cache"
    if kind == "below a file":
        cache.write_text("in the way")
    command = [sys.executable, "-m", "speql_server.cli.entry", "demo", "--plain", "--speed", "100"]
    process = subprocess.Popen(
        command,
        env={**environment, "XDG_CACHE_HOME": str(cache)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    if kind == "interrupted":
        assert "creating tables" in process.stdout.readline()
        assert "loading" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == (2 if kind == "below a file" else 130)
    assert "Traceback" not in errors
    assert kind == "interrupted" or "yours to write" in errors
    assert not list(tmp_path.rglob("*.partial*"))
