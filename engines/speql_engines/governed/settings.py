"""What the user allows speculation to cost."""

from typing import Annotated, Literal

import msgspec

Mode = Literal["off", "free", "budget"]

Amount = Annotated[float, msgspec.Meta(ge=0)]


class Limit(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """The most that may be spent; null is no limit."""

    dollars: Amount | None = None
    seconds: Amount | None = None
    bytes: Annotated[int, msgspec.Meta(ge=0)] | None = None

    @property
    def is_set(self) -> bool:
        """Whether anything is limited."""
        return (self.dollars, self.seconds, self.bytes) != (None, None, None)


class OwnPrice(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """What the user really pays, in place of the list price."""

    dollars_per_tebibyte: Amount | None = None
    dollars_per_hour: Amount | None = None


NO_LIMIT = Limit()
LIST_PRICE = OwnPrice()


class SpeculationSettings(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """Settings of speculation on a connection.

    ``mode`` is ``off``, ``free`` (only what costs nothing) or ``budget`` (what the limits allow); null is ``free`` on
    an engine that is paid, else ``budget``. A statement, all of an hour and all of a day may take so much;
    ``concurrency`` statements run at a time. ``resume_warehouse`` allows to start a warehouse that is suspended.
    """

    mode: Mode | None = None
    per_statement: Limit = NO_LIMIT
    per_hour: Limit = NO_LIMIT
    per_day: Limit = NO_LIMIT
    concurrency: Annotated[int, msgspec.Meta(ge=1, le=64)] | None = None
    resume_warehouse: bool = False
    price: OwnPrice = LIST_PRICE

    @property
    def is_limited(self) -> bool:
        """Whether there is any limit on what is spent."""
        return self.per_statement.is_set or self.per_hour.is_set or self.per_day.is_set

    def on(self, *, paid: bool) -> "SpeculationSettings":
        """These settings as they hold: what is not said is ``free`` on a paid engine, and there a budget that has no
        limit gets the small ones below, since a budget without an end is none.

        >>> SpeculationSettings().on(paid=True).mode, SpeculationSettings().on(paid=False).mode
        ('free', 'budget')
        """
        mode: Mode = self.mode or ("free" if paid else "budget")
        if not paid:
            return msgspec.structs.replace(self, mode=mode)
        limits = (self.per_statement, self.per_hour, self.per_day)
        if not self.is_limited:
            limits = PAID_LIMITS
        statement, hour, day = limits
        return msgspec.structs.replace(
            self,
            mode=mode,
            per_statement=statement,
            per_hour=hour,
            per_day=day,
            concurrency=self.concurrency or PAID_CONCURRENCY,
        )


PAID_LIMITS = (Limit(dollars=0.10, seconds=60.0), Limit(dollars=1.0), Limit(dollars=5.0))
"""A statement, an hour and a day on a paid engine, where the user allows a budget and names no limit."""

PAID_CONCURRENCY = 2

DEFAULT_SPECULATION = SpeculationSettings()
