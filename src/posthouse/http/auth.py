"""Who asks, and may they?"""

import ipaddress
from functools import lru_cache
from typing import Any, Final, NamedTuple

from posthouse.core.messages.submission import Caller
from posthouse.core.workspaces import scopes
from posthouse.core.workspaces.keys import KeyService
from posthouse.core.workspaces.model import ApiKey
from posthouse.http.errors import MissingScopeError, UnauthorizedError, WrongNetworkError

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Headers = dict[bytes, bytes]

_CONCRETE: Final = tuple(scope for scope in scopes.DESCRIPTIONS if not scope.endswith("*"))


class Access(NamedTuple):
    """A recognised key, worked out once: what it may do and where it may come from."""

    key: ApiKey
    caller: Caller
    allowed: frozenset[str]
    networks: tuple[Network, ...]


class Gatekeeper:
    """Recognises keys and checks scopes and networks.

    Args:
        keys: recognises secrets.
        proxies: networks whose ``X-Forwarded-For`` is believed.
    """

    def __init__(self, keys: KeyService, proxies: tuple[Network, ...] = ()) -> None:
        self._keys = keys
        self._proxies = proxies
        self._worked_out: dict[bytes, Access] = {}

    async def admit(self, headers: Headers, scope: Any, wanted: str | None) -> Access:
        """The access of a request's key.

        Args:
            headers: the request's, names in lower case.
            scope: the ASGI scope, for the client's address.
            wanted: the scope that is needed; None: any valid key will do.

        Raises:
            UnauthorizedError: no key, or a wrong or revoked one.
            WrongNetworkError: not from this address.
            MissingScopeError: the key lacks the scope.
            UnavailableError: the store cannot be asked.
        """
        key = await self._keys.authenticate(_bearer(headers))
        if key is None:
            raise UnauthorizedError(
                "This key is unknown or revoked; check that all of it was copied, or create another.",
                error="invalid_token",
            )
        access = self._worked_out.get(key.id)
        if access is None or access.key is not key:
            access = self._work_out(key)
        if access.networks:
            self._check_network(access.networks, headers, scope)
        if wanted is not None and wanted not in access.allowed:
            raise MissingScopeError(wanted)
        return access

    def _work_out(self, key: ApiKey) -> Access:
        access = Access(
            key=key,
            caller=Caller(
                workspace_id=key.workspace_id, key_id=key.id, live=key.live, scopes=key.scopes, locale=key.locale
            ),
            allowed=frozenset(scope for scope in _CONCRETE if scopes.covers(key.scopes, scope)),
            networks=tuple(ipaddress.ip_network(word) for word in key.networks),
        )
        if len(self._worked_out) > 10_000:
            self._worked_out.clear()
        self._worked_out[key.id] = access
        return access

    def _check_network(self, networks: tuple[Network, ...], headers: Headers, scope: Any) -> None:
        address = client_address(scope, headers, self._proxies)
        if address is None or not any(_within(address, network) for network in networks):
            raise WrongNetworkError("This key may only be used from the networks it was made for; use another key.")


def client_address(scope: Any, headers: Headers, proxies: tuple[Network, ...]) -> Address | None:
    """Where a request comes from: the socket's address, or what trusted proxies say about it.

    ``X-Forwarded-For`` is read from the right, and only as far as each hop is a trusted proxy: what the client wrote
    itself counts for nothing.
    """
    client = scope.get("client")
    address = _address(client[0] if client else "")
    if not proxies:
        return address
    hops = headers.get(b"x-forwarded-for", b"").decode("latin-1").split(",")
    while address is not None and hops and any(_within(address, network) for network in proxies):
        hop = hops.pop().strip()
        if not hop:
            break
        address = _address(hop)
    return address


def _bearer(headers: Headers) -> str:
    value = headers.get(b"authorization")
    if value is None:
        raise UnauthorizedError("Send an API key: Authorization: Bearer ph_live_…")
    kind, _, secret = value.decode("latin-1").partition(" ")
    if kind.lower() != "bearer":
        raise UnauthorizedError("Only bearer keys are understood: Authorization: Bearer ph_live_…")
    return secret.strip()


@lru_cache(maxsize=4096)
def _address(word: str) -> Address | None:
    try:
        address = ipaddress.ip_address(word.partition("%")[0])
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped or address


def _within(address: Address, network: Network) -> bool:
    return address.version == network.version and address in network
