"""Usage: PEER_SETTINGS='{"port": 8000}' python -m benchmarks.peers.litserve.serve"""

# LitServe reads the annotations of an API at run time: they are no strings here.
import json
from collections.abc import Sequence
from typing import Any

import litserve
from fastapi import Request

from benchmarks.peers.scoring import Job, Scorer
from benchmarks.peers.settings import PeerSettings, from_environment


class AnswerAPI(litserve.LitAPI):
    """Multipart in (`options` as JSON, `media` as a file where there is one), JSON out."""

    def __init__(self, settings: PeerSettings) -> None:
        super().__init__(max_batch_size=settings.max_batch, batch_timeout=settings.max_wait_ms / 1000)
        self._settings = settings

    def setup(self, device: str) -> None:
        """Load the models: runs in each worker."""
        self._scorer = Scorer(self._settings)

    def decode_request(self, request: Request) -> Job:
        """A job of a form, which is what LitServe hands over for a request of that kind."""
        media = request.get("media")
        return json.loads(request["options"]), media.file.read() if media is not None else b""

    def predict(self, x: Any) -> Any:
        """A batch when batching is on, one job otherwise."""
        if self.max_batch_size == 1:
            return self._scorer.score([x])[0]
        return self._scorer.score(x)

    def batch(self, inputs: Sequence[Job]) -> Sequence[Job]:
        """Jobs stay apart: their lengths differ."""
        return inputs

    def unbatch(self, output: Any) -> Any:
        return output

    def encode_response(self, output: dict[str, Any]) -> dict[str, Any]:
        return output


def main() -> None:
    settings = from_environment()
    server = litserve.LitServer(
        AnswerAPI(settings), accelerator="cpu", workers_per_device=settings.workers, timeout=settings.timeout_s
    )
    server.run(host="127.0.0.1", port=settings.port, log_level="warning", generate_client_file=False)


if __name__ == "__main__":
    main()
