"""Whole mails from a release whose variables hold whatever hurts: nothing of it leaves raw, everything of it is read back."""

import json

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.channels.email.kit import Letter, unsigned
from tests.unit.channels.email.test_compose import check_wire, lines_of, parse
from tests.unit.rendering.conftest import release_of

from posthouse.channels.email.compose import EmailComposer
from posthouse.channels.email.verp import ReturnPaths
from posthouse.core.messages.model import Extras
from posthouse.core.templates.model import Sender, TemplateSource, VariantSource
from posthouse.rendering.renderer import MinijinjaRenderer

HURTING = st.text("ab=.é \t\r\n\x00\x01\x02\x03\x0b\x1c\x85\x7f\u2028<&\"'/{}%-", max_size=12)
VALUES = HURTING | HURTING.map(lambda text: text * 20)
HTML = """<html><body><p title="{{ a }}">{{ a }} {{ b }}</p>{% for x in many %}<a href="https://x.example/{{ x|urlencode }}?q={{ x }}">{{ x }}</a>
{% endfor %}.{{ b }}
{% if c %} {{ c|safe }} {% endif %}<a href="{{ url }}">{{ url }}</a>  {{ a }}\t{{ b }}</body></html>"""
TEXT = "{{ a }}\n.{{ b }}\n{% for x in many %}- {{ x }} {% endfor %}\n{{ c }}  {{ url }}\n"
RELEASE = msgspec.structs.replace(
    release_of(TemplateSource("k", "K", (VariantSource("email", "en", "Re: {{ a }}", html=HTML, text=TEXT),))),
    sender=Sender("orders@shop.example", "Shop"),
)


@settings(max_examples=120, deadline=None)
@given(
    values=st.fixed_dictionaries(
        {"a": VALUES, "b": VALUES, "c": VALUES, "url": VALUES, "many": st.lists(VALUES, max_size=3)}
    )
)
def test_whatever_variables_hold(values: dict[str, object]) -> None:
    """No bare CR or LF, no dot or blank where SMTP and DKIM mind, and both parts say what a preview says."""
    renderer = MinijinjaRenderer()
    mails = EmailComposer(renderer, ReturnPaths(b"0123456789abcdef"))
    letter = Letter(variables=json.dumps(values).encode())
    content = mails.compose(letter, Extras(), RELEASE, unsigned(), {}).content
    check_wire(content)
    plain = renderer.plain(RELEASE, values)
    bodies = {
        part.get_content_type(): part.get_payload(decode=True)
        for part in parse(content).walk()
        if not part.is_multipart()
    }
    for media, shown in (("text/plain", plain.text), ("text/html", plain.html)):
        body = bodies[media]
        assert isinstance(body, bytes)
        assert shown is not None
        assert lines_of(body.decode()) == lines_of(shown)
