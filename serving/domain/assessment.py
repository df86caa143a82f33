"""What goes out. Field names equal those of `viva.v1.Assessment`, which a test proves."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from serving.domain.competency import CompetencyDefinition, SignalWeight
from serving.domain.facts import Behavior, Coherence, Delivery, KeywordMention
from serving.domain.transcript import StarSentence, Transcript


class ScoreStatus(Enum):
    """Whether a score could be given."""

    SCORED = "scored"
    INSUFFICIENT_EVIDENCE = "insufficient_evidence"


class ModalityState(Enum):
    """What became of a modality."""

    RAN = "ran"
    SKIPPED = "skipped"  # not there, or not allowed
    FAILED = "failed"  # tried, and nothing came of it


@dataclass(frozen=True, slots=True)
class ModalityReport:
    """Why the report has, or lacks, a modality.

    Attributes:
        name: `speech`, `language`, `face` or `expression`.
        reason: stable word (`no_audio_track`, `silence`, `no_face`, `not_allowed_by_policy`, ...), empty when it ran
            in full; a modality that ran on part of the media says `partial_media`.
        message: one sentence for a reader.
    """

    name: str
    state: ModalityState
    reason: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Contribution:
    """A named part of a score, in points out of 10. The parts of one score, `base` among them, sum to it."""

    name: str
    points: float


@dataclass(frozen=True, slots=True)
class Dimension:
    """A named side of a competency, out of 10."""

    name: str
    score: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """A verbatim quote of the transcript that a score rests on; `contribution` names the part it moved most."""

    quote: str
    contribution: str
    start_offset_s: float | None = None
    end_offset_s: float | None = None


@dataclass(frozen=True, slots=True)
class CompetencyScore:
    """One asked competency. `score`, `low` and `high` (out of 10) are None unless `status` is SCORED.

    `evidence` quotes what raised the score, `concerns` what lowered it, the weightiest first.
    """

    name: str
    status: ScoreStatus
    score: float | None = None
    low: float | None = None
    high: float | None = None
    contributions: tuple[Contribution, ...] = ()
    dimensions: tuple[Dimension, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    reason: str = ""
    concerns: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class OverallScore:
    """Mean of the scored competencies, out of 10; all None when none was scored."""

    score: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Star:
    """STAR roles along the answer. `complete` when S or T, A and R are all there; `missing` names the absent ones."""

    sentences: tuple[StarSentence, ...] = ()
    complete: bool = False
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Flag:
    """Something in the text that a reader should know of, with the verbatim span."""

    kind: str
    quote: str
    start_offset_s: float | None = None
    end_offset_s: float | None = None


@dataclass(frozen=True, slots=True)
class MediaSummary:
    """What was sent and how much of it decoded; `kind` is `text`, `audio` or `video`."""

    kind: str
    container: str = ""
    audio_codec: str = ""
    video_codec: str = ""
    width: int = 0
    height: int = 0
    duration_s: float | None = None
    decoded_s: float | None = None
    decoded_ratio: float | None = None
    error_count: int = 0
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """A model that ran, with the sha256 of its artifact manifest."""

    name: str
    version: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Provenance:
    """Enough to say what made this assessment, and to make it again.

    Attributes:
        trace_id: of the call that it was made in, to find it in traces and logs; another one each time.
    """

    pipeline_version: str
    models: tuple[ModelVersion, ...] = ()
    config_sha256: str = ""
    input_sha256: str = ""
    instruction_set: str = ""
    trace_id: str = ""


@dataclass(frozen=True, slots=True)
class DeniedModality:
    """A modality that was not allowed to run."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked beside question, role and names of competencies: with these an answer can be scored again.

    Attributes:
        language: as named by the caller, empty when it was to be detected.
        signal_weights: those that were used; none by default.
        media_kind: `audio` or `video` as declared, empty when nothing was.
    """

    language: str = ""
    sentences_given: bool = False
    denied: tuple[DeniedModality, ...] = ()
    custom_competencies: tuple[CompetencyDefinition, ...] = ()
    signal_weights: tuple[SignalWeight, ...] = ()
    media_kind: str = ""


@dataclass(frozen=True, slots=True)
class Assessment:
    """One scored answer. Equal inputs, models and config give an equal assessment, but for its trace."""

    question: str
    role: str
    language: str
    overall: OverallScore
    competencies: tuple[CompetencyScore, ...]
    transcript: Transcript
    star: Star
    keywords: tuple[str, ...]
    keyword_mentions: tuple[KeywordMention, ...]
    coherence: float | None
    coherence_detail: Coherence
    delivery: Delivery
    behavior: Behavior
    suggestions: tuple[str, ...]
    flags: tuple[Flag, ...]
    modalities: tuple[ModalityReport, ...]
    media: MediaSummary
    provenance: Provenance
    asked: Asked = Asked()
