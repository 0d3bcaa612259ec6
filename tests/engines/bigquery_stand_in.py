"""A stand-in for BigQuery: bqemulator, and before it a relay that answers what the emulator does not know.

The client is Google's own and speaks its protocol to the relay. What the relay answers itself is scripted after
Google's documentation: dry-run bytes, what is billed, labels and limits, keys, the tables that a query has read, sizes,
sessions. That shows that the adapter asks and reads as documented, not that BigQuery answers so. It holds a query that
reads ``large x, large y`` until it is cancelled, as BigQuery would; the emulator runs each job at once.
"""

import http.client
import json
import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from .relayed_emulator import emulator, relay

HOME = Path(os.environ.get("SPEQL_BQEMULATOR", ".venv-engines/bqemulator"))
PROGRAM = HOME / "bin/bqemulator"

_SLOW = re.compile(r"large x, large y|CROSS JOIN d AS l\b", re.I)
_WRITES = re.compile(r"\s*(INSERT|UPDATE|DELETE|MERGE|TRUNCATE)\b", re.I)
_TEMPORARY = re.compile(r"CREATE TEMP TABLE (`[^`]+`)", re.I)
_ABORT = re.compile(r"CALL BQ\.ABORT_SESSION\('(\w+)'\)", re.I)
_LONG_AGO = 1_700_000_000_000
_LEAST_BILLED = 10 * 1024 * 1024
_KEYS: dict[str, dict[str, Any]] = {
    "regions": {"primaryKey": {"columns": ["name"]}},
    "sales": {
        "primaryKey": {"columns": ["id"]},
        "foreignKeys": [
            {
                "name": "of_region",
                "referencedTable": {"tableId": "regions"},
                "columnReferences": [{"referencingColumn": "region", "referencedColumn": "name"}],
            }
        ],
    },
}


@dataclass
class StandIn:
    """What tests set and look at: the answers that are scripted, and what was asked."""

    emulator_port: int
    asked: list[tuple[str, str]] = field(default_factory=list)
    """The method and the path of each request."""
    jobs: list[dict[str, Any]] = field(default_factory=list)
    """The configuration of each job that was handed in."""
    bytes_scanned: int = 4096
    accuracy: str = "PRECISE"
    cached: bool = False
    cancelled: list[str] = field(default_factory=list)
    held: dict[str, dict[str, Any]] = field(default_factory=dict)
    stopped: dict[str, threading.Event] = field(default_factory=dict)
    over: set[str] = field(default_factory=set)
    """Sessions that have ended."""
    begun: list[str] = field(default_factory=list)
    modified: dict[str, int] = field(default_factory=dict)
    """When what is in a project was last written to, in milliseconds."""
    streaming: bool = False
    lose: int = 0
    """So many waits for a job's end are cut off."""

    def queries(self, *, dry: bool) -> list[str]:
        """The texts of the jobs so far."""
        return [job["query"]["query"] for job in self.jobs if bool(job.get("dryRun")) is dry]


@contextmanager
def stand_in() -> Iterator[tuple[StandIn, int]]:
    """The stand-in and the port on 127.0.0.1 that it listens on."""
    environment = {**os.environ, "HOME": str(HOME.absolute())}
    command = [str(PROGRAM), "start", "--rest-port", "0", "--grpc-port", "0"]
    with emulator(command, environment, re.compile(r"running on http://[^:]+:(\d+)")) as its_port:
        state = StandIn(its_port)
        with relay(_Handler, state) as port:
            yield state, port


def make_dataset(state: StandIn, project: str, name: str) -> None:
    """An empty dataset, in the region US."""
    body = {"datasetReference": {"projectId": project, "datasetId": name}, "location": "US"}
    status, told = _sent(
        state.emulator_port, "POST", f"/bigquery/v2/projects/{project}/datasets", json.dumps(body).encode()
    )
    assert status == 200, told


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    state: StandIn

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: what is asked is in ``asked``."""

    def do_GET(self) -> None:
        self._noted()
        path = urlsplit(self.path)
        parts = [unquote(part) for part in path.path.split("/")][3:]
        if "queries" in parts[2:3] and self.state.lose > 0:
            self.state.lose -= 1
            self.close_connection = True
            self.connection.close()
            return
        if parts[2:3] in (["queries"], ["jobs"]) and parts[-1] in self.state.held:
            wait = float(parse_qs(path.query).get("timeoutMs", ["0"])[0]) / 1000
            self._answer(200, self._held(parts[-1], parts[2] == "queries", min(wait or 1.0, 1.0)))
            return
        status, found = self._forward("GET", b"")
        if "datasets" in parts and "tables" in parts and parts[-1] not in ("tables", "data") and status == 200:
            self._describe(found)
        elif "jobs" in parts and status == 200:
            self._finish(found)
        self._answer(status, found)

    def do_POST(self) -> None:
        self._noted()
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = [unquote(part) for part in urlsplit(self.path).path.split("/")][3:]
        if parts[-1] == "cancel":
            id_ = parts[-2]
            self.state.cancelled.append(id_)
            if id_ in self.state.held:
                self.state.stopped[id_].set()
                self._answer(200, {"kind": "bigquery#jobCancelResponse", "job": self._held(id_, False, 0)})
                return
            self._answer(*self._forward("POST", body))
        elif parts[-1] == "jobs":
            self._answer(*self._insert(json.loads(body), parts[1]))
        else:
            self._answer(*self._forward("POST", body))

    def do_DELETE(self) -> None:
        self._noted()
        self._answer(*self._forward("DELETE", b""))

    def _noted(self) -> None:
        self.state.asked.append((self.command, urlsplit(self.path).path))

    def _insert(self, job: dict[str, Any], project: str) -> tuple[int, dict[str, Any]]:
        state, told = self.state, job["configuration"]
        state.jobs.append(json.loads(json.dumps(told)))
        query = told["query"]
        sql = query["query"]
        properties = {one["key"]: one["value"] for one in query.get("connectionProperties", ())}
        session = properties.get("session_id", "")
        if session in state.over:
            return _failed(400, "invalid", f"Session {session} has expired or was terminated.")
        if properties.get("time_zone") == "Nowhere":
            return _failed(400, "invalid", "Invalid time zone: Nowhere")
        if found := _ABORT.match(sql):
            state.over.add(found[1])
            self._forward_query(project, f"DROP SCHEMA IF EXISTS `{_own(found[1])}` CASCADE")
            query["query"] = "SELECT 1"
            return self._forward("POST", json.dumps(job).encode())
        if told.get("dryRun"):
            query["query"] = self._rewritten(sql, session)
            status, answer = self._forward("POST", json.dumps(job).encode())
            if status == 200:
                self._estimate(answer, sql, query)
            return status, answer
        if _SLOW.search(sql):
            return 200, self._hold(job)
        most = query.get("maximumBytesBilled")
        if most is not None and int(most) < self._billed(sql):
            message = f"Query exceeded limit for bytes billed: {most}. {self._billed(sql)} or higher required."
            return _failed(400, "bytesBilledLimitExceeded", message)
        if session and _TEMPORARY.search(sql):
            self._forward_query(project, f"CREATE SCHEMA IF NOT EXISTS `{_own(session)}`")
        query["query"] = self._rewritten(sql, session)
        if _WRITES.match(sql):
            state.modified[project] = state.modified.get(project, _LONG_AGO) + 1
        status, answer = self._forward("POST", json.dumps(job).encode())
        if status == 200:
            answer["configuration"]["query"]["query"] = sql
            self._finish(answer)
            if query.get("createSession"):
                state.begun.append(answer["statistics"]["sessionInfo"]["sessionId"])
        return status, answer

    def _rewritten(self, sql: str, session: str) -> str:
        """What the emulator is asked instead, so that it answers as BigQuery does."""
        if session:
            sql = _TEMPORARY.sub(rf"CREATE TABLE `{_own(session)}`.\1", sql)
            sql = re.sub(r"`?_SESSION`?\s*\.", f"`{_own(session)}`.", sql)
        # It computes this row by row in Python.
        return sql.replace("FARM_FINGERPRINT(GENERATE_UUID())", "CAST(RAND() * 9e15 AS INT64)")

    def _read(self, sql: str, told: dict[str, Any]) -> list[dict[str, str]]:
        """The tables of which a query tells that it reads them."""
        try:
            query = sqlglot.parse_one(sql, read="bigquery")
        except SqlglotError:
            return []
        default = told.get("defaultDataset", {})
        query = query.expression if isinstance(query, exp.Create) and query.expression else query
        ctes = {one.alias for one in query.find_all(exp.CTE)}
        found = []
        for table in query.find_all(exp.Table):
            if table.name in ctes or not isinstance(table.this, exp.Identifier):
                continue
            dataset = "_script" if table.db == "_SESSION" else table.db or default.get("datasetId", "")
            project = table.catalog or default.get("projectId", "")
            found.append({"projectId": project, "datasetId": dataset, "tableId": table.name})
        return found

    def _billed(self, sql: str) -> int:
        reads = not self.state.cached and self._read(sql, {}) and sql.lstrip()[:6].upper() != "INSERT"
        return max(self.state.bytes_scanned, _LEAST_BILLED) if reads and self.state.bytes_scanned else 0

    def _estimate(self, answer: dict[str, Any], sql: str, told: dict[str, Any]) -> None:
        tables = self._read(sql, told)
        found = answer["statistics"]["query"]
        found["totalBytesProcessed"] = str(self.state.bytes_scanned if tables else 0)
        found["totalBytesProcessedAccuracy"] = self.state.accuracy
        found["referencedTables"] = tables

    def _finish(self, answer: dict[str, Any]) -> None:
        """Add what BigQuery tells of a job that has ended."""
        told = answer.get("configuration", {}).get("query", {})
        found = answer.get("statistics", {}).get("query")
        if not told or found is None or answer.get("configuration", {}).get("dryRun"):
            return
        sql = told.get("query", "")
        found["totalBytesBilled"] = str(self._billed(sql))
        found["cacheHit"] = self.state.cached
        if not self.state.cached:
            found["referencedTables"] = self._read(sql, told)

    def _describe(self, table: dict[str, Any]) -> None:
        """Add what BigQuery tells of a table."""
        reference = table["tableReference"]
        table["numBytes"] = str(16 * int(table.get("numRows", 0)))
        written = self.state.modified.get(reference["projectId"])
        if written is not None:
            table["lastModifiedTime"] = str(written)
        if self.state.streaming:
            table["streamingBuffer"] = {"estimatedRows": "1", "estimatedBytes": "1", "oldestEntryTime": "1"}
        if reference["tableId"] in _KEYS:
            keys = json.loads(json.dumps(_KEYS[reference["tableId"]]))
            for key in keys.get("foreignKeys", ()):
                key["referencedTable"] = {**reference, **key["referencedTable"]}
            table["tableConstraints"] = keys
        for one in table.get("schema", {}).get("fields", ()):
            if one["name"] == "amount":  # the emulator forgets the digits
                one |= {"precision": "9", "scale": "2"}

    def _hold(self, job: dict[str, Any]) -> dict[str, Any]:
        id_ = job["jobReference"]["jobId"]
        self.state.held[id_] = job
        self.state.stopped[id_] = threading.Event()
        return self._held(id_, False, 0)

    def _held(self, id_: str, as_results: bool, wait: float) -> dict[str, Any]:
        job, stopped = self.state.held[id_], self.state.stopped[id_].wait(wait) if wait else False
        stopped = stopped or self.state.stopped[id_].is_set()
        reference = {**job["jobReference"], "location": "US"}
        if as_results:
            return {"kind": "bigquery#getQueryResultsResponse", "jobReference": reference, "jobComplete": stopped}
        status: dict[str, Any] = {"state": "DONE" if stopped else "RUNNING"}
        if stopped:
            error = {"reason": "stopped", "message": "Job execution was cancelled: User requested cancellation"}
            status |= {"errorResult": error, "errors": [error]}
        times = {"creationTime": "1", "startTime": "1", "query": {"statementType": "SELECT"}}
        return {"kind": "bigquery#job", "jobReference": reference, "status": status, "statistics": times, **_told(job)}

    def _forward_query(self, project: str, sql: str) -> None:
        job = {"configuration": {"query": {"query": sql, "useLegacySql": False}}}
        _sent(self.state.emulator_port, "POST", f"/bigquery/v2/projects/{project}/jobs", json.dumps(job).encode())

    def _forward(self, method: str, body: bytes) -> tuple[int, dict[str, Any]]:
        return _sent(self.state.emulator_port, method, self.path, body)

    def _answer(self, status: int, told: dict[str, Any]) -> None:
        body = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _sent(port: int, method: str, path: str, body: bytes) -> tuple[int, dict[str, Any]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, dict(json.loads(answer.read() or b"{}"))
    finally:
        connection.close()


def _told(job: dict[str, Any]) -> dict[str, Any]:
    return {"configuration": job["configuration"]}


def _own(session: str) -> str:
    """The dataset that stands for a session's; as BigQuery's own it is hidden."""
    return f"_s{session}"


def _failed(status: int, reason: str, message: str) -> tuple[int, dict[str, Any]]:
    errors = [{"reason": reason, "message": message, "domain": "global"}]
    return status, {"error": {"code": status, "message": message, "errors": errors}}
