"""QR and bar codes as PNG images."""

import io
import zlib
from typing import Final

from posthouse.core.kernel.errors import ValidationError
from posthouse.core.templates.attachments.codes import code_problem
from posthouse.core.templates.attachments.model import Barcode, Qr

_QUIET: Final = 10
"""Modules left white on each side of a bar code (ISO/IEC 15417 §4.2)."""


def qr_image(wanted: Qr) -> bytes:
    """The PNG of a QR code. ValidationError when the data is too long for one."""
    _check(wanted)
    import segno  # noqa: PLC0415 - only templates with a code pay for it

    try:
        code = segno.make(wanted.data, error=wanted.correction, micro=False, boost_error=False)
    except segno.DataOverflowError:
        raise _refused(wanted.id, f"{len(wanted.data)} characters are too many for a QR code") from None
    kept = io.BytesIO()
    code.save(kept, kind="png", scale=wanted.scale, border=4)
    return kept.getvalue()


def bar_image(wanted: Barcode) -> bytes:
    """The PNG of a bar code. ValidationError when the data does not fit the symbology."""
    _check(wanted)  # first: the library takes 0.5 ms a character
    import barcode  # noqa: PLC0415 - only templates with a code pay for it
    from barcode.errors import BarcodeError  # noqa: PLC0415 - see above

    try:
        (modules,) = barcode.get_barcode_class(wanted.symbology)(wanted.data).build()
    except (BarcodeError, ValueError, KeyError, IndexError) as error:
        raise _refused(wanted.id, f"{wanted.data!r} is no {wanted.symbology}: {error}") from None
    row = "0" * _QUIET + modules.replace("G", "1") + "0" * _QUIET
    return _png("".join([module * wanted.scale for module in row]), wanted.height)


def _check(wanted: Qr | Barcode) -> None:
    if problem := code_problem(wanted):
        raise _refused(wanted.id, problem)


def _png(row: str, height: int) -> bytes:
    """An image of one bit a pixel, all rows alike (ISO/IEC 15948); 1 in ``row`` is black."""
    width = len(row)
    bits = row.translate(str.maketrans("01", "10")).ljust((width + 7) // 8 * 8, "1")
    line = b"\x00" + int(bits, 2).to_bytes(len(bits) // 8, "big")
    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes((1, 0, 0, 0, 0))
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(line * height, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join([_chunk(name, data) for name, data in chunks])


def _chunk(name: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + name + data + zlib.crc32(name + data).to_bytes(4, "big")


def _refused(name: str, detail: str) -> ValidationError:
    return ValidationError(f"The code {name!r} cannot be made: {detail}.")
