"""Usage: PEER_SETTINGS='{"port": 8000}' python -m benchmarks.peers.mosec.serve"""

from __future__ import annotations

import sys
from typing import Any

import mosec
from mosec.mixin import MsgpackMixin

from benchmarks.peers.scoring import Scorer
from benchmarks.peers.settings import from_environment
from serving.domain.limits import LIMITS

_QUEUED = 100_000  # above every run: what waits is the load generator's business, and a refusal would be counted


class AnswerWorker(MsgpackMixin, mosec.Worker):
    """msgpack in (`options`, and `media` where there is one), msgpack out."""

    def __init__(self) -> None:
        self._scorer = Scorer(from_environment())

    def forward(self, data: Any) -> Any:
        """A batch when batching is on, one request otherwise."""
        batch = data if isinstance(data, list) else [data]
        scored = self._scorer.score([(request["options"], request.get("media", b"")) for request in batch])
        return scored if isinstance(data, list) else scored[0]


def main() -> None:
    settings = from_environment()
    timeout_ms = str(round(1000 * settings.timeout_s))
    sys.argv[1:] = ["--address", "127.0.0.1", "--port", str(settings.port), "--timeout", timeout_ms]
    sys.argv += [
        "--capacity",
        str(_QUEUED),
        "--max-request-size",
        str(2 * LIMITS.media_bytes),
        "--log-level",
        "warning",
    ]
    server = mosec.Server()
    server.append_worker(
        AnswerWorker, num=settings.workers, max_batch_size=settings.max_batch, max_wait_time=settings.max_wait_ms
    )
    server.run()


if __name__ == "__main__":
    main()
