"""How long statements take on an engine, learnt from those that have run."""

FIRST_ROWS_PER_SECOND = 20_000_000.0
"""Rows that an engine processes in a second, as long as nothing is known of it."""

FEW_ROWS = 100_000
"""What processes fewer takes as long as any statement does there; the pace is learnt from others."""


class Pace:
    """Seconds of a statement by the rows that it processes, waiting for the engine included."""

    def __init__(self) -> None:
        self._rows_per_second = FIRST_ROWS_PER_SECOND
        self._latency = 0.0

    def seconds(self, rows: int) -> float:
        """How long a statement is expected to take."""
        return self._latency + rows / self._rows_per_second

    def learn(self, rows: int, seconds: float) -> None:
        """So many rows were processed in so long."""
        if rows < FEW_ROWS:
            self._latency += (seconds - self._latency) / 3
        else:
            pace = rows / max(seconds - self._latency, 0.001)
            self._rows_per_second += (pace - self._rows_per_second) / 3
