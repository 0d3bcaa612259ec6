"""Where it lies on this machine what was spent, and what the user allows to be spent."""

import logging
import os
from pathlib import Path

import msgspec
from platformdirs import user_data_dir

from speql_engines.governed.settings import SpeculationSettings
from speql_server.history_directory import DATA_DIRECTORY

logger = logging.getLogger(__name__)


def ledger_file() -> Path:
    """The ledger of all connections."""
    return _data_folder() / "spending.sqlite"


def read_consent(connection: str) -> SpeculationSettings | None:
    """What the user has said by ``speql.setSpeculation`` of a connection; None if nothing. Reads a file.

    Of a file that cannot be read nothing is taken but that it is not to cost anything.
    """
    path = _consent_file(connection)
    try:
        return msgspec.json.decode(path.read_bytes(), type=SpeculationSettings)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, msgspec.MsgspecError) as error:
        logger.warning("%s cannot be read, so nothing that costs is run ahead: %s", path, error)
        return SpeculationSettings(mode="free")


def write_consent(connection: str, settings: SpeculationSettings | None) -> None:
    """Keep what the user has said of a connection; None forgets it. Raises OSError."""
    path = _consent_file(connection)
    if settings is None:
        path.unlink(missing_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    written = path.with_suffix(f".{os.getpid()}")
    written.write_bytes(msgspec.json.format(msgspec.json.encode(settings)))
    written.replace(path)


def was_asked(connection: str) -> bool:
    """Whether the user was asked before what may be spent on a connection. Reads a file."""
    return _consent_file(connection).with_suffix(".asked").exists()


def note_asked(connection: str) -> None:
    """Keep that the user was asked; where that cannot be written down, there is another question next time."""
    path = _consent_file(connection).with_suffix(".asked")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch()
    except OSError as error:
        logger.warning("%s cannot be written: %s", path, error)


def _consent_file(connection: str) -> Path:
    return _data_folder() / "speculation" / f"{connection}.json"


def _data_folder() -> Path:
    chosen = os.environ.get(DATA_DIRECTORY)
    return Path(chosen or user_data_dir("speql", appauthor=False))
