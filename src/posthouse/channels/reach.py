"""Which addresses are on the public Internet: what strangers may make us connect to."""

import ipaddress
from typing import Final

_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
_GLOBAL: Final = ipaddress.IPv6Network("2000::/3")
"""All that IANA has given out for unicast (IPv6 Global Unicast Address Assignments)."""
_DOCUMENTATION: Final = ipaddress.IPv6Network("3fff::/20")
"""RFC 9637; Python 3.11 does not know it."""
_ISATAP: Final = (0x0000_5EFE, 0x0200_5EFE)
"""What stands before the IPv4 address in an interface identifier (RFC 5214 §6.1)."""


def is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether an address is on the public Internet, looking through the ways to write IPv4 as IPv6."""
    if isinstance(address, ipaddress.IPv4Address):
        return address.is_global and not address.is_multicast
    inner = _inner(address)
    if inner is not None and not is_public(inner):
        return False
    if inner is not None and address not in _GLOBAL:
        return True
    return address in _GLOBAL and address not in _DOCUMENTATION and (inner is not None or address.is_global)


def _inner(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that a packet to this one ends at."""
    inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
    if inner is not None:
        return inner
    number = int(address)
    if address in _NAT64 or (number >> 32) & 0xFFFF_FFFF in _ISATAP:
        return ipaddress.IPv4Address(number & 0xFFFF_FFFF)
    return None
