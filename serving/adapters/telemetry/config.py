"""Where traces are sent, and how many."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class TelemetryConfig:
    """Traces.

    Attributes:
        otlp_endpoint: base URL of a collector that takes OTLP over HTTP, such as `http://localhost:4318`; empty sends
            no traces.
        sample_ratio: share of the calls whose caller did not decide that are traced, 0 to 1.
    """

    otlp_endpoint: str = ""
    sample_ratio: float = 0.01

    def __post_init__(self) -> None:
        if self.otlp_endpoint and not _is_base_url(self.otlp_endpoint):
            raise ValueError(
                f"otlp_endpoint is {self.otlp_endpoint!r}, it must be an http:// or https:// URL without a query"
            )
        if not 0 <= self.sample_ratio <= 1:
            raise ValueError(f"sample_ratio is {self.sample_ratio!r}, it must be 0 to 1")

    @property
    def traces_url(self) -> str:
        """Where traces are posted; empty for nowhere."""
        return f"{self.otlp_endpoint.rstrip('/')}/v1/traces" if self.otlp_endpoint else ""


def _is_base_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.query and parts.port != 0
    except ValueError:  # such as a port that is no number
        return False
