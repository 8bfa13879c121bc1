"""The MJML compiler (mrml, in Rust), as the rest of the house wants to call it."""

import re
from typing import Final

import mjml

MAX_DEPTH: Final = 300
"""Elements inside each other: some thousand of them overflow the compiler's stack, which ends the process."""
_TAG: Final = re.compile(
    r"<!--.*?(?:-->|\Z)|<(?P<close>/?)[A-Za-z][^\s/>\"'<]*+(?P<rest>(?>(?:[^<>\"'/]++|/(?!>)|\"[^\"<]*+\"|'[^'<]*+')*))(?P<self>/?)>",
    re.DOTALL,
)
_ANGLE: Final = re.compile(r"<(?=[A-Za-z/!])")


def to_html(source: str, *, social_icons: str = "") -> str:
    """HTML of an MJML source.

    Args:
        source: strict XML.
        social_icons: address of the folder the icons of ``mj-social`` come from.

    Raises:
        ValueError: what the compiler says of a source that it cannot read.
    """
    _check_depth(source)
    try:
        return str(mjml.mjml2html(source, social_icon_origin=social_icons, fonts={}))
    except BaseException as error:
        if (
            type(error).__name__ != "PanicException"
        ):  # a panic in Rust is no Exception, and would end more than a request
            raise
        raise ValueError(
            "the compiler gives up at it; are there markup declarations such as <![endif] in it?"
        ) from None


def _check_depth(source: str) -> None:
    """Reads tag after tag, each as XML has it, so that none can hide in a value or a comment."""
    at = depth = 0
    while found := _ANGLE.search(source, at):
        tag = _TAG.match(source, found.start())
        if tag is None:
            if not source.startswith("<!", found.start()):
                raise ValueError(f"a tag that is no XML at position {found.start()}")
            at = found.end()
            continue
        if tag["close"] is not None:
            depth += -1 if tag["close"] else not tag["self"]
            if depth > MAX_DEPTH:
                raise ValueError(f"over {MAX_DEPTH} elements inside each other at position {found.start()}")
        at = tag.end()
