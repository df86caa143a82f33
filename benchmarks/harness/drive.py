"""The open loop of one generator process: each request leaves at its intended time, whatever became of earlier ones."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from benchmarks.harness.core import Observation, Outcome, Reply, Request, Target
from benchmarks.harness.scores import scores_sha256

_HASHED: Final = 2000  # assessments that a process keeps until the end of a run, evenly over it, to compare them then
_WARMING: Final = 4  # requests at once before the clock starts
_EXPIRED: Final = Reply(Outcome.EXPIRED, "DEADLINE_EXCEEDED", "no reply within the deadline")


@dataclass
class Counts:
    """How far a run is."""

    sent: int = 0
    done: int = 0
    ok: int = 0


@dataclass
class Drive:
    """Sends the requests of one run to one target, in one event loop.

    Times are `time.monotonic`, which all processes of a host share.
    """

    target: Target
    requests: Sequence[Request]
    counts: Counts = field(default_factory=Counts)
    _kept: dict[int, Reply] = field(default_factory=dict)

    async def run(self, start_s: float) -> list[Observation]:
        """Send everything and wait for every reply.

        Args:
            start_s: second 0 of the run on the monotonic clock.

        Returns:
            One observation for each request, in their order.
        """
        seen: list[Observation | None] = [None] * len(self.requests)
        every = -(-len(self.requests) // _HASHED)

        async def one(index: int, request: Request) -> None:
            sent_s = time.monotonic() - start_s
            self.counts.sent += 1
            reply = await _sent(self.target, request, sent_s)
            seen[index] = _observation(request, sent_s, time.monotonic() - start_s, reply)
            self.counts.done += 1
            self.counts.ok += reply.outcome is Outcome.OK
            if index % every == 0 and reply.assessment:
                self._kept[index] = reply

        async with asyncio.TaskGroup() as group:
            for index, request in enumerate(self.requests):
                # Also when it is late: a task begins only when this one waits.
                await asyncio.sleep(max(0.0, start_s + request.intended_s - time.monotonic()))
                group.create_task(one(index, request))
        return [observation for observation in seen if observation is not None]

    def hashed(self, observations: Sequence[Observation]) -> list[Observation]:
        """The observations of `run` with the hashes of the assessments that were kept; for when nothing is timed."""
        hashes = {index: scores_sha256(reply.assessment) for index, reply in self._kept.items()}
        return [replace(one, scores_sha256=hashes.get(index, "")) for index, one in enumerate(observations)]


async def warm_up(target: Target, requests: Sequence[Request]) -> list[Observation]:
    """Send requests a few at a time and wait for their replies; each counts from when it was sent."""
    seen: list[Observation] = []
    waiting = iter(requests)

    async def worker() -> None:
        for request in waiting:
            started = time.monotonic()
            reply = await _sent(target, request, 0.0)
            seen.append(_observation(request, 0.0, time.monotonic() - started, reply))

    await asyncio.gather(*(worker() for _ in range(_WARMING)))
    return seen


async def _sent(target: Target, request: Request, sent_s: float) -> Reply:
    left_s = request.intended_s + request.deadline_s - sent_s
    if left_s <= 0:
        return Reply(Outcome.UNSENT, "UNSENT", "the generator was later than the deadline")
    try:
        async with asyncio.timeout(left_s):
            return await target.send(request)
    except TimeoutError:
        return _EXPIRED


def _observation(request: Request, sent_s: float, done_s: float, reply: Reply) -> Observation:
    return Observation(
        sample_id=request.sample.sample_id,
        modality=request.sample.modality,
        priority=request.priority,
        intended_s=request.intended_s,
        sent_s=sent_s,
        done_s=done_s,
        outcome=reply.outcome,
        code=reply.code,
        retry_after_s=reply.retry_after_s,
    )
