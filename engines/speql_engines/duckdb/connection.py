"""One DuckDB instance with the user's database in it, attached while it is used."""

import contextlib
import threading
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from pathlib import Path

import duckdb

from speql_engines.duckdb.file_lock import FileLock
from speql_engines.duckdb.file_tables import FileTables, FileView
from speql_engines.duckdb.files import Fingerprint, check_database_file, connection_failed, fingerprint
from speql_engines.engine import ConnectionFailedError, EngineError
from speql_engines.spill import SpillDirectory
from speql_engines.user_settings import UserSettings

_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    # A missing extension costs 3 s a call where there is no network, and speculation must not load code.
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    # `FROM name` would otherwise read a Python variable of that name from our own call stack.
    "python_enable_replacements": "false",
}
JOB_MEMORY_SHARE = 0.25
"""What the sorts and hash tables of a job that works ahead may take of DuckDB's memory before they spill to disk."""
# Where DuckDB writes beside a database file; each must be allowed by name once external access is off.
_COMPANIONS = (".wal", ".wal.checkpoint", ".wal.recovery")


class DuckDBConnection:
    """Attaches, releases and watches the user's database, and hands out one cursor a job.

    The instance is in memory. The user's file is attached under the name that DuckDB gives it, so that names mean what
    they mean in a direct session; temp tables live in a second in-memory database, ``scratch``, which every cursor
    sees (DuckDB's own TEMP tables are private to a cursor). External access is off except for the file, its companions
    and the ``folders``. Instead of a database there may be ``files``, which are views of the instance; ``dropped``
    files are that, too, beside a database: their names come after its own. ``own_process`` says that nobody else in
    this process opens the file. All methods block and may be called from any thread.
    """

    def __init__(
        self,
        database: Path | None,
        *,
        folders: Sequence[Path],
        writable: bool,
        threads: int | None,
        memory_limit: str,
        spill_parent: Path | None,
        files: FileTables | None = None,
        dropped: FileTables | None = None,
        own_process: bool = False,
    ) -> None:
        self.database = database
        self._files = files
        self._dropped = dropped
        self._watched = tuple(one for one in (files, dropped) if one is not None)
        self.writable = writable or database is None
        self._lock = threading.Lock()
        self._users = 0
        self._attached = False
        self._closed = False
        self._seen: Fingerprint | None = None
        self._own_process = own_process
        self._file_lock: FileLock | None = None
        self._left: Fingerprint | None = None
        self._generation = 0
        self._writes = 0
        self._settings = UserSettings()
        self.name = "memory"
        if database is not None:
            check_database_file(database)
        self._spill = SpillDirectory(spill_parent)
        self._root = duckdb.connect(":memory:", config=_CONFIG)
        try:
            self._set_up(folders, threads, memory_limit)
        except BaseException:
            self.close()
            raise

    def _set_up(self, folders: Sequence[Path], threads: int | None, memory_limit: str) -> None:
        root = self._root
        try:
            root.execute(f"SET memory_limit = {literal(memory_limit)}")
            if threads is not None:
                root.execute(f"SET threads = {int(threads)}")
        except duckdb.Error as error:
            raise ConnectionFailedError(f"DuckDB refused a setting: {error}", "Mend the setting.") from error
        root.execute(f"SET temp_directory = {literal(str(self._spill.path))}")
        row = root.execute("SELECT current_setting('memory_limit')").fetchone()
        assert row is not None, "a setting has a value"
        number, unit = str(row[0]).split()
        self._job_memory = f"{float(number) * JOB_MEMORY_SHARE:.3f} {unit}"
        if self.database is not None:
            self.name = self._name_of_database(self.database)
        taken = {self.name.lower(), "memory", "temp", "system"}
        self.scratch = next(name for name in _scratch_names() if name not in taken)
        root.execute(f"ATTACH ':memory:' AS {self.scratch}")
        paths = [str(self.database) + suffix for suffix in ("", *_COMPANIONS)] if self.database else []
        readable = [str(folder) for folder in folders]
        for files in self._watched:
            (readable if files.root.is_dir() else paths).append(str(files.root))
        root.execute(f"SET allowed_paths = {_literals(paths)}")
        root.execute(f"SET allowed_directories = {_literals(readable)}")
        root.execute("SET enable_external_access = false")
        for files in self._watched:
            files.refresh(root)

    def _name_of_database(self, database: Path) -> str:
        """Attach the file for the first time, to learn the name that DuckDB gives it."""
        self._seen = fingerprint(database, attached=False)
        mode = "" if self.writable else " (READ_ONLY)"
        try:
            if database.name.partition(".")[0].lower() == "memory":
                # The one name that a direct session could use and this one cannot: it is the instance's own.
                self._root.execute(f"ATTACH {literal(str(database))} AS memory_db{mode}")
            else:
                self._root.execute(f"ATTACH {literal(str(database))}{mode}")
        except duckdb.Error as error:
            raise connection_failed(database, error) from error
        self._note_attached(database)
        found = self._root.execute(
            "SELECT database_name FROM duckdb_databases() WHERE NOT internal AND path IS NOT NULL"
        ).fetchone()
        assert found is not None, "an attached file is listed"
        return str(found[0])

    def open_cursor(self, *, ahead: bool = False) -> duckdb.DuckDBPyConnection:
        """A cursor for one job, with the user's database attached and the session's settings. Give it back.

        A job that works ``ahead`` of the user spills to disk when its sorts and hash tables take more than a share of
        the memory: what the user submits must find some.
        """
        with self._lock:
            self._check_open()
            self._attach_current()
            self._users += 1
        cursor = None
        try:
            cursor = self._root.cursor()
            self._configure(cursor)
            if ahead:
                cursor.execute(f"SET operator_memory_limit = {literal(self._job_memory)}")
        except BaseException:
            self.give_back(cursor)
            raise
        return cursor

    def give_back(self, cursor: duckdb.DuckDBPyConnection | None) -> None:
        """Close a job's cursor; a transaction that it left open is rolled back."""
        if cursor is not None:
            cursor.close()
        with self._lock:
            self._users -= 1

    def begin(self, cursor: duckdb.DuckDBPyConnection, *, read_only: bool = False) -> None:
        """Begin a transaction where one is wanted: what only reads is bound and run in one that can do nothing else."""
        if read_only:
            cursor.execute("BEGIN TRANSACTION READ ONLY")

    def begin_again(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Begin another one that only reads in the place of one that an error has spoilt."""
        with contextlib.suppress(duckdb.TransactionException):  # there is none
            cursor.execute("ROLLBACK")
        self.begin(cursor, read_only=True)

    def commit(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Commit what `begin` has begun: nothing where statements commit themselves."""

    @property
    def idle(self) -> bool:
        """Whether other processes cannot write the file though no job uses it."""
        with self._lock:
            return self._attached and not self._rests and not self._users

    def release_file(self) -> None:
        """Let other processes write the user's file if no job uses it. Temp tables stay.

        Where nobody else in this process wants the file, it stays attached, with what has been read of it.
        """
        with self._lock:
            if not self._attached or self._rests or self._users or self._closed:
                return
            if not self._rest():
                self._detach()

    def forget_file(self) -> None:
        """Detach a file that rests, and so give back the memory of what has been read of it."""
        with self._lock:
            if self._attached and self._rests and not self._closed:
                self._detach()

    @property
    def _rests(self) -> bool:
        """Whether the file is attached, and others may write it: then nothing may be read from it."""
        return self._file_lock is not None and not self._file_lock.is_held

    def _rest(self) -> bool:
        """Let go of the lock of a file that stays attached; False where that cannot be done."""
        assert self.database is not None, "only a file is locked"
        if (lock := self._file_lock) is None:
            return False
        now = self._left = fingerprint(self.database, attached=True, lock=lock)
        same = self._seen is not None and now.stats == self._seen.stats
        return same and now.stats[0] is not None and lock.is_on(*now.stats[0][:2]) and lock.let_go()

    def _wake(self) -> None:
        """Keep others from writing the file again; if it is not as it was left, or somebody writes, it is let go of."""
        assert self.database is not None, "only a file rests"
        assert self._file_lock is not None, "it rests"
        if not self._file_lock.take() or fingerprint(self.database, attached=True, lock=self._file_lock) != self._left:
            self._detach()

    def version(self) -> str:
        """A value that changes with the data that a job started now would read, and with the session's settings."""
        with self._lock:
            self._check_open()
            self._notice_changes()
            return f"{self._generation}.{self._writes}"

    def state(self) -> str:
        """What identifies, in every process, the state of the data that a job started now would read.

        Empty if nothing does: for a database in memory, for one with files beside it, and once this process has written
        or changed a setting.
        """
        with self._lock:
            self._check_open()
            self._notice_changes()
            dropped = self._dropped is not None and self._dropped.views
            if self.database is None or self._writes or self._seen is None or dropped:
                return ""
            headers = blake2b(self._seen.headers, digest_size=16).hexdigest() if self._seen.headers else ""
            return f"{self._seen.stats} {headers}" if headers else ""

    @property
    def data(self) -> Path | None:
        """The folder or file whose data is served as views, if that is what this connection is of."""
        return self._files.root if self._files is not None else None

    def file_views(self) -> Mapping[str, FileView]:
        """The views that are data files, by name."""
        with self._lock:
            return {name: view for files in self._watched for name, view in files.views.items()}

    def note_write(self) -> None:
        """A statement of the user's may have written."""
        with self._lock:
            self._writes += 1

    def note_setting(self, key: str, statement: str) -> None:
        """Run ``statement`` (SET, RESET, USE) on every later cursor too: a setting belongs to the session."""
        self._settings.note(key, statement)
        self.note_write()

    def drop_scratch_table(self, sql_name: str) -> None:
        """Drop a table of the scratch database, if it is there. Needs no user's file."""
        with self._lock:
            self._check_open()
            cursor = self._root.cursor()
        try:
            cursor.execute(f"DROP TABLE IF EXISTS {sql_name}")
        finally:
            cursor.close()

    def close(self) -> None:
        """Detach, close the instance, remove what it spilled. Jobs must have ended. Safe to call twice."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._root.close()
                if self._file_lock is not None:
                    self._file_lock.close()
                self._spill.remove()

    def _check_open(self) -> None:
        if self._closed:
            raise EngineError("The connection is closed.", "Open it again.")

    def _configure(self, cursor: duckdb.DuckDBPyConnection) -> None:
        if self.database is not None:
            cursor.execute(f"USE {identifier(self.name)}")
            if self._dropped is not None:
                schemas = f"{identifier(self.name)}.main,memory.main"
                cursor.execute(f"SET search_path = {literal(schemas)}")
        self._settings.repeat(cursor.execute, duckdb.Error, lambda error: str(error).splitlines()[0])
        # Last, so that no setting of the user's undoes them. A page needs little buffered ahead of it.
        cursor.execute("SET errors_as_json = true; SET streaming_buffer_size = '1MB'")

    def _attach_current(self) -> None:
        """Have the user's file attached, as it is now: one that was replaced meanwhile is attached anew."""
        if self.database is None:
            self._notice_changes()
            return
        self._notice_changes()
        if self._rests:
            self._wake()
            self._notice_changes()
        if self._attached:
            return
        check_database_file(self.database)
        mode = "" if self.writable else " (READ_ONLY)"
        try:
            self._root.execute(f"ATTACH {literal(str(self.database))} AS {identifier(self.name)}{mode}")
        except duckdb.Error as error:
            raise connection_failed(self.database, error) from error
        self._note_attached(self.database)
        now = fingerprint(self.database, attached=True)
        if self._seen is None or now.stats != self._seen.stats:
            # Written between the look and the lock. (Opening for writing may also replay a log: counted alike.)
            self._seen = now
            self._generation += 1

    def _note_attached(self, database: Path) -> None:
        self._attached = True
        if self._own_process and not self.writable:
            self._file_lock = FileLock.of(database)

    def _notice_changes(self) -> None:
        """Count a new generation of the data if the file is not the one last seen, and let go of the old one.

        While jobs run, what they and their successors read is the file that is attached: a replacement is noticed
        when the last of them has ended. A file attached for writing is locked against others and its state changes by
        our own writes, which are counted as such; only a replacement of the whole file is a change there.
        """
        for files in self._watched:
            if files.refresh(self._root):
                self._generation += 1
        if self.database is None or (self._attached and self._users):
            return
        if self._rests:
            if fingerprint(self.database, attached=True, lock=self._file_lock) == self._left:
                return
            self._detach()
        if self._attached:
            now = fingerprint(self.database, attached=True)
            if _same_file(now, self._seen) if self.writable else (self._seen and now.stats == self._seen.stats):
                return
            self._detach()
        now = fingerprint(self.database, attached=False)
        if now != self._seen:
            self._seen = now
            self._generation += 1

    def _detach(self) -> None:
        """Let go of the file. A checkpoint first: then DETACH writes nothing, and what follows is not our doing."""
        assert self.database is not None, "only a file is detached"
        if self.writable:
            self._root.execute(f"CHECKPOINT {identifier(self.name)}")
        before = fingerprint(self.database, attached=True)
        self._root.execute(f"DETACH {identifier(self.name)}")
        self._attached = False
        if self._file_lock is not None:
            self._file_lock.close()
            self._file_lock = None
        if self.writable and _same_file(before, self._seen):
            after = fingerprint(self.database, attached=False)
            self._seen = after if after.stats == before.stats else before


def identifier(name: str) -> str:
    """``name`` quoted as an identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """``text`` quoted as a string literal."""
    return "'" + text.replace("'", "''") + "'"


def _literals(texts: Sequence[str]) -> str:
    return "[" + ", ".join(map(literal, texts)) + "]"


def _scratch_names() -> "list[str]":
    return ["speql_scratch", *(f"speql_scratch_{number}" for number in range(1, 5))]


def _same_file(left: Fingerprint, right: Fingerprint | None) -> bool:
    if right is None or left.stats[0] is None or right.stats[0] is None:
        return False
    return left.stats[0][:2] == right.stats[0][:2]
