"""The values of a target of dbt's ``profiles.yml``."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from speql_server.connecting.named_connection import NamedConnection


class UnknownValueError(Exception):
    """A value that only dbt knows; its message is the name of the key."""


@dataclass(frozen=True, slots=True)
class DbtValues:
    """What a target says. ``text`` fills a value in as dbt does, or gives None."""

    output: Mapping[str, Any]
    text: Callable[[Any], str | None]

    def __call__(self, *keys: str) -> str:
        """The value of the first of the keys that is there, else nothing; :class:`UnknownValueError`."""
        given = next((self.output[key] for key in keys if self.output.get(key) is not None), None)
        if given is None:
            return ""
        # A port, and a password of digits, are numbers to YAML.
        found = str(given) if isinstance(given, int) and not isinstance(given, bool) else self.text(given)
        if found is None:
            raise UnknownValueError(keys[0])
        return found


def unknown_target(name: str, error: UnknownValueError, advice: str = "") -> NamedConnection:
    """A target that cannot be opened, since one of its values cannot be filled in; ``advice`` is told with it."""
    what = f"The {error} of {name} is computed in a way that only dbt knows, or from a variable that is not set."
    return NamedConnection(name, unavailable=f"{what} {advice}".rstrip())
