"""Parameters that a template adds to its links: ``utm_source`` and others, never twice and never where they would do harm.

A link whose address is known at publish gets them there; others by the filter :func:`link_with` when they are printed.
"""

import html
from collections.abc import Mapping, Sequence
from typing import Final

from posthouse.core.kernel.urls import is_web, matches, with_parameters
from posthouse.rendering.tags import Kind, pieces


def link_with(url: object, excluded: str, *pairs: object) -> str:
    """The address with parameters that it does not have yet; a filter of templates.

    Args:
        url: as the reader would see it.
        excluded: patterns of hosts or of host and path (``*.pay.example``, ``shop.example/cart*``), with blanks between.
        pairs: name, value, name, value…
    """
    address = str(url)
    if excluded and matches(address.partition("#")[0], excluded.lower().split(), otherwise=True):
        return address
    return with_parameters(
        address, [(str(name), str(value)) for name, value in zip(pairs[::2], pairs[1::2], strict=True)]
    )


LINK_FILTERS: Final = {"link_with": link_with}


def href_with(value: str, parameters: Mapping[str, str], excluded: Sequence[str]) -> str:
    """What stands in an ``href``, as a program that prints it with the parameters; the same when there is nothing to add.

    Args:
        value: program and markup (``&amp;``) between the quotes.
        parameters: programs of values by name.
        excluded: patterns, see :func:`link_with`.
    """
    listed = list(pieces(value))
    plain = all(piece.kind is Kind.LITERAL for piece in listed)
    if (plain and not is_web(value)) or any(piece.kind is Kind.BLOCK for piece in listed):
        return value
    if plain and not any("{{" in text for text in parameters.values()):
        address = html.unescape(value.strip())
        changed = link_with(address, " ".join(excluded), *[word for pair in parameters.items() for word in pair])
        return value if changed == address else html.escape(changed).replace("&#x27;", "&#39;")
    try:
        words = [
            string_of(" ".join(excluded)),
            *[w for name, text in parameters.items() for w in (string_of(name), joined(text))],
        ]
        return f"{{{{ ({joined(value, markup=True)})|link_with({', '.join(words)}) }}}}"
    except ValueError:
        return value


def joined(source: str, *, markup: bool = False) -> str:
    """The expression whose value is what a program of texts and expressions prints.

    Raises:
        ValueError: it holds other tags, or a text that cannot be written as a string.
    """
    parts = ['""']
    for piece in pieces(source):
        if piece.kind is Kind.EXPRESSION:
            parts.append(f"({piece.code})")
        elif piece.kind is Kind.LITERAL:
            parts.append(string_of(html.unescape(piece.code) if markup else piece.code))
        else:
            raise ValueError("only texts and {{ expressions }} can be parameters")
    return " ~ ".join(parts)


def string_of(text: str) -> str:
    """A string of the template language. Backslashes would rule out the wire form.

    Raises:
        ValueError: it cannot be written.
    """
    if "\\" in text or "\n" in text or ('"' in text and "'" in text):
        raise ValueError("backslashes, line breaks and two kinds of quotes cannot be written here")
    return f"'{text}'" if '"' in text else f'"{text}"'
