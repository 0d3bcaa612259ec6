"""History on disk: what is kept, what never is, and that no process loses or spoils what another has written."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from speql_speculator.predicting import history_files
from speql_speculator.predicting.changing_constants import changing_constants
from speql_speculator.predicting.embedding import Vectors
from speql_speculator.predicting.history import History, tidied
from speql_speculator.predicting.history_files import LOG, VECTORS, HistoryError, HistoryFiles, Run
from speql_speculator.predicting.normalise import normalise
from speql_speculator.predicting.secret_words import holds_a_secret
from speql_speculator.predicting.tree_hash import TreeHash
from speql_sql import Catalog, Column, Table

CATALOG = Catalog((Table("t", (Column("a", "INTEGER"), Column("b", "VARCHAR"), Column("year", "INTEGER"))),))


def opened(directory: Path, limit: int = 100) -> History:
    return History(TreeHash(), HistoryFiles(directory), limit)


def test_runs_that_differ_in_literals_and_spelling_are_one_statement(tmp_path: Path) -> None:
    history = opened(tmp_path)
    for at, text in enumerate(
        ["SELECT a FROM t WHERE year = 2000", "select A from T where YEAR = 2001;", "SELECT b FROM t"]
    ):
        assert history.record(text, CATALOG, float(at))
    first, second = history.statements()
    assert (first.text, first.runs, first.last_run) == ("SELECT b FROM t", 1, 2.0)
    assert (second.text, second.runs, second.last_run) == ("select A from T where YEAR = 2001", 2, 1.0)
    assert second.texts == ("select A from T where YEAR = 2001", "SELECT a FROM t WHERE year = 2000")


def test_what_was_written_is_there_for_the_next_process(tmp_path: Path) -> None:
    history = opened(tmp_path)
    history.record("SELECT a, year FROM t WHERE b = 'x'", CATALOG, 1.0)
    history.record("SELECT max(a) FROM t GROUP BY b", CATALOG, 2.0)
    near = history.neighbours("SELECT a, year FROM t WHERE ")
    history.close()
    assert (tmp_path / VECTORS).exists()
    again = opened(tmp_path)
    assert again.neighbours("SELECT a, year FROM t WHERE ") == near
    assert near[0].statement.text == "SELECT a, year FROM t WHERE b = 'x'"
    assert near[0].similarity > near[1].similarity


SECRETS = [
    "CREATE SECRET s (TYPE s3, KEY_ID 'x', SECRET 'y')",
    "create or replace persistent secret s (type s3)",
    "ATTACH 'host=db user=me password=pw' AS pg (TYPE postgres)",
    "ATTACH 'postgres://me:pw@db/x'",
    "SET s3_secret_access_key = 'abc'",
    "CREATE USER u PASSWORD 'x'",
    "SELECT * FROM users WHERE password = 'hunter2'",
    "SELECT 1 -- password: hunter2",
    "SELECT * FROM read_csv('https://me:pw@host/x.csv')",
]


@pytest.mark.parametrize("text", SECRETS)
def test_secrets_are_never_kept(tmp_path: Path, text: str) -> None:
    assert holds_a_secret(text)
    assert not opened(tmp_path).record(text, CATALOG, 1.0)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "text", ["SELECT secretary, token_count FROM t", "SELECT 'a: b://c' FROM t", "FROM passwordless"]
)
def test_words_that_only_look_like_it_are_kept(text: str) -> None:
    assert not holds_a_secret(text)


def test_rows_are_never_kept(tmp_path: Path) -> None:
    history = opened(tmp_path)
    history.record("INSERT INTO t VALUES (17, 'Ann'), (18, 'Bob') -- Carl", CATALOG, 1.0)
    values = ", ".join(f"({n}, 'name {n}')" for n in range(150))
    history.record(f"SELECT * FROM (VALUES {values}) v(a, b)", CATALOG, 2.0)
    kept = (tmp_path / LOG).read_text()
    assert not any(word in kept for word in ("17", "Ann", "Bob", "Carl", "name 7"))


def test_beyond_the_limit_the_oldest_go_and_the_log_is_made_short(tmp_path: Path) -> None:
    history = opened(tmp_path, limit=5)
    for at in range(40):
        history.record(f"SELECT a AS column_{at} FROM t WHERE year = {at} GROUP BY g{at}", CATALOG, float(at))
        history.neighbours("SELECT a")
    assert len(history.statements()) <= 16
    assert history.statements()[0].last_run == 39.0
    assert len((tmp_path / LOG).read_text().splitlines()) <= 16
    assert {one.statement.key for one in history.neighbours("SELECT a", 50)} <= {
        one.key for one in history.statements()
    }


def test_a_statement_that_is_run_in_a_loop_does_not_fill_the_disk(tmp_path: Path) -> None:
    history = opened(tmp_path)
    for at in range(2_500):
        history.record(f"SELECT a FROM t WHERE year = {at}", CATALOG, float(at))
    (statement,) = opened(tmp_path).statements()
    assert (statement.runs, statement.text) == (2_500, "SELECT a FROM t WHERE year = 2499")
    assert len((tmp_path / LOG).read_text().splitlines()) < 1_100


@pytest.mark.skipif(sys.platform == "win32", reason="another lock, which gives up by itself")
def test_a_process_that_does_not_let_go_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history_files, "LONGEST_WAIT_SECONDS", 0.0)
    history = opened(tmp_path)
    assert history.record("SELECT a FROM t", CATALOG, 1.0)
    with HistoryFiles(tmp_path).locked(), pytest.raises(HistoryError, match="another process holds its lock"):
        history.record("SELECT b FROM t", CATALOG, 2.0)
    assert history.record("SELECT b FROM t", CATALOG, 2.0)


def test_tidying_keeps_counts_and_the_newest_texts() -> None:
    runs = [Run(f"x = {n % 7}", "k", "t", True, float(n)) for n in range(20)] + [Run("y", "old", "t", True, 0.5)]
    kept = tidied(runs, 1)
    assert {run.key for run in kept} == {"k"}
    assert [run.text for run in kept] == ["x = 2", "x = 3", "x = 4", "x = 5"]
    assert sum(run.runs for run in kept) == 20


ENDLESS = b'{"at": 1, "text": "x", "key": "k", "template": "t", "query": true, "runs": 1e999}\n'


@pytest.mark.parametrize(
    "spoilt", [b"\x00\xff garbage\n", b'{"text": 1}\n', b'{"at": "x", "text": "SELECT 1"', b"[]\n" * 3, ENDLESS]
)
def test_lines_that_cannot_be_read_are_left_out_and_told(tmp_path: Path, spoilt: bytes) -> None:
    history = opened(tmp_path)
    history.record("SELECT a FROM t", CATALOG, 1.0)
    with (tmp_path / LOG).open("ab") as file:
        file.write(spoilt)
    history.record("SELECT b FROM t", CATALOG, 2.0)
    again = opened(tmp_path)
    assert [one.text for one in again.statements()] == ["SELECT b FROM t", "SELECT a FROM t"]
    assert "cannot be read" in again.problem


@pytest.mark.parametrize(
    "spoilt", [b"", b"garbage", b'{"embedding": "tree-hash-1-512-duckdb", "keys": [], "check": "0"}\nxx']
)
def test_spoilt_vectors_are_made_again(tmp_path: Path, spoilt: bytes) -> None:
    history = opened(tmp_path)
    history.record("SELECT a FROM t", CATALOG, 1.0)
    (tmp_path / VECTORS).write_bytes(spoilt)
    assert len(opened(tmp_path).neighbours("SELECT a FROM")) == 1


def test_vectors_of_another_embedding_are_not_used(tmp_path: Path) -> None:
    class Constant:
        name, dimensions = "constant", 3

        def embed(self, texts: Sequence[str]) -> Vectors:
            return np.ones((len(texts), 3), dtype=np.float32)

    history = opened(tmp_path)
    history.record("SELECT a FROM t", CATALOG, 1.0)
    history.neighbours("SELECT")
    history.close()
    assert History(Constant(), HistoryFiles(tmp_path)).neighbours("SELECT")[0].similarity == pytest.approx(3.0)


def test_without_any_query_there_is_no_neighbour(tmp_path: Path) -> None:
    history = opened(tmp_path)
    history.record("CREATE TABLE t AS SELECT 1 AS x", CATALOG, 1.0)
    assert len(history) == 1
    assert history.neighbours("SELECT x") == ()


def test_clearing_is_seen_by_everyone(tmp_path: Path) -> None:
    first, second = opened(tmp_path), opened(tmp_path)
    first.record("SELECT a FROM t", CATALOG, 1.0)
    assert len(second.statements()) == 1
    second.clear()
    assert first.statements() == []
    first.record("SELECT b FROM t", CATALOG, 2.0)
    assert [one.text for one in second.statements()] == ["SELECT b FROM t"]


def test_a_folder_that_cannot_be_written_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HistoryError, match="cannot be used"):
        opened(tmp_path / "file").record("SELECT a FROM t", CATALOG, 1.0)


WRITER = """
import sys
from pathlib import Path
from speql_speculator.predicting.history import History
from speql_speculator.predicting.history_files import HistoryFiles
from speql_speculator.predicting.tree_hash import TreeHash
from speql_sql import Catalog
history = History(TreeHash(), HistoryFiles(Path(sys.argv[1])), limit=40)
for at in range(30):
    history.record(f"SELECT {sys.argv[2]}_{at} FROM t", Catalog(), float(at))
    history.neighbours("SELECT")
history.close()
"""


def test_two_processes_lose_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    writers = [subprocess.Popen([*command, name]) for name in ("left", "right")]
    assert [writer.wait(120) for writer in writers] == [0, 0]
    history = opened(tmp_path, limit=1000)
    names = {one.text.split()[1] for one in history.statements()}
    # Both kept more than the limit of 40: what is gone is what was run first.
    assert {f"{side}_{at}" for side in ("left", "right") for at in range(15, 30)} <= names
    assert not history.problem


def test_faiss_is_not_imported_before_it_is_needed() -> None:
    code = (
        "import sys, speql_speculator.predicting.history, speql_speculator.predicting.proposals;"
        "assert 'faiss' not in sys.modules and 'wordllama' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_constants_that_were_changed_before_are_found(tmp_path: Path) -> None:
    history = opened(tmp_path)
    for at, year in enumerate((1998, 1999, 2000)):
        history.record(f"SELECT a FROM t WHERE b = 'x' AND year = {year}", CATALOG, float(at))
    assert changing_constants("SELECT a FROM t WHERE b = 'x' AND year = 2001", history) == {"year": 1.0}
    assert changing_constants("SELECT b FROM t WHERE b = 'x' AND year = 2001", history) == {}


@pytest.mark.parametrize(
    ("left", "right", "same_key", "same_template"),
    [
        ("SELECT a FROM t WHERE b = 'x'", "SELECT a FROM t WHERE b = 'yy'", True, True),
        ("SELECT a FROM t", "SELECT t.a FROM t", True, True),
        ("SELECT a FROM t", "SELECT year FROM t", False, True),
        ("SELECT a FROM t WHERE b = 'x'", "SELECT a FROM t WHERE b = 1", False, False),
        ("SELECT a FROM nowhere WHERE b = 1", "select a from nowhere where b = 2", True, True),
    ],
)
def test_keys(left: str, right: str, same_key: bool, same_template: bool) -> None:
    one, other = normalise(left, CATALOG), normalise(right, CATALOG)
    assert one is not None
    assert other is not None
    assert (one.key == other.key, one.template == other.template) == (same_key, same_template)
