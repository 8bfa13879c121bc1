"""Parameters of links, for any address."""

from urllib.parse import parse_qsl, urlsplit

from hypothesis import given
from hypothesis import strategies as st

from posthouse.rendering.link_parameters import href_with, link_with

WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=12)
QUERIES = st.lists(st.tuples(st.sampled_from("abcxyz"), st.sampled_from("123")), max_size=4)


@given(
    QUERIES, WORDS, st.sampled_from(["", "#top", "#?a=1"]), st.dictionaries(st.sampled_from("abcd"), WORDS, max_size=4)
)
def test_never_twice(query: list[tuple[str, str]], path: str, fragment: str, parameters: dict[str, str]) -> None:
    """What the address had stays as it was and where it was; each other parameter comes once, and again adds nothing."""
    path = path.replace("#", "").replace("?", "")
    url = f"https://shop.example/{path}" + ("?" + "&".join(f"{n}={v}" for n, v in query) if query else "") + fragment
    pairs = [word for pair in parameters.items() for word in pair]
    made = link_with(url, "", *pairs)
    found = parse_qsl(urlsplit(made).query, keep_blank_values=True)
    had = {name for name, _ in query}
    assert found == query + [(n, v) for n, v in parameters.items() if n not in had and v]
    assert made.partition("#")[2] == fragment.removeprefix("#")
    assert link_with(made, "", *pairs) == made


@given(st.text(max_size=60))
def test_anything_may_come(text: str) -> None:
    """What is no web address comes back as it is; nothing is an error."""
    made = link_with(text, "*.pay.example", "a", "b")
    assert made == text or text.strip().lower().startswith(("http://", "https://"))


def test_exclusions() -> None:
    """By host, by host and path; signed addresses always; what cannot be read is left alone."""
    for url in (
        "https://a.pay.example/x",
        "https://shop.example/cart/1?x=2",
        "https://x.example/?Signature=1",
        "https://[broken/",
        "https://user@A.Pay.Example:8080/",
    ):
        assert link_with(url, "*.pay.example shop.example/cart*", "a", "b") == url
    assert link_with("https://shop.example/x", "*.pay.example shop.example/cart*", "a", "b").endswith("?a=b")


def test_what_cannot_be_written_as_a_string_stays() -> None:
    """A backslash in an address or a value would cost the wire form, so the link goes without."""
    assert href_with("https://x.example/\\{{ a }}", {"b": "1"}, ()) == "https://x.example/\\{{ a }}"
    assert href_with("{% if a %}x{% endif %}", {"b": "1"}, ()) == "{% if a %}x{% endif %}"
