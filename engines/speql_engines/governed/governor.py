"""What may be run ahead on a connection, and what everything on it has cost.

**Spending is bounded.** What we want: what is run ahead never costs more than the user allows, over all processes and
restarts; the user's own statements always run; and where nothing is limited nobody waits for the disk.

What cannot be had: what a statement will cost is known when it has run. Two processes cannot see each other's memory.

What does not work: to add up what has been spent and to compare before each statement (two that begin at once both
fit); to book a statement when it ends (a process that is killed has spent nothing); to go by the wall clock alone (it
is put forward by an hour, and the hour's budget is new).

The solution:

1. A statement is **reserved** in the ledger with what it is expected to cost, in one transaction with the comparison.
   When it has ended, what it has cost takes the place of that. One that a killed process has left counts as expected.
2. What is left of each limit is handed on with the statement (:class:`~speql_engines.bill.Bill`), and its time limit is
   kept here: it is stopped when it has run for what is left.
3. What this process has run ahead is counted by the monotonic clock, too; both counts must have room.
4. What is not known is dear: no estimate, no price or no ledger, where there is a limit on it, is a refusal.

What still fails: several statements that run at once, each of which costs more than expected, exceed a limit by as much
as all of them do; an engine that cannot hold to bytes is not stopped by them. A clock that is put forward together with
a new process makes a new budget.
"""

import asyncio
import logging
import re
import secrets
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Literal

from speql_engines.bill import Bill
from speql_engines.engine import EngineError, EngineInfo, Estimate, SpeculationHeldError
from speql_engines.governed.cost import Cost
from speql_engines.governed.ledger import DAY, HOUR, Entry, Kind, LedgerError, State, fits
from speql_engines.governed.ledger_writer import LedgerWriter
from speql_engines.governed.limits import exceeded, is_known, is_spent, left, most, part, shown
from speql_engines.governed.pace import Pace
from speql_engines.governed.prices import FREE, is_paid, price_of
from speql_engines.governed.refusals import LOOK_AGAIN_SECONDS, Refusals, held, refusal
from speql_engines.governed.settings import Limit, Mode, SpeculationSettings
from speql_engines.governed.spending import AheadOfSubmits, Spending
from speql_sql import Problem

logger = logging.getLogger(__name__)

SUBMITS_REMEMBERED = 64

_TEMP_TABLES = re.compile(r"\bspeql_[0-9a-f]{12}\b")

_Period = tuple[str, float, Limit]
"""A limit with the name of its time, and that in seconds."""

_PERIODS: tuple[tuple[Literal["hour", "day"], float], ...] = (("hour", float(HOUR)), ("day", float(DAY)))


@dataclass(slots=True)
class Booking:
    """A statement that runs or has run. ``bill`` is for the engine, ``seconds`` how long it may take."""

    entry: Entry
    bill: Bill
    estimate: Estimate | None = None
    seconds: float | None = None
    inputs: tuple[str, ...] = ()
    """The ids of what has made the temp tables that it reads."""
    slots: asyncio.Semaphore | None = None
    """Where it holds a place among those that run at a time."""


class Governor:
    """Of one connection; owned by the event loop. ``connection`` tells it apart in the ledger, over sessions.

    ``changed`` is called when `held` says something else, or the ledger fails.
    """

    def __init__(
        self,
        info: EngineInfo,
        connection: str,
        settings: SpeculationSettings,
        ledger: LedgerWriter,
        *,
        changed: Callable[[], None] = lambda: None,
        now: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._info = info
        self._paid = is_paid(info)
        self._connection = connection
        self._ledger = ledger
        self._now = now
        self.changed = changed
        ledger.changed = self._tell
        self.spending = Spending()
        self._prefix = secrets.token_hex(6)
        self._count = 0
        self._makers: dict[str, str] = {}
        self._ahead = AheadOfSubmits(clock)
        self._submits: OrderedDict[str, Entry] = OrderedDict()
        self._refusals = Refusals(clock)
        self._looking: asyncio.TimerHandle | None = None
        self._pace = Pace()
        self._elsewhere = Cost()
        """What others have spent in the last hour (processes, sessions of before), as the ledger has told last."""
        self.change(settings)

    def change(self, settings: SpeculationSettings) -> None:
        """Other settings hold from now on; what runs goes on."""
        self._given = settings
        self._settings = settings.on(paid=self._paid)
        self._price = price_of(self._info, settings.price)
        self._slots = asyncio.Semaphore(self._settings.concurrency) if self._settings.concurrency else None
        self._refusals.clear()
        self._tell()

    @property
    def settings(self) -> SpeculationSettings:
        """The settings as they hold, with what is not said filled in."""
        return self._settings

    @property
    def given(self) -> SpeculationSettings:
        """The settings as they were given."""
        return self._given

    @property
    def mode(self) -> Mode:
        """What speculation may do."""
        return self._settings.mode or "free"

    @property
    def connection(self) -> str:
        """What the ledger calls the connection."""
        return self._connection

    @property
    def label(self) -> str:
        """What people call the connection."""
        return self._info.label

    @property
    def is_priced(self) -> bool:
        """Whether there is a price, so that dollars mean something."""
        return self._paid or self._price != FREE

    @property
    def is_paid(self) -> bool:
        """Whether statements cost money."""
        return self._paid

    @property
    def problem(self) -> str:
        """Why the ledger is not written; empty if it is."""
        return self._ledger.problem

    @property
    def needs_room(self) -> bool:
        """Whether something is limited or paid, so that a statement is estimated and reserved before it runs."""
        return self._paid or self._settings.is_limited

    def held(self) -> Problem | None:
        """Why nothing that costs is run ahead now; None if it is. Asks nobody."""
        if self.mode == "off":
            return refusal(f"Nothing is run ahead on {self._info.label}: its speculation is off.")
        if self.mode == "free":
            why = f", as {self._info.engine} charges for what it runs" if self._paid else ""
            return refusal(f"Only what costs nothing is run ahead on {self._info.label}{why}.")
        if self.needs_room and self._ledger.problem:
            return refusal(f"Nothing is run ahead, since it cannot be written down. {self._ledger.problem}")
        return self._refusals.of_all

    def of_hour(self) -> tuple[float, str] | None:
        """Which part of the hour's budget is spent, at most 1.0, and how much in words; None if an hour has no limit.

        Asks nobody: what other processes spend is known from the last statement that was reserved.
        """
        limit = self._settings.per_hour
        if self.mode != "budget" or not limit.is_set:
            return None
        spent = self._ahead.spent(HOUR) + self._elsewhere
        return min(part(spent, limit), 1.0), shown(spent, limit)

    def asked(self, kind: Kind, sql: str) -> Booking:
        """Book a statement of the user's own: it always runs."""
        bill = Bill(may_resume=True)
        return self._booking(kind, sql, bill, speculative=False)

    async def admit(self, kind: Kind, sql: str, estimate: Callable[[], Awaitable[Estimate]]) -> Booking:
        """Book a statement that is run ahead, if that is allowed; else raise :class:`SpeculationHeldError`.

        Cheap questions come first; ``estimate`` is asked only where something is limited, or only what is free may run.
        It waits while too many others run. Whoever is given a booking ends it with `settle`.
        """
        if self.mode == "free":
            return await self._free(kind, sql, estimate)
        if problem := self.held():
            raise held(problem)
        slots = self._slots
        if not self.needs_room and slots is None:
            return self._booking(kind, sql, Bill(may_resume=self._settings.resume_warehouse), speculative=True)
        self._refusals.raise_again(_hash(sql))
        estimated = await self._estimated(estimate) if self.needs_room else None
        if slots is not None:
            await slots.acquire()
        try:
            if problem := self.held():
                raise held(problem)  # it has become another while this waited
            booking = await self._reserved(kind, sql, estimated)
        except BaseException:
            if slots is not None:
                slots.release()
            raise
        booking.slots = slots
        return booking

    def settle(self, booking: Booking, state: State, seconds: float) -> None:
        """A statement has ended after so long: what it has cost is booked."""
        if booking.slots is not None:
            booking.slots.release()
        self._ahead.forget(booking.entry.id)
        entry, bill, estimate = booking.entry, booking.bill, booking.estimate
        scanned = bill.bytes if bill.bytes is not None else estimate.bytes_scanned if estimate is not None else None
        dollars = bill.dollars
        if dollars is None and estimate is not None and estimate.dollars == 0.0:
            dollars = 0.0
        if dollars is None:
            dollars = self._price.dollars(seconds, scanned)
        cost = Cost(seconds, scanned, dollars)
        entry = replace(entry, state=state, cost=cost)
        self._ledger.book(entry, at_once=self.needs_room)
        if not entry.speculative:
            self._submits[entry.id] = entry
            if len(self._submits) > SUBMITS_REMEMBERED:
                self._submits.popitem(last=False)
            self.spending.submitted += cost
            self._use(booking.inputs)
            return
        self.spending.ahead += cost
        self._ahead.end(entry.id, cost, booking.inputs)
        if estimate is not None and state == "done":
            self._pace.learn(estimate.rows_processed, seconds)

    def overran(self, booking: Booking) -> SpeculationHeldError:
        """A statement was stopped because it had taken what it might; it is not tried again for a while."""
        what = f"This was stopped after {booking.seconds or 0.0:.3g} seconds: more may not be spent on it ahead."
        return self._refusals.refuse(booking.entry.hash, refusal(what))

    def made(self, booking: Booking, table: str) -> None:
        """A statement has made a temp table: what reads that has a use for what it has cost."""
        self._makers[table] = booking.entry.id

    def dropped(self, table: str) -> None:
        """A temp table is gone."""
        self._makers.pop(table, None)

    def use(self, statement: str) -> None:
        """The rows of a statement were shown, or are the answer of a submit; so what it has read was of use."""
        self._use((statement,))

    def served(self, statement: str, seconds: float, direct: Estimate | None) -> None:
        """A submit was answered by what was run ahead, so many seconds sooner than by a run of its own, of which the
        engine has expected so much. ``statement`` has given its rows: its own, or one of before.
        """
        dollars = direct.dollars if direct is not None else None
        if dollars is None:
            dollars = self._price.dollars(seconds, direct.bytes_scanned if direct is not None else None)
        saved = Cost(seconds, 0, dollars or 0.0)
        self.spending.saved += saved
        entry = self._submits.pop(statement, None)
        if entry is None:  # rows of before: nothing was run for it
            entry = replace(self._booking("served", "", Bill(), speculative=False).entry, state="done")
        self._ledger.book(replace(entry, saved=saved))

    async def written(self) -> None:
        """Wait until all that has ended is in the ledger, or could not be written."""
        await self._ledger.flush()

    async def close(self) -> None:
        """Write the ledger to its end."""
        if self._looking is not None:
            self._looking.cancel()
        self.changed = lambda: None
        await self._ledger.close()

    async def _free(self, kind: Kind, sql: str, estimate: Callable[[], Awaitable[Estimate]]) -> Booking:
        """Book a statement if the engine itself says that it costs nothing."""
        self._refusals.raise_again(_hash(sql))
        estimated = await self._estimated(estimate)
        if estimated.dollars != 0.0:
            problem = self.held()
            assert problem is not None, "only what is free runs in this mode"
            raise self._refusals.refuse(_hash(sql), problem)
        return self._booking(kind, sql, Bill(most_bytes=0), speculative=True, estimate=estimated)

    async def _estimated(self, estimate: Callable[[], Awaitable[Estimate]]) -> Estimate:
        """The engine's estimate; where it has none there is no telling what the statement costs.

        Of a statement that is at fault itself the engine says what is wrong, as when it would be run.
        """
        try:
            return await estimate()
        except EngineError as error:
            if error.problem is not None and error.problem.code not in ("engine", "engine-error"):
                raise
            raise held(refusal("This is not run ahead: the engine does not tell what it would cost.")) from error

    async def _reserved(self, kind: Kind, sql: str, estimate: Estimate | None) -> Booking:
        """Book a statement that fits into every limit."""
        bill = Bill(may_resume=self._settings.resume_warehouse)
        if estimate is None:
            return self._booking(kind, sql, bill, speculative=True)
        settings, cost = self._settings, self._expected(estimate)
        if not fits(cost, most(settings.per_statement)):
            what = exceeded(cost, settings.per_statement)
            raise self._refusals.refuse(_hash(sql), refusal(f"This is not run ahead: {what} a statement."))
        booking = self._booking(kind, sql, bill, speculative=True, estimate=estimate, cost=cost)
        limits = [
            (name, seconds, limit)
            for (name, seconds), limit in zip(_PERIODS, (settings.per_hour, settings.per_day), strict=True)
            if limit.is_set
        ]
        for name, seconds, limit in limits:
            if not is_known(cost, limit):
                raise self._refusals.refuse(_hash(sql), refusal(f"This is not run ahead: {exceeded(cost, limit)}."))
            if not fits(self._ahead.spent(seconds) + cost, most(limit)):
                raise self._out_of_budget(booking.entry.hash, name, limit, self._ahead.spent(seconds), cost, None)
        here = [self._ahead.spent(seconds) for _, seconds, _ in limits]
        self._ahead.begin(booking.entry.id, cost)
        try:
            await self._reserve(booking, limits, here)
        except BaseException:
            self._ahead.forget(booking.entry.id)
            raise
        return booking

    async def _reserve(self, booking: Booking, limits: Sequence[_Period], here: list[Cost]) -> None:
        """Reserve what a statement is expected to cost, and set its limits to what is left."""
        rest, cost = [most(self._settings.per_statement)], booking.entry.cost
        try:
            answer = await self._ledger.reserve(booking.entry, [(seconds, most(limit)) for _, seconds, limit in limits])
            if isinstance(answer, int):
                name, seconds, limit = limits[answer]
                spent, frees = await self._ledger.ask(
                    lambda ledger: (
                        ledger.spent(self._connection, self._now(), seconds),
                        ledger.frees(self._connection, self._now(), seconds),
                    )
                )
                if name == "hour":
                    self._elsewhere = spent - here[answer]
                raise self._out_of_budget(booking.entry.hash, name, limit, spent, cost, frees)
        except LedgerError as error:
            raise held(refusal(f"Nothing is run ahead, since it cannot be written down. {error}")) from error
        for (name, _, limit), spent, spent_here in zip(limits, answer, here, strict=True):
            if name == "hour":
                self._elsewhere = spent - spent_here
            rest += [left(limit, spent), left(limit, spent_here)]
        self._cap(booking, rest)

    def _cap(self, booking: Booking, rest: Sequence[Cost]) -> None:
        """What is left of every limit is what the statement may take."""
        seconds = [one.seconds for one in rest if one.seconds is not None]
        scanned = [one.bytes for one in rest if one.bytes is not None]
        for dollars in (one.dollars for one in rest if one.dollars is not None):
            for_money, bytes_for_money = self._price.seconds_for(dollars), self._price.bytes_for(dollars)
            seconds += [for_money] if for_money is not None else []
            scanned += [bytes_for_money] if bytes_for_money is not None else []
        booking.seconds = booking.bill.most_seconds = min(seconds, default=None)
        booking.bill.most_bytes = min(scanned, default=None)

    def _booking(
        self,
        kind: Kind,
        sql: str,
        bill: Bill,
        *,
        speculative: bool,
        estimate: Estimate | None = None,
        cost: Cost | None = None,
    ) -> Booking:
        self._count += 1
        entry = Entry(
            id=f"{self._prefix}-{self._count}",
            at=self._now(),
            engine=self._info.engine,
            connection=self._connection,
            label=self._info.label,
            kind=kind,
            speculative=speculative,
            hash=_hash(sql),
            state="running",
            cost=cost or Cost(),
        )
        inputs = tuple(self._makers[name] for name in _TEMP_TABLES.findall(sql) if name in self._makers)
        return Booking(entry, bill, estimate, inputs=inputs)

    def _expected(self, estimate: Estimate) -> Cost:
        """What a statement is expected to cost. How long one takes is learnt from those that have run."""
        seconds = estimate.seconds
        if seconds is None:
            seconds = self._pace.seconds(estimate.rows_processed)
        dollars = estimate.dollars
        if dollars is None:
            dollars = self._price.dollars(seconds, estimate.bytes_scanned)
        return Cost(seconds, estimate.bytes_scanned, dollars)

    def _use(self, statements: Iterable[str]) -> None:
        """Mark what these statements have cost as used, and what they have read."""
        found = self._ahead.use(statements)
        self.spending.used += sum(found.values(), Cost())
        if found:
            self._ledger.use(tuple(found))

    def _out_of_budget(
        self, statement: str, name: str, limit: Limit, spent: Cost, cost: Cost, frees: float | None
    ) -> SpeculationHeldError:
        """The refusal of a statement that does not fit into what is left; where nothing is left, of all that follow."""
        over = exceeded(spent + cost, limit)
        goes_on = ""
        if frees is not None:
            goes_on = f" From {datetime.fromtimestamp(frees, UTC):%H:%M} UTC on there is more."
        if is_spent(spent, limit):
            problem = refusal(f"The budget of this {name} is spent: {shown(spent, limit)}.{goes_on}")
            until = min(frees - self._now(), LOOK_AGAIN_SECONDS) if frees is not None else LOOK_AGAIN_SECONDS
            self._block(problem, max(until, 1.0))
            return held(problem)
        return self._refusals.refuse(
            statement, refusal(f"This is not run ahead: with it {over} of this {name}.{goes_on}")
        )

    def _block(self, problem: Problem, seconds: float) -> None:
        self._refusals.block(problem, seconds)
        if self._looking is not None:
            self._looking.cancel()
        self._looking = asyncio.get_running_loop().call_later(seconds, self._tell)
        self._tell()

    def _tell(self) -> None:
        self.changed()


def _hash(sql: str) -> str:
    """What stands for a text that is not kept; empty for none."""
    return blake2b(sql.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest() if sql else ""
