"""Usage: PEER_SETTINGS='{"port": 8000}' python -m benchmarks.peers.bentoml.serve"""

# BentoML reads the annotations of an API at run time: they are no strings here.
import asyncio
import os
import sys
from pathlib import Path
from typing import Any

import bentoml
from pydantic import BaseModel

from benchmarks.peers.scoring import Scorer
from benchmarks.peers.settings import from_environment

_SETTINGS = from_environment()
_NO_FILE = Path()
_QUIET = {"access": {"enabled": False}}


class Job(BaseModel):
    """What one answer is scored from: a batch takes one parameter only."""

    options: dict[str, Any]
    media: bytes


def _scored(scorer: Scorer, jobs: list[Job]) -> list[dict[str, Any]]:
    return scorer.score([(job.options, job.media) for job in jobs])


@bentoml.service(name="engine", workers=_SETTINGS.workers, traffic={"timeout": _SETTINGS.timeout_s}, logging=_QUIET)
class Engine:
    """Scores batches, one process a core."""

    def __init__(self) -> None:
        self._scorer = Scorer(_SETTINGS)

    @bentoml.api(
        batchable=True,
        max_batch_size=max(2, _SETTINGS.max_batch),
        # Also the age at which a waiting answer is dropped, so it cannot be the wait for a batch alone.
        max_latency_ms=round(1000 * _SETTINGS.timeout_s),
    )
    def score_batch(self, jobs: list[Job]) -> list[dict[str, Any]]:
        return _scored(self._scorer, jobs)

    @bentoml.api
    def score_one(self, job: Job) -> dict[str, Any]:
        return _scored(self._scorer, [job])[0]


@bentoml.service(name="answers", traffic={"timeout": _SETTINGS.timeout_s}, logging=_QUIET)
class Answers:
    """Multipart in (`options` as JSON, `media` as a file where there is one), JSON out."""

    engine = bentoml.depends(Engine)

    @bentoml.api
    async def score(self, options: dict[str, Any], media: Path = _NO_FILE) -> dict[str, Any]:
        content = b"" if media == _NO_FILE else await asyncio.to_thread(media.read_bytes)
        job = Job(options=options, media=content)
        if _SETTINGS.max_batch == 1:
            scored: dict[str, Any] = await self.engine.to_async.score_one(job)
        else:
            (scored,) = await self.engine.to_async.score_batch([job])
        return scored


def main() -> None:
    command = [sys.executable, "-m", "bentoml", "serve", "benchmarks.peers.bentoml.serve:Answers"]
    command += ["--host", "127.0.0.1", "--port", str(_SETTINGS.port)]
    os.environ["BENTOML_DO_NOT_TRACK"] = "True"
    os.execv(sys.executable, command)


if __name__ == "__main__":
    main()
