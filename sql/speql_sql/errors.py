"""The root of every error that SpeQL raises."""


class SpeqlError(Exception):
    """A broken promise, told to the user: what happened, and what to do next.

    Bad SQL is not one of these: functions return a value and its :class:`~speql_sql.Problem` list.
    ``str(error)`` is both sentences.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".rstrip()
