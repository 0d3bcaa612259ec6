"""What a token costs."""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from importlib.resources import files

import msgspec

from speql_speculator.language_model.usage import Usage


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars a million tokens. ``known`` is False where the price is one that is rather too high."""

    input: float
    cached_input: float
    output: float
    known: bool = True

    def dollars(self, usage: Usage) -> float:
        """What a request costs.

        >>> Price(2.0, 0.5, 8.0).dollars(Usage(input_tokens=1_000_000, cached_tokens=500_000, output_tokens=0))
        1.25
        """
        fresh = max(usage.input_tokens - usage.cached_tokens, 0)
        millionths = fresh * self.input + usage.cached_tokens * self.cached_input + usage.output_tokens * self.output
        return millionths / 1_000_000


FREE = Price(0.0, 0.0, 0.0)


class PriceTable(msgspec.Struct, frozen=True):
    """The table of prices.toml, with the month that it is from."""

    as_of: str
    models: tuple[tuple[str, float, float, float], ...]


@lru_cache(maxsize=1)
def price_table() -> PriceTable:
    """The table that comes with SpeQL."""
    text = files("speql_speculator.language_model").joinpath("prices.toml").read_bytes()
    return msgspec.toml.decode(text, type=PriceTable)


def listed_price(model: str) -> Price | None:
    """The price of a model by its name, the provider's prefix (``openai/``, ``models/``) left out; None if not listed.

    >>> listed_price("openai/gpt-4.1-mini-2025-04-14").input, listed_price("nobody-knows")
    (0.4, None)
    """
    name = model.rsplit("/", 1)[-1].lower()
    row = next((row for row in price_table().models if fnmatchcase(name, row[0])), None)
    return Price(*row[1:]) if row is not None else None
