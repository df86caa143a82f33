"""What the words say: STAR roles, keywords, coherence, flags and the scores that rest on them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from serving.domain.answer import Answer, Modality
from serving.domain.assessment import (
    CompetencyScore,
    Contribution,
    Flag,
    ModalityReport,
    OverallScore,
    ScoreStatus,
    Star,
)
from serving.domain.competency import LANGUAGES, Language
from serving.domain.facts import Behavior, Coherence, Delivery, KeywordMention
from serving.domain.judgement import AnswerState, Judgement, Statement
from serving.domain.transcript import Transcript
from serving.pipeline import modalities
from serving.pipeline.concurrency import computed
from serving.pipeline.judging import ADDRESSES, RECITES, HeadJudge
from serving.pipeline.ports import Judge, Models
from serving.pipeline.scoring import Scoring, questions_about
from serving.pipeline.stages import StageObserver, timed
from serving.signals.scoring.facts import AnswerFacts, ScoringResult
from serving.signals.scoring.likeness import rubric_fit
from serving.signals.scoring.signals import signal_contributions, signal_values
from serving.signals.text.anchors import Comparison, compare
from serving.signals.text.coherence import coherence
from serving.signals.text.cues import find_wording
from serving.signals.text.fillers import units_said
from serving.signals.text.flags import Suspicion, flag_kinds, flags_of
from serving.signals.text.keywords import extract_keywords
from serving.signals.text.neutral import neutral, neutral_sentences
from serving.signals.text.references import PROSE, References, make_references, reference_sentences
from serving.signals.text.repetition import said_again
from serving.signals.text.star import ROLE_QUESTION, star_sentences, star_summary

MODELS = ("sentence_encoder", "star_tagger", "answer_judge", "competency_scorer")


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

    def __init__(self, models: Models, observer: StageObserver, judge: Judge | None = None) -> None:
        self._models = models
        self._observer = observer
        self._judge = judge or HeadJudge(models)
        self._scoring = Scoring(self._judge, models)
        self._references: dict[Language, References] = {}
        self._loading = {language: asyncio.Lock() for language in LANGUAGES}

    async def warm_up(self) -> None:
        """Embed the reference sentences of every language. Raises what the models raise."""
        for language in LANGUAGES:
            await self._references_of(language)

    async def run(self, answer: Answer, transcript: Transcript, delivery: Delivery, behavior: Behavior) -> Read:
        """Read one transcript.

        Args:
            delivery, behavior: facts that count only as far as the answer's signal weights say.

        Raises:
            ModelUnavailable, ModelFailed, Overloaded, DeadlineExceeded: see `ports`.
        """
        if denied := modalities.reason_to_skip(answer, None, Modality.LANGUAGE):
            return _unread(answer, denied)
        if not transcript.sentences:
            return _unread(answer, "no_transcript")
        references = await self._references_of(transcript.language)
        with timed(self._observer, "embed"):
            state, compared = await self._state(answer, transcript, references)
        with timed(self._observer, "judge"):
            asked = questions_about(answer.competencies, answer.definitions, state.language)
            (told,) = await self._judge.judge([state], [*asked, Statement(ADDRESSES), Statement(RECITES)])
        with timed(self._observer, "facts"):
            star = star_summary(star_sentences(transcript.sentences, told.choices[ROLE_QUESTION]))
            count = len(transcript.sentences)
            suspicion = await computed(count, _suspicion, state, told, compared)
            kinds = await computed(count, flag_kinds, transcript, answer.question, suspicion)
            keywords, mentions = await computed(count, extract_keywords, transcript)
            hanging = coherence(state.question_embedding if answer.question else None, state.embeddings)
            facts = AnswerFacts(
                transcript=transcript,
                question=answer.question,
                star=star,
                delivery=delivery,
                units=await computed(count, units_said, transcript),
                kept=tuple(at for at, kind in enumerate(kinds) if not kind),
                flags=flags_of(transcript.sentences, kinds),
                extra=_extra(answer, delivery, behavior),
            )
        with timed(self._observer, "score"):
            scores = await self._scoring.run(facts, state, compared, answer.competencies, answer.definitions, told)
        return Read(star, keywords, mentions, hanging, facts.flags, scores, modalities.ran(Modality.LANGUAGE), MODELS)

    async def _state(
        self, answer: Answer, transcript: Transcript, references: References
    ) -> tuple[AnswerState, Comparison]:
        """The answer as the models see it: in the neutral form, embedded, and compared with the rubrics."""
        count = len(transcript.sentences)
        sentences = await computed(count, neutral_sentences, transcript)
        question = neutral(answer.question, transcript.language) if answer.question else ""
        rows = await self._models.embed([*sentences, question] if question else sentences)
        asked: NDArray[np.float32] = rows[-1] if question else np.zeros(rows.shape[1], np.float32)
        said = rows[: len(sentences)]
        compared = await computed(count, compare, said, references)
        fit = await computed(count, rubric_fit, compared)
        wording = await computed(count, find_wording, sentences, transcript.language)
        state = AnswerState(transcript.language, question, tuple(sentences), wording, said, asked, fit)
        return state, compared

    async def _references_of(self, language: Language) -> References:
        async with self._loading[language]:
            if language not in self._references:
                texts = [neutral(text, language) for text in reference_sentences(language)]
                self._references[language] = make_references(language, await self._models.embed(texts))
        return self._references[language]


def _extra(answer: Answer, delivery: Delivery, behavior: Behavior) -> dict[str, tuple[Contribution, ...]]:
    if not answer.signal_weights:
        return {}
    values = signal_values(delivery, behavior)
    return {name: signal_contributions(name, answer.signal_weights, values) for name in answer.competencies}


def _suspicion(state: AnswerState, told: Judgement, compared: Comparison) -> Suspicion:
    return Suspicion(
        addresses=told.statements[ADDRESSES],
        recites=told.statements[RECITES],
        # Row by row: a matrix product may round a row by the number of its neighbours.
        question=np.array([float(np.dot(row, state.question_embedding)) for row in state.embeddings]),
        rubric=compared.likeness(PROSE, nearest=1),
        again=said_again(state.sentences, state.embeddings, state.language),
    )


def _unread(answer: Answer, reason: str) -> Read:
    missing = CompetencyScore("", ScoreStatus.INSUFFICIENT_EVIDENCE, reason=reason)
    scores = ScoringResult(
        OverallScore(), tuple(replace(missing, name=name) for name in answer.competencies), suggestions=()
    )
    report = modalities.skipped(Modality.LANGUAGE, reason)
    return Read(Star(), (), (), Coherence(), (), scores, report)
