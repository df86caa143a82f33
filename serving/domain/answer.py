"""What comes in: one interview answer and how it may be looked at."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from serving.domain.competency import CompetencyDefinition, Language, SignalWeight


class MediaKind(Enum):
    """What the caller says the media is. DETECT uses whatever tracks are there; AUDIO ignores pictures."""

    DETECT = "detect"
    AUDIO = "audio"
    VIDEO = "video"


class Modality(Enum):
    """A channel that may be analysed. Each can be denied, and each reports what became of it."""

    SPEECH = "speech"  # voice activity, recognition, prosody
    LANGUAGE = "language"  # what the words say
    FACE = "face"  # face mesh: smiles, gaze, head; body pose: gestures
    EXPRESSION = "expression"  # emotion-like expression of the face; runs only where it is explicitly allowed


@dataclass(frozen=True, slots=True)
class ModalityPolicy:
    """Modalities that may run. `denied` maps a modality to the reason that the report states."""

    denied: tuple[tuple[Modality, str], ...] = ((Modality.EXPRESSION, "not_allowed_by_policy"),)

    def reason_against(self, modality: Modality) -> str:
        """Reason why `modality` must not run, or an empty string when it may."""
        return dict(self.denied).get(modality, "")


@dataclass(frozen=True, slots=True)
class MediaRef:
    """Media by reference: the spooled file, never its bytes.

    Attributes:
        path: file on storage that the scorer can read.
        size_bytes: its length.
        sha256: lower-case hex digest of its bytes, computed while it was received.
        kind: what the caller says it is.
    """

    path: Path
    size_bytes: int
    sha256: str
    kind: MediaKind = MediaKind.DETECT


@dataclass(frozen=True, slots=True)
class Answer:
    """One validated answer. Exactly one of `text` and `media` is set.

    Attributes:
        question: the interviewer's question, may be empty (then relevance is not judged).
        language: None means: detect it.
        competencies: asked competencies, in the order in which they are reported.
        role: job role, free text, may be empty.
        sentences: the caller's own sentence split of `text`; empty means: split here.
        definitions: competencies of the caller's own; those that are asked are named in `competencies`.
        signal_weights: what delivery and behaviour are worth; nothing by default.
    """

    question: str
    language: Language | None
    competencies: tuple[str, ...]
    role: str = ""
    sentences: tuple[str, ...] = ()
    text: str | None = None
    media: MediaRef | None = None
    policy: ModalityPolicy = ModalityPolicy()
    definitions: tuple[CompetencyDefinition, ...] = ()
    signal_weights: tuple[SignalWeight, ...] = ()
