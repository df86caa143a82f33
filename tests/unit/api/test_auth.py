"""Who may call."""

import hashlib

import pytest

from serving.api.auth import ApiKeys
from serving.domain.errors import Unauthorized

KEYS = ApiKeys({hashlib.sha256(b"k-1").hexdigest(): "acme"})
REMOTE = "ipv4:10.0.0.9:1"


def test_a_valid_key_names_its_tenant_from_anywhere() -> None:
    assert KEYS.tenant([("authorization", "Bearer k-1")], REMOTE) == "acme"


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer k-2", "Basic k-1", "k-1"])
def test_anything_else_is_refused(header: str) -> None:
    with pytest.raises(Unauthorized):
        KEYS.tenant([("authorization", header)], "ipv4:127.0.0.1:1")


@pytest.mark.parametrize("peer", ["ipv4:127.0.0.1:4", "ipv6:[::1]:4", "ipv6:%5B::1%5D:4", "unix:"])
def test_without_keys_callers_on_this_host_are_the_local_tenant(peer: str) -> None:
    assert ApiKeys({}).tenant([], peer) == "local"


@pytest.mark.parametrize("peer", [REMOTE, "ipv6:[fe80::1]:4", "ipv4:192.168.127.1:4"])
def test_without_keys_other_hosts_are_refused(peer: str) -> None:
    with pytest.raises(Unauthorized):
        ApiKeys({}).tenant([], peer)
