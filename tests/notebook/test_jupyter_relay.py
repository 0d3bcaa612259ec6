"""What JupyterLab starts, and a kernel beside it: documents of the kernel's notebook are the kernel's."""

import json
import os
import queue
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from speql_notebook.jupyter_lsp import spec
from speql_notebook.kernel_facts import KernelFacts, kernel_of

KERNEL = """
import sys
from IPython.core.interactiveshell import InteractiveShell
import duckdb
shell = InteractiveShell()
shell.kernel = object()
shell.run_cell("%load_ext speql", silent=True)
shell.user_ns["con"] = duckdb.connect()
print("ready", flush=True)
for line in sys.stdin:
    result = shell.run_cell(line.encode().decode("unicode_escape"))
    print("ran", result.success, flush=True)
"""


class Client:
    """A language client of the relay."""

    def __init__(self, environment: dict[str, str]) -> None:
        argv = spec(None)["speql"]["argv"]
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
        self.heard: list[dict[str, Any]] = []
        self._news: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()
        self.request(1, "initialize", {"processId": None, "capabilities": {}, "rootUri": None})
        self.send(method="initialized", params={})

    def send(self, **message: Any) -> None:
        assert self.process.stdin is not None
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def request(self, number: int, method: str, params: Any) -> dict[str, Any]:
        self.send(id=number, method=method, params=params)
        return self.until(lambda message: message.get("id") == number and "method" not in message)

    def until(self, fits: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        limit = time.monotonic() + 60
        seen = 0
        while True:
            for message in self.heard[seen:]:
                if fits(message):
                    return message
            seen = len(self.heard)
            news = self._news.get(timeout=max(0.01, limit - time.monotonic()))
            assert news is not None, "the relay has ended"
            self.heard.append(news)

    def end(self) -> None:
        self.request(8, "shutdown", None)
        self.send(method="exit")
        assert self.process.wait(30) == 0
        self._reading.join()
        for stream in (self.process.stdin, self.process.stdout):
            assert stream is not None
            stream.close()

    def _read(self) -> None:
        assert self.process.stdout is not None
        stream = self.process.stdout
        while header := stream.readline():
            if header.lower().startswith(b"content-length"):
                length = int(header.split(b":")[1])
                while stream.readline().strip():
                    pass
                self._news.put(json.loads(stream.read(length)))
        self._news.put(None)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    notebook = tmp_path / "work" / "a note.ipynb"
    notebook.parent.mkdir()
    notebook.write_text("{}")
    return {
        **os.environ,
        "JPY_SESSION_NAME": str(notebook),
        "XDG_RUNTIME_DIR": str(tmp_path / "run"),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "IPYTHONDIR": str(tmp_path / "ipython"),
    }


@pytest.fixture
def kernel(environment: dict[str, str]) -> Iterator[Callable[[str], bool]]:
    process = subprocess.Popen(
        [sys.executable, "-c", KERNEL], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stdout.readline().strip() == "ready"

    def run(cell: str) -> bool:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(cell.encode("unicode_escape").decode() + "\n")
        process.stdin.flush()
        while not (line := process.stdout.readline()).startswith("ran "):
            assert line, "the kernel has ended"
        return line.strip() == "ran True"

    yield run
    process.stdin.close()
    assert process.wait(30) == 0
    process.stdout.close()


def test_a_cell_is_completed_and_previewed_from_the_kernels_tables(
    environment: dict[str, str], kernel: Callable[[str], bool], tmp_path: Path
) -> None:
    assert kernel("con.execute('CREATE TABLE penguins AS SELECT range AS weight_in_grams FROM range(70)')")
    assert kernel("%speql connect con")
    client = Client(environment)
    uri = f"file://{tmp_path}/.virtual_documents/work/a%20note.ipynb.SQL.sql"
    text = "SELECT weight FROM penguins"
    document = {"uri": uri, "languageId": "sql", "version": 1, "text": text}
    client.send(method="textDocument/didOpen", params={"textDocument": document})
    change = {
        "textDocument": {"uri": uri, "version": 2},
        "contentChanges": [{"text": "SELECT sum(weight_in_grams) AS s FROM penguins"}],
    }
    client.until(lambda message: message.get("method") == "speql/preview" and bool(message["params"]["columns"]))
    client.send(method="textDocument/didChange", params=change)
    preview = client.until(
        lambda message: message.get("method") == "speql/preview" and message["params"]["rows"] == [[2415]]
    )
    assert preview["params"]["version"] == 2
    place = {"textDocument": {"uri": uri}, "position": {"line": 0, "character": 17}}
    items = client.request(7, "textDocument/completion", place)["result"]
    labels = [item["label"] for item in (items["items"] if isinstance(items, dict) else items)]
    assert "weight_in_grams" in labels
    # The kernel changes its connection: the document is the new one's.
    assert kernel("%speql connect :memory:")
    assert kernel("%speql CREATE TABLE owls AS SELECT 5 AS eyes")
    change = {"textDocument": {"uri": uri, "version": 3}, "contentChanges": [{"text": "SELECT eyes FROM owls"}]}
    client.send(method="textDocument/didChange", params=change)
    client.until(lambda message: message.get("method") == "speql/preview" and message["params"]["rows"] == [[5]])
    client.end()


def test_other_documents_are_the_relays_own(environment: dict[str, str], tmp_path: Path) -> None:
    client = Client(environment)
    document = {"uri": (tmp_path / "x.sql").as_uri(), "languageId": "sql", "version": 1, "text": "SELECT 6 * 7 AS a"}
    client.send(method="textDocument/didOpen", params={"textDocument": document})
    client.until(lambda message: message.get("method") == "speql/preview" and message["params"]["rows"] == [[42]])
    client.end()


def test_facts_are_for_their_user_alone_and_end_with_their_kernel(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    file = KernelFacts("/w/n.ipynb", ended.pid, 1, "secret").write()
    assert file.stat().st_mode & 0o077 == 0
    assert "secret" not in repr(KernelFacts("/w/n.ipynb", 1, 1, "secret"))
    assert kernel_of("file:///w/n.ipynb.SQL.sql") is None
    assert not file.exists()
    alive = KernelFacts("/w/n.ipynb", os.getpid(), 1, "secret")
    alive.write()
    assert kernel_of("file:///w/.virtual_documents/n.ipynb.SQL.sql") == alive
    assert kernel_of("file:///w/other.ipynb.SQL.sql") is None
    assert kernel_of("file:///w/n.sql") is None


def test_unloading_closes_the_door(kernel: Callable[[str], bool], tmp_path: Path) -> None:
    (file,) = (tmp_path / "run").rglob("*.json")
    facts = KernelFacts(**json.loads(file.read_text()))
    assert facts.notebook.endswith("a note.ipynb")
    assert kernel("%unload_ext speql")
    assert not file.exists()
    with pytest.raises(OSError), socket.create_connection(("127.0.0.1", facts.port), timeout=5):
        pass


def test_a_second_tab_and_one_that_is_loaded_again_are_served_too(environment: dict[str, str]) -> None:
    client = Client(environment)
    [first] = [message for message in client.heard if message.get("id") == 1]
    again = client.request(2, "initialize", {"processId": None, "capabilities": {}, "rootUri": None})
    client.send(method="initialized", params={})
    assert again["result"] == first["result"]
    document = {"uri": "file:///query.sql", "languageId": "sql", "version": 1, "text": "SELECT nowhere FROM range(3)"}
    client.send(method="textDocument/didOpen", params={"textDocument": document})
    told = client.until(lambda m: m.get("method") == "textDocument/publishDiagnostics" and m["params"]["diagnostics"])
    assert "nowhere" in told["params"]["diagnostics"][0]["message"]
    client.end()
