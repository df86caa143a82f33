"""The form of URIs that tenants name.

A URI is parsed once, by the library that sends it: two parsers that read one URI differently are how such checks are
passed by. It is sent as it came, since a signed URI must not change.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from typing import Final

from yarl import URL

from serving.adapters.egress.addresses import AddressRule
from serving.records.egress import EgressError, EgressFault, host_is_one_of

_PRINTABLE: Final = re.compile(r"[!-\[\]-~]+")  # ASCII without spaces, control characters and the backslash
_LABEL: Final = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_NAME: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?")
_NAME_CHARS: Final = 254
# A name whose last label is a number is an IPv4 address in some notation (WHATWG URL, "ends in a number").
_NUMBER: Final = re.compile(r"(?:.*\.)?(?:\d+|0[xX][0-9A-Fa-f]*)\.?")


def parse(uri: str, rule: AddressRule, *, allow_http: bool, base: URL | None = None) -> URL:
    """A URI in a form that may be called.

    Args:
        rule: decides on addresses in numbers; names are looked up when they are connected to.
        base: what a redirect's location is relative to.

    Raises:
        EgressError: `URI_NOT_ALLOWED`, or `PRIVATE_ADDRESS` for one in numbers.
    """
    if not _PRINTABLE.fullmatch(uri):
        raise _refused("must be printable ASCII; use percent-encoding, and Punycode for the host")
    try:
        url = URL(uri, encoded=True)
        url = base.join(url) if base else url
        host, port = url.raw_host, url.port
    except ValueError as error:
        raise _refused("is not a valid URI") from error
    if url.scheme not in (("https", "http") if allow_http else ("https",)):
        raise _refused("must begin with https://")
    if not host:
        raise _refused("names no host")
    if url.raw_user is not None or url.raw_password is not None:
        raise _refused("must not hold a user or a password")
    if port == 0:
        raise _refused("names port 0")
    _check_host(host, rule)
    return url


def is_address(host: str) -> bool:
    """Whether a host is, or tries to be, an address in numbers."""
    return ":" in host or _NUMBER.fullmatch(host) is not None


def matches(url: URL, hosts: Sequence[str]) -> bool:
    """Whether the host of a URL is one of `hosts`, see `MediaFetcher.download`."""
    return host_is_one_of(url.raw_host or "", url.port, hosts, own_port=url.is_default_port())


def _check_host(host: str, rule: AddressRule) -> None:
    if is_address(host):
        try:
            ipaddress.ip_address(host)
        except ValueError as error:
            raise _refused("has a host that is neither a name nor an address in the usual notation") from error
        if not rule.allows(host):
            raise EgressError(EgressFault.PRIVATE_ADDRESS, "names an address that is not public")
    elif len(host) > _NAME_CHARS or not _NAME.fullmatch(host):
        raise _refused("has a host that is neither a name nor an address in the usual notation")


def _refused(detail: str) -> EgressError:
    return EgressError(EgressFault.URI_NOT_ALLOWED, detail)
