import json
import subprocess
import sys
from importlib.metadata import entry_points
from typing import Any

from speql_notebook.jupyter_lsp import spec

INITIALIZE = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"processId": None, "capabilities": {}}}
SHUTDOWN = {"jsonrpc": "2.0", "id": 2, "method": "shutdown"}
EXIT = {"jsonrpc": "2.0", "method": "exit"}


def send(server: subprocess.Popen[bytes], message: dict[str, Any]) -> None:
    assert server.stdin is not None
    body = json.dumps(message).encode()
    server.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
    server.stdin.flush()


def answer_to(server: subprocess.Popen[bytes], message: dict[str, Any]) -> dict[str, Any]:
    """Send a request and read until its answer; what the server says of its own accord in between is passed over."""
    assert server.stdout is not None
    send(server, message)
    while True:
        headers = {}
        while (line := server.stdout.readline().strip()) != b"":
            name, _, value = line.partition(b": ")
            headers[name] = value
        answer: dict[str, Any] = json.loads(server.stdout.read(int(headers[b"Content-Length"])))
        if answer.get("id") == message["id"]:
            return answer


def test_the_entry_point_names_the_spec() -> None:
    (point,) = entry_points(group="jupyter_lsp_spec_v1", name="speql")
    assert point.load() is spec


def test_the_spec_is_for_sql_in_this_interpreter() -> None:
    server = spec(None)["speql"]
    assert server["version"] == 2
    assert server["argv"][0] == sys.executable
    assert server["languages"] == ["sql"]
    assert "text/x-sql" in server["mime_types"]
    assert server["requires_documents_on_disk"] is False


def test_its_server_answers_initialize_and_ends() -> None:
    argv = spec(None)["speql"]["argv"]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        result = answer_to(server, INITIALIZE)["result"]
        assert result["serverInfo"]["name"] == "speql"
        assert result["capabilities"]["textDocumentSync"]
        assert answer_to(server, SHUTDOWN)["result"] is None
        send(server, EXIT)
        assert server.wait(timeout=30) == 0
