"""What an engine charges."""

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import msgspec

from speql_engines.engine import EngineInfo
from speql_engines.governed.settings import LIST_PRICE, OwnPrice

TEBIBYTE = 1 << 40
HOUR = 3_600.0


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars a tebibyte scanned and dollars an hour of running; None is a price that is not known, 0.0 no price."""

    per_tebibyte: float | None = None
    per_hour: float | None = None
    least_bytes: int = 0

    def dollars(self, seconds: float | None, scanned: int | None) -> float | None:
        """What a statement costs that takes so long and scans so much; None if that cannot be told.

        >>> Price(per_tebibyte=5.0, per_hour=0.0).dollars(1.0, 1 << 39)
        2.5
        """
        if self.per_tebibyte is None or self.per_hour is None:
            return None
        if (self.per_tebibyte and scanned is None) or (self.per_hour and seconds is None):
            return None
        billed = max(scanned or 0, self.least_bytes) if scanned else 0
        return self.per_tebibyte * billed / TEBIBYTE + self.per_hour * (seconds or 0.0) / HOUR

    def seconds_for(self, dollars: float) -> float | None:
        """How long a statement may run for so much money; None if its time costs nothing."""
        return dollars / self.per_hour * HOUR if self.per_hour else None

    def bytes_for(self, dollars: float) -> int | None:
        """How much a statement may scan for so much money; None if scanning costs nothing."""
        return int(dollars / self.per_tebibyte * TEBIBYTE) if self.per_tebibyte else None


FREE = Price(0.0, 0.0)


class ListPrice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A row of prices.toml."""

    tebibyte: float = 0.0
    least_bytes: int = 0
    unit_hour: float = 0.0
    sizes: dict[str, float] = {}


class PriceTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table of prices.toml, with the month that it is from."""

    as_of: str
    engines: dict[str, ListPrice]


@lru_cache(maxsize=1)
def price_table() -> PriceTable:
    """The table that comes with SpeQL."""
    text = files("speql_engines.governed").joinpath("prices.toml").read_bytes()
    return msgspec.toml.decode(text, type=PriceTable)


def price_of(info: EngineInfo, own: OwnPrice = LIST_PRICE) -> Price:
    """What a connection's engine charges, by what the user says, else by the price table; nothing if it is not paid.

    A price that neither knows is None: then no limit in dollars can be kept, and what has one is not run ahead.
    """
    if own != LIST_PRICE:
        return Price(own.dollars_per_tebibyte or 0.0, own.dollars_per_hour or 0.0)
    if not is_paid(info):
        return FREE
    listed = price_table().engines.get(info.engine.lower())
    if listed is None:
        return Price()
    if not listed.unit_hour:
        return Price(listed.tebibyte, 0.0, listed.least_bytes)
    units = _units(listed, info.size or info.details.get("size", ""))
    return Price(listed.tebibyte, listed.unit_hour * units if units is not None else None, listed.least_bytes)


def is_paid(info: EngineInfo) -> bool:
    """Whether statements on a connection cost money."""
    return info.paid


def _units(listed: ListPrice, size: str) -> float | None:
    """How many units of an engine's price a size is."""
    try:
        return float(size)
    except ValueError:
        return listed.sizes.get(size.strip().lower().replace("xsmall", "x-small").replace("xlarge", "x-large"))
