"""What may be reached, and for how long."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EgressConfig:
    """Settings of the egress.

    Attributes:
        allowed_networks: networks such as `10.1.0.0/16` that may be reached although they are not public: receivers
            on the premises.
        allow_http: whether `http` is allowed beside `https`.
        timeout_s: for a whole webhook call or a name's look-up; in a download, for each connection and each silence.
        max_redirects: followed in one download.

    Raises:
        ValueError: names the setting at fault.
    """

    allowed_networks: tuple[str, ...] = ()
    allow_http: bool = False
    timeout_s: float = 15.0
    max_redirects: int = 3

    def __post_init__(self) -> None:
        for network in self.allowed_networks:
            try:
                ipaddress.ip_network(network)
            except ValueError as error:
                raise ValueError(f"allowed_networks holds {network!r}: {error}") from error
        if self.timeout_s <= 0:
            raise ValueError(f"timeout_s is {self.timeout_s}, it must be above 0")
        if self.max_redirects < 0:
            raise ValueError(f"max_redirects is {self.max_redirects}, it must be 0 or more")
