"""What the scheduler may spend, and how long it waits."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

MEBIBYTE = 1 << 20


def default_byte_budget() -> int:
    """A quarter of this machine's memory, at most 4 GiB; 512 MiB where the machine does not tell."""
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # Windows has no sysconf; some systems lack the names
        return 512 * MEBIBYTE
    return min(memory // 4, 4096 * MEBIBYTE)


@dataclass(frozen=True, slots=True)
class SchedulerSettings:
    """Limits and thresholds of a scheduler.

    Sizes of work are rows as :class:`~speql_engines.Estimate` counts them. ``clock`` and ``sleep`` are the only
    sources of time, so that tests and the benchmark can inject their own.
    """

    page_rows: int = 100
    """Rows of a preview, and of the first page of a submit."""

    byte_budget: int = field(default_factory=default_byte_budget)
    """Bytes of temp tables; the one who makes the :class:`Store` passes it there."""

    cache_bytes: int = 32 * MEBIBYTE
    """Bytes of results that are kept for being asked again."""

    quiet_seconds: float = 0.3
    """How long the text must rest before temp tables are planned for what has changed in it."""

    pause_seconds: float = 1.2
    """How long the text must rest before temp tables are created for SELECTs that are still being written."""

    patience: float = 3.0
    """And so many times as long as that, or the preview, is expected to take: most pauses at the end of a line are
    shorter than two seconds, and most of what would be worked in them is of a text that nobody wants the rows of."""

    waiting_seconds: float = 4.0
    """A text that rests so long is likely to stay for a while: its preview runs if the allowance has room for half."""

    guessed_seconds: float = 1.0
    """Of a query whose joins are guessed no preview is run that is expected to take longer."""

    looking_seconds: float = 10.0
    """Who has looked at an exact preview for so long has got what was worked for, as by a submit; who has waited so
    long for one gets it whatever has been worked ahead."""

    work_ratio: float = 3.0
    """Work ahead of a submit may take so many times what the query takes directly; see :class:`Allowance`."""

    submitted_share: float = 0.5
    """A temp table for a text that was just submitted, ahead of an edit that has not begun, may be expected to take
    this share of what the query itself takes, or ``at_once_seconds``; all of them this share of the allowance."""

    free_seconds: float = 0.3
    """Work ahead that is always allowed, however quick the query is."""

    renewal_seconds: float = 1800.0
    """Time in which the whole allowance comes back without a submit."""

    trickle: float = 0.005
    """Previews of a query that takes less than ``at_once_seconds`` may take this share of the time in any case."""

    adoption_seconds: float = 0.1
    """A submit waits so long at least for a create that was expected to be there sooner than its own run."""

    at_once_seconds: float = 0.06
    """A preview that is expected to take no longer is run at each change of the query."""

    served_seconds: float = 0.15
    """So is one from temp tables alone, unless the last of its kind took longer than this: then the text must rest."""

    cheap_work: int = 200_000
    """A query that processes fewer rows than this is run directly: it gets no temp table and waits for none; its
    preview is always run, and is no work to speak of unless it takes longer than ``at_once_seconds``."""

    temp_rows: int = 20_000_000
    """No temp table that is estimated to have more rows."""

    doubtful_rows: int = 2_000_000
    """Where the estimate is in doubt: a temp table that turns out to have more rows is given up."""

    temp_budget_share: float = 0.5
    """No temp table that is estimated to take more than this share of the byte budget."""

    temp_input_share: float = 0.5
    """No temp table that is estimated to have more than this share of the rows of the tables that it reads; an
    estimate that says so of other joins is in doubt."""

    quick_rows: int = 1_000_000
    """So many rows are written to a temp table in no time to speak of."""

    writing_cost: float = 10.0
    """Of more, each takes as long to write as so many take to be processed: no temp table that costs more to write than
    it takes to do without."""

    blow_up: float = 10.0
    """No temp table of a cross join that makes more than this many times the rows of the tables that it reads; an
    estimate that says so of other joins is in doubt."""

    believed_ratio: float = 3.0
    """An estimate of more work than this many times the rows that are read is taken for so much."""

    relaxed_ratio: float = 3.0
    """A temp table without a condition whose constant may change may take so many times the work of the one with it."""

    relaxed_rows: int = 200_000
    """No such temp table that is estimated to have more rows: it is read again at each change of the constant."""

    create_seconds: float = 30.0
    """A create that takes longer is cancelled and not tried again on the same data."""

    preview_seconds: float = 60.0
    """A preview that takes longer is cancelled and reported as failed."""

    overrun: float = 2.0
    """Work that nobody asked for is stopped when it has taken so many times what was expected, and half a second."""

    hopeless_seconds: float = 5.0
    """A preview that was stopped for that, after so long at least, speaks against those of the same joins and more."""

    closed_overrun: float = 4.0
    """The same for temp tables of SELECTs that the user has left: they are likely to be needed as they are, and
    where the engine's estimate is too low, that of the whole query is so too."""

    whole_overrun: float = 10.0
    """The same for a preview that somebody waits for, and for the whole query, of which only ORDER BY and LIMIT are to
    come: the longer it takes, the longer would its submit take too, and who stops it has worked nearly as much for
    nothing."""

    rows_per_second: float = 100_000_000.0
    """First guess of the engine's speed in rows processed; what it really does is measured as queries finish."""

    allowed_paths: tuple[str, ...] = ()
    """Files and folders that a speculated query may read as tables; what is read from them is never kept."""

    give_way: Callable[[], None] = lambda: None
    """Called on the thread that qualifies and matches, before each piece of work: waits while others need Python."""

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
