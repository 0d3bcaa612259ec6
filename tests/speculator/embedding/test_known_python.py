"""An edited Python document is read as if it were new, whatever the edit."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from speql_speculator.embedding.known_python import KnownPython
from speql_speculator.embedding.project import project
from speql_speculator.embedding.projection import Draft, Projection
from speql_speculator.embedding.python_strings import python_strings

WORDS = st.sampled_from(
    (
        *(
            '"',
            "'",
            '"""',
            "'''",
            "f",
            "rb",
            "{",
            "}",
            "{x}",
            "\\",
            "\n",
            " ",
            "# ",
            "(",
            ")",
            "+",
            ".format(",
            ".",
            "%",
        ),
        *(
            "db.sql(",
            "con.execute(",
            "SELECT a",
            "FROM t",
            "x = 1\n",
            "def f():\n",
            "\n    rows",
            " \n" * 150,
            "y" * 230,
        ),
        *('rows = db.sql("""SELECT 1\nFROM t""")\n', "n = db.sql(f'SELECT {n}')\n", "s = 'no SQL'\n", '"""Words."""\n'),
    )
)
TEXTS = st.lists(WORDS, max_size=25).map("".join)
EDITS = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 12), st.one_of(WORDS, TEXTS)), min_size=1, max_size=6)


def shown(drafts: tuple[Draft, ...]) -> list[object]:
    return [
        (draft.host, draft.name, [(one.kind, one.host, one.text, one.meaning) for one in draft.fragments])
        for draft in drafts
    ]


@settings(max_examples=400, deadline=None)
@given(TEXTS, EDITS)
@example('x = db.sql(f"""SELECT {a\n', [(1.0, 0, '}""")\n')])
@example("db.sql('SELECT 1')" + "\n" * 300 + "x\n", [(1.0, 0, "'SELECT 2'")])
def test_an_edited_text_is_read_as_a_new_one(text: str, edits: list[tuple[float, int, str]]) -> None:
    known = KnownPython()
    for where, removed, added in [(0.0, 0, ""), *edits]:
        at = round(where * len(text))
        text = text[:at] + added + text[at + removed :]
        found = known.regions(text)
        fresh = tuple(python_strings(text))
        assert shown(found) == shown(fresh)
        assert Projection(text, found).sql == Projection(text, fresh).sql


def test_an_edit_in_a_long_document_reads_little_of_it(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    from speql_speculator.embedding import known_python

    read = 0
    steps_of = known_python.python_steps

    def counted(*args, **options):  # type: ignore[no-untyped-def]
        nonlocal read
        for step in steps_of(*args, **options):
            read += 1
            yield step

    monkeypatch.setattr(known_python, "python_steps", counted)
    text = "".join(f"# part {n}\nrows = db.sql('SELECT {n}')\nnames = 'a', \"b\"\n" for n in range(1_000))
    known = KnownPython()
    known.regions(text)
    whole, read = read, 0
    for at in (0, len(text) // 2, len(text)):
        text = text[:at] + "x = 5\n" + text[at:]
        known.regions(text)
    assert whole == 4_000
    assert read < 100
    projection = project(text, "python", python=known)
    assert projection is not None
    assert [region.sql.of(projection.sql) for region in projection.regions] == [f"SELECT {n}" for n in range(1_000)]
