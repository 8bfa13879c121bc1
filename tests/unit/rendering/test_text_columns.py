"""Tables of three and more columns in text parts: words begin in one column, numbers end in one."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.rendering.conftest import release_of

from posthouse.core.templates.model import Release, TemplateSource, VariantSource
from posthouse.rendering.html_text import text_of
from posthouse.rendering.isolation import FSI, PDI
from posthouse.rendering.renderer import MinijinjaRenderer
from posthouse.rendering.text_columns import WIDEST, columns_for, in_columns, spec_of, total, width_of

HEAD = '<tr><th scope="col">Item</th><th scope="col">Colour</th><th scope="col" align="right">Qty</th><th scope="col" align="right">Amount</th></tr>'
ROW = '<tr><td>{{ l.n }}</td><td>{{ l.c }}</td><td align="right">{{ l.q }}</td><td align="right">{{ l.a }}</td></tr>'
END = '<tr><td colspan="3">Total</td><td align="right">{{ total }}</td></tr>'
TABLE = f"<table>{HEAD}{{% for l in lines %}}{ROW}{{% endfor %}}{END}</table>"
LINES = [
    {"n": "Mug", "c": "blue", "q": 2, "a": "£24.00"},
    {"n": "茶壺と急須のセット、竹の取っ手付き", "c": "vert fonce\u0301", "q": 12, "a": "£108.00"},
    {"n": "A kettle that whistles", "c": "red", "q": 1, "a": "£9.00"},
]


def test_all_columns_are_aligned(make: Callable[..., Release]) -> None:
    """Letters of double width and marks above letters count as they are seen; long words go on in their own column."""
    seen = MinijinjaRenderer().plain(make(html=TABLE), {"lines": LINES, "total": "£141.00"})
    assert seen.text.split("\n") == [
        "Item                              Colour                       Qty      Amount",
        "Mug                               blue ......................... 2 .... £24.00",
        "茶壺と急須のセット、竹の取っ手付  vert fonce\u0301 .................. 12 ... £108.00",
        "き",
        "A kettle that whistles            red .......................... 1 ..... £9.00",
        f"Total {'.' * 64} £141.00",
        "",
    ]


def test_finished_html_knows_how_wide_its_words_are() -> None:
    """Nothing is broken that has room."""
    rows = "".join(
        f'<tr><td>{line["n"]}</td><td>{line["c"]}</td><td align="right">{line["q"]}</td><td align="right">{line["a"]}</td></tr>'
        for line in LINES
    )
    lines = text_of(f"<table>{HEAD}{rows}</table>").split("\n")
    assert len(lines) == 4
    assert len({width_of(line) for line in lines}) == 1
    assert (
        len(
            {
                width_of(line[: line.index(one)])
                for line, one in zip(lines, ("Colour", "blue", "vert", "red"), strict=True)
            }
        )
        == 1
    )


def test_too_many_columns_are_a_plain_row() -> None:
    """Twelve of words have no room in one line."""
    cells = "".join(f"<td>word {number}</td>" for number in range(12))
    assert text_of(f"<table><tr>{cells}</tr></table>") == " | ".join(f"word {number}" for number in range(12))


def test_values_in_columns_are_isolated() -> None:
    """Each by itself, and the signs take no room."""
    variant = VariantSource("email", "en", "Hi", html=TABLE)
    release = release_of(TemplateSource("k", "k", (variant,)))
    line = {"n": "ספל", "c": "blue", "q": 2, "a": "£24.00"}
    text = MinijinjaRenderer().plain(release, {"lines": [line], "total": "£24.00"}).text
    assert text.split("\n")[1] == f"{FSI}ספל{PDI}{' ' * 31}blue {'.' * 25} 2 .... £24.00"


words = st.text(alphabet="aé漢e\u0301ש ", max_size=60)
numbers = st.text(alphabet="0123456789.£", max_size=8)


@given(
    rows=st.integers(min_value=2, max_value=3).flatmap(
        lambda many: st.lists(st.tuples(*[words] * many, numbers, numbers), min_size=1, max_size=4)
    )
)
def test_rows_keep_within_the_line_and_lose_nothing(rows: list[tuple[str, ...]]) -> None:
    """Whatever the values are: no line is wider than 78, numbers end at one place, and every letter is there."""
    many = len(rows[0])
    columns = columns_for([[(None, at >= many - 2) for at in range(many)]])
    assert columns is not None
    for row in rows:
        printed = in_columns(row[0], spec_of(columns), *row[1:])
        lines = printed.split("\n")
        assert all(width_of(line) <= WIDEST for line in lines)
        assert width_of(lines[0]) == total(columns) or not row[-1].strip()
        assert sorted(printed.replace(" ", "").replace("\n", "").replace(".", "")) == sorted(
            "".join(row).replace(" ", "").replace(".", "")
        )
