"""The tokens of a text, where every reader of its dialect finds the same ones."""

import itertools
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from speql_sql.sql_tokens import sql_tokens


@dataclass(frozen=True, slots=True)
class StrictToken:
    """``kind`` is ``word``, ``name`` (quoted), ``string``, ``number`` or ``mark``; the offsets are of the text."""

    kind: str
    start: int
    end: int
    text: str


@dataclass(frozen=True)
class StrictReading:
    """The tokens of a text, comments left out; or none, and ``doubt`` says where two readers may differ."""

    tokens: tuple[StrictToken, ...]
    doubt: str = ""


@dataclass(frozen=True)
class _Lexicon:
    """What of a dialect's lexical rules is certain: the rest is in doubt.

    ``escapes`` says that a backslash in a string escapes; elsewhere one that stands before a quote is in doubt, since
    a setting of the session may make it do so. ``strings`` and ``names`` are quotes. ``doubled`` says that a quote is
    written twice in a string. ``prefixes`` are letters that may stand right before a string, and change its end
    nowhere. ``comments`` begin a comment to the end of the line, besides ``--``. ``marks`` are characters besides the
    usual ones. ``substitutes`` says that ``${name}`` is replaced before the text is read, in strings too.
    """

    strings: str = "'"
    names: str = '"'
    escapes: bool = False
    doubled: bool = True
    prefixes: tuple[str, ...] = ()
    comments: tuple[str, ...] = ()
    marks: str = ""
    brackets: bool = False
    dollar_quotes: bool = False
    substitutes: bool = False


_LEXICONS: Mapping[str, _Lexicon] = {
    "duckdb": _Lexicon(prefixes=("e",), marks="@#!?{}$", dollar_quotes=True),
    "postgres": _Lexicon(prefixes=("e", "x", "b", "n"), marks="@#!?$", dollar_quotes=True),
    "redshift": _Lexicon(),
    "snowflake": _Lexicon(escapes=True, prefixes=("x",), comments=("//",), marks="{}"),
    "bigquery": _Lexicon("'\"", "`", True, False, prefixes=("r", "b", "rb", "br"), comments=("#",)),
    "tsql": _Lexicon(prefixes=("n",), brackets=True),
    "fabric": _Lexicon(prefixes=("n",), brackets=True),
    "spark": _Lexicon("'\"", "`", True, False, prefixes=("x",), substitutes=True),
    "databricks": _Lexicon("'\"", "`", True, False, prefixes=("x",), substitutes=True),
}

# Line ends that some readers end a comment at, and others do not.
_NOT_IN_LINE = r"\r\n\x0b\x0c\x1c-\x1e\x85\u2028\u2029\x00"
_USUAL_MARKS = r"+\-*/%<>=|&^~:.,;()!"


def strict_tokens(text: str, dialect: str) -> StrictReading:
    """The tokens of a text as the engine and sqlglot both read them.

    What a guard lets pass on sqlglot's word is only safe if the engine reads the same tokens. Engines differ in where
    comments nest and end, what a backslash does in a string, what quotes what, which characters are blanks. So only
    what is certain is read here, and it must be what sqlglot finds: the rest is in doubt.

    >>> [token.text for token in strict_tokens("SELECT 'a' -- b", "duckdb").tokens]
    ['SELECT', "'a'"]
    >>> strict_tokens("SELECT 1 /* a /* b */ , 2 */", "duckdb").doubt
    'comments nest in some engines, and end sooner in others'
    """
    lexicon = _LEXICONS.get(dialect)
    if lexicon is None:
        return StrictReading((), f"how {dialect} reads its tokens is not known")
    if lexicon.substitutes and "${" in text:
        return StrictReading((), "what ${ names is put in before the engine reads it")
    pattern = _pattern(dialect)
    tokens: list[StrictToken] = []
    at = 0
    while at < len(text):
        found = pattern.match(text, at)
        if found is None or found.lastgroup is None:
            return StrictReading((), _doubt(text, at))
        kind, start, at = found.lastgroup, at, found.end()
        if kind in ("word", "name") and (doubt := _letters(found[0])):
            return StrictReading((), doubt)
        if kind == "prefixed":
            kind = "string"
        if kind not in ("blank", "comment"):
            tokens.append(StrictToken(kind, start, at, found[0]))
    if doubt := _joints(text, tokens, lexicon) or _differs(text, tokens, dialect):
        return StrictReading((), doubt)
    return StrictReading(tuple(tokens))


@cache
def _pattern(dialect: str) -> re.Pattern[str]:
    lexicon = _LEXICONS[dialect]
    comments = "|".join(map(re.escape, ("--", *lexicon.comments)))
    names = [rf"{quote}(?:[^{quote}\\\x00\r\n]{_twice(quote)})*{quote}" for quote in lexicon.names]
    if lexicon.brackets:
        names.append(r"\[[^\[\]\x00\r\n]*\](?!\])")
    strings = [_string(quote, lexicon) for quote in lexicon.strings]
    if lexicon.dollar_quotes:
        strings.append(r"\$(?P<tag>(?:[A-Za-z_][A-Za-z_0-9]*)?)\$(?s:.*?)\$(?P=tag)\$")
    brackets = "" if lexicon.brackets else r"\[\]"
    parts = {
        "blank": r"(?:[ \t\n]|\r\n)+",
        # A backslash that ends the line is the end of the comment for some, and not for others.
        "comment": rf"(?:{comments})(?:[^{_NOT_IN_LINE}]*[^{_NOT_IN_LINE}\\])??(?=\r?\n|\Z)"
        r"|/\*(?![+!M])(?:[^*/\x00]|\*(?!/)|/(?!\*))*\*/",
        "prefixed": _prefixed(lexicon),
        "string": "|".join(strings),
        "name": "|".join(names),
        "number": r"(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?![\w$])",
        "word": r"[^\W\d][\w$]*",
        "mark": rf"(?!/\*|{comments})[{_USUAL_MARKS}{re.escape(lexicon.marks)}{brackets}]",
    }
    return re.compile("|".join(f"(?P<{kind}>{part})" for kind, part in parts.items() if part))


def _twice(quote: str) -> str:
    """A quote may be written twice in a name; how backticks are is another matter in each engine."""
    return "" if quote == "`" else f"|{quote}{quote}"


def _string(quote: str, lexicon: _Lexicon) -> str:
    escaped = rf"\\[^{quote}\x00]" if lexicon.escapes else rf"\\(?!{quote})"
    doubled = f"|{quote}{quote}" if lexicon.doubled else ""
    plain = rf"[^{quote}\\\x00]" if lexicon.doubled else rf"[^{quote}\\\x00\r\n]"
    return rf"{quote}(?:{plain}|{escaped}{doubled})*{quote}"


def _prefixed(lexicon: _Lexicon) -> str:
    """A string with letters before it. What a backslash does there depends on them: before a quote it is in doubt."""
    if not lexicon.prefixes:
        return ""
    letters = "|".join(lexicon.prefixes)
    bodies = []
    for quote in lexicon.strings:
        doubled = f"|{quote}{quote}" if lexicon.doubled else ""
        bodies.append(rf"{quote}(?:[^{quote}\\\x00]|\\[^{quote}\\\x00]{doubled})*{quote}")
    return rf"(?i:{letters})(?:{'|'.join(bodies)})"


def _letters(word: str) -> str:
    """Letters that look like ASCII's to some readers: ``ſ`` is an S in capitals, ``ｘ`` a wide x."""
    if word.isascii():
        return ""
    forms = (word.upper(), word.lower(), unicodedata.normalize("NFKC", word))
    if any(form.isascii() for form in forms):
        return f"the letters of {word} are others to some readers"
    hidden = next((letter for letter in word if unicodedata.category(letter)[0] in "CZ" and letter != " "), "")
    return f"the character {hidden!r} cannot be seen" if hidden else ""


def _joints(text: str, tokens: list[StrictToken], lexicon: _Lexicon) -> str:
    """What is in doubt where two tokens meet without a blank."""
    for left, right in itertools.pairwise(tokens):
        if left.kind == right.kind == "string":
            return "two strings in a row are one to some readers"
        if left.end != right.start:
            continue
        quoted = left.kind in ("string", "name"), right.kind in ("string", "name")
        if all(quoted):
            return "two quoted texts stand next to each other"
        if quoted[1] and left.kind == "word" and len(left.text) <= 2:
            return f"{left.text} before a quote changes what it quotes"
        if quoted[1] and left.text == "&" and text[left.start - 1 : left.start] in ("u", "U"):
            return "U& before a quote changes what it quotes"
        if right.text.startswith("$") and left.kind in ("word", "number", "name"):
            return "a dollar right behind a word is part of it for some readers"
        if left.kind == "number" and right.kind in ("word", "number"):
            return "letters right behind a number are part of it for some readers"
    if not lexicon.doubled and any(re.search(r"'''|\"\"\"", token.text) for token in tokens):
        return "three quotes in a row quote otherwise"
    return ""


def _differs(text: str, tokens: list[StrictToken], dialect: str) -> str:
    """Whether sqlglot reads other tokens: each of these must be one of its own, or lie in one of several words."""
    doubt = "sqlglot reads this text in another way"
    found = sql_tokens(text, dialect)
    if not found:
        return doubt if tokens else ""
    spans = [(token.start, token.end + 1) for token in found]
    exact, place = set(spans), 0
    for token in tokens:
        while place < len(spans) and spans[place][1] <= token.start:
            place += 1
        if token.kind in ("string", "name"):
            if (token.start, token.end) not in exact:
                return doubt
        elif place == len(spans) or not (spans[place][0] <= token.start and token.end <= spans[place][1]):
            return doubt
    # Whatever is a token to sqlglot is one here, too: nothing of it is a comment. Some of its tokens are several words.
    theirs = sum(not letter.isspace() for start, end in spans for letter in text[start:end])
    ours = sum(not letter.isspace() for token in tokens for letter in token.text)
    return "" if theirs == ours else doubt


def _doubt(text: str, at: int) -> str:
    rest = text[at:]
    if rest.startswith("/*"):
        if rest[2:3] in ("+", "!", "M"):
            return "a comment that some engines read"
        if rest.find("/*", 2) >= 0:
            return "comments nest in some engines, and end sooner in others"
        return "a comment that is not closed"
    if rest.startswith(("--", "#", "//")):
        return "a comment that does not end at the same place for all readers"
    character = rest[0]
    if character in "'\"`[$":
        return f"what {character} quotes does not end at the same place for all readers"
    if character.isspace() or not character.isprintable():
        return f"the character {character!r} is a blank to some readers"
    return f"{character} means something else to some readers"
