"""The connections that dbt's ``profiles.yml`` names for a project."""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from speql_server.connecting.dbt_postgres import postgres_target
from speql_server.connecting.dbt_warehouses import WAREHOUSES, warehouse_target
from speql_server.connecting.named_connection import NamedConnection, SettingsError

_LARGEST = 1_000_000
_PROJECT = "dbt_project.yml"
_ENV_VAR = re.compile(r"\{\{-?\s*env_var\(\s*(['\"])(\w+)\1\s*(?:,\s*(['\"])(.*?)\3\s*)?\)\s*(?:\|[^}]*)?-?\}\}")

PREFIX = "dbt."
"""So the names begin of connections that dbt describes."""

_OF_SERVERS = "DBT_"
"""So the variables begin that a project's own profiles may use for a server."""

Found = tuple[tuple[NamedConnection, ...], tuple[SettingsError, ...]]


def dbt_connections(root: Path, environment: Mapping[str, str] = os.environ, home: Path | None = None) -> Found:
    """The targets of the dbt projects in a folder or in the folders in it, as ``dbt.PROFILE.TARGET``. Reads files.

    DuckDB, PostgreSQL, Snowflake, Redshift and BigQuery targets can be opened, read-only; those of other engines are
    named with the reason why not. Values may call ``env_var``, and nothing else. A project may come from anybody, and
    must not be able to send what the environment holds to a server: of profiles that lie in it, only variables whose
    names begin with ``DBT_`` are filled in for one, and no warehouse is opened, whose drivers look for a login.

    What is wrong in a file is told, without quoting it: it may hold secrets.
    """
    found: dict[str, NamedConnection] = {}
    errors: list[SettingsError] = []
    for project in _projects(root):
        try:
            profile = _yaml(project / _PROJECT).get("profile")
            if not isinstance(profile, str):
                continue
            folder = _profiles_folder(project, environment, home)
            if folder is not None:
                path = folder / "profiles.yml"
                own = _is_own(folder, root, home)
                for one in _targets(_yaml(path), profile, _Place(project, path, own, environment)):
                    found.setdefault(one.name, one)
        except SettingsError as error:
            errors.append(error)
    return tuple(found.values()), tuple(errors)


def _projects(root: Path) -> Iterator[Path]:
    try:
        below = sorted(one for one in root.iterdir() if one.is_dir() and not one.name.startswith("."))
    except OSError:
        return
    yield from (folder for folder in (root, *below) if (folder / _PROJECT).is_file())


def _profiles_folder(project: Path, environment: Mapping[str, str], home: Path | None) -> Path | None:
    """The first of the folders in which dbt looks that has a ``profiles.yml``."""
    named = environment.get("DBT_PROFILES_DIR", "")
    usual = _usual(home) or project
    folders = ([Path(named).expanduser()] if named else []) + [project, usual]
    return next((folder for folder in folders if (folder / "profiles.yml").is_file()), None)


def _usual(home: Path | None) -> Path | None:
    try:
        return (home or Path.home()) / ".dbt"
    except RuntimeError:
        return None


def _is_own(folder: Path, root: Path, home: Path | None) -> bool:
    """Whether profiles are the user's own, and have not come with the project."""
    return folder == _usual(home) or not folder.resolve().is_relative_to(root.resolve())


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a target is written, and what its values may use."""

    project: Path
    profiles: Path
    own: bool
    environment: Mapping[str, str]

    def text(self, value: Any) -> str | None:
        """A value, filled in."""
        return _text(value, self.environment)

    def text_of_server(self, value: Any) -> str | None:
        """A value that is sent to a server, filled in."""
        if self.own:
            return self.text(value)
        return _text(value, {name: one for name, one in self.environment.items() if name.startswith(_OF_SERVERS)})


def _yaml(path: Path) -> dict[str, Any]:
    import yaml  # takes a while, and few workspaces have such files

    try:
        if path.stat().st_size > _LARGEST:
            raise SettingsError(f"{path} is too large to be read.")
        read = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {type(error).__name__}.") from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f", line {mark.line + 1}" if mark is not None else ""
        raise SettingsError(f"{path} is not YAML that can be read{place}.", "Mend it for its connections.") from None
    return read if isinstance(read, dict) else {}


def _targets(profiles: Mapping[str, Any], profile: str, place: _Place) -> Iterator[NamedConnection]:
    described = profiles.get(profile)
    outputs = described.get("outputs") if isinstance(described, Mapping) else None
    for target, output in outputs.items() if isinstance(outputs, Mapping) else ():
        if isinstance(output, Mapping):
            name = re.sub(r"\s+", "_", f"{PREFIX}{profile}.{target}")
            yield _connection(name, output, place)


def _connection(name: str, output: Mapping[str, Any], place: _Place) -> NamedConnection:
    kind = place.text(output.get("type"))
    advice = "" if place.own else f"Of a project's own profiles.yml only variables {_OF_SERVERS}... are read for that."
    source = f"file {place.profiles}"
    if kind == "postgres":
        return postgres_target(name, output, place.text_of_server, place.project, source, advice)
    if kind in WAREHOUSES:
        return warehouse_target(name, kind, output, place.text, source) if place.own else _not_own(name)
    if kind != "duckdb":
        engine = kind if kind is not None and re.fullmatch(r"\w{1,40}", kind) else "another engine"
        return NamedConnection(name, unavailable=f"{name} is {engine}, {_why_not(engine)}")
    path = place.text(output.get("path", ":memory:"))
    if path is None:
        return NamedConnection(name, unavailable=f"The path of {name} is computed in a way that only dbt knows.")
    if path == ":memory:":
        return NamedConnection(name)
    if re.match(r"^[a-z][a-z0-9+.-]+:", path, re.IGNORECASE):  # not one letter, which is a drive
        return NamedConnection(
            name, unavailable=f"{name} is a DuckDB database that is not on this machine: SpeQL opens files."
        )
    # dbt's relative paths start where dbt is run, which is the project; whether there is such a file is seen later.
    return NamedConnection(name, str(place.project / Path(os.path.expanduser(path))))  # noqa: PTH111 - it never raises


def _not_own(name: str) -> NamedConnection:
    """A target that would log in with what the user has, at a place that anybody may have written down."""
    what = f"{name} is described in the project, and would be logged in to with what is yours."
    return NamedConnection(name, unavailable=f"{what} Move its profile to ~/.dbt/profiles.yml, or add a connection.")


def _why_not(engine: str) -> str:
    """Why a target of another engine is not opened, and what to do."""
    from speql_engines import ConnectionFailedError
    from speql_engines.adapters import adapter_for

    try:
        known = adapter_for(engine) is not None
    except ConnectionFailedError as error:
        return f"and {error}"
    if not known:
        return "and this version of SpeQL has no adapter for it."
    return f"and dbt's targets of it are not read: speql connections add NAME {engine}://..."


def _text(value: Any, environment: Mapping[str, str]) -> str | None:
    """A text with its ``env_var`` replaced; None if there is another template in it, or such a variable is not set."""
    if not isinstance(value, str):
        return None
    missing = False

    def variable(match: "re.Match[str]") -> str:
        nonlocal missing
        found = environment.get(match[2], match[4])
        missing |= found is None
        return found or ""

    replaced = _ENV_VAR.sub(variable, value)
    return None if missing or "{{" in replaced or "{%" in replaced else replaced
