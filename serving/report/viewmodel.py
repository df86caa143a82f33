"""From an assessment to everything that the page prints: the templates only place it."""

from __future__ import annotations

from dataclasses import dataclass

from serving.domain.assessment import Assessment, MediaSummary, ModalityReport, ModalityState
from serving.domain.competency import Language
from serving.report.evidence import EvidenceIndex
from serving.report.facts_view import FactsView, behavior_view, delivery_view
from serving.report.formats import clock_span, known, number
from serving.report.highlight import TextMap
from serving.report.scores_view import ScoresView, scores_view
from serving.report.text_view import (
    Likeness,
    StarView,
    TranscriptView,
    coherence_view,
    keyword_view,
    star_view,
    transcript_view,
)
from serving.report.wording import LANGUAGE_TAG, Wording

SHORT_HASH_CHARS = 12  # enough to tell artifacts apart by eye; the JSON carries the whole hash


@dataclass(frozen=True, slots=True)
class FlagView:
    label: str
    quote: str
    time: str


@dataclass(frozen=True, slots=True)
class ModalityView:
    """What became of a modality; `state` is `ran`, `partial`, `skipped` or `failed`."""

    label: str
    state: str
    state_label: str
    reason: str


@dataclass(frozen=True, slots=True)
class ProvenanceView:
    facts: tuple[tuple[str, str, bool], ...]
    models: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class ReportView:
    """An answer's page, or its part of a page.

    Attributes:
        prefix: what every id begins with, so that a page can hold several answers.
        answer_lang: tags what the candidate said.
        partial: what of the media was not read, empty when all of it was.
    """

    prefix: str
    lang: str
    answer_lang: str
    title: str
    question: str
    meta: tuple[tuple[str, str], ...]
    partial: str
    scores: ScoresView
    star: StarView
    transcript: TranscriptView
    keywords: tuple[tuple[str, int], ...]
    coherence: tuple[Likeness, ...]
    delivery: FactsView
    behavior: FactsView
    suggestions: tuple[str, ...]
    flags: tuple[FlagView, ...]
    modalities: tuple[ModalityView, ...]
    provenance: ProvenanceView


def build_view(assessment: Assessment, t: Wording, prefix: str = "") -> ReportView:
    """View of `assessment` in the language of `t`."""
    text = TextMap(assessment.transcript)
    evidence = EvidenceIndex(assessment, text)
    duration_s = _duration_s(assessment)
    partial = _partial(assessment.media, t)
    return ReportView(
        prefix=prefix,
        lang=t.tag,
        answer_lang=tag_of(assessment.language, t),
        title=" · ".join(part for part in (t("page_title"), assessment.question) if part),
        question=assessment.question,
        meta=_meta(assessment, t),
        partial=partial,
        scores=scores_view(assessment, evidence, t, prefix),
        star=star_view(assessment, duration_s, t),
        transcript=transcript_view(assessment, text, evidence, t),
        keywords=keyword_view(assessment),
        coherence=coherence_view(assessment, t),
        delivery=delivery_view(assessment, duration_s, t),
        behavior=behavior_view(assessment, duration_s, t),
        suggestions=assessment.suggestions,
        flags=tuple(
            FlagView(t.name("flag", f.kind), f.quote, clock_span(f.start_offset_s, f.end_offset_s))
            for f in assessment.flags
        ),
        modalities=tuple(_modality(report, partial, t) for report in assessment.modalities),
        provenance=_provenance(assessment, t),
    )


def tag_of(language: str, t: Wording) -> str:
    """BCP 47 tag of an answer's language, the page's own where it is not known."""
    known_languages: dict[str, Language] = {"en": "en", "zh": "zh"}
    return LANGUAGE_TAG[known_languages[language]] if language in known_languages else t.tag


def _duration_s(assessment: Assessment) -> float | None:
    """Length of the time axis in seconds: the longest that is known, so that nothing falls off it."""
    media, delivery = assessment.media, assessment.delivery
    ends = [media.duration_s, media.decoded_s, delivery.duration_s]
    ends += [sentence.end_offset_s for sentence in assessment.star.sentences]
    lengths = [end for end in ends if end is not None and known(end) is not None and end > 0.0]
    return max(lengths, default=None)


def _meta(assessment: Assessment, t: Wording) -> tuple[tuple[str, str], ...]:
    media = assessment.media
    kind = t.name("answer_kind", media.kind)
    length = f"{number(media.duration_s)} {t('u_seconds')}"
    answer = kind if media.duration_s is None else t("answer_length", kind=kind, length=length)
    facts = (
        (t("role"), assessment.role),
        (t("language"), t.name("answer_language", assessment.language)),
        (t("answer_kind"), answer),
    )
    return tuple((label, value) for label, value in facts if value)


def _partial(media: MediaSummary, t: Wording) -> str:
    """What of the media was not read. A track that ends a little before its container is not a partial one."""
    if not (media.truncated or media.error_count):
        return ""
    decoded, total = number(media.decoded_s), number(media.duration_s)
    sentences = []
    if media.decoded_s is not None and media.duration_s is None:
        sentences.append(t("partial_unknown", decoded=decoded))
    elif media.decoded_s is not None and decoded != total:
        sentences.append(t("partial_text", decoded=decoded, total=total))
    if media.error_count:
        sentences.append(t("partial_errors", count=str(media.error_count)))
    return " ".join(sentences)


def _modality(report: ModalityReport, partial: str, t: Wording) -> ModalityView:
    in_part = report.state is ModalityState.RAN and bool(report.reason)
    state = "partial" if in_part else report.state.value
    reason = t.groups["reason"].get(report.reason) or report.message
    if report.reason == "partial_media":  # the message, in English, has the seconds of this very track
        reason = (report.message if t.language == "en" else "") or partial or reason
    if not reason:
        reason = t.name("reason", report.reason) if report.reason else t("in_full")
    return ModalityView(
        label=t.name("modality", report.name),
        state=state,
        state_label=t("state_partial") if in_part else t.name("state", report.state.value),
        reason=reason,
    )


def _provenance(assessment: Assessment, t: Wording) -> ProvenanceView:
    media, made = assessment.media, assessment.provenance
    picture = f"{media.width}×{media.height}" if media.width and media.height else ""
    codecs = " · ".join(part for part in (media.container, media.video_codec, picture, media.audio_codec) if part)
    facts = (
        (t("pipeline"), made.pipeline_version, False),
        (t("config_hash"), made.config_sha256[:SHORT_HASH_CHARS], True),
        (t("input_hash"), made.input_sha256[:SHORT_HASH_CHARS], True),
        (t("trace_id"), made.trace_id, True),
        (t("media"), codecs, False),
    )
    return ProvenanceView(
        facts=tuple(fact for fact in facts if fact[1]),
        models=tuple((m.name, m.version, m.sha256[:SHORT_HASH_CHARS]) for m in made.models),
    )
