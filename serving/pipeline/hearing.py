"""The words of an answer and how they were said: from text, or from the audio track."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass

from serving.domain.answer import Answer, MediaRef, Modality
from serving.domain.assessment import ModalityReport
from serving.domain.errors import InvalidRequest, Reason
from serving.domain.facts import Delivery
from serving.domain.media import AudioTrack, DecodeReport, MediaInfo
from serving.domain.transcript import Transcript
from serving.pipeline import modalities
from serving.pipeline.concurrency import in_thread
from serving.pipeline.cores import ANY_CORE, Core
from serving.pipeline.ports import MediaDecoder, SpeechModels
from serving.pipeline.speech import SpeechAnalysis, SpeechResult
from serving.pipeline.stages import StageObserver, timed
from serving.signals.audio.timing import delivery_of_speech, delivery_of_text
from serving.signals.text.assembly import assemble_transcript
from serving.signals.text.fillers import find_fillers
from serving.signals.text.language import detect_language
from serving.signals.text.sentences import given_sentences, split_sentences


@dataclass(frozen=True, slots=True)
class Heard:
    """Words, delivery, and what became of the speech modality.

    Attributes:
        decode: how much of the audio track decoded, None when it was not decoded.
        models: models that ran.
    """

    transcript: Transcript
    delivery: Delivery
    report: ModalityReport
    decode: DecodeReport | None = None
    models: tuple[str, ...] = ()


class Hearing:
    """Turns any answer into words.

    Without words there is nothing to score, so speech models that are away fail the answer, retryably where waiting
    helps; they leave no gap as those of the face do.
    """

    def __init__(
        self, models: SpeechModels, decoder: MediaDecoder, observer: StageObserver, core: Core = ANY_CORE
    ) -> None:
        self._decoder = decoder
        self._observer = observer
        self._core = core
        self._speech = SpeechAnalysis(models, observer)

    async def run(self, answer: Answer, info: MediaInfo | None) -> Heard:
        """The words of one answer; an empty transcript, with the reason, when there are none.

        Raises:
            InvalidRequest: a limit was passed while decoding, or the caller's sentences are not in the text.
            ModelUnavailable, ModelFailed, Overloaded, DeadlineExceeded: see `ports`.
        """
        if answer.media is None:
            return await asyncio.to_thread(_from_text, answer)
        if reason := modalities.reason_to_skip(answer, info, Modality.SPEECH):
            return _nothing(answer, modalities.skipped(Modality.SPEECH, reason))
        track = await self._decode(answer.media)
        if track is None:
            return _nothing(answer, modalities.failed(Modality.SPEECH, "undecodable"))
        return await self._from_sound(answer, track)

    async def _decode(self, media: MediaRef) -> AudioTrack | None:
        cancel = threading.Event()  # of this pass alone: a fault of the pictures must not cut the sound short
        try:
            with timed(self._observer, "decode_audio"):
                return await in_thread(self._core, cancel, self._decoder.audio, media.path, cancel)
        except InvalidRequest as error:
            if error.reason is not Reason.MEDIA_UNREADABLE:
                raise
            return None  # the pictures may still have something to say

    async def _from_sound(self, answer: Answer, track: AudioTrack) -> Heard:
        result = await self._speech.run(track, answer.language)
        transcript, delivery = await asyncio.to_thread(_put_together, track, result)
        if transcript.text:
            report = modalities.ran(Modality.SPEECH, track.report)
        else:
            report = modalities.failed(Modality.SPEECH, "no_words" if result.regions else "silence")
        return Heard(transcript, delivery, report, track.report, result.models)


def _from_text(answer: Answer) -> Heard:
    text = answer.text or ""
    language, probability = (answer.language, 1.0) if answer.language else detect_language(text)
    sentences = given_sentences(text, answer.sentences) if answer.sentences else split_sentences(text, language)
    transcript = Transcript(text, language, probability, sentences)
    delivery = delivery_of_text(transcript, find_fillers(transcript))
    return Heard(transcript, delivery, modalities.skipped(Modality.SPEECH, "text_answer"))


def _put_together(track: AudioTrack, result: SpeechResult) -> tuple[Transcript, Delivery]:
    transcript = assemble_transcript(result.segments, result.language, result.language_probability)
    delivery = delivery_of_speech(
        transcript, find_fillers(transcript), result.regions, track.duration_s, result.prosody
    )
    return transcript, delivery


def _nothing(answer: Answer, report: ModalityReport) -> Heard:
    empty = Transcript("", answer.language or "en", 1.0 if answer.language else 0.0, ())
    return Heard(empty, delivery_of_text(empty, ()), report)
