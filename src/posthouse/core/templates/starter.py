"""The starter library's words of the brand: those of the sample brand give way to a company's own."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from posthouse.core.kernel.errors import FieldProblem, ValidationError

BRAND: Final = "brand.toml"
"""The file in the starter's folder that holds the sample brand."""
_WORDS: Final = re.compile(r"[^<>{}\"\\\x00-\x1f\x7f-\x9f\u2028\u2029]{1,200}")
_DOMAIN: Final = re.compile(r"(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")


class Brand(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A company as its mails name it: in the header, the footer, senders and links."""

    name: str
    domain: str
    """Of its shop and of its senders: ``shop.example``."""
    address: str
    """The postal address that the footer ends with, in one line."""


def read_brand(text: str) -> Brand:
    """The sample brand. ValidationError when the file is not one."""
    try:
        return msgspec.convert(tomllib.loads(text), Brand)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ValidationError(f"{BRAND}: {error}") from None


def own_brand(sample: Brand, name: str | None, domain: str | None, address: str | None) -> Brand:
    """The sample brand with what a company says of itself.

    Raises:
        ValidationError: signs that would need escaping in JSON, TOML or HTML, or no domain.
    """
    own = Brand(name or sample.name, (domain or sample.domain).lower().rstrip("."), address or sample.address)
    if problems := list(_problems(own)):
        raise ValidationError(problems[0].detail, fields=problems)
    return own


def branded(files: Mapping[str, bytes], sample: Brand, own: Brand) -> dict[str, bytes]:
    """The starter's files with one brand's words in place of the sample's: the address first, since it holds the name."""
    words = {getattr(sample, field): getattr(own, field) for field in ("address", "name", "domain")}
    pattern = re.compile("|".join(map(re.escape, words)))
    return {
        path: pattern.sub(lambda found: words[found[0]], content.decode()).encode() for path, content in files.items()
    }


def _problems(brand: Brand) -> Iterator[FieldProblem]:
    for field in ("name", "address"):
        if not _WORDS.fullmatch(getattr(brand, field)):
            yield FieldProblem(
                f"/{field}", f'the {field} must be one line of at most 200 signs without < > {{ }} " and \\', "invalid"
            )
    if not _DOMAIN.fullmatch(brand.domain):
        yield FieldProblem("/domain", f"{brand.domain!r} is no domain; write it like shop.example", "invalid")
