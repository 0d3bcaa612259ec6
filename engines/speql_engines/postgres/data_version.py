"""Whether what a query would read has changed, as PostgreSQL's own transaction ids tell."""

import threading

import psycopg


class DataVersion:
    """A value that changes whenever another transaction has ended, here or in any session of the server.

    What a statement sees are the transactions that had ended when its snapshot was taken (PostgreSQL, "System
    Information Functions", pg_current_snapshot). Those of our own temp tables change nothing that a query of the
    user's reads, so they are left out: two snapshots between which only such have ended have the same value. On a
    server where others write all the time, the value changes all the time: then nothing is kept for long, and nothing
    is wrong. What changes without a transaction (foreign tables, files) is no part of it.
    """

    def __init__(self) -> None:
        self._own: set[int] = set()
        self._lock = threading.Lock()

    def begin_own(self, connection: psycopg.Connection) -> None:
        """The transaction that has just begun makes or drops a temp table of ours."""
        row = connection.execute("SELECT pg_current_xact_id()::text").fetchone()
        assert row is not None, "a transaction has an id"
        with self._lock:
            self._own.add(int(row[0]))

    def read(self, connection: psycopg.Connection) -> str:
        """The value now."""
        row = connection.execute("SELECT pg_current_snapshot()::text").fetchone()
        assert row is not None, "there is always a snapshot"
        with self._lock:
            return self.of_snapshot(str(row[0]))

    def of_snapshot(self, snapshot: str) -> str:
        """The value of a snapshot ``xmin:xmax:xip,xip``: where the ended ones of others end, and those that still run.

        >>> version = DataVersion()
        >>> version._own |= {7, 9}
        >>> version.of_snapshot("7:10:7"), version.of_snapshot("10:10:")
        ('9:', '9:')
        """
        _, highest, listed = snapshot.split(":")
        running = {int(one) for one in listed.split(",") if one}
        end = int(highest)
        while end - 1 in self._own or end - 1 in running:
            end -= 1
        others = sorted(one for one in running - self._own if one < end)
        self._own = {one for one in self._own if one >= end or one in running}
        return f"{end}:{','.join(map(str, others))}"
