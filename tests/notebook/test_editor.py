"""The widget's Python half, spoken to as a view does: messages over its comm."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

import speql
from speql_notebook.assets_folder import AssetsMissingError, asset
from speql_notebook.databases import DATABASES

pytestmark = pytest.mark.skipif(
    not (Path(__file__).parents[2] / "notebook/speql_notebook/assets/widget.js").exists(),
    reason="the widget is not built: make assets",
)


class View:
    """A view without a browser."""

    def __init__(self, editor: Any, page: str = "p1") -> None:
        self.editor, self.page = editor, page
        self.heard: list[dict[str, Any]] = []
        self.news = threading.Condition()
        before = editor.send

        def send(content: dict[str, Any], buffers: Any = None) -> None:
            if content.get("page") == page:
                with self.news:
                    self.heard.append(content)
                    self.news.notify_all()
            else:
                before(content, buffers)

        editor.send = send
        self.say("open")
        self.lsp(id=1, method="initialize", params={"processId": None, "capabilities": {}, "rootUri": None})
        self.until(lambda message: message.get("id") == 1)
        self.lsp(method="initialized", params={})

    def say(self, kind: str, **more: Any) -> None:
        self.editor._handle_custom_msg({"kind": kind, "page": self.page, **more}, [])

    def lsp(self, **message: Any) -> None:
        self.say("lsp", text=json.dumps({"jsonrpc": "2.0", **message}))

    def open(self, text: str) -> None:
        document = {"uri": "speql-widget:/q.sql", "languageId": "sql", "version": 1, "text": text}
        self.lsp(method="textDocument/didOpen", params={"textDocument": document})

    def until(self, fits: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        limit = time.monotonic() + 30
        with self.news:
            while True:
                messages = [json.loads(one["text"]) for one in self.heard if one["kind"] == "lsp"]
                found = next((message for message in messages if fits(message)), None)
                if found is not None:
                    return found
                assert self.news.wait(limit - time.monotonic()), [message.get("method") for message in messages]

    def preview(self) -> dict[str, Any]:
        def has_rows(message: dict[str, Any]) -> bool:
            return message.get("method") == "speql/preview" and message["params"]["outcome"] == "rows"

        return dict(self.until(has_rows)["params"])


@pytest.fixture
def editor(database: Path) -> Iterator[Any]:
    made = speql.Editor(connection=str(database))
    yield made
    made.close()
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("speql-")]


def test_a_view_is_served_while_it_is_typed(editor: Any) -> None:
    view = View(editor)
    view.open("SELECT store, sum(price) AS s FROM sales GROUP BY store ORDER BY st")
    preview = view.preview()
    assert [column["name"] for column in preview["columns"]] == ["store", "s"]
    assert len(preview["rows"]) == 3


QUERY = "SELECT id, item, price FROM sales ORDER BY id"


@pytest.mark.parametrize("frame", ["arrow", "pandas", "polars"])
def test_df_is_what_a_direct_run_gives(editor: Any, database: Path, frame: str) -> None:
    if frame != "arrow":
        pytest.importorskip(frame)
    editor.sql, editor.frame = QUERY, frame
    with duckdb.connect(str(database), read_only=True) as direct:
        expected = direct.sql(QUERY).to_arrow_table()
    found = editor.df
    table = found if frame == "arrow" else pa.Table.from_pandas(found) if frame == "pandas" else found.to_arrow()
    assert table.to_pydict().keys() == expected.to_pydict().keys()
    assert editor.arrow().equals(expected)
    assert len(table) == 250


def test_unfinished_text_has_no_result_but_its_repair(editor: Any) -> None:
    editor.sql = "SELECT id FROM sales WHERE id IN (1, 2"
    with pytest.raises(speql.SpeqlError, match=r"IN \(1, 2\)"):
        _ = editor.df


def test_several_editors_share_a_database_and_end_alone(editor: Any, database: Path) -> None:
    other = speql.Editor("SELECT 2 AS two", connection=str(database))
    View(editor).open("SELECT 1 AS one")
    view = View(other)
    view.open("SELECT count(*) AS n FROM sales")
    assert view.preview()["rows"] == [[250]]
    other.close()
    editor.sql = "SELECT 3 AS three"
    assert editor.arrow().to_pydict() == {"three": [3]}


def test_a_closed_view_leaves_no_server(editor: Any) -> None:
    view = View(editor)
    view.open("SELECT 1")
    view.preview()
    view.say("close")
    view.lsp(id=9, method="textDocument/hover", params={})
    with view.news:
        assert view.news.wait_for(lambda: any(one["kind"] == "lost" for one in view.heard), timeout=30)


def test_it_works_on_the_users_own_connection() -> None:
    with duckdb.connect() as user:
        user.execute("CREATE TABLE t AS SELECT range AS a FROM range(1000)")
        user.execute("CREATE VIEW v AS SELECT a % 7 AS b FROM t")
        editor = speql.Editor("SELECT b, count(*) AS n FROM v GROUP BY b ORDER BY b", connection=user)
        assert editor.arrow().equals(user.sql(editor.sql).to_arrow_table())
        user.execute("DELETE FROM t WHERE a > 100")
        assert editor.arrow().equals(user.sql(editor.sql).to_arrow_table())
        editor.close()
        assert user.sql("SHOW ALL TABLES").fetchall()[0][2] == "t"
        assert user.sql("SELECT count(*) FROM duckdb_databases() WHERE NOT internal").fetchall() == [(1,)]


def test_an_editor_that_nobody_holds_is_closed_without_waiting(database: Path) -> None:
    editor = speql.Editor("SELECT 1 AS one", connection=str(database))
    assert editor.arrow().to_pydict() == {"one": [1]}
    lease = editor._lease
    lease.run(_finalize(editor))  # on the very thread that would have to do the closing
    limit = time.monotonic() + 30
    while DATABASES._open and time.monotonic() < limit:
        threading.Event().wait(0.01)
    assert not DATABASES._open


async def _finalize(editor: Any) -> None:
    editor.__del__()


def test_missing_files_say_what_to_do() -> None:
    with pytest.raises(AssetsMissingError, match="make assets"):
        asset("nothing.js")


def test_nothing_is_open_in_the_end() -> None:
    assert not DATABASES._open
