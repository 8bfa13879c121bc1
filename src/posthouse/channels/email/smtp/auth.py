"""Saying who we are: SASL over SMTP (RFC 4954), PLAIN (RFC 4616), LOGIN, CRAM-MD5 (RFC 2195) and XOAUTH2."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeAlias

from posthouse.channels.email.smtp.options import Credentials
from posthouse.channels.email.smtp.replies import NonsenseError, Reply

Ask: TypeAlias = Callable[[str], Awaitable[Reply]]

_CLEAR_SAFE: Final = ("CRAM-MD5", "PLAIN", "LOGIN")
_SECURE: Final = ("PLAIN", "LOGIN", "CRAM-MD5")


def choose(offered: Sequence[str], credentials: Credentials, *, private: bool) -> str | None:
    """The mechanism to use, None when none will do.

    ``private`` says that nobody can listen (TLS, or a connection that stays on this machine); otherwise the password itself
    never crosses, whatever the server offers.
    """
    known = {name.upper() for name in offered}
    if credentials.token:
        return "XOAUTH2" if private and "XOAUTH2" in known else None
    wanted = _SECURE if private else _CLEAR_SAFE[:1]
    return next((name for name in wanted if name in known), None)


async def prove(mechanism: str, credentials: Credentials, ask: Ask) -> Reply:
    """Runs a mechanism; the server's last word (235 when it believes us)."""
    return await _MECHANISMS[mechanism](credentials, ask)


async def _plain(credentials: Credentials, ask: Ask) -> Reply:
    return await ask("AUTH PLAIN " + _encode(f"\0{credentials.username}\0{credentials.password}"))


async def _login(credentials: Credentials, ask: Ask) -> Reply:
    reply = await ask("AUTH LOGIN")
    for word in (credentials.username, credentials.password):
        if reply.code != 334:
            return reply
        reply = await ask(_encode(word))
    return reply


async def _cram_md5(credentials: Credentials, ask: Ask) -> Reply:
    reply = await ask("AUTH CRAM-MD5")
    if reply.code != 334:
        return reply
    try:
        challenge = base64.b64decode(reply.lines[0], validate=True)
    except binascii.Error as error:
        raise NonsenseError("the server's CRAM-MD5 challenge is not base 64") from error
    digest = hmac.new(credentials.password.encode(), challenge, hashlib.md5).hexdigest()
    return await ask(_encode(f"{credentials.username} {digest}"))


async def _xoauth2(credentials: Credentials, ask: Ask) -> Reply:
    reply = await ask("AUTH XOAUTH2 " + _encode(f"user={credentials.username}\1auth=Bearer {credentials.token}\1\1"))
    return await ask("") if reply.code == 334 else reply


def _encode(words: str) -> str:
    return base64.b64encode(words.encode()).decode()


_MECHANISMS: Final = {"PLAIN": _plain, "LOGIN": _login, "CRAM-MD5": _cram_md5, "XOAUTH2": _xoauth2}
