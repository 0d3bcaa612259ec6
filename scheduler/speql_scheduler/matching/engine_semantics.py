"""How the engines differ in what matters to a match."""

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True)
class EngineSemantics:
    """What an engine makes of values, as its documentation says (``source``).

    ``integer_division`` is what ``7 / 2`` gives; ``nulls`` where NULL is sorted in ascending order;
    ``text_equality`` when two texts are equal; ``char_padding`` what blanks at the end of a CHAR mean to ``=``;
    ``empty_string`` whether ``''`` is a value or NULL; ``decimal_scale`` where the digits of a decimal come from;
    ``timestamp_with_zone`` in which zone such a value is shown. ``not_compared`` are the types whose values may be
    equal without being the same, or are compared by what the catalog does not tell: matching reasons about no
    column of these.
    """

    source: str
    integer_division: str
    nulls: str
    text_equality: str
    char_padding: str
    empty_string: str
    decimal_scale: str
    timestamp_with_zone: str
    not_compared: frozenset[str]

    def compares(self, type_name: str) -> bool:
        """Whether how values of a type compare is known; a type with digits or a length is another than one without.

        >>> postgres = engine_semantics("postgres")
        >>> postgres.compares("integer"), postgres.compares("numeric"), postgres.compares("numeric(9, 2)")
        (True, False, True)
        """
        name, digits, _ = type_name.upper().partition(" COLLATE ")[0].partition("(")
        declared = bool(digits) and name.strip() in ("NUMERIC", "DECIMAL")
        return declared or name.strip() not in self.not_compared


@cache
def engine_semantics(dialect: str) -> EngineSemantics | None:
    """What is known of the engine of a dialect; None if nothing is, and then nothing may be matched there."""
    data = json.loads(resources.files("speql_scheduler.matching").joinpath("engine_semantics.json").read_text("utf-8"))
    known = data.get(dialect)
    return EngineSemantics(**{**known, "not_compared": frozenset(known["not_compared"])}) if known else None
