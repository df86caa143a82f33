"""A port is looked for before it is used."""

import socket

import pytest

from deployments import ports


@pytest.fixture
def taken() -> int:
    """A port that something listens on while the test runs, sharing it as gRPC would."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind(("127.0.0.1", ports.free_run(range(20000, 20900)).start))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_taken_port_is_told_from_a_free_one(taken: int) -> None:
    assert "in use" in (ports.fault(taken, "127.0.0.1") or "")
    assert "in use" in (ports.fault(taken) or "")
    assert ports.fault(ports.free_run(range(20900, 21000)).start) is None


def test_a_run_begins_behind_the_last_taken_port(taken: int) -> None:
    run = ports.free_run(range(taken - 1, taken + 100), 3)
    assert len(run) == 3
    assert run.start > taken


def test_too_short_a_range_is_an_error() -> None:
    with pytest.raises(OSError, match="no 3 free ports in a row from 20000 to 20001"):
        ports.free_run(range(20000, 20002), 3)


def test_an_ipv6_address_is_looked_at_as_one() -> None:
    if not socket.has_ipv6:
        pytest.skip("no IPv6")
    listener = socket.socket(socket.AF_INET6)
    with listener:
        try:
            listener.bind(("::1", 0))
        except OSError:
            pytest.skip("no IPv6 on this host")
        listener.listen()
        assert "in use" in (ports.fault(listener.getsockname()[1], "::1") or "")


def test_an_address_of_another_host_is_told() -> None:
    assert "assign" in (ports.fault(20000, "192.0.2.1") or "")  # TEST-NET-1, RFC 5737
