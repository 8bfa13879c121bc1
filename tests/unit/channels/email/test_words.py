"""Header text: whatever goes in comes back, and no line ends that we did not end."""

import email.header
import email.policy
from email import message_from_bytes

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from posthouse.channels.email import words

PRINTABLE = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=200)
AWKWARD = st.text('ab =?_.,;:"\\<>()@é漢🎉', max_size=120)
TEXTS = PRINTABLE | AWKWARD


def decoded(value: str) -> str:
    """As a reader shows it (the header parser of CPython 3.11 joins words wrongly, decode_header does not)."""
    pieces = email.header.decode_header(value.replace("\r\n", ""))
    return "".join(piece if isinstance(piece, str) else piece.decode(charset or "ascii") for piece, charset in pieces)


def check_lines(field: str) -> None:
    lines = field.split("\r\n")
    assert all("\r" not in line and "\n" not in line for line in lines)
    assert all(line[:1] == " " and line.strip() for line in lines[1:])
    assert all(len(line) <= 998 for line in lines)
    for line in lines:
        for word in line.split(" "):
            if word.startswith("=?"):
                assert len(word) <= 75
                assert len(line) <= 78


@settings(max_examples=150, deadline=None)
@given(TEXTS)
@example("")
@example(" ")
@example("a  b")
@example(" lead")
@example("=?utf-8?q?fake?=")
@example("é " * 60)
@example("word " * 40)
@example("x" * 3000)
def test_text_comes_back(text: str) -> None:
    """A subject is read back as it was written, in lines that the RFCs allow."""
    value = words.text_value(text, len("Subject: "))
    check_lines("Subject: " + value)
    assert decoded(value) == text


@settings(max_examples=120, deadline=None)
@given(st.text(max_size=100))
def test_one_line_never_breaks(text: str) -> None:
    """A rendered subject becomes one line, whatever the data held; what was one line already is not changed."""
    line = words.one_line(text)
    assert not words.CONTROL.search(line)
    if not words.CONTROL.search(text):
        assert line == text


@settings(max_examples=150, deadline=None)
@given(TEXTS.filter(lambda name: bool(name) and not name.isspace()))
@example('Ann "the \\ boss" Lee')
@example("Lee, Ann")
@example("=?utf-8?q?fake?=")
def test_names_come_back(name: str) -> None:
    """A display name is read back as it was written."""
    value = words.phrase(name, len("To: "))
    check_lines("To: " + value)
    if value.startswith('"'):
        inside = value[1:-1]
        assert inside.replace('\\"', "\0").replace("\\\\", "\\").replace("\0", '"') == name
    elif value.startswith("=?"):
        assert decoded(value) == name
    else:
        assert value == name


@settings(max_examples=150, deadline=None)
@given(TEXTS.filter(bool))
@example("a b.pdf")
@example('say "hi".pdf')
@example("Facture n° 12.pdf")
@example("%41.pdf")
@example("漢字" * 60 + ".pdf")
def test_file_names_come_back(name: str) -> None:
    """The standard library reads a file name back, in pieces or whole."""
    disposition = "attachment" + words.parameter("filename", name)
    check_lines("Content-Disposition: " + disposition)
    assert all(len(line) <= 78 for line in disposition.split("\r\n"))
    source = f"Content-Disposition: {disposition}\r\n\r\n".encode("ascii")
    assert message_from_bytes(source, policy=email.policy.compat32).get_filename() == name.strip()  # which it trims


@pytest.mark.parametrize("text", ["a  b", " a", "a ", "a =?utf-8?q?b?=", "a " + "b" * 300])
def test_what_could_be_misread_is_encoded(text: str) -> None:
    """Blanks that a server might merge, words that look encoded and words too long for a line do not stand as they are."""
    assert words.text_value(text, 9).startswith("=?utf-8?")


def test_shorter_encoding_wins() -> None:
    """Mostly ASCII text is readable (Q), mostly other text is short (B)."""
    assert words.text_value("Déjà vu in the shop today", 9).startswith("=?utf-8?q?D=C3=A9j=C3=A0_vu")
    assert words.text_value("Ваш заказ отправлен", 9).startswith("=?utf-8?b?")


def test_characters_are_never_split() -> None:
    """Each encoded word decodes by itself."""
    for text in ("🎉" * 40, "é" * 100, "a漢" * 50):
        for word in words.encoded_words(text, 9).split("\r\n "):
            assert decoded(word)
