"""What statements have cost, on disk: one SQLite file for all connections, which several processes write at once."""

import sqlite3
import threading
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from speql_engines.governed.cost import NOTHING, Cost
from speql_sql import SpeqlError

HOUR, DAY = 3_600, 86_400

BUSY_SECONDS = 2.0
"""So long another process that writes is waited for."""

_BUSY_PAUSE = 0.01

MOST_ROWS = 50_000
"""Of more statements the oldest are summed up, an hour a row."""

_KEPT_HOURS = 62 * DAY
"""Hours longer ago than this are summed up to days."""

_VERSION = 1

_SCHEMA = """
CREATE TABLE IF NOT EXISTS statements (
    id TEXT PRIMARY KEY, at REAL NOT NULL, engine TEXT NOT NULL, connection TEXT NOT NULL, label TEXT NOT NULL,
    kind TEXT NOT NULL, speculative INTEGER NOT NULL, hash TEXT NOT NULL, state TEXT NOT NULL,
    seconds REAL, bytes INTEGER, dollars REAL, used INTEGER NOT NULL,
    saved_seconds REAL NOT NULL, saved_dollars REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS statements_by_time ON statements (connection, at);
CREATE TABLE IF NOT EXISTS hours (
    hour INTEGER NOT NULL, engine TEXT NOT NULL, connection TEXT NOT NULL, label TEXT NOT NULL,
    speculative INTEGER NOT NULL, used INTEGER NOT NULL, statements INTEGER NOT NULL,
    seconds REAL NOT NULL, bytes INTEGER NOT NULL, dollars REAL NOT NULL,
    saved_seconds REAL NOT NULL, saved_dollars REAL NOT NULL,
    PRIMARY KEY (hour, engine, connection, label, speculative, used)
) WITHOUT ROWID;
"""

_SUM_UP = """
INSERT INTO hours
SELECT CAST(at / {step} AS INTEGER) * {step} AS hour, engine, connection, label, speculative, used, {count},
    coalesce(sum(seconds), 0), coalesce(sum(bytes), 0), coalesce(sum(dollars), 0),
    sum(saved_seconds), sum(saved_dollars)
FROM {source} WHERE {which} GROUP BY hour, engine, connection, label, speculative, used
ON CONFLICT (hour, engine, connection, label, speculative, used) DO UPDATE SET
    statements = statements + excluded.statements, seconds = seconds + excluded.seconds,
    bytes = bytes + excluded.bytes, dollars = dollars + excluded.dollars,
    saved_seconds = saved_seconds + excluded.saved_seconds, saved_dollars = saved_dollars + excluded.saved_dollars
"""

Kind = Literal["query", "create", "sample", "submit", "served"]
State = Literal["running", "done", "failed", "cancelled"]


class LedgerError(SpeqlError):
    """The ledger cannot be read or written."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A statement. ``connection`` tells connections apart, ``label`` is for people; neither holds a secret.

    ``at`` is in seconds since 1970, ``hash`` stands for the text, which is not kept. While it is ``running`` its cost
    is what it is expected to be, so that a process that dies leaves no gap. A submit that was ``served`` from what was
    kept of one that ran before costs nothing, and saves what it would have cost.
    """

    id: str
    at: float
    engine: str
    connection: str
    label: str
    kind: Kind
    speculative: bool
    hash: str
    state: State
    cost: Cost
    used: bool = False
    saved: Cost = NOTHING


@dataclass(frozen=True, slots=True)
class Total:
    """What some statements have cost: ``day`` is that of UTC. ``used`` is the part of what was run ahead that an answer
    was made of, ``wasted`` the rest of it.
    """

    day: str
    engine: str
    connection: str
    label: str
    statements: int
    submitted: Cost
    used: Cost
    wasted: Cost
    saved: Cost


class Ledger:
    """The file. All methods block, raise :class:`LedgerError` and may be called on any thread, one at a time."""

    def __init__(self, path: Path, *, busy_seconds: float = BUSY_SECONDS, most_rows: int = MOST_ROWS) -> None:
        self.path = path
        self._busy_seconds = busy_seconds
        self._most_rows = most_rows
        self._lock = threading.Lock()
        self._open: sqlite3.Connection | None = None
        self._written = most_rows  # looked at with the first write

    def write(self, entries: Collection[Entry], used: Collection[str] = ()) -> None:
        """Write entries down, in the place of those of their ids, and mark those of the ids ``used`` as such."""
        with self._transaction() as database:
            self._put(database, entries, used)
            self._written += len(entries)
            if self._written >= self._most_rows // 10:
                self._written = 0
                self._sum_up(database, max((one.at for one in entries), default=0.0))

    def reserve(
        self,
        entry: Entry,
        limits: Sequence[tuple[float, Cost]],
        entries: Collection[Entry] = (),
        used: Collection[str] = (),
    ) -> tuple[Cost, ...] | int:
        """Write a statement down that is about to run, if what it is expected to cost fits into every limit.

        A limit is a time in seconds and what all of it may cost, None of what is not limited. What other processes have
        written or reserved counts; ``entries`` and ``used`` are written first. The answer is what had been spent in
        each time, or the number of the limit into which it does not fit.
        """
        with self._transaction() as database:
            self._put(database, entries, used)
            found = []
            for number, (seconds, most) in enumerate(limits):
                spent = self._spent(database, entry.connection, entry.at, seconds)
                if not fits(spent + entry.cost, most):
                    return number
                found.append(spent)
            self._put(database, (entry,), ())
            return tuple(found)

    def spent(self, connection: str, now: float, seconds: float) -> Cost:
        """What was run ahead on a connection in the last ``seconds``."""
        with self._transaction(writes=False) as database:
            return self._spent(database, connection, now, seconds)

    def frees(self, connection: str, now: float, seconds: float) -> float | None:
        """When the oldest statement that counts in the last ``seconds`` will no longer; None if there is none."""
        with self._transaction(writes=False) as database:
            (first,) = database.execute(
                "SELECT min(at) FROM statements WHERE connection = ? AND speculative AND at > ? AND at < ?",
                (connection, now - seconds, now + DAY),
            ).fetchone()
            return None if first is None else float(first) + seconds

    def totals(self, since: float = 0.0) -> tuple[Total, ...]:
        """What was spent from a time on, by day, engine and connection, the newest first."""
        if not self.path.exists():
            return ()
        with self._transaction(writes=False) as database:
            rows = database.execute(
                """
                SELECT day, engine, connection, label, speculative, used, sum(statements), sum(seconds), sum(bytes),
                    sum(dollars), sum(saved_seconds), sum(saved_dollars)
                FROM (
                    SELECT date(at, 'unixepoch') AS day, engine, connection, label, speculative, used, 1 AS statements,
                        seconds, bytes, dollars, saved_seconds, saved_dollars
                    FROM statements WHERE at >= :since
                    UNION ALL
                    SELECT date(hour, 'unixepoch'), engine, connection, label, speculative, used, statements, seconds,
                        bytes, dollars, saved_seconds, saved_dollars
                    FROM hours WHERE hour >= :since
                ) GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY day DESC, engine, label, connection
                """,
                {"since": since},
            ).fetchall()
        return tuple(_totals(rows))

    def clear(self) -> None:
        """Forget all: budgets begin again."""
        if not self.path.exists():
            return
        with self._transaction() as database:
            database.execute("DELETE FROM statements")
            database.execute("DELETE FROM hours")

    def close(self) -> None:
        """Close the file. What is asked later opens it again."""
        with self._lock:
            self._shut()

    def _put(self, database: sqlite3.Connection, entries: Iterable[Entry], used: Iterable[str]) -> None:
        database.executemany(
            """
            INSERT INTO statements VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET state = excluded.state, seconds = excluded.seconds, bytes = excluded.bytes,
                dollars = excluded.dollars, used = max(used, excluded.used),
                saved_seconds = max(saved_seconds, excluded.saved_seconds),
                saved_dollars = max(saved_dollars, excluded.saved_dollars)
            """,
            [_row(entry) for entry in entries],
        )
        database.executemany("UPDATE statements SET used = 1 WHERE id = ?", [(one,) for one in used])

    def _spent(self, database: sqlite3.Connection, connection: str, now: float, seconds: float) -> Cost:
        """Statements of the near future count, too: the clock was put back. Those of a far one would count for ever."""
        found = database.execute(
            """
            SELECT coalesce(sum(seconds), 0.0), coalesce(sum(bytes), 0), coalesce(sum(dollars), 0.0) FROM (
                SELECT seconds, bytes, dollars FROM statements
                WHERE connection = :connection AND speculative AND at > :since AND at < :until
                UNION ALL
                SELECT seconds, bytes, dollars FROM hours
                WHERE connection = :connection AND speculative AND hour + 3600 > :since AND hour < :until
            )
            """,
            {"connection": connection, "since": now - seconds, "until": now + DAY},
        ).fetchone()
        return Cost(float(found[0]), int(found[1]), float(found[2]))

    def _sum_up(self, database: sqlite3.Connection, now: float) -> None:
        (count,) = database.execute("SELECT count(*) FROM statements").fetchone()
        if count > self._most_rows:
            (last,) = database.execute(
                "SELECT at FROM statements ORDER BY at LIMIT 1 OFFSET ?", (count - self._most_rows * 9 // 10,)
            ).fetchone()
            which = "at < :last"
            database.execute(
                _SUM_UP.format(step=HOUR, count="count(*)", source="statements", which=which), {"last": last}
            )
            database.execute(f"DELETE FROM statements WHERE {which}", {"last": last})
        old = (int(now) - _KEPT_HOURS) // DAY * DAY
        which = f"hour < :old AND hour % {DAY} <> 0"
        summed = _SUM_UP.format(step=DAY, count="sum(statements)", source="hours", which=which).replace(
            "at /", "hour /"
        )
        rows = database.execute(f"SELECT count(*) FROM hours WHERE {which}", {"old": old}).fetchone()
        if rows[0]:
            database.execute(summed, {"old": old})
            database.execute(f"DELETE FROM hours WHERE {which}", {"old": old})

    @contextmanager
    def _transaction(self, *, writes: bool = True) -> Iterator[sqlite3.Connection]:
        """A transaction; where anything goes wrong the file is opened anew the next time."""
        with self._lock:
            try:
                database = self._database()
                database.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
                try:
                    yield database
                except BaseException:
                    database.execute("ROLLBACK")
                    raise
                database.execute("COMMIT")
            except (sqlite3.Error, OSError) as error:
                self._shut()
                raise LedgerError(f"The ledger {self.path} cannot be used: {error}.", _hint(error)) from error

    def _database(self) -> sqlite3.Connection:
        if self._open is not None:
            return self._open
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        opened = sqlite3.connect(self.path, timeout=self._busy_seconds, isolation_level=None, check_same_thread=False)
        try:
            _write_ahead(opened, self._busy_seconds)
            opened.execute("PRAGMA synchronous = NORMAL")
            (version,) = opened.execute("PRAGMA user_version").fetchone()
            if version > _VERSION:
                raise sqlite3.DatabaseError("a newer SpeQL has made it")
            if version < _VERSION:
                opened.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version = {_VERSION}; COMMIT")
            self.path.chmod(0o600)
        except BaseException:
            opened.close()
            raise
        self._open = opened
        return opened

    def _shut(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None


def _write_ahead(database: sqlite3.Connection, seconds: float) -> None:
    """Set the write-ahead log; for the lock that this needs SQLite itself does not wait."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            database.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() >= deadline:
                raise
        time.sleep(_BUSY_PAUSE)


def fits(cost: Cost, most: Cost) -> bool:
    """Whether a cost is within limits. What is not known is within a limit only if there is none.

    >>> fits(Cost(1.0, None, 0.1), Cost(2.0, None, 0.1)), fits(Cost(1.0, None, 0.1), Cost(None, 10, None))
    (True, False)
    """
    pairs = ((cost.seconds, most.seconds), (cost.bytes, most.bytes), (cost.dollars, most.dollars))
    return all(limit is None or (spent is not None and spent <= limit) for spent, limit in pairs)


def _row(entry: Entry) -> tuple[object, ...]:
    cost, saved = entry.cost, entry.saved
    return (
        entry.id,
        entry.at,
        entry.engine,
        entry.connection,
        entry.label,
        entry.kind,
        entry.speculative,
        entry.hash,
        entry.state,
        cost.seconds,
        cost.bytes,
        cost.dollars,
        entry.used,
        saved.seconds,
        saved.dollars,
    )


def _totals(rows: Iterable[tuple[object, ...]]) -> Iterator[Total]:
    """Rows of one day, engine and connection as one total."""
    found: dict[tuple[str, str, str, str], Total] = {}
    for (
        day,
        engine,
        connection,
        label,
        speculative,
        used,
        count,
        seconds,
        scanned,
        dollars,
        saved,
        saved_dollars,
    ) in rows:
        key = (str(day), str(engine), str(connection), str(label))
        before = found.get(key) or Total(*key, 0, Cost(), Cost(), Cost(), Cost())
        cost = Cost(_number(seconds), int(_number(scanned)), _number(dollars))
        found[key] = Total(
            *key,
            before.statements + int(_number(count)),
            before.submitted if speculative else before.submitted + cost,
            before.used + cost if speculative and used else before.used,
            before.wasted + cost if speculative and not used else before.wasted,
            before.saved + Cost(_number(saved), 0, _number(saved_dollars)),
        )
    yield from found.values()


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _hint(error: Exception) -> str:
    if "locked" in str(error) or "busy" in str(error):
        return "Another program holds it; end that, or wait."
    return "Move the file away if it is damaged: budgets begin again then."
