"""Who may connect: the token of a server that listens, and the web pages that may speak to it.

A loopback address keeps other machines out, and neither other users of this one nor the pages in the user's browser:
those may open connections to 127.0.0.1 as they please, and a page can have a name of its own resolve to it.
"""

import hmac
import ipaddress
import os
import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from speql_server.wire.serve_error import ServeError

VARIABLE = "SPEQL_TOKEN"
"""The environment variable that a token may be given in."""

_SHORTEST = 16


@dataclass(frozen=True, slots=True)
class Token:
    """What a client must know. ``generated``: nobody knows it yet, and it has to be announced."""

    value: str = field(repr=False)
    generated: bool

    def admits(self, given: object) -> bool:
        """Whether that is the token; takes as long for a wrong one whatever it has in common with it."""
        if not isinstance(given, str):
            return False
        return hmac.compare_digest(given.encode("utf-8", "replace"), self.value.encode())


def token_for(file: Path | None) -> Token:
    """The token of the file, else of the environment, from which it is taken, else a new one."""
    given = os.environ.pop(VARIABLE, "")
    if file is not None:
        try:
            given = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ServeError(f"The token file {file} cannot be read.", "Write the token into it, as text.") from error
    elif not given:
        return Token(secrets.token_urlsafe(32), generated=True)
    given = given.strip()
    if len(given) < _SHORTEST or not given.isascii() or any(point.isspace() for point in given):
        raise ServeError(
            f"A token has at least {_SHORTEST} characters, without spaces and accents.",
            "Leave it out: then the server makes one and says it.",
        )
    return Token(given, generated=False)


def is_loopback(host: str) -> bool:
    """Whether a host's name or address is this machine, as only this machine reaches it.

    >>> is_loopback("127.0.0.1"), is_loopback("192.168.1.5"), is_loopback("localhost.example.com")
    (True, False, False)
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def host_admitted(header: str | None) -> bool:
    """Whether a request was made to this machine by its own name: a page whose name resolves to it says its own.

    >>> host_admitted("127.0.0.1:4711"), host_admitted("[::1]:4711"), host_admitted("rebound.example.com:4711")
    (True, True, False)
    """
    return header is not None and is_loopback(_host(f"//{header}"))


def origin_admitted(header: str | None, allowed: Collection[str] = ()) -> bool:
    """Whether a page of this origin may connect: pages of this machine, VS Code's own, and those ``allowed``.

    A client that is no browser sends none.

    >>> origin_admitted(None), origin_admitted("http://localhost:8888"), origin_admitted("https://example.com")
    (True, True, False)
    >>> origin_admitted("https://example.com", ["https://example.com"])
    True
    """
    if header is None:
        return True
    if header.lower().rstrip("/") in {origin.lower().rstrip("/") for origin in allowed}:
        return True
    scheme = header.partition("://")[0].lower()
    return scheme == "vscode-webview" or (scheme in ("http", "https") and is_loopback(_host(header)))


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
