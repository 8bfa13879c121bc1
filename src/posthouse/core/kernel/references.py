"""Character references of HTML (``&amp;``, ``&#233;``), which the standard library reads well but for one thing.

``html.unescape``, and with it ``html.parser``, raises at a number of more than 4,300 digits.
"""

import re
from html import unescape
from typing import Final

_ENDLESS: Final = re.compile(r"&#(?:[xX]0*+[0-9a-fA-F]{7}|0*+[0-9]{8}|[xX]?0{20})[0-9a-fA-F]*;?")
"""Over 10FFFF, or so long that nobody means it."""


def bounded(html: str) -> str:
    """The same with U+FFFD for numbers that are no character's, so that everybody can read it."""
    return _ENDLESS.sub("\ufffd", html) if "&#" in html else html


def resolved(text: str) -> str:
    """Character references as characters."""
    return unescape(bounded(text)) if "&" in text else text
