"""HAProxy's configuration for the gateways of a cluster."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from deployments.cluster import health_check

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
_ADDRESS: Final = re.compile(r"(?P<host>[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\]|\*):(?P<port>[0-9]{1,5})")


class BalancerError(ValueError):
    """A value that cannot be used; the message names it."""


@dataclass(frozen=True, slots=True)
class Balancer:
    """A balancer of calls: HTTP/2 on both sides, so that each call of a long-lived connection is placed for itself.

    Attributes:
        gateways: `HOST:PORT` of the gateways of a node, by the node's name.
        bind: `HOST:PORT` to listen at; `*` is every address.
        socket: path of HAProxy's own control socket, at most 90 bytes.
        certificate: file with certificate chain and private key (PEM) that callers see; empty for plain gRPC.
        gateways_ca: file with certificates (PEM) that those of the gateways must come from; empty where they speak
            plain gRPC.
        metrics: `HOST:PORT` of a page for Prometheus; empty for none.
        user: whom HAProxy becomes when root has started it; empty to stay who it is.

    Raises:
        BalancerError: a value is none of these.
    """

    gateways: Mapping[str, str]
    bind: str = "*:18500"
    socket: Path = Path("/run/haproxy/admin.sock")
    certificate: Path | None = None
    gateways_ca: Path | None = None
    metrics: str = ""
    user: str = "haproxy"

    def __post_init__(self) -> None:
        if not self.gateways:
            raise BalancerError("there is no gateway")
        for name, address in self.gateways.items():
            if not _NAME.fullmatch(name):
                raise BalancerError(f"{name!r} is no name of a node: 1 to 63 of A-Z, a-z, 0-9, _, . and -")
            _check_address(f"the address of {name}", address, "*")
        _check_address("bind", self.bind)
        if self.user and not _NAME.fullmatch(self.user):
            raise BalancerError(f"{self.user!r} is no name of a user")
        if self.metrics:
            _check_address("metrics", self.metrics)
        for path in (self.socket, self.certificate, self.gateways_ca):
            if path is not None and re.search(r"[\s\"'#\\]", str(path)):
                raise BalancerError(f"{str(path)!r} is no path that HAProxy can be told: it has spaces or quotes")
        if len(str(self.socket).encode()) > 90:  # HAProxy adds its process id to the 107 bytes of a Unix socket's path
            raise BalancerError(f"{self.socket} is longer than 90 bytes")

    def configuration(self) -> str:
        """The text of haproxy.cfg."""
        environment = Environment(
            loader=PackageLoader("deployments", "cluster"),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        template = environment.get_template("haproxy.cfg.j2")
        return template.render(balancer=self, health_check=health_check)


def _check_address(what: str, address: str, *refused: str) -> None:
    found = _ADDRESS.fullmatch(address)
    if found is None or found["host"] in refused or not 1 <= int(found["port"]) <= 65535:
        raise BalancerError(f"{what} is {address!r}, it must be HOST:PORT")
