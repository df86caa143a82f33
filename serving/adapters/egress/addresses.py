"""Which addresses are on the public internet.

Sources: IANA's IPv4 and IPv6 Special-Purpose Address Registries
(https://www.iana.org/assignments/iana-ipv4-special-registry, .../iana-ipv6-special-registry). `is_global` of
`ipaddress` follows them, but counts multicast and most forms that carry an IPv4 address as global.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final

_GLOBAL_UNICAST: Final = IPv6Network("2000::/3")  # all that IANA gives out
_NAT64: Final = IPv6Network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an IPv4 address
_NOT_PUBLIC_V4: Final = (
    IPv4Network("192.0.0.0/24"),  # IETF protocol assignments
    IPv4Network("192.88.99.0/24"),  # relays of 6to4, withdrawn by RFC 7526
)
_NOT_PUBLIC_V6: Final = (
    IPv6Network("2001::/23"),  # IETF protocol assignments, Teredo among them
    IPv6Network("2002::/16"),  # 6to4, withdrawn by RFC 7526
    IPv6Network("3fff::/20"),  # documentation, RFC 9637
)


class AddressRule:
    """Which addresses may be connected to.

    Args:
        allowed_networks: exceptions, in CIDR notation.
    """

    def __init__(self, allowed_networks: Sequence[str]) -> None:
        self._exceptions = tuple(ipaddress.ip_network(network) for network in allowed_networks)

    def allows(self, address: str) -> bool:
        """Whether an address in numbers is public or an exception; an IPv4 address inside an IPv6 one decides."""
        try:
            found = _inner(ipaddress.ip_address(address))
        except ValueError:
            return False
        return any(found in network for network in self._exceptions) or _is_public(found)


def _inner(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    if isinstance(address, IPv6Address) and address.scope_id is None:
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _NOT_PUBLIC_V4)
    return (
        address.scope_id is None
        and address in _GLOBAL_UNICAST
        and not any(address in network for network in _NOT_PUBLIC_V6)
    )
