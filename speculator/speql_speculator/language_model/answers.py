"""What a model's answer says: pieces of the text to replace, or the whole query."""

import re

import msgspec

_FENCE = re.compile(r"```[ \t]*(?:\w+)?[ \t]*\r?\n(.*?)(?:```|\Z)", re.DOTALL)
_TAGS = re.compile(r"</?(?:sql|text)(?:_\d+)?>")
_THOUGHT = re.compile(r"\A\s*<think>.*?</think>", re.DOTALL)
_SPACES = re.compile(r"\s+")
MAX_EDITS = 20


class LocalEdit(msgspec.Struct, frozen=True):
    """Replace the one place where ``before`` stands by ``after``. An empty ``before`` is the end of the text."""

    before: str
    after: str


class _LocalEdits(msgspec.Struct, frozen=True):
    edits: list[LocalEdit]


def local_edits(answer: str) -> tuple[LocalEdit, ...] | None:
    """The edits of an answer in JSON, also if it is put into a fence or talked around; None if there are none in it.

    >>> local_edits('Sure! ```json\\n{"edits": [{"before": "SELEC ", "after": "SELECT "}]}\\n```')
    (LocalEdit(before='SELEC ', after='SELECT '),)
    """
    text = _THOUGHT.sub("", answer)
    start, end = text.find("{"), text.rfind("}")
    candidates = [text[start : end + 1]] if 0 <= start < end else []
    first, last = text.find("["), text.rfind("]")
    if 0 <= first < last:
        candidates.append('{"edits":' + text[first : last + 1] + "}")
    for candidate in candidates:
        try:
            found = msgspec.json.decode(candidate, type=_LocalEdits).edits
        except msgspec.MsgspecError:
            continue
        return tuple(found) if 0 < len(found) <= MAX_EDITS else None
    return None


def with_local_edits(text: str, edits: tuple[LocalEdit, ...]) -> str | None:
    """``text`` with the edits applied one after the other; None if one of them does not say where.

    A piece that stands nowhere exactly is looked for with other white space; one that stands in several places is the
    last of them, since that is where people type.

    >>> with_local_edits("SELEC a  FROM t", (LocalEdit("SELEC a FROM", "SELECT a FROM"), LocalEdit("", " LIMIT 1")))
    'SELECT a FROM t LIMIT 1'
    """
    for edit in edits:
        if edit.before == edit.after:
            continue
        if not edit.before.strip():
            text = f"{text.rstrip()} {edit.after.strip()}"
            continue
        place = text.rfind(edit.before)
        end = place + len(edit.before)
        if place < 0:
            pattern = r"\s+".join(re.escape(part) for part in _SPACES.split(edit.before.strip()))
            places = list(re.finditer(pattern, text))
            if not places:
                return None
            place, end = places[-1].span()
            edit = LocalEdit(edit.before.strip(), edit.after.strip())
        text = text[:place] + edit.after + text[end:]
    return text


def whole_query(answer: str) -> str:
    """The SQL of an answer that is the whole query, without fences and tags.

    >>> whole_query("Here it is:\\n```sql\\nSELECT 1;\\n```\\nHope that helps!")
    'SELECT 1'
    """
    text = _THOUGHT.sub("", answer)
    fence = _FENCE.search(text)
    text = fence.group(1) if fence is not None else text
    return _TAGS.sub("", text).strip().rstrip(";").rstrip()
