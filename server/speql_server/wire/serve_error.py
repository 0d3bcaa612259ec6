"""Why there is no server."""

from speql_sql import SpeqlError


class ServeError(SpeqlError):
    """The server cannot be started as asked."""
