"""The connections that Snowflake's own programs know: ``connections.toml``."""

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from platformdirs import user_config_dir

from speql_server.connecting.named_connection import NamedConnection, SettingsError

SCHEME = "snowflake"
_LARGEST = 1_000_000

Found = tuple[tuple[NamedConnection, ...], tuple[SettingsError, ...]]


def snowflake_file(environment: Mapping[str, str] = os.environ, home: Path | None = None) -> Path:
    """Where Snowflake's connector looks for its connections: in ``SNOWFLAKE_HOME``, ``~/.snowflake``, else in the
    platform's configuration directory.
    """
    try:
        named = environment.get("SNOWFLAKE_HOME", "")
        folder = Path(named).expanduser() if named else (home or Path.home()) / ".snowflake"
        found = folder.is_dir()
    except (OSError, RuntimeError):
        found = False
    return (folder if found else Path(user_config_dir(SCHEME, appauthor=False))) / "connections.toml"


def snowflake_connections(path: Path) -> Found:
    """The connections of that file as ``snowflake.NAME``, with the name alone: its values are for the connector, which
    reads the file itself. Reads a file. What is wrong in it is told without quoting it: it holds secrets.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise SettingsError(f"{path} is too large to be read.")
        given = tomllib.loads(path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n"))
    except FileNotFoundError:
        return (), ()
    except OSError as error:
        return (), (SettingsError(f"{path} cannot be read: {error.strerror}.", "See who may read it."),)
    except UnicodeDecodeError:
        return (), (SettingsError(f"{path} is not UTF-8.", "Save it in that encoding for its connections."),)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"line \d+", str(error))
        where = f", {place[0]}" if place is not None else ""
        return (), (SettingsError(f"{path} is not TOML that can be read{where}.", "Mend it for its connections."),)
    except SettingsError as error:
        return (), (error,)
    names = [name for name, value in given.items() if isinstance(value, Mapping)]
    return tuple(
        NamedConnection(re.sub(r"\s+", "_", f"{SCHEME}.{name}"), f"{SCHEME}://{quote(name, safe='')}") for name in names
    ), ()
