"""From an audio track to timed words: voice activity, 20-28 s segments, recognition, prosody."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from serving.domain.competency import Language
from serving.domain.facts import Interval
from serving.domain.media import SAMPLE_RATE_HZ, AudioTrack
from serving.domain.transcript import SegmentTranscript
from serving.pipeline.concurrency import all_of
from serving.pipeline.ports import SpeechModels
from serving.pipeline.stages import StageObserver, timed
from serving.signals.audio.prosody import Prosody, prosody
from serving.signals.audio.segmentation import is_silent, recognition_segments, speech_regions

_SEGMENTS_IN_FLIGHT: Final = 8  # of one answer; as many as the recognisers take together


@dataclass(frozen=True, slots=True)
class SpeechResult:
    """What was said and how.

    Attributes:
        language_probability: 1 when the caller named the language, else that of the detection; 0 in silence.
        segments: start of each recognised segment in the answer (seconds) and its transcript.
        regions: stretches of speech; empty when there is none.
        models: models that ran.
    """

    language: Language
    language_probability: float
    segments: tuple[tuple[float, SegmentTranscript], ...]
    regions: tuple[Interval, ...]
    prosody: Prosody | None
    models: tuple[str, ...] = ()


class SpeechAnalysis:
    """Recognises one answer.

    Args:
        models: vad and recognisers.
        observer: stage times.
    """

    def __init__(self, models: SpeechModels, observer: StageObserver) -> None:
        self._models = models
        self._observer = observer

    async def run(self, track: AudioTrack, language: Language | None) -> SpeechResult:
        """Transcribe a whole answer; silence gives a result without segments and regions.

        Raises:
            ModelUnavailable, ModelFailed, Overloaded, DeadlineExceeded: see `ports`.
        """
        nothing = SpeechResult(language or "en", 1.0 if language else 0.0, (), (), None)
        if await asyncio.to_thread(is_silent, track.pcm):
            return nothing
        with timed(self._observer, "vad"):
            probability = await self._models.voice_probability(track.pcm)
        regions, spans = await asyncio.to_thread(_segments, probability, track.duration_s)
        if not regions:
            return replace(nothing, models=("vad",))
        with timed(self._observer, "recognition"):
            known, confidence, transcripts = await self._recognise(track.pcm, spans, language)
        with timed(self._observer, "prosody"):
            measured = await asyncio.to_thread(prosody, track.pcm, regions)
        segments = tuple((span.start_offset_s, text) for span, text in zip(spans, transcripts, strict=True))
        heard_by = {"asr_multilingual"} if language is None else set()
        heard_by.add("asr_en" if known == "en" else "asr_multilingual")
        return SpeechResult(known, confidence, segments, regions, measured, ("vad", *sorted(heard_by)))

    async def _recognise(
        self, pcm: NDArray[np.int16], spans: tuple[Interval, ...], language: Language | None
    ) -> tuple[Language, float, list[SegmentTranscript]]:
        done: list[SegmentTranscript] = []
        confidence = 1.0
        if language is None:
            # The first segment decides for the whole answer; English is then heard again by the English model.
            first = await self._models.transcribe(_cut(pcm, spans[0]), None)
            language, confidence = first.language, first.language_probability
            if language != "en":
                done = [first]
        gate = asyncio.Semaphore(_SEGMENTS_IN_FLIGHT)

        async def one(span: Interval) -> SegmentTranscript:
            async with gate:
                return await self._models.transcribe(_cut(pcm, span), language)

        return language, confidence, done + await all_of([one(span) for span in spans[len(done) :]])


def _segments(probability: NDArray[np.float32], duration_s: float) -> tuple[tuple[Interval, ...], tuple[Interval, ...]]:
    """Where speech is, and how it is cut for the recognisers."""
    regions = speech_regions(probability, duration_s)
    return regions, recognition_segments(regions, probability, duration_s)


def _cut(pcm: NDArray[np.int16], span: Interval) -> NDArray[np.int16]:
    return pcm[round(span.start_offset_s * SAMPLE_RATE_HZ) : round(span.end_offset_s * SAMPLE_RATE_HZ)]
