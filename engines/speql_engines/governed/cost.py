"""What statements take: time, bytes, money."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds on the engine, bytes scanned, dollars. None is what is not known, and adds nothing to a sum."""

    seconds: float | None = 0.0
    bytes: int | None = 0
    dollars: float | None = 0.0

    def __add__(self, other: "Cost") -> "Cost":
        """The sum.

        >>> Cost(1.0, 10) + Cost(0.5, None, 0.25)
        Cost(seconds=1.5, bytes=10, dollars=0.25)
        """
        return Cost(
            (self.seconds or 0.0) + (other.seconds or 0.0),
            (self.bytes or 0) + (other.bytes or 0),
            (self.dollars or 0.0) + (other.dollars or 0.0),
        )

    def __sub__(self, other: "Cost") -> "Cost":
        """The difference, never less than nothing: sums of floats are off by a little."""
        return Cost(
            max((self.seconds or 0.0) - (other.seconds or 0.0), 0.0),
            max((self.bytes or 0) - (other.bytes or 0), 0),
            max((self.dollars or 0.0) - (other.dollars or 0.0), 0.0),
        )


NOTHING = Cost()
