"""A connection by its name in programs and in notebooks."""

from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell
from tests.conftest import PostgresLogin

import speql
from speql_notebook.answer_view import AnswerView
from speql_server.connecting.file import connection_file_path


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: Path) -> Path:
    monkeypatch.setenv("SPEQL_CONFIG_DIR", str(tmp_path / "config"))
    path = connection_file_path()
    path.parent.mkdir()
    path.write_text(f"[shop]\ndatabase = '{database}'\n", encoding="utf-8")
    return path


def test_programs_name_one_and_share_it() -> None:
    with speql.connect(connection="shop") as first, speql.connect(connection="shop") as second:
        assert first.submit("SELECT count(*) FROM sales").rows == [[250]]
        assert first.lease.connected is second.lease.connected
        assert not first.writable
    with speql.connect(connection="shop", writable=True) as third:
        assert third.writable


def test_a_name_that_is_none_says_which_there_are(database: Path) -> None:
    with pytest.raises(speql.SpeqlError, match=r"no connection shops\. Known: shop\."):
        speql.connect(connection="shops")
    with pytest.raises(speql.SpeqlError, match="in two ways"):
        speql.connect(str(database), connection="shop")


def test_a_password_of_the_environment_logs_in(
    file: Path, postgres_login: PostgresLogin, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text(f"[pg]\ndatabase = '{postgres_login.url}'\n", encoding="utf-8")
    monkeypatch.setenv("SPEQL_PASSWORD_PG", postgres_login.password)
    with speql.connect(connection="pg") as session:
        assert session.submit("SELECT current_user AS who").rows == [[postgres_login.user]]
    monkeypatch.setenv("SPEQL_PASSWORD_PG", "wrong-hunter2")
    with pytest.raises(speql.SpeqlError, match="SPEQL_PASSWORD_PG") as raised:
        speql.connect(connection="pg")
    assert "hunter2" not in str(raised.value)


def test_cells_name_one_and_it_stays(shell: InteractiveShell) -> None:
    def run(cell: str) -> AnswerView:
        result = shell.run_cell(cell)
        result.raise_error()
        assert isinstance(result.result, AnswerView)
        return result.result

    assert run("%%speql --connection shop\nSELECT count(*) FROM sales").preview.rows == [[250]]
    assert run("%%speql\nSELECT max(id) FROM sales").preview.rows == [[249]]
    run("%%speql --database :memory:\nSELECT 1")
    shell.run_cell("%speql connect --connection shop --writable").raise_error()
    assert run("%%speql\nSELECT count(*) FROM sales").preview.rows == [[250]]
    shell.run_cell("%%speql\nDELETE FROM sales WHERE id > 0").raise_error()
    assert run("%%speql\nSELECT count(*) FROM sales").preview.rows == [[1]]


def test_a_cell_names_one_thing(shell: InteractiveShell) -> None:
    for line in ("%%speql --connection shop --database x\nSELECT 1", "%speql connect x --connection shop"):
        assert type(shell.run_cell(line).error_in_exec).__name__ == "UsageError", line
