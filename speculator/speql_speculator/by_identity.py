"""Values that are too large to be compared, as keys of a cache."""


class ByIdentity:
    """Values as one key, compared by identity; the key keeps them alive, so that no other value can take their place.

    >>> first, second = ["a"], ["a"]
    >>> ByIdentity(first) == ByIdentity(first), ByIdentity(first) == ByIdentity(second)
    (True, False)
    """

    __slots__ = ("values",)

    def __init__(self, *values: object) -> None:
        self.values = values

    def __hash__(self) -> int:
        return hash(tuple(id(value) for value in self.values))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ByIdentity) and all(
            mine is its for mine, its in zip(self.values, other.values, strict=True)
        )
