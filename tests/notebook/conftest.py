from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A DuckDB file with a small table."""
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.sql(
            "CREATE TABLE sales AS SELECT i AS id, i % 3 AS store, i * 1.5::DOUBLE AS price, "
            "CASE WHEN i % 4 = 0 THEN NULL ELSE 'item ' || i END AS item FROM range(250) t(i)"
        )
    return path


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    """An IPython shell with the extension loaded, in a folder of its own."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.chdir(tmp_path)
    shell = InteractiveShell(config=Config(HistoryManager={"enabled": False}, InteractiveShell={"colors": "nocolor"}))
    shell.run_line_magic("load_ext", "speql")
    yield shell
    shell.run_line_magic("unload_ext", "speql")
