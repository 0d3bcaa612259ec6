"""What a connection has spent on language models, and when that is enough."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from speql_speculator.language_model.settings import LanguageModelSettings
from speql_sql import Problem

HOUR = 3_600.0
DAY = 86_400.0


class Charge(msgspec.Struct, frozen=True, kw_only=True):
    """What one request has cost. ``at`` is in seconds since 1970.

    ``estimated``: the endpoint did not report its tokens. ``price_known``: the dollars are those of the price table.
    ``reserved``: the request is under way, and this is the most that it may cost; the charge of the same ``request``
    that follows takes its place. Of a process that dies in between it stays: nobody knows what the request has cost.
    """

    at: float
    model: str
    input_tokens: int
    output_tokens: int
    cached_tokens: int = 0
    dollars: float = 0.0
    estimated: bool = False
    price_known: bool = True
    reserved: bool = False
    request: str = ""

    @property
    def tokens(self) -> int:
        """Those of the question and of the answer."""
        return self.input_tokens + self.output_tokens


@dataclass(frozen=True, slots=True)
class Totals:
    """The sum of some charges; ``exact`` if all of them are known and none estimated."""

    requests: int = 0
    tokens: int = 0
    dollars: float = 0.0
    exact: bool = True


@dataclass(frozen=True, slots=True)
class Spending:
    """The charges of the last day, the oldest first; whoever keeps it over sessions writes the charges down."""

    charges: tuple[Charge, ...] = ()

    @classmethod
    def of(cls, charges: Iterable[Charge], now: float) -> "Spending":
        """The spending that these charges are, those of more than a day ago left out, and what is settled by now."""
        found = [one for one in charges if one.at > now - DAY]
        settled = {one.request for one in found if one.request and not one.reserved}
        of_requests = {
            one.request: one for one in found if one.request and not (one.reserved and one.request in settled)
        }
        kept = [one for one in found if not one.request]
        kept += (one for one in of_requests.values() if one.tokens or one.dollars)
        return cls(tuple(sorted(kept, key=lambda one: one.at)))

    def with_charge(self, charge: Charge) -> "Spending":
        """The same, and one charge more."""
        return Spending.of((*self.charges, charge), charge.at)

    def totals(self, now: float, seconds: float) -> Totals:
        """The sum of the last ``seconds``, up to a day."""
        within = [one for one in self.charges if one.at > now - seconds]
        return Totals(
            requests=len(within),
            tokens=sum(one.tokens for one in within),
            dollars=sum(one.dollars for one in within),
            exact=all(one.price_known and not one.estimated for one in within),
        )

    def refusal(self, settings: LanguageModelSettings, now: float, expected: Charge | None = None) -> Problem | None:
        """Why a request that may cost as much as ``expected`` is not made, and when it can be; None if it can."""
        dollars, tokens = (expected.dollars, expected.tokens) if expected is not None else (0.0, 0)
        for what, limit, seconds, need, of in (
            (f"${settings.dollars_per_hour:g} an hour", settings.dollars_per_hour, HOUR, dollars, _dollars),
            (f"${settings.dollars_per_day:g} a day", settings.dollars_per_day, DAY, dollars, _dollars),
            (f"{settings.tokens_per_hour:,} tokens an hour", settings.tokens_per_hour, HOUR, float(tokens), _tokens),
        ):
            within = [one for one in self.charges if one.at > now - seconds]
            spent = sum(of(one) for one in within)
            full = spent >= limit and (spent > 0 or of is _tokens)
            if not full and spent + need <= limit:
                continue
            return Problem(
                "language-model-budget",
                f"The budget for the language model is spent: {what}.",
                None,
                "information",
                _goes_on(within, spent + need - limit, seconds, of),
            )
        return None


def settled(reserved: Charge) -> Charge:
    """The end of a reservation whose request has cost nothing."""
    return msgspec.structs.replace(reserved, input_tokens=0, output_tokens=0, dollars=0.0, reserved=False)


def _dollars(charge: Charge) -> float:
    return charge.dollars


def _tokens(charge: Charge) -> float:
    return float(charge.tokens)


def _goes_on(within: list[Charge], excess: float, seconds: float, of: Callable[[Charge], float]) -> str:
    """When enough of what was spent is longer ago than the budget's time."""
    freed = 0.0
    for charge in within:
        freed += of(charge)
        if freed >= excess:
            moment = datetime.fromtimestamp(charge.at + seconds, UTC)
            return f"Repairs go on by rules; the model is asked again from {moment:%H:%M} UTC."
    return "Repairs go on by rules. Raise the budget in the settings to go on with the model."


def encoded(charge: Charge) -> bytes:
    """A charge as one line."""
    return msgspec.json.encode(charge) + b"\n"


def decoded(lines: bytes) -> tuple[Charge, ...]:
    """The charges of a text of lines; a line that is broken off, by a crash, is left out."""
    found = []
    for line in lines.splitlines():
        try:
            found.append(msgspec.json.decode(line, type=Charge))
        except msgspec.MsgspecError:
            continue
    return tuple(found)
