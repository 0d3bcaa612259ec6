"""`speql format` as a user and as continuous integration run it."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]

TYPED = "-- é\nselect  a,b from t;\n\nDELETE  FROM t;\n"
LAID_OUT = "-- é\nselect a, b from t;\n\nDELETE  FROM t;\n"


def test_files_and_folders_are_written(speql: Run, tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    first, second = tmp_path / "first.sql", tmp_path / "below" / "second.sql"
    first.write_bytes(b"\xef\xbb\xbf" + TYPED.encode())
    second.write_text(LAID_OUT)
    first.chmod(0o640)
    (tmp_path / "other.txt").write_text(TYPED)
    done = speql("format", str(tmp_path), str(first))
    assert done.returncode == 0, done.stderr
    assert done.stderr == f"Formatted {first}\n"
    assert first.read_bytes() == b"\xef\xbb\xbf" + LAID_OUT.encode()
    assert first.stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["below", "first.sql", "other.txt", "second.sql"]
    assert speql("format", str(tmp_path)).stderr == ""


def test_check_writes_nothing(speql: Run, tmp_path: Path) -> None:
    path = tmp_path / "query.sql"
    path.write_text(TYPED)
    done = speql("format", "--check", str(path))
    assert (done.returncode, done.stderr) == (1, f"Would format {path}\n")
    assert path.read_text() == TYPED
    path.write_text(LAID_OUT)
    assert speql("format", "--check", str(path)).returncode == 0


def test_standard_input_and_options(speql: Run) -> None:
    done = speql(
        "format",
        "-",
        "--keyword-case",
        "upper",
        "--indent",
        "2",
        "--line-width",
        "20",
        stdin="select aaaaaaaaaa, bbbbbbbbbb from t",
    )
    assert done.stdout == "SELECT\n  aaaaaaaaaa,\n  bbbbbbbbbb\nFROM t"
    assert (
        speql("format", "-", "--tabs", "--line-width", "20", stdin="SELECT aaaaaaaaaa, bbbbbbbbbb").stdout.count("\t")
        == 2
    )
    assert speql("format", "--check", "-", stdin="SELECT  1").returncode == 1
    assert speql("format", "-", "--dialect", "bigquery", stdin="SELECT  `a b` FROM t").stdout == "SELECT `a b` FROM t"


def test_a_template_is_left_as_it_is(speql: Run, tmp_path: Path) -> None:
    path = tmp_path / "model.sql"
    path.write_text("SELECT  * FROM {{ ref('x') }}")
    done = speql("format", str(path))
    assert done.returncode == 0
    assert "template" in done.stderr
    assert path.read_text() == "SELECT  * FROM {{ ref('x') }}"


@pytest.mark.parametrize(
    "arguments", [["--keyword-case", "Title", "-"], ["--dialect", "klingon", "-"], ["/no/such.sql"]]
)
def test_what_cannot_be_done_is_told(speql: Run, arguments: list[str]) -> None:
    done = speql("format", *arguments, stdin="SELECT 1")
    assert done.returncode == 2
    assert done.stderr.strip()
    assert "Traceback" not in done.stderr


def test_a_file_that_is_no_text_or_cannot_be_written(speql: Run, tmp_path: Path) -> None:
    path = tmp_path / "binary.sql"
    path.write_bytes(b"\xff\xfe\x00S")
    assert speql("format", str(path)).returncode == 2
    if os.geteuid() != 0:
        folder = tmp_path / "fixed"
        folder.mkdir()
        query = folder / "query.sql"
        query.write_text(TYPED)
        folder.chmod(0o500)
        done = speql("format", str(query))
        folder.chmod(0o700)
        assert done.returncode == 2
        assert "cannot be written" in done.stderr
        assert query.read_text() == TYPED
