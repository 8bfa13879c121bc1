"""What strangers wrote does not command a terminal."""

import pytest

from posthouse.cli.frame.output import Output, shown


@pytest.mark.parametrize(
    "hostile", ["\x1b[31mred", "\x9b31mred", "\x1b]0;title\x07", "a\u202eb", "a\rb", "a\u2028b", "\u2066x"]
)
def test_nothing_moves_the_cursor(hostile: str, capsys: pytest.CaptureFixture[str]) -> None:
    """In sentences, notes and tables alike; the letters around stay."""
    out = Output()
    out.say(f"said {hostile}")
    out.note(f"noted {hostile}")
    out.table(("column",), [(f"cell {hostile}",)], empty="none")
    printed = "".join(capsys.readouterr())
    assert printed.count("\ufffd") >= 3
    assert not set(hostile) & set("\x1b\x9b\x07\u202e\r\u2028\u2066") & set(printed)
    assert all(word in printed for word in ("said", "noted", "cell"))


def test_what_joins_letters_stays() -> None:
    """Families and Persian words; blanks and line ends."""
    for text in ("👩‍👧", "می‌خواهم", "one\ntwo\tthree", "plain", "Żółć"):
        assert shown(text) == text
