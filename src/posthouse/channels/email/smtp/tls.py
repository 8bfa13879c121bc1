"""TLS as a client of mail servers uses it."""

import errno
import functools
import ssl
from pathlib import Path
from typing import Final

_DOWN: Final = "TLS handshake failed"


@functools.cache
def verifying(ca_file: str = "") -> ssl.SSLContext:
    """Checks certificate and host name against the machine's authorities, or those of a PEM file.

    Raises:
        OSError: there is no such file. (A device or a pipe would be read for ever.)
    """
    if ca_file and not Path(ca_file).is_file():
        raise FileNotFoundError(errno.ENOENT, "there is no file of certificates", ca_file)
    context = ssl.create_default_context(cafile=ca_file or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


@functools.cache
def trusting() -> ssl.SSLContext:
    """Encrypts and asks no questions (RFC 7435): against listeners, not against impostors."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def describe(found: ssl.SSLObject | None) -> str:
    """Version and cipher for the timeline: ``TLSv1.3 TLS_AES_256_GCM_SHA384``."""
    cipher = found.cipher() if found else None
    return f"{found.version()} {cipher[0]}" if found and cipher else "TLS"


def explain(error: Exception) -> str:
    """Why a handshake failed, in words an operator can act on."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate of the server was not accepted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"{_DOWN}: {error.reason or error}"
    return f"{_DOWN}: {error or type(error).__name__}"
