"""Channels and the calls in flight on them, for both clients."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

import grpc

from viva_client.calls import Call, serialize
from viva_client.errors import error_from_rpc
from viva_client.retry import Attempts, RetryPolicy
from viva_client.service_config import RETRIED, SERVICE_CONFIG
from viva_client.tracing import Attempt
from viva_client.upload import Upload

Out = TypeVar("Out")

_ONCE: Final = RetryPolicy(max_attempts=1)
_MESSAGE_BYTES: Final = 32 * 1024 * 1024  # above 16 MB of inline media and any assessment or page

CHANNEL_OPTIONS: Final[tuple[tuple[str, Any], ...]] = (
    ("grpc.max_send_message_length", _MESSAGE_BYTES),
    ("grpc.max_receive_message_length", _MESSAGE_BYTES),
    # A name with several addresses (a headless service) is used in full.
    # Its retries are this client's own: gRPC's know of no `RetryInfo`.
    ("grpc.service_config", json.dumps({"loadBalancingConfig": SERVICE_CONFIG["loadBalancingConfig"]})),
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

    def attempts(self, call: Call[Any], timeout_s: float | None) -> Attempts:
        """Attempts of a call that asked for `timeout_s`, seconds: one where a repetition could do something twice."""
        policy = self.retry if call.path in RETRIED else _ONCE
        return Attempts(policy, self.timeout_s if timeout_s is None else timeout_s)

    def metadata(self, call: Call[Any], attempt: Attempt) -> tuple[tuple[str, str | bytes], ...]:
        """Metadata of an attempt of a call."""
        pairs: list[tuple[str, str | bytes]] = [("x-request-id", call.request_id), *attempt.headers.items()]
        if self.api_key:
            pairs.append(("authorization", f"Bearer {self.api_key}"))
        return tuple(pairs)


class Flight(Generic[Out]):
    """One attempt of a call, on its way."""

    def __init__(self, call: Call[Out], upload: Upload | None, future: Any) -> None:
        self._call = call
        self._upload = upload
        self._future = future

    def on_done(self, wake: Callable[[], None]) -> None:
        """Have `wake` called when it has ended, from another thread."""
        self._future.add_done_callback(lambda _: wake())

    def cancel(self) -> None:
        """Stop it, on the server too."""
        self._future.cancel()

    def result(self) -> Out:
        """Wait for its end.

        Raises:
            VivaError: it failed.
            OSError: the file of an upload could not be read.
            Exception: whatever a caller's progress callback raised.
        """
        try:
            response = self._future.result()
        except grpc.RpcError as error:
            if self._upload and self._upload.failure:
                raise self._upload.failure from None
            raise error_from_rpc(error) from None
        return self._call.unwrap(response)


class Connections:
    """The channels of a client.

    The asyncio client uses these too: grpc.aio loses the status of an upload that the server refuses half-way
    (https://github.com/grpc/grpc/issues/36066), and here the file of an upload is read in a thread of its own anyway.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        credentials = settings.credentials
        self._channels = [
            grpc.secure_channel(settings.address, credentials, options=CHANNEL_OPTIONS)
            if credentials
            else grpc.insecure_channel(settings.address, options=CHANNEL_OPTIONS)
            for _ in range(settings.channels)
        ]
        self._turns = itertools.count()
        self.closed = False

    def start(self, call: Call[Out], timeout_s: float) -> Flight[Out]:
        """Begin one attempt on the next channel; does not block."""
        channel = self._channel()
        request = call.request()
        attempt = Attempt(call.path)
        metadata = self._settings.metadata(call, attempt)
        if isinstance(request, Upload):
            upload = channel.stream_unary(call.path, serialize, call.response.FromString)
            return Flight(call, request, attempt.of(upload.future(request, timeout=timeout_s, metadata=metadata)))
        unary = channel.unary_unary(call.path, serialize, call.response.FromString)
        return Flight(call, None, attempt.of(unary.future(request, timeout=timeout_s, metadata=metadata)))

    def stream(self, call: Call[Any], timeout_s: float | None) -> Any:
        """Begin a call that answers with a stream; does not block.

        Returns:
            An iterator over the messages, which raises `grpc.RpcError` where the stream fails, and a `grpc.Call`.
        """
        stream: Any = self._channel().unary_stream(call.path, serialize, call.response.FromString)
        attempt = Attempt(call.path)
        metadata = self._settings.metadata(call, attempt)
        return attempt.of(stream(call.request(), timeout=timeout_s, metadata=metadata))

    def _channel(self) -> grpc.Channel:
        return self._channels[next(self._turns) % len(self._channels)]

    def close(self) -> None:
        """Close the channels; calls in flight are cancelled."""
        self.closed = True
        for channel in self._channels:
            channel.close()
