"""Ten times as many callers as places, and bulk work beside them: the refused are told when to come back, others are
answered, what was accepted is done, and no process dies."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2

from tests import media, stack
from tests.chaos.test_durable_work import VICTIMS, texts
from viva.v1 import answers_pb2, interviews_pb2, roles_pb2, scoring_pb2_grpc
from viva.v1 import scoring_pb2 as pb
from viva_client import AnswerOptions, VivaClient

CALLERS = 240  # a scorer has 16 places for texts
LOAD_S = 20.0
DEADLINE_S = 3.0
PAUSE_S = 0.5  # whatever they are told
TEXTS, VIDEOS = 60, 4
DONE_WITHIN_S = 240.0
DETAILS = "grpc-status-details-bin"


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[stack.Stack]:
    """A stack of its own: other tests must not feel the crowd."""
    running = stack.start(tmp_path_factory.mktemp("crowded"))
    try:
        yield running
    finally:
        running.stop()


class Crowd:
    """Callers who come back at once, and what they were told."""

    def __init__(self, address: str) -> None:
        self._channel = grpc.aio.insecure_channel(address)
        self._stub = scoring_pb2_grpc.ScoringStub(self._channel)
        self.codes: Counter[grpc.StatusCode] = Counter()
        self.refusals: list[status_pb2.Status] = []
        self.answered_at: list[float] = []

    async def run(self) -> None:
        end = time.monotonic() + LOAD_S
        async with self._channel, asyncio.TaskGroup() as group:
            for n in range(CALLERS):
                group.create_task(self._caller(texts(CALLERS)[n], end))

    async def _caller(self, text: str, end: float) -> None:
        config = pb.AnswerConfig(question="Tell me about such a time.", language="en", competencies=["teamwork"])
        request = pb.ScoreAnswerRequest(text=text, config=config)
        while time.monotonic() < end:
            try:
                response = await self._stub.ScoreAnswer(request, timeout=DEADLINE_S)
                assert response.assessment.overall.HasField("score")
                self.answered_at.append(time.monotonic())
                self.codes[grpc.StatusCode.OK] += 1
            except grpc.aio.AioRpcError as error:
                self.codes[error.code()] += 1
                if error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED:
                    details = dict(error.trailing_metadata() or ()).get(DETAILS, b"")
                    self.refusals.append(status_pb2.Status.FromString(details))
                await asyncio.sleep(PAUSE_S)


async def test_a_crowd_is_answered_or_told_when_to_come_back_while_bulk_work_waits(
    crowded: stack.Stack, tmp_path: Path
) -> None:
    before = _processes(crowded)
    with VivaClient(crowded.address, timeout_s=60.0) as client:
        answers = await asyncio.to_thread(_hand_over, client, tmp_path)
        crowd = Crowd(crowded.address)
        load = asyncio.create_task(crowd.run())
        bulk_done_at = await asyncio.to_thread(_until_scored, client, answers)
        await load
        after = await asyncio.to_thread(client.score_text, texts(1)[0], AnswerOptions("Why?", "en"))

    known = {grpc.StatusCode.OK, grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.DEADLINE_EXCEEDED}
    assert set(crowd.codes) <= known, crowd.codes
    assert crowd.codes[grpc.StatusCode.RESOURCE_EXHAUSTED], "the crowd was too small"
    assert all(_retry_s(refusal) > 0 for refusal in crowd.refusals)
    # Bulk work that stands back holds nothing that calls need.
    assert sum(at < bulk_done_at for at in crowd.answered_at) > CALLERS, "calls waited for bulk work"
    assert after.overall.HasField("score")
    assert {pid: name for pid, name in before.items() if pid not in _processes(crowded)} == {}, "they have died"


def _processes(running: stack.Stack) -> dict[int, str]:
    """The processes that a stack is made of; others of Ray's come and go."""
    found = stack.descendants(running.process.pid)
    return {pid: command for pid, command in found.items() if any(one in command for one in VICTIMS)}


def _retry_s(refusal: status_pb2.Status) -> float:
    """The time of its RetryInfo, 0 without one; it names the queue."""
    info, retry = error_details_pb2.ErrorInfo(), error_details_pb2.RetryInfo()
    for detail in refusal.details:
        _ = detail.Unpack(info) or detail.Unpack(retry)
    assert (info.reason, info.metadata.get("queue")) == ("QUEUE_FULL", "text"), refusal
    return retry.retry_delay.ToMilliseconds() / 1000


def _hand_over(client: VivaClient, folder: Path) -> list[str]:
    """Texts and videos as bulk work, an answer an interview; their names."""
    question = roles_pb2.Question(question_id="q", competency="teamwork", language="en", text="Tell me of your team.")
    content = roles_pb2.RoleContent(
        competencies=[roles_pb2.CompetencyWeight(competency="teamwork")], languages=["en"], questions=[question]
    )
    role = client.roles.create(roles_pb2.Role(display_name="Trainee", content=content)).name
    interviews = [
        client.interviews.create(
            interviews_pb2.Interview(candidate=f"tenants/-/candidates/{uuid.uuid4()}", role_revision=role)
        ).name
        for _ in range(TEXTS + VIDEOS)
    ]
    clips = [media.face_video(folder / f"{n}.mp4", 6 + n, size=(320, 240)).read_bytes() for n in range(VIDEOS)]
    contents = [
        *({"media_sha256": client.answers.upload_media(clip).sha256} for clip in clips),
        *({"text": text} for text in texts(TEXTS)),
    ]
    requests = [
        answers_pb2.SubmitAnswerRequest(parent=parent, answer=answers_pb2.Answer(question_id="q", **content))
        for parent, content in zip(interviews, contents, strict=True)
    ]
    client.answers.batch_submit(requests=requests)
    return [f"{interview}/answers/q" for interview in interviews]


def _until_scored(client: VivaClient, answers: list[str]) -> float:
    """When the last of the answers had its result."""
    deadline = time.monotonic() + DONE_WITHIN_S
    for name in answers:
        while (answer := client.answers.get(name)).state != answers_pb2.Answer.STATE_SCORED:
            assert answer.state != answers_pb2.Answer.STATE_FAILED, answer.error
            assert time.monotonic() < deadline, f"{name} waits"
            time.sleep(0.5)
    return time.monotonic()
