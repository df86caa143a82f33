"""Who may issue tokens."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Issuer:
    """One issuer of JSON Web Tokens. It is trusted with every tenant and scope that its tokens name.

    Attributes:
        issuer: the `iss` of its tokens, to the letter.
        audience: what `aud` must be, or hold.
        jwks: its public keys as a JSON Web Key Set: an `https://` address, or a file.
        tenant_claim: claim with the tenant's id.
        scope_claim: claim with the scopes, in one text with spaces or as a list: `viva:read` and so on.

    Raises:
        ValueError: names the setting at fault.
    """

    issuer: str = ""
    audience: str = ""
    jwks: str = ""
    tenant_claim: str = "viva_tenant"
    scope_claim: str = "scope"

    def __post_init__(self) -> None:
        for name in ("issuer", "audience", "jwks", "tenant_claim", "scope_claim"):
            if not getattr(self, name):
                raise ValueError(f"{name} must not be empty")
        if self.remote and not _private(self.jwks):
            raise ValueError(f"jwks is {self.jwks!r}, it must be an https:// address or a file")
        if not self.remote:  # processes that read it have other working folders
            object.__setattr__(self, "jwks", str(Path(self.jwks).expanduser().absolute()))

    @property
    def remote(self) -> bool:
        """Whether the keys are behind an address."""
        return "://" in self.jwks


def _private(address: str) -> bool:
    """Whether nobody on the way can change what the address gives."""
    url = urlsplit(address)
    if url.scheme == "http" and url.hostname:
        try:
            return ipaddress.ip_address(url.hostname).is_loopback
        except ValueError:
            return url.hostname == "localhost"
    return url.scheme == "https" and bool(url.hostname)
