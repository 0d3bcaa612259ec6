"""A page of a result, from Arrow to the cells of the wire."""

import struct
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pyarrow as pa

from speql_server.protocol import Cell

_EXACT = 2**53
_INTEGERS = {"HUGEINT", "UHUGEINT"}
_SPECIAL = frozenset("\"'\\()[]{},=:")
_UNITS = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
_DAY = 86_400

Text = Callable[[Any], str]


def cells(rows: pa.Table, types: Sequence[str] = ()) -> list[list[Cell]]:
    """The rows, each a list of cells as `protocol.Cell` describes them.

    ``types`` are the engine's own spellings of the columns' types; they tell apart what Arrow does not (HUGEINT comes
    as a decimal). Values never pass through Python's date and time objects: those end at the year 9999, know no
    infinity, lose nanoseconds, and time zones would need packages that may not be there.
    """
    engine_types = [*types, *[""] * (rows.num_columns - len(types))]
    columns = [_column(rows.column(at), engine_types[at]) for at in range(rows.num_columns)]
    return [list(row) for row in zip(*columns, strict=True)] if columns else []


def _column(column: pa.ChunkedArray, engine_type: str) -> list[Cell]:
    arrow_type = column.type
    if pa.types.is_dictionary(arrow_type):
        arrow_type = arrow_type.value_type
        column = column.cast(arrow_type)
    if pa.types.is_boolean(arrow_type) or pa.types.is_string(arrow_type) or pa.types.is_large_string(arrow_type):
        return list(column.to_pylist())
    if pa.types.is_integer(arrow_type) or engine_type in _INTEGERS:
        return [None if value is None else _integer(int(value)) for value in column.to_pylist()]
    if pa.types.is_floating(arrow_type):
        return [None if value is None else _number(value, arrow_type) for value in column.to_pylist()]
    text = _text(arrow_type)
    return [None if value is None else text(value) for value in _plain(column)]


def _integer(value: int) -> Cell:
    return value if -_EXACT <= value <= _EXACT else str(value)


def _number(value: float, arrow_type: pa.DataType) -> Cell:
    if value != value or value in (float("inf"), float("-inf")):
        return str(value)
    return value if pa.types.is_float64(arrow_type) else float(_shortest(value, arrow_type))


def _shortest(value: float, arrow_type: pa.DataType) -> str:
    """The fewest digits that mean this value in its own width: 0.1, not 0.10000000149011612, for a 32-bit float."""
    if pa.types.is_float64(arrow_type) or value in (float("inf"), float("-inf")) or value != value:
        return repr(value)
    for digits in range(1, 10):
        text = f"{value:.{digits}g}"
        if struct.unpack("f", struct.pack("f", float(text)))[0] == value:
            return repr(float(text))
    return repr(value)


def _plain(column: pa.ChunkedArray) -> list[Any]:
    """The values as numbers, strings, bytes, lists and dicts, with every date and time as its bare count."""
    return list(column.cast(_counted(column.type)).to_pylist()) if _has_times(column.type) else list(column.to_pylist())


def _has_times(arrow_type: pa.DataType) -> bool:
    return pa.types.is_temporal(arrow_type) or any(
        _has_times(arrow_type.field(at).type) for at in range(arrow_type.num_fields)
    )


def _counted(arrow_type: pa.DataType) -> pa.DataType:
    """The same type with integers in the place of dates and times (intervals stay: they are counts already)."""
    if pa.types.is_interval(arrow_type):
        return arrow_type
    if pa.types.is_temporal(arrow_type):
        return pa.int32() if arrow_type.bit_width == 32 else pa.int64()
    if pa.types.is_list(arrow_type):
        return pa.list_(_counted(arrow_type.value_type))
    if pa.types.is_large_list(arrow_type):
        return pa.large_list(_counted(arrow_type.value_type))
    if pa.types.is_fixed_size_list(arrow_type):
        return pa.list_(_counted(arrow_type.value_type), arrow_type.list_size)
    if pa.types.is_struct(arrow_type):
        return pa.struct([field.with_type(_counted(field.type)) for field in arrow_type])
    if pa.types.is_map(arrow_type):
        return pa.map_(_counted(arrow_type.key_type), _counted(arrow_type.item_type))
    return arrow_type


def _text(arrow_type: pa.DataType) -> Text:
    """The function that writes a value of this type as DuckDB does."""
    if pa.types.is_boolean(arrow_type):
        return lambda value: "true" if value else "false"
    if pa.types.is_floating(arrow_type):
        return lambda value: _shortest(value, arrow_type)
    if pa.types.is_decimal(arrow_type):
        return _decimal
    if pa.types.is_date32(arrow_type):
        return _date
    if pa.types.is_timestamp(arrow_type):
        return lambda value: _timestamp(value, arrow_type)
    if pa.types.is_time(arrow_type):
        unit = str(arrow_type.unit)
        return lambda value: _time(value, unit)
    if pa.types.is_interval(arrow_type):
        return _interval
    if pa.types.is_binary(arrow_type) or pa.types.is_large_binary(arrow_type):
        return _blob
    return _nested(arrow_type)


def _nested(arrow_type: pa.DataType) -> Text:
    if pa.types.is_list(arrow_type) or pa.types.is_large_list(arrow_type) or pa.types.is_fixed_size_list(arrow_type):
        element = _element(arrow_type.value_type)
        return lambda value: f"[{', '.join(element(item) for item in value)}]"
    if pa.types.is_struct(arrow_type):
        fields = [(field.name, _element(field.type)) for field in arrow_type]
        return lambda value: f"{{{', '.join(f'{_quoted(name)}: {text(value[name])}' for name, text in fields)}}}"
    if pa.types.is_map(arrow_type):
        key, item = _element(arrow_type.key_type), _element(arrow_type.item_type)
        return lambda value: f"{{{', '.join(f'{key(k)}={item(v)}' for k, v in value)}}}"
    return str


def _element(arrow_type: pa.DataType) -> Text:
    """Like `_text`, for a value inside another: NULL is a word there, and text that could be misread is quoted."""
    is_text = pa.types.is_string(arrow_type) or pa.types.is_large_string(arrow_type) or pa.types.is_temporal(arrow_type)
    is_text = is_text or pa.types.is_binary(arrow_type) or pa.types.is_dictionary(arrow_type)
    text = _text(arrow_type)

    def write(value: Any) -> str:
        if value is None:
            return "NULL"
        written = text(value)
        return _quoted(written) if is_text and _needs_quotes(written) else written

    return write


def _needs_quotes(text: str) -> bool:
    return not text or text != text.strip() or text.upper() == "NULL" or not _SPECIAL.isdisjoint(text)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _decimal(value: Decimal) -> str:
    return format(value, "f")


def _date(days: int) -> str:
    if abs(days) >= 2**31 - 1:
        return "infinity" if days > 0 else "-infinity"
    year, month, day = _civil(days)
    era = "" if year > 0 else " (BC)"
    return f"{year if year > 0 else 1 - year:04}-{month:02}-{day:02}{era}"


def _civil(days: int) -> tuple[int, int, int]:
    """Year, month and day of a count of days since 1970 in the proleptic Gregorian calendar (Hinnant, "chrono")."""
    era, day_of_era = divmod(days + 719_468, 146_097)
    year_of_era = (day_of_era - day_of_era // 1_460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted_month = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * shifted_month + 2) // 5 + 1
    month = shifted_month + 3 if shifted_month < 10 else shifted_month - 9
    return year_of_era + era * 400 + (month <= 2), month, day


def _timestamp(count: int, arrow_type: pa.DataType) -> str:
    if abs(count) >= 2**63 - 1:
        return "infinity" if count > 0 else "-infinity"
    seconds, fraction = divmod(count, _UNITS[arrow_type.unit])
    offset = None if arrow_type.tz is None else _utc_offset(seconds, arrow_type.tz)
    days, second_of_day = divmod(seconds + (offset or 0), _DAY)
    zone = "" if offset is None else _offset(offset)
    return f"{_date(days)} {_clock(second_of_day, fraction, arrow_type.unit)}{zone}"


def _utc_offset(seconds: int, zone: str) -> int:
    """Seconds east of UTC; 0 where the time zone's rules are not on this machine or do not reach that far."""
    try:
        offset = datetime.fromtimestamp(seconds, UTC).astimezone(ZoneInfo(zone)).utcoffset()
    except (ZoneInfoNotFoundError, ValueError, OverflowError, OSError):
        return 0
    return int(offset.total_seconds()) if offset is not None else 0


def _offset(seconds: int) -> str:
    sign = "-" if seconds < 0 else "+"
    hours, rest = divmod(abs(seconds), 3_600)
    minutes, seconds = divmod(rest, 60)
    return (
        f"{sign}{hours:02}" + (f":{minutes:02}" if minutes or seconds else "") + (f":{seconds:02}" if seconds else "")
    )


def _time(count: int, unit: str) -> str:
    seconds, fraction = divmod(count, _UNITS[unit])
    return _clock(seconds, fraction, unit)


def _clock(seconds: int, fraction: int, unit: str) -> str:
    digits = len(str(_UNITS[unit])) - 1
    text = f"{seconds // 3_600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return f"{text}.{fraction:0{digits}}".rstrip("0") if fraction else text


def _interval(value: Any) -> str:
    """``1 year 2 months -3 days 01:02:03.5``; years and months carry their own sign, as the time does."""
    months, days, nanoseconds = value
    years, months = (abs(months) // 12 * (1 if months > 0 else -1), abs(months) % 12 * (1 if months > 0 else -1))
    parts = [
        f"{count} {unit}{'' if abs(count) == 1 else 's'}"
        for count, unit in ((years, "year"), (months, "month"), (days, "day"))
        if count
    ]
    if nanoseconds or not parts:
        seconds, fraction = divmod(abs(nanoseconds) // 1_000, 1_000_000)
        parts.append(("-" if nanoseconds < 0 else "") + _clock(seconds, fraction, "us"))
    return " ".join(parts)


def _blob(value: bytes) -> str:
    return "".join(chr(byte) if 32 <= byte < 127 and byte not in b"\\'\"" else f"\\x{byte:02X}" for byte in value)
