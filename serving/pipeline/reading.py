"""What the words say: STAR roles, keywords, coherence, flags and the scores that rest on them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from serving.domain.answer import Answer, Modality
from serving.domain.assessment import CompetencyScore, Flag, ModalityReport, OverallScore, ScoreStatus, Star
from serving.domain.competency import LANGUAGES, Language
from serving.domain.facts import Coherence, Delivery, KeywordMention
from serving.domain.transcript import Transcript
from serving.pipeline import modalities
from serving.pipeline.ports import LanguageModels
from serving.pipeline.stages import StageObserver, timed
from serving.signals.scoring import AnswerFacts, ScoringResult, score_answer
from serving.signals.text.coherence import coherence
from serving.signals.text.flags import find_flags
from serving.signals.text.keywords import extract_keywords
from serving.signals.text.language import to_simplified
from serving.signals.text.references import References, make_references, reference_sentences
from serving.signals.text.star import star_summary, tag_star


@dataclass(frozen=True, slots=True)
class Read:
    """Language facts, scores, and what became of the language modality."""

    star: Star
    keywords: tuple[str, ...]
    keyword_mentions: tuple[KeywordMention, ...]
    coherence: Coherence
    flags: tuple[Flag, ...]
    scores: ScoringResult
    report: ModalityReport
    models: tuple[str, ...] = ()


class Reading:
    """Reads transcripts. Reference sentences are embedded once a language, on first use."""

    def __init__(self, models: LanguageModels, observer: StageObserver) -> None:
        self._models = models
        self._observer = observer
        self._references: dict[Language, References] = {}
        self._loading = {language: asyncio.Lock() for language in LANGUAGES}

    async def warm_up(self) -> None:
        """Embed the reference sentences of every language. Raises what the models raise."""
        for language in LANGUAGES:
            await self._references_of(language)

    async def run(self, answer: Answer, transcript: Transcript, delivery: Delivery) -> Read:
        """Read one transcript.

        Raises:
            ModelUnavailable, ModelFailed, Overloaded, DeadlineExceeded: see `ports`.
        """
        if denied := modalities.reason_to_skip(answer, None, Modality.LANGUAGE):
            return _unread(answer, denied)
        if not transcript.sentences:
            return _unread(answer, "no_transcript")
        references = await self._references_of(transcript.language)
        with timed(self._observer, "embed"):
            embeddings, question = await self._embed(transcript, answer.question)
        with timed(self._observer, "score"):
            return await asyncio.to_thread(_read, answer, transcript, delivery, embeddings, question, references)

    async def _embed(
        self, transcript: Transcript, question: str
    ) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
        texts = [sentence.text for sentence in transcript.sentences]
        if question:
            texts.append(question)
        if transcript.language == "zh":  # traditional and simplified characters must mean the same
            texts = [to_simplified(text) for text in texts]
        rows = await self._models.embed(texts)
        return (rows[:-1], rows[-1]) if question else (rows, None)

    async def _references_of(self, language: Language) -> References:
        async with self._loading[language]:
            if language not in self._references:
                rows = await self._models.embed(reference_sentences(language))
                self._references[language] = make_references(language, rows)
        return self._references[language]


def _read(
    answer: Answer,
    transcript: Transcript,
    delivery: Delivery,
    embeddings: NDArray[np.float32],
    question: NDArray[np.float32] | None,
    references: References,
) -> Read:
    star = star_summary(tag_star(transcript.sentences, embeddings, references))
    keywords, mentions = extract_keywords(transcript)
    hanging = coherence(question, embeddings)
    flags = find_flags(transcript, answer.question)
    facts = AnswerFacts(
        transcript=transcript,
        question=answer.question,
        star=star,
        coherence=hanging,
        delivery=delivery,
        embeddings=embeddings,
        question_embedding=question,
        references=references,
        flags=flags,
    )
    scores = score_answer(facts, answer.competencies)
    return Read(
        star, keywords, mentions, hanging, flags, scores, modalities.ran(Modality.LANGUAGE), ("sentence_encoder",)
    )


def _unread(answer: Answer, reason: str) -> Read:
    missing = CompetencyScore("", ScoreStatus.INSUFFICIENT_EVIDENCE, reason=reason)
    scores = ScoringResult(
        OverallScore(), tuple(replace(missing, name=name) for name in answer.competencies), suggestions=()
    )
    report = modalities.skipped(Modality.LANGUAGE, reason)
    return Read(Star(), (), (), Coherence(), (), scores, report)
