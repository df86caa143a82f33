"""How channels are opened, for both clients."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

import grpc

from viva_client.calls import Call
from viva_client.retry import RetryPolicy

_MESSAGE_BYTES: Final = 32 * 1024 * 1024  # above 16 MB of inline media and any assessment or page

CHANNEL_OPTIONS: Final[tuple[tuple[str, Any], ...]] = (
    ("grpc.max_send_message_length", _MESSAGE_BYTES),
    ("grpc.max_receive_message_length", _MESSAGE_BYTES),
    # A name with several addresses (a headless service) is used in full.
    ("grpc.service_config", json.dumps({"loadBalancingConfig": [{"round_robin": {}}]})),
    # Channels to one address share a connection otherwise, and a balancer on connections would see only one.
    ("grpc.use_local_subchannel_pool", 1),
    # A restarted server is found again within seconds; gRPC's default backs off up to two minutes.
    ("grpc.initial_reconnect_backoff_ms", 250),
    ("grpc.max_reconnect_backoff_ms", 4_000),
    # Servers that were not told otherwise hang up on pings more frequent than every five minutes; balancers commonly
    # forget idle connections after 350 s. A dead peer is noticed 20 s after data stays unacknowledged.
    ("grpc.keepalive_time_ms", 330_000),
    ("grpc.keepalive_timeout_ms", 20_000),
)


@dataclass(frozen=True)
class Settings:
    """What both clients are made of.

    Attributes:
        address: `HOST:PORT`, or any gRPC target.
        api_key: sent as `authorization: Bearer KEY`.
        channels: connections, used in turn.
        timeout_s: time for a call with all its retries, seconds.
        tls: True for the system's roots, or credentials; False for plain text.
        retry: when to try again.
    """

    address: str
    api_key: str | None
    channels: int
    timeout_s: float
    tls: bool | grpc.ChannelCredentials
    retry: RetryPolicy

    def __post_init__(self) -> None:
        if self.channels < 1:
            raise ValueError("channels must be at least 1")
        if self.timeout_s <= 0:
            raise ValueError("timeout_s must be positive")

    @property
    def credentials(self) -> grpc.ChannelCredentials | None:
        """Credentials of the channels, None for plain text."""
        if isinstance(self.tls, bool):
            return grpc.ssl_channel_credentials() if self.tls else None
        return self.tls

    def time_for(self, timeout_s: float | None) -> float:
        """Time of a call that asked for `timeout_s`, seconds."""
        return self.timeout_s if timeout_s is None else timeout_s

    def metadata(self, call: Call[Any]) -> tuple[tuple[str, str | bytes], ...]:
        """Metadata of every attempt of a call."""
        pairs: list[tuple[str, str | bytes]] = [("x-request-id", call.request_id)]
        if self.api_key:
            pairs.append(("authorization", f"Bearer {self.api_key}"))
        return tuple(pairs)
