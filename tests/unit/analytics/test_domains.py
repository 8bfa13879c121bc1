"""Mailbox providers as data."""

import re
from importlib.resources import files

import pytest

from posthouse.core.analytics.domains import DomainGroups

TEXT = (files("posthouse.core.analytics") / "domains.toml").read_text("utf-8")
GROUPS = DomainGroups(TEXT)


@pytest.mark.parametrize(
    ("address", "group"),
    [
        ("ann@gmail.com", "gmail"),
        ("ann@GoogleMail.com", "gmail"),
        ("ann@hotmail.co.uk", "outlook"),
        ("ann@live.fr", "outlook"),
        ("ann@yahoo.com.br", "yahoo"),
        ("ann@icloud.com", "apple"),
        ("ann@gmx.net", "gmx"),
        ("ann@shop.example", "other"),
        ("ann@live.shop.example", "other"),
        ("ann@outlook.support.example", "other"),
        ("ann@yahoo", "other"),
        ("+15550100", "other"),
        ("", "other"),
    ],
)
def test_groups(address: str, group: str) -> None:
    """Whole names, and families in many countries; never a part of somebody's own domain."""
    assert GROUPS.of(address) == group


def test_the_file() -> None:
    """Names stand once, in lower case, and no group is called as what is in none."""
    names = re.findall(r'"([^"]+)"', TEXT)
    assert len(names) == len(set(names))
    assert all(name == name.lower() for name in names)
    assert GROUPS.words.count("other") == 1
    assert GROUPS.version >= 1
