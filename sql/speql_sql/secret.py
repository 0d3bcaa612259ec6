"""A text that is never shown: a key, a password."""


class Secret:
    """A key or a password. It can be read by name only: printing, formatting, comparing or logging it shows nothing.

    >>> Secret("sk-123"), f"{Secret('sk-123')}"
    (Secret(...), 'Secret(...)')
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text, for the one place that sends it."""
        return self._text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __repr__(self) -> str:
        return "Secret(...)"

    def __reduce__(self) -> str:
        raise TypeError("A secret is not written anywhere.")
