"""template.toml says what is noticed and what is added to links."""

import pytest

from posthouse.core.templates.errors import TemplateProblemsError
from posthouse.core.templates.folder import read_folder
from posthouse.core.templates.model import Tracking


def folder(settings: str) -> dict[str, bytes]:
    return {"email.en.html": b"<p>x</p>", "template.toml": f'subject = "A"\n{settings}'.encode()}


def test_what_is_said_is_read() -> None:
    """And what is not said is left to others."""
    source = read_folder(
        folder(
            'track_opens = false\nlink_parameters_exclude = ["*.pay.example"]\n[link_parameters]\nutm_source = "{{ a }}-x"'
        ),
        "a",
    )
    assert source.tracking == Tracking(opens=False)
    assert source.link_parameters == {"utm_source": "{{ a }}-x"}
    assert source.link_parameters_exclude == ("*.pay.example",)
    assert read_folder(folder(""), "a").tracking == Tracking()


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ('track_opens = "yes"', "true or false"),
        ("link_parameters = 1", "table"),
        ("[link_parameters]\na = 1", "short text"),
        ('[link_parameters]\n"a b" = "x"', "letters"),
        ('[link_parameters]\na = "{% if x %}y{% endif %}"', "expressions"),
        ("[link_parameters]\na = 'x\\y'", "backslashes"),
        ('link_parameters_exclude = "x"', "list of hosts"),
        ('link_parameters_exclude = ["a b"]', "list of hosts"),
        ("track_open = true", "track_opens"),
    ],
)
def test_what_is_wrong_is_told(settings: str, told: str) -> None:
    """Each with what to write instead."""
    with pytest.raises(TemplateProblemsError, match=told):
        read_folder(folder(settings), "a")
