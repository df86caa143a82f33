"""OpenTelemetry: traces of what is asked of Viva, sent to a collector where one is configured."""

from __future__ import annotations

from typing import Final, Protocol

from serving.adapters.telemetry.config import TelemetryConfig
from serving.pipeline.tracer import NoTracer, Tracer

__all__ = ["Telemetry", "TelemetryConfig", "telemetry"]


class Telemetry(Protocol):
    """What one process tells of its work."""

    @property
    def tracer(self) -> Tracer: ...

    def close(self) -> None:
        """Send what is left, for two seconds at most; blocks."""
        ...


class _Off:
    tracer: Final[Tracer] = NoTracer()

    def close(self) -> None:
        pass


def telemetry(config: TelemetryConfig, service: str) -> Telemetry:
    """The telemetry of this process; the SDK is imported only where there is a collector.

    Args:
        service: `service.name` of the process.
    """
    if not config.otlp_endpoint:
        return _Off()
    from serving.adapters.telemetry.otlp import OtlpTelemetry

    return OtlpTelemetry(config, service)
