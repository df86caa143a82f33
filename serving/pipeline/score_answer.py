"""The main use case: one answer in, one assessment out. docs/architecture.md tells it with a picture."""

from __future__ import annotations

import asyncio

from serving.domain.answer import Answer
from serving.domain.assessment import Assessment, ModalityState
from serving.domain.errors import InvalidRequest, Reason
from serving.domain.media import MediaInfo
from serving.pipeline import provenance, service_times
from serving.pipeline.concurrency import both
from serving.pipeline.cores import ANY_CORE, Core
from serving.pipeline.hearing import Heard, Hearing
from serving.pipeline.ports import Judge, MediaDecoder, Models
from serving.pipeline.reading import Reading
from serving.pipeline.seeing import Seeing, Seen
from serving.pipeline.stages import NoObserver, StageObserver, timed


class ScoreAnswer:
    """Scores answers, any number at a time.

    Args:
        models: the model server.
        decoder: media decoder; its calls run in worker threads.
        config_sha256: hash of everything configured that a score depends on.
        observer: stage times.
        judge: answers the typed questions that scores rest on; by default heads over embeddings, run by `models`.
        core: held while media are decoded.
    """

    def __init__(
        self,
        models: Models,
        decoder: MediaDecoder,
        config_sha256: str,
        observer: StageObserver | None = None,
        judge: Judge | None = None,
        core: Core = ANY_CORE,
    ) -> None:
        self._models = models
        self._decoder = decoder
        self._config_sha256 = config_sha256
        self._observer = observer or NoObserver()
        self._hearing = Hearing(models, decoder, self._observer, core)
        self._seeing = Seeing(models, decoder, self._observer, core)
        self._reading = Reading(models, self._observer, judge)

    async def warm_up(self) -> None:
        """Do once what every answer needs. Raises what the models raise; harmless when repeated."""
        await self._reading.warm_up()

    async def run(self, answer: Answer) -> Assessment:
        """Score one answer. A modality that fails leaves a stated gap; cancelling stops all work.

        Raises:
            InvalidRequest: the answer cannot be scored as sent.
            ModelUnavailable, ModelFailed, Overloaded, DeadlineExceeded: of the speech or language models. The words
                could not be looked at, and an assessment without them would be no assessment; the face models' are a
                stated gap.
        """
        with timed(self._observer, "answer"):
            info = await self._probe(answer)
            heard, seen = await both(self._hearing.run(answer, info), self._seeing.run(answer, info))
            _refuse_if_nothing_decoded(heard, seen)
            read = await self._reading.run(answer, heard.transcript, heard.delivery, seen.behavior)
            with timed(self._observer, "assemble"):
                models = self._models.versions((*heard.models, *read.models, *seen.models))
                return Assessment(
                    question=answer.question,
                    role=answer.role,
                    language=heard.transcript.language,
                    overall=read.scores.overall,
                    competencies=read.scores.competencies,
                    transcript=heard.transcript,
                    star=read.star,
                    keywords=read.keywords,
                    keyword_mentions=read.keyword_mentions,
                    coherence=read.coherence.overall,
                    coherence_detail=read.coherence,
                    delivery=heard.delivery,
                    behavior=seen.behavior,
                    suggestions=read.scores.suggestions,
                    flags=read.flags,
                    modalities=(heard.report, read.report, seen.face, seen.expression),
                    media=provenance.media_summary(answer, info, heard.decode, seen.decode),
                    provenance=provenance.of(answer, models, self._config_sha256),
                    asked=provenance.asked(answer),
                )

    async def _probe(self, answer: Answer) -> MediaInfo | None:
        if answer.media is None:
            return None
        with timed(self._observer, "probe"):
            info = await asyncio.to_thread(self._decoder.probe, answer.media.path, answer.media.kind)
        if info.duration_s is not None:
            service_times.found(info.duration_s)
        return info


def _refuse_if_nothing_decoded(heard: Heard, seen: Seen) -> None:
    """Media of which nothing decodes is the caller's to mend, not an assessment full of gaps."""
    tried = [report for report in (heard.report, seen.face) if report.state is not ModalityState.SKIPPED]
    if tried and all(report.reason == "undecodable" for report in tried):
        raise InvalidRequest("nothing of the media decodes", reason=Reason.MEDIA_UNREADABLE, field="media")
