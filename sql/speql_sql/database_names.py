"""What users call a database: the path of a file, or a URL."""

import re

_URL = re.compile(r"[a-z][a-z0-9+.\-]+://", re.IGNORECASE)
_PASSWORD_IN_URL = re.compile(r"(?<=://)([^/@:?#]*):[^@/]*@")
_PASSWORD_SETTING = re.compile(r"((?:password|token|secret)\s*=\s*)('(?:[^'\\]|\\.)*'|[^\s&]+)", re.IGNORECASE)


def is_url(name: str) -> bool:
    """Whether a database is named by a URL, and not by the path of a file."""
    return _URL.match(name) is not None


def without_password(name: str) -> str:
    """The name as it may be shown and logged.

    >>> without_password("postgresql://ann:secret@host/shop?password=secret&a=b")
    'postgresql://ann:...@host/shop?password=...&a=b'
    """
    return _PASSWORD_SETTING.sub(r"\1...", _PASSWORD_IN_URL.sub(r"\1:...@", name))
