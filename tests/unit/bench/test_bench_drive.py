"""The open loop: latency from the intended send, deadlines, and requests that pile up."""

import asyncio
import time
from dataclasses import dataclass, field

import pytest

from benchmarks.harness.core import Modality, Observation, Outcome, Priority, Reply, Request, Sample
from benchmarks.harness.drive import Drive, warm_up

SAMPLE = Sample("s", Modality.TEXT, "en", "")


def requests(times: list[float], deadline_s: float = 30.0) -> list[Request]:
    return [Request(SAMPLE, time_s, deadline_s, Priority.INTERACTIVE) for time_s in times]


@dataclass
class Stalls:
    """Serves one request at a time, at once, but for a stall of the whole server."""

    at_s: float
    stall_s: float
    name: str = "stalls"
    outstanding: int = 0
    most: int = 0
    _busy: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def send(self, request: Request) -> Reply:
        self.outstanding += 1
        self.most = max(self.most, self.outstanding)
        async with self._busy:
            if request.intended_s >= self.at_s and self.stall_s:
                stall_s, self.stall_s = self.stall_s, 0.0
                await asyncio.sleep(stall_s)
        self.outstanding -= 1
        return Reply(Outcome.OK, assessment={"value": 1, "provenance": str(time.monotonic())})


async def observed(target: Stalls, sent: list[Request]) -> list[Observation]:
    return await Drive(target, sent).run(time.monotonic())


async def test_a_stall_is_in_the_latency_of_everything_that_was_due_meanwhile() -> None:
    target = Stalls(at_s=0.5, stall_s=2.0)
    seen = await observed(target, requests([index / 100 for index in range(300)]))
    # A closed loop would have seen one slow answer in a hundred: 1% at most. Two seconds of three were stalled.
    late = [one.latency_s for one in seen if one.latency_s > 0.2]
    assert len(late) > 150
    assert max(late) >= 2.0
    assert target.most > 150  # nothing waited for what came before it


async def test_a_thousand_may_be_outstanding() -> None:
    target = Stalls(at_s=0.0, stall_s=3.0)  # the first
    seen = await observed(target, requests([0.0] * 3000))
    assert target.most > 1000
    assert {one.outcome for one in seen} == {Outcome.OK}


async def test_a_deadline_counts_from_the_intended_send() -> None:
    class Silent(Stalls):
        async def send(self, request: Request) -> Reply:
            await asyncio.Event().wait()
            raise AssertionError

    seen = await Drive(Silent(0.0, 0.0), requests([0.0, 0.1], deadline_s=0.3)).run(time.monotonic())
    assert [(one.outcome, one.code) for one in seen] == [(Outcome.EXPIRED, "DEADLINE_EXCEEDED")] * 2
    assert all(one.latency_s >= 0.3 for one in seen)


async def test_what_is_due_before_the_generator_can_send_it_is_unsent() -> None:
    seen = await Drive(Stalls(9.0, 0.0), requests([0.0, 5.0], deadline_s=1.0)).run(time.monotonic() - 5.0)
    assert [one.outcome for one in seen] == [Outcome.UNSENT, Outcome.OK]
    assert seen[0].sent_s >= 5.0


async def test_equal_results_have_equal_hashes() -> None:
    drive = Drive(Stalls(9.0, 0.0), requests([0.0, 0.0]))
    seen = drive.hashed(await drive.run(time.monotonic()))
    assert len({one.scores_sha256 for one in seen}) == 1
    assert seen[0].scores_sha256


async def test_a_fault_of_the_target_is_no_reply() -> None:
    class Broken(Stalls):
        async def send(self, request: Request) -> Reply:
            raise KeyError("a fault")

    with pytest.raises(ExceptionGroup) as caught:
        await observed(Broken(0.0, 0.0), requests([0.0]))
    assert caught.group_contains(KeyError)


async def test_a_warm_up_waits_for_its_replies() -> None:
    target = Stalls(at_s=9.0, stall_s=0.0)
    assert len(await warm_up(target, requests([0.0] * 10))) == 10
    assert target.most <= 4
