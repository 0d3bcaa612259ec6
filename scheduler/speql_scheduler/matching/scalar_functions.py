"""Functions of one row among those that the parser knows only by name."""

from sqlglot import exp

_NAMES_TEXT = """
century date_part date_sub datepart datesub decade epoch_ms epoch_ns epoch_us era format_bytes gcd hamming isfinite
isoyear jaccard julian lcm microsecond millennium millisecond octet_length ord printf round_even strip_accents strlen
suffix to_days to_hours to_minutes to_months to_seconds to_weeks to_years try_strptime weekday yearweek
"""
_NAMES = frozenset(_NAMES_TEXT.split())


def is_scalar_function(node: exp.Expr) -> bool:
    """Whether a call that sqlglot has no class for is known to give one value for each row.

    Of others it is not known whether they are aggregates (``product``) or make rows. The guard has made sure that no
    function of the database's own has one of these names.
    """
    return isinstance(node, exp.Anonymous) and node.name.lower() in _NAMES
