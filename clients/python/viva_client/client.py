"""The blocking client."""

from __future__ import annotations

from types import TracebackType

import grpc

from viva.v1.assessment_pb2 import Assessment
from viva_client import calls
from viva_client.options import AnswerOptions
from viva_client.retry import RetryPolicy
from viva_client.runner import Runner
from viva_client.services import Services
from viva_client.transport import Settings
from viva_client.upload import Media


class VivaClient(Services[Runner]):
    """Calls the Viva API. Safe to share between threads; close it, or use it as a context manager.

    Args:
        address: `HOST:PORT`.
        api_key: sent as `authorization: Bearer KEY`; use `tls` with it outside your own machine.
        channels: connections, used in turn; several spread the load of one client over replicas behind a balancer
            that knows connections only.
        timeout_s: time for a call with all its retries, seconds.
        tls: True for TLS with the system's roots, or `grpc.ChannelCredentials`.
        retry: when to try again.

    The methods of the services (`client.roles.create(...)`, see `viva_client.services`) and those below raise
    `VivaError`, and retry what is worth it with the same request id.
    """

    def __init__(
        self,
        address: str = "localhost:18500",
        *,
        api_key: str | None = None,
        channels: int = 1,
        timeout_s: float = 120.0,
        tls: bool | grpc.ChannelCredentials = False,
        retry: RetryPolicy | None = None,
    ) -> None:
        self._runner = Runner(Settings(address, api_key, channels, timeout_s, tls, retry or RetryPolicy()))
        super().__init__(self._runner)

    def score_text(
        self,
        text: str,
        options: AnswerOptions | None = None,
        *,
        request_id: str | None = None,
        timeout_s: float | None = None,
    ) -> Assessment:
        """Score an answer given as text, at most 20,000 characters."""
        return self._runner.run(calls.text_call(text, options or AnswerOptions(), request_id), timeout_s)

    def score_media(
        self,
        media: Media,
        options: AnswerOptions | None = None,
        *,
        kind: str = "",
        request_id: str | None = None,
        timeout_s: float | None = None,
    ) -> Assessment:
        """Score a spoken or filmed answer, at most 200 MB and ten minutes.

        Up to 1 MB travels inside the request; more is streamed from the file, one chunk in memory at a time.

        Args:
            media: path of a file, or its bytes.
            kind: `audio` (pictures are ignored), `video`, or empty for whatever tracks are there.

        Raises:
            OSError: the file cannot be read.
        """
        return self._runner.run(calls.media_call(media, options or AnswerOptions(), kind, request_id), timeout_s)

    def render_report(self, assessment: Assessment, language: str = "", *, timeout_s: float | None = None) -> str:
        """The assessment as one self-contained HTML page in `en`, `zh`, or the language of the answer."""
        return self._runner.run(calls.report_call(assessment, language), timeout_s)

    def health(self, service: str = "", *, timeout_s: float = 5.0) -> bool:
        """Whether the server, or one of its services, says that it is serving; tried once.

        Raises:
            VivaError: nobody answered.
        """
        return self._runner.run(calls.health_call(service), timeout_s)

    def close(self) -> None:
        """Close the connections; calls in flight are cancelled."""
        self._runner.connections.close()

    def __enter__(self) -> VivaClient:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
