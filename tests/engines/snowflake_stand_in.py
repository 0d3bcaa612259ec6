"""A stand-in for Snowflake: fakesnow, and before it a relay that answers what fakesnow does not know.

The driver is the real one and speaks its own protocol to the relay. What the relay answers itself is scripted after
Snowflake's documentation: it shows that the adapter asks and reads as documented, not that Snowflake answers so. It
holds a statement that reads ``large x, large y``, or is the slow one of a walk, until it is cancelled, as Snowflake
would; fakesnow does not cancel.
"""

import gzip
import http.client
import json
import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from .relayed_emulator import emulator, relay

PROGRAM = Path(os.environ.get("SPEQL_FAKESNOW", ".venv-engines/fakesnow/bin/fakesnow"))
_SLOW = re.compile(r"large x, large y|CROSS JOIN d AS l\b", re.I)
_WRITES = re.compile(r"\s*(INSERT|UPDATE|DELETE|MERGE|TRUNCATE)\b", re.I)
_FUNCTIONS = (
    ("SUM", "SUM(NUMBER) RETURN NUMBER", "Y"),
    ("LOWER", "LOWER(VARCHAR) RETURN VARCHAR", "N"),
    ("DATE_TRUNC", "DATE_TRUNC(VARCHAR, TIMESTAMP_NTZ(9)) RETURN TIMESTAMP_NTZ(9)", "N"),
)
_PLAN = {
    "GlobalStats": {"partitionsTotal": 4, "partitionsAssigned": 2, "bytesAssigned": 4096},
    "Operations": [
        [
            {"id": 0, "operation": "Result", "expressions": ["LARGE.B", "COUNT(*)"]},
            {"id": 1, "operation": "Aggregate", "expressions": ["aggExprs: [COUNT(*)]", "groupKeys: [LARGE.B]"]},
            {
                "id": 2,
                "operation": "TableScan",
                "objects": ["{database}.PUBLIC.LARGE"],
                "partitionsTotal": 4,
                "partitionsAssigned": 2,
                "bytesAssigned": 4096,
            },
        ]
    ],
}


class StandIn:
    """What tests set and look at: the answers that are scripted, and what was asked."""

    def __init__(self, fakesnow_port: int) -> None:
        self.fakesnow_port = fakesnow_port
        self.asked: list[str] = []
        self.parameters: list[dict[str, Any]] = []
        self.logins: list[dict[str, Any]] = []
        self.warehouse: str | None = "COMPUTE_WH"
        self.warehouse_state = "STARTED"
        self.explains = True
        self.aborted: dict[str, threading.Event] = {}
        self.held: list[str] = []
        self.ended: set[str] = set()
        self.tokens: set[str] = set()
        self.writes = 0
        self.session = threading.Lock()

    def end_sessions(self) -> None:
        """From now on Snowflake does not know the sessions that are there."""
        self.ended |= self.tokens


@contextmanager
def stand_in() -> Iterator[tuple[StandIn, int]]:
    """The stand-in and the port on 127.0.0.1 that it listens on."""
    command = [str(PROGRAM), "-s", "--host", "127.0.0.1"]
    with emulator(command, os.environ, re.compile(r"http://[^:]+:(\d+)")) as its_port:
        state = StandIn(its_port)
        with relay(_Handler, state) as port:
            yield state, port


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    state: StandIn

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: what is asked is in ``asked``."""

    def do_GET(self) -> None:
        self._answer(self._forward("GET", b""))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        path = urlsplit(self.path)
        told = json.loads(body or b"{}")
        if path.path == "/queries/v1/abort-request":
            self.state.aborted.setdefault(told["requestId"], threading.Event()).set()
            self._answer({"success": True})
        elif path.path == "/queries/v1/query-request":
            self._answer(self._query(told, parse_qs(path.query)["requestId"][0]))
        elif path.path == "/session/v1/login-request":
            self.state.logins.append(told["data"])
            answer = self._forward("POST", body)
            self.state.tokens.add(answer["data"]["token"])
            names = parse_qs(path.query)
            answer["data"]["sessionInfo"]["warehouseName"] = names.get("warehouse", [None])[0]
            answer["data"]["sessionInfo"]["roleName"] = names.get("roleName", ["ANALYST"])[0]
            self._answer(answer)
        else:
            self._answer(self._forward("POST", body))

    def _query(self, told: dict[str, Any], request: str) -> dict[str, Any]:
        state, sql = self.state, told["sqlText"]
        token = (self.headers.get("Authorization") or "")[17:-1]
        if token in state.ended:
            return _failed("390111", "Session no longer exists.  New login required to access the service.")
        state.asked.append(sql)
        state.parameters.append(told.get("parameters") or {})
        if _SLOW.search(sql) and not told.get("describeOnly"):
            state.held.append(request)
            if not state.aborted.setdefault(request, threading.Event()).wait(60):
                return _failed("000630", "Statement reached its statement or warehouse timeout")
            return _failed("000604", "SQL execution canceled")
        state.writes += bool(_WRITES.match(sql))
        if sql.startswith("EXPLAIN USING JSON "):
            if not state.explains:
                return _failed("000002", "Unsupported feature 'EXPLAIN'.")
            found = self._ask(
                {**told, "sqlText": self._rewritten(sql.removeprefix("EXPLAIN USING JSON ")), "describeOnly": True}
            )
            if not found["success"]:
                return found
        return self._ask({**told, "sqlText": self._rewritten(sql)})

    def _ask(self, told: dict[str, Any]) -> dict[str, Any]:
        with self.state.session:  # fakesnow is not made for several statements of a session at once
            return self._forward("POST", json.dumps(told).encode())

    def _rewritten(self, sql: str) -> str:
        """What fakesnow is asked instead, so that it answers as Snowflake does."""
        sql = re.sub(r'"[^"]+"\."[^"]+"\.("speql_\w+")', r"\1", sql)
        if sql.startswith("EXPLAIN USING JSON "):
            database = re.search(r"\bT_\w+", " ".join(self.state.asked[::-1]))
            plan = json.dumps(_PLAN).replace("{database}", database[0] if database else "")
            return f"""SELECT '{plan}' AS "content" """
        if found := re.match(r"SHOW WAREHOUSES LIKE '(.*)'", sql):
            state = self.state.warehouse_state
            return f"""SELECT '{found[1]}' AS "name", '{state}' AS "state", 'X-Small' AS "size" """
        if found := re.match(r"SHOW TABLES LIKE '(speql_\w+)'", sql):
            return f"""SELECT '{found[1]}' AS "name", 1024 AS "bytes" """
        if found := re.match(r"SHOW TABLES IN DATABASE (.*)", sql):
            return f"""SELECT table_name AS "name", table_schema AS "schema_name", 'TABLE' AS "kind",
                row_count AS "rows", row_count * 8 AS "bytes", 'N' AS "is_external"
                FROM {found[1]}.information_schema.tables WHERE table_schema <> 'INFORMATION_SCHEMA'"""
        if sql == "SHOW BUILTIN FUNCTIONS":
            return " UNION ALL ".join(
                f"""SELECT '{name}' AS "name", '{told}' AS "arguments", '{adds}' AS "is_aggregate" """
                for name, told, adds in _FUNCTIONS
            )
        if sql == "SHOW IMPORTED KEYS":
            return """SELECT 'PUBLIC' AS "pk_schema_name", 'REGIONS' AS "pk_table_name", 'NAME' AS "pk_column_name",
                'PUBLIC' AS "fk_schema_name", 'SALES' AS "fk_table_name", 'REGION' AS "fk_column_name",
                1 AS "key_sequence", 'K1' AS "fk_name" """
        return re.sub(r"SYSTEM\$LAST_CHANGE_COMMIT_TIME\('[^']*'\)", str(self.state.writes), sql)

    def _forward(self, method: str, body: bytes) -> dict[str, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.state.fakesnow_port, timeout=60)
        try:
            headers = {
                name: value
                for name, value in self.headers.items()
                if name.lower() not in ("content-length", "content-encoding", "host", "accept-encoding")
            }
            connection.request(method, self.path, body, headers)
            answer = connection.getresponse()
            found = json.loads(answer.read() or b"{}")
        finally:
            connection.close()
        data = found.get("data")
        if isinstance(data, dict) and "finalDatabaseName" in data:
            data["finalWarehouseName"], data["finalRoleName"] = self.state.warehouse, "ANALYST"
        if answer.status >= 500:  # a mistake that fakesnow has no number for: the driver would ask again and again
            return _failed("100038", "Numeric value is not recognized")
        return dict(found)

    def _answer(self, told: dict[str, Any]) -> None:
        body = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _failed(code: str, message: str) -> dict[str, Any]:
    data = {"errorCode": code, "sqlState": "00000", "queryId": "01-stand-in"}
    return {"success": False, "code": code, "message": message, "data": data}
