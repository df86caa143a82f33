"""The service without its transport: uploads, lanes, and nothing left behind."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from serving.adapters.spool import FolderSpool
from serving.api.admission import Lane
from serving.api.service import ScoringService
from serving.api.uploads import receive_config
from serving.domain.answer import Answer
from serving.domain.errors import InvalidRequest, Overloaded, Reason, UploadIncomplete
from serving.domain.limits import LIMITS
from tests.postgres import caller
from viva.v1 import assessment_pb2
from viva.v1 import scoring_pb2 as pb

DATA = bytes(range(256)) * 4
CALLER = caller("local")
DIGEST = hashlib.sha256(DATA).hexdigest()


class Recorder:
    """A scorer that keeps what it was given, and waits where it is told to."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.media: list[bytes] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def score(self, answer: Answer, request_id: str) -> assessment_pb2.Assessment:
        self.answers.append(answer)
        if answer.media:
            self.media.append(answer.media.path.read_bytes())
        await self.gate.wait()
        return assessment_pb2.Assessment(question=answer.question)


@pytest.fixture
def scorer() -> Recorder:
    return Recorder()


@pytest.fixture
def service(scorer: Recorder, tmp_path: Path) -> ScoringService:
    lanes = {f"{name}_lane": Lane(name, 1, 1, 0.1) for name in ("text", "media", "render")}
    return ScoringService(scorer, FolderSpool(tmp_path), lambda assessment, language: language, **lanes)


async def _stream(*messages: pb.UploadAnswerRequest) -> AsyncIterator[pb.UploadAnswerRequest]:
    for message in messages:
        yield message


def _config(question: str = "") -> pb.UploadAnswerRequest:
    return pb.UploadAnswerRequest(config=pb.UploadConfig(config=pb.AnswerConfig(question=question)))


def _chunk(data: bytes) -> pb.UploadAnswerRequest:
    return pb.UploadAnswerRequest(chunk=data)


def _commit(size: int = len(DATA), sha256: str = DIGEST) -> pb.UploadAnswerRequest:
    return pb.UploadAnswerRequest(commit=pb.UploadCommit(size_bytes=size, sha256=sha256))


async def test_an_upload_is_scored_from_its_spooled_bytes_and_then_deleted(
    service: ScoringService, scorer: Recorder, tmp_path: Path
) -> None:
    messages = _stream(_config("Why?"), _chunk(DATA[:100]), _chunk(DATA[100:]), _commit())
    await service.upload_answer(messages, CALLER)
    assert scorer.media == [DATA]
    assert scorer.answers[0].media is not None
    assert scorer.answers[0].media.sha256 == DIGEST
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("messages", "reason"),
    [
        ((_chunk(DATA),), Reason.UPLOAD_NOT_COMMITTED),
        ((), Reason.UPLOAD_NOT_COMMITTED),
        ((_commit(0, hashlib.sha256().hexdigest()),), Reason.MEDIA_EMPTY),
        ((_chunk(DATA), _commit(len(DATA) - 1)), Reason.UPLOAD_MISMATCH),
        ((_chunk(DATA), _commit(sha256="0" * 64)), Reason.UPLOAD_MISMATCH),
        ((_chunk(b""), _commit()), Reason.FIELD_INVALID),
        ((_chunk(b"x" * (LIMITS.chunk_bytes + 1)),), Reason.FIELD_INVALID),
        ((pb.UploadAnswerRequest(config=pb.UploadConfig()),), Reason.UPLOAD_OUT_OF_ORDER),
        ((pb.UploadAnswerRequest(),), Reason.UPLOAD_OUT_OF_ORDER),
    ],
)
async def test_a_broken_upload_names_its_reason_is_not_scored_and_leaves_nothing(
    messages: tuple[pb.UploadAnswerRequest, ...],
    reason: Reason,
    service: ScoringService,
    scorer: Recorder,
    tmp_path: Path,
) -> None:
    with pytest.raises((InvalidRequest, UploadIncomplete)) as caught:
        await service.upload_answer(_stream(_config(), *messages), CALLER)
    assert caught.value.reason is reason
    assert scorer.answers == []
    assert list(tmp_path.iterdir()) == []


async def test_an_upload_stops_at_the_limit_of_bytes_and_not_at_its_end(
    service: ScoringService, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def endless() -> AsyncIterator[pb.UploadAnswerRequest]:
        yield _config()
        while True:
            yield _chunk(b"x" * LIMITS.chunk_bytes)

    class Free:
        """Counts bytes without keeping 200 MB of them."""

        size_bytes = 0
        sha256 = ""

        def write(self, chunk: bytes) -> None:
            self.size_bytes += len(chunk)

        def discard(self) -> None:
            pass

    monkeypatch.setattr(service._spool, "create", Free)
    with pytest.raises(InvalidRequest) as caught:
        await service.upload_answer(endless(), CALLER)
    assert caught.value.reason is Reason.MEDIA_TOO_LARGE


async def test_a_stream_that_does_not_begin_with_its_config_is_refused() -> None:
    with pytest.raises(InvalidRequest) as caught:
        await receive_config(_stream(_chunk(DATA)))
    assert caught.value.reason is Reason.UPLOAD_OUT_OF_ORDER
    with pytest.raises(UploadIncomplete):
        await receive_config(_stream())


async def test_a_cancelled_call_leaves_no_media_behind(
    service: ScoringService, scorer: Recorder, tmp_path: Path
) -> None:
    scorer.gate.clear()
    call = asyncio.create_task(
        service.score_answer(pb.ScoreAnswerRequest(media=pb.InlineMedia(data=DATA)), CALLER),
    )
    while not scorer.media:
        await asyncio.sleep(0.001)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert list(tmp_path.iterdir()) == []


async def test_a_full_queue_refuses_with_a_time_and_media_does_not_block_text(
    service: ScoringService, scorer: Recorder
) -> None:
    scorer.gate.clear()
    media = pb.ScoreAnswerRequest(media=pb.InlineMedia(data=DATA))
    calls = [asyncio.create_task(service.score_answer(media, CALLER)) for _ in range(2)]
    while len(scorer.media) < 1:
        await asyncio.sleep(0.001)
    with pytest.raises(Overloaded) as caught:
        await service.score_answer(media, CALLER)
    assert caught.value.retry_after_s is not None
    scorer.gate.set()
    await service.score_answer(pb.ScoreAnswerRequest(text="Hello."), CALLER)
    await asyncio.gather(*calls)


async def test_no_content_and_empty_media_are_refused_by_field(service: ScoringService) -> None:
    for request, field in (
        (pb.ScoreAnswerRequest(), "content"),
        (pb.ScoreAnswerRequest(media=pb.InlineMedia()), "media.data"),
    ):
        with pytest.raises(InvalidRequest) as caught:
            await service.score_answer(request, CALLER)
        assert caught.value.field == field


async def test_a_report_needs_an_assessment_of_ours_and_a_known_language(service: ScoringService) -> None:
    bad = assessment_pb2.Assessment(competencies=[assessment_pb2.CompetencyScore(status="superb")])
    for request, field in (
        (pb.RenderReportRequest(), "assessment"),
        (pb.RenderReportRequest(assessment=bad), "assessment"),
        (pb.RenderReportRequest(assessment=assessment_pb2.Assessment(), language="fr"), "language"),
    ):
        with pytest.raises(InvalidRequest) as caught:
            await service.render_report(request, CALLER)
        assert caught.value.field == field
    request = pb.RenderReportRequest(assessment=assessment_pb2.Assessment(language="zh"))
    page = await service.render_report(request, CALLER)
    assert page.html == "zh"
