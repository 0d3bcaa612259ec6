"""The records of a run, kept in a file as they come."""

from pathlib import Path

import msgspec

from speql_server.cli.bench.records import Protocol, ReplayRecord, Setting
from speql_sql import SpeqlError


class Results:
    """A file of JSON lines: the setting first, then a record a line. An interrupted run goes on where it stopped."""

    def __init__(self, path: Path, setting: Setting, *, fresh: bool = False) -> None:
        self.setting = setting
        self.records: list[ReplayRecord] = []
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and not fresh:
            found, self.records = read_results(path)
            if not path.read_bytes().endswith(b"\n"):  # a run was killed in the middle of a line
                lines = path.read_bytes().split(b"\n")[:-1]
                path.write_bytes(b"".join(line + b"\n" for line in lines))
            if found != setting:
                raise SpeqlError(
                    f"{path.name} holds results of another setting.",
                    "Give another file to --results, or start it anew with --fresh.",
                )
        else:
            path.write_bytes(msgspec.json.encode(setting) + b"\n")

    def has(self, query: str, protocol: Protocol) -> bool:
        """Whether this was replayed already."""
        return any(record.query == query and record.protocol == protocol for record in self.records)

    def add(self, record: ReplayRecord) -> None:
        """Keep a record."""
        self.records.append(record)
        with self._path.open("ab") as file:
            file.write(msgspec.json.encode(record) + b"\n")


def read_results(path: Path) -> tuple[Setting, list[ReplayRecord]]:
    """The setting and the records of a file. A last line that was cut off is left out."""
    lines = path.read_bytes().split(b"\n")
    try:
        setting = msgspec.json.decode(lines[0], type=Setting)
        records = [msgspec.json.decode(line, type=ReplayRecord) for line in lines[1:-1] if line]
    except msgspec.MsgspecError as error:
        raise SpeqlError(f"{path} is no file of results: {error}", "Name another, or start it anew.") from error
    return setting, records
