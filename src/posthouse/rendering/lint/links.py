"""Links and images: labels, alternative texts, addresses that cannot be meant."""

import ipaddress
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from posthouse.core.templates.lint.model import Finding
from posthouse.core.templates.lint.pictures import RESERVED
from posthouse.core.templates.lint.rules import finding
from posthouse.rendering.lint.reader import DYNAMIC, LABELLED, Document, Element

_LINKS: Final = LABELLED | {"mj-image", "area", "mj-carousel-image"}
_ADDRESSES: Final = frozenset({"href", "src", "background", "background-url"})
_SHOWN: Final = 60


def look_at_links(document: Document, file: str, pointer: str) -> Iterator[Finding]:
    """Everything about links and images of one source."""
    targets = {element.get(name) for element in document.elements for name in ("id", "name")}
    for element in document.elements:
        if element.parent is not None and element.parent.name == "mj-attributes":
            continue  # defaults, no links
        for rule, detail in _problems(element, targets):
            yield finding(rule, detail, pointer=pointer, file=file, line=element.line)


def _problems(element: Element, targets: set[str]) -> Iterator[tuple[str, str]]:
    if element.name == "img" and "alt" not in element.attributes:
        yield "image-alt", f"the image {_short(element.get('src'))!r} has no alt"
    if element.name in _LINKS and ("href" in element.attributes or element.name in {"a", "mj-button"}):
        yield from _link(element, targets)
    for attribute in _ADDRESSES & element.attributes.keys():
        yield from _address(element.attributes[attribute])


def _link(element: Element, targets: set[str]) -> Iterator[tuple[str, str]]:
    href = element.get("href").strip()
    anchor = element.name == "a" and "href" not in element.attributes
    if not anchor and not _label(element):
        yield "link-label", f"the link to {_short(href)!r} has no words"
    if anchor and (element.get("id") or element.get("name")):
        return
    if not href or href == "#" or href.lower().startswith("javascript:"):
        yield "link-dead", f"the link {_short(_label(element))!r} leads nowhere"
    elif href.startswith("#") and DYNAMIC not in href and href[1:] not in targets:
        yield "link-dead", f"there is no element with the id {href[1:]!r}"


def _label(element: Element) -> str:
    if element.name in LABELLED:
        return element.label.strip() or element.get("alt") or element.get("aria-label") or element.get("title")
    return element.get("alt")


def _address(address: str) -> Iterator[tuple[str, str]]:
    address = address.strip()
    if address.lower().startswith("http://"):
        yield "link-http", f"{_short(address)} is not encrypted"
    if not address.lower().startswith(("http://", "https://", "//", "mailto:")):
        return
    host = _host(address)
    if host and DYNAMIC not in host and _nowhere(host):
        yield "link-placeholder", f"{_short(address)} leads nowhere from outside"


def _host(address: str) -> str:
    if address.lower().startswith("mailto:"):
        return address.partition("?")[0].rpartition("@")[2]
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def _nowhere(host: str) -> bool:
    if RESERVED.search(host):
        return True
    try:
        number = ipaddress.ip_address(host)
    except ValueError:
        return False
    return number.is_private or number.is_loopback or number.is_link_local


def _short(text: str) -> str:
    shown = text.replace(DYNAMIC, "{{ … }}")
    return shown if len(shown) <= _SHOWN else shown[: _SHOWN - 1] + "…"
