"""The Scoring service without its transport: messages in, messages out, `VivaError` raised."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import ClassVar, Final, Protocol

from google.protobuf.descriptor import ServiceDescriptor

from serving.api import assessments, fields, requests, resources, uploads
from serving.api.admission import Lane
from serving.domain.answer import Answer, MediaRef
from serving.domain.assessment import Assessment
from serving.domain.competency import Language
from serving.domain.errors import InvalidRequest, Overloaded, Reason, VivaError
from serving.domain.limits import LIMITS
from serving.domain.tenant import Caller, Scope
from serving.pipeline.ports import MediaSpool, SpoolFile
from serving.pipeline.stages import NoObserver, StageObserver, timed
from viva.v1 import assessment_pb2
from viva.v1 import scoring_pb2 as pb

_FULL_DISK_RETRY_S: Final = 30.0
_QUOTED_CHARS: Final = 60  # of a caller's text in a message: trailers have little room


class AnswerScorer(Protocol):
    async def score(self, answer: Answer, request_id: str) -> assessment_pb2.Assessment:
        """Score one answer; stops when the awaiting task is cancelled. Raises `VivaError`."""
        ...


class ScoringService:
    """What `viva.v1.Scoring` does.

    Args:
        render: assessment and language of the page to HTML; runs in a thread.
        text_lane, media_lane: bounded queues in front of the scorers.
        render_lane: bounded queue of pages being rendered.
        observer: told how long media took to arrive, as the stage `receive`.
    """

    DESCRIPTOR: ClassVar[ServiceDescriptor] = pb.DESCRIPTOR.services_by_name["Scoring"]
    SCOPES: ClassVar[Mapping[str, Scope]] = {
        "ScoreAnswer": Scope.SUBMIT,
        "UploadAnswer": Scope.SUBMIT,
        "RenderReport": Scope.READ,
    }

    def __init__(
        self,
        scorer: AnswerScorer,
        spool: MediaSpool,
        render: Callable[[Assessment, Language], str],
        *,
        text_lane: Lane,
        media_lane: Lane,
        render_lane: Lane,
        observer: StageObserver | None = None,
    ) -> None:
        self._observer = observer or NoObserver()
        self._scorer = scorer
        self._spool = spool
        self._render = render
        self._text_lane = text_lane
        self._media_lane = media_lane
        self._render_lane = render_lane

    def refusal(self, request: pb.ScoreAnswerRequest) -> VivaError | None:
        """What `score_answer` would raise for want of room; asked before anything is spent on the request."""
        try:
            if request.WhichOneof("content") == "media":
                self._media_lane.check_arrival()
            else:
                self._text_lane.check(len(request.text))
        except VivaError as error:
            return error
        return None

    async def score_answer(self, request: pb.ScoreAnswerRequest, caller: Caller) -> pb.ScoreAnswerResponse:
        """`ScoreAnswer`."""
        request_id = resources.with_request_id(request, caller).request_id
        content = request.WhichOneof("content")
        if content == "text":
            answer = requests.text_answer(request.config, request.text)
            async with self._text_lane.slot(len(request.text)):
                assessment = await self._scorer.score(answer, request_id)
        elif content == "media":
            assessment = await self._score_inline(request, request_id)
        else:
            raise InvalidRequest("set exactly one of text and media", reason=Reason.CONTENT_REQUIRED, field="content")
        return pb.ScoreAnswerResponse(request_id=request_id, assessment=assessment)

    async def upload_answer(
        self, messages: AsyncIterator[pb.UploadAnswerRequest], caller: Caller
    ) -> pb.UploadAnswerResponse:
        """`UploadAnswer`. Nothing of the upload is left behind, however it ends."""
        config = await uploads.receive_config(messages)
        request_id = resources.with_request_id(config, caller).request_id
        requests.check_config(config.config)
        if config.config.sentences:
            raise InvalidRequest("config.sentences is for text answers only", field="config.sentences")
        kind = requests.media_kind(config.kind, "kind")
        async with self._receiving(), self._spooled() as file:
            with timed(self._observer, "receive"):
                await uploads.receive_media(messages, file)
            assessment = await self._score_media(config.config, file.finish(kind), request_id)
        return pb.UploadAnswerResponse(request_id=request_id, assessment=assessment)

    async def render_report(self, request: pb.RenderReportRequest, caller: Caller) -> pb.RenderReportResponse:
        """`RenderReport`."""
        del caller
        if not request.HasField("assessment"):
            raise InvalidRequest("assessment is required", reason=Reason.FIELD_REQUIRED, field="assessment")
        try:
            assessment = assessments.from_message(request.assessment)
        except ValueError as error:
            raise InvalidRequest(
                f"assessment is not one of ours: {str(error)[:_QUOTED_CHARS]}", field="assessment"
            ) from error
        language = fields.language(request.language or assessment.language, "language")
        if language is None:
            raise InvalidRequest("name the language of the page", reason=Reason.UNKNOWN_LANGUAGE, field="language")
        async with self._render_lane.slot():
            return pb.RenderReportResponse(html=await asyncio.to_thread(self._render, assessment, language))

    async def _score_inline(self, request: pb.ScoreAnswerRequest, request_id: str) -> assessment_pb2.Assessment:
        data = request.media.data
        if not data:
            raise uploads.media_empty("media.data")
        if len(data) > LIMITS.inline_media_bytes:
            raise uploads.too_large("media.data", len(data), LIMITS.inline_media_bytes)
        kind = requests.media_kind(request.media.kind, "media.kind")
        requests.check_config(request.config)
        async with self._receiving(), self._spooled() as file:
            with timed(self._observer, "receive"):
                await asyncio.to_thread(file.write, data)
            return await self._score_media(request.config, file.finish(kind), request_id)

    @asynccontextmanager
    async def _receiving(self) -> AsyncIterator[None]:
        """A place for one media answer, from its first byte on: no more are on disk than the queue may hold.

        Who has a place is refused after 200 MB have travelled only where the wait has grown too long meanwhile.
        """
        self._media_lane.admit()
        try:
            yield
        finally:
            self._media_lane.leave()

    @asynccontextmanager
    async def _spooled(self) -> AsyncIterator[SpoolFile]:
        """A file that is gone afterwards, also when the call is cancelled. A full disk is an overload, not a fault."""
        try:
            file = await asyncio.to_thread(self._spool.create)
        except OSError as error:
            raise Overloaded("there is no room for media now", retry_after_s=_FULL_DISK_RETRY_S) from error
        try:
            yield file
        except OSError as error:
            raise Overloaded("there is no room for media now", retry_after_s=_FULL_DISK_RETRY_S) from error
        finally:
            await asyncio.shield(asyncio.to_thread(file.discard))

    async def _score_media(
        self, config: pb.AnswerConfig, media: MediaRef, request_id: str
    ) -> assessment_pb2.Assessment:
        answer = requests.media_answer(config, media)
        async with self._media_lane.slot():
            return await self._scorer.score(answer, request_id)
