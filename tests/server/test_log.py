"""The log: what was sent to the engine, how long it took, and nothing of what queries and rows say."""

import logging
import re
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest

from speql_server import protocol
from speql_server.log_format import LogFormatter

SECRET = "hunter2-4111111111111111"
VALUES = ("Ada Lovelace", "ada@example.com", "90210")


@pytest.fixture
def customers(tmp_path: Path) -> Path:
    path = tmp_path / "customers.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE customers (id INTEGER, name VARCHAR, mail VARCHAR, zip VARCHAR)")
        connection.execute("INSERT INTO customers SELECT i, ?, ?, ? FROM range(2000) t(i)", VALUES)
    return path


# Typed and submitted: what runs, what fails with the engine's words, which quote values, and what is refused.
STATEMENTS = [
    f"SELECT name, mail, '{SECRET}' FROM customers WHERE zip <> '{SECRET}' ORDER BY id",
    f"WITH some AS (SELECT zip, count(*) AS n FROM customers WHERE mail <> '{SECRET}' GROUP BY zip) SELECT * FROM some",
    "SELECT name::INTEGER FROM customers",
    "SELECT sum(mail::DOUBLE) FROM customers GROUP BY zip",
    f"SELECT '{SECRET}'::DATE",
    f"SELECT no_such_column, '{SECRET}' FROM customers",
    f"SELECT * FROM '{SECRET}.parquet'",
    f"CREATE TABLE stolen AS SELECT '{SECRET}' AS s",
    f"SELECT '{SECRET}",
    f"SELEC '{SECRET}' FRM customers )))",
]


async def test_rows_and_secrets_are_never_logged(start: Any, customers: Path, tmp_path: Path) -> None:
    log = tmp_path / "speql.log"
    options = {"token": SECRET, "writable": "yes", "languageModel": {"apiKey": SECRET}}
    editor = await start("--database", customers, "--log-file", log, "--log-level", "debug", options=options)
    client = editor.client
    editor.open()
    for sql in STATEMENTS:
        editor.replace(0, len(editor.text), "")
        editor.type(sql)
        await editor.preview()
        await editor.diagnostics()
        await editor.submit()
        params = {"textDocument": {"uri": editor.uri}, "position": editor.position(len(sql) // 2)}
        for method in ("hover", "completion", "definition"):
            await client.request(f"textDocument/{method}", params)
    # What is not understood is not repeated either.
    for body in (f'{{"{SECRET}', f'{{"jsonrpc": "2.0", "method": "{SECRET}"}}', f'{{"jsonrpc": "1", "x": "{SECRET}"}}'):
        client.writer.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body.encode()))
    client.send({"id": 98, "method": "textDocument/hover", "params": {"textDocument": SECRET}})
    client.notify("textDocument/didChange", {"textDocument": SECRET})
    await client.stop()
    written = log.read_text()
    assert "q1 " in written
    for value in (SECRET, "hunter2", *VALUES, "Lovelace"):
        assert value not in written, next(line for line in written.splitlines() if value in line)


STATEMENT_LINE = re.compile(
    r"(q\d+) (\w+)(?: \w+)?: (done|cancelled|failed|all|the first|[\d,]+ rows).* after [\d.]+ ms$"
)


async def test_what_ran_for_a_job_is_in_the_log_by_its_id(start: Any, flights: Path, tmp_path: Path) -> None:
    log = tmp_path / "speql.log"
    editor = await start("--database", flights, "--log-file", log, "--log-level", "debug")
    editor.open("SELECT carrier, count(*) AS n FROM flights GROUP BY carrier ORDER BY n DESC")
    await editor.rows()
    await editor.submit()
    await editor.client.stop()
    nodes: dict[str, protocol.JobNode] = {}
    for message in editor.client.received:
        if message["method"] == "speql/jobs":
            nodes |= {node.key: node for node in msgspec.convert(message["params"], protocol.Jobs).nodes}
    found = [STATEMENT_LINE.search(line) for line in log.read_text().splitlines()]
    kinds = {match[1]: match[2] for match in found if match is not None}
    assert {"bind", "catalog", "query"} <= set(kinds.values())
    ran = {node.kind: node.queries for node in nodes.values() if node.state == "done" and node.queries}
    assert ran
    expected = {"create": "create", "preview": "query", "submit": "submit"}
    for kind, queries in ran.items():
        assert {kinds[query] for query in queries} <= {expected[kind]}, (kind, queries)
    assert len(kinds) == len(set(kinds)), "an id is given once"


def test_an_error_is_written_without_its_words() -> None:
    try:
        try:
            raise ValueError(SECRET)
        except ValueError as error:
            raise KeyError(SECRET) from error
    except KeyError:
        import sys

        record = logging.LogRecord("speql", logging.ERROR, __file__, 1, "%s failed", ("analysis",), sys.exc_info())
    written = LogFormatter().format(record)
    assert SECRET not in written.replace("raise ValueError(SECRET)", "").replace("raise KeyError(SECRET)", "")
    assert "analysis failed" in written
    assert "builtins.KeyError" in written
    assert "builtins.ValueError" in written
    assert "test_log.py" in written
