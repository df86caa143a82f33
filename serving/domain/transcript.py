"""Words, sentences and their times. Text answers have no times: offsets are None there."""

from __future__ import annotations

from dataclasses import dataclass

from serving.domain.competency import Language, StarRole


@dataclass(frozen=True, slots=True)
class Word:
    """A whitespace word (English) or a character with its punctuation (Chinese).

    Attributes:
        probability: mean token probability of the recogniser, 0..1.
    """

    text: str
    start_offset_s: float
    end_offset_s: float
    probability: float


@dataclass(frozen=True, slots=True)
class SegmentTranscript:
    """One recogniser call; times count from the start of its segment."""

    text: str
    language: Language
    language_probability: float
    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of the answer: `transcript.text[start:end] == text`."""

    text: str
    start: int
    end: int
    start_offset_s: float | None = None
    end_offset_s: float | None = None


@dataclass(frozen=True, slots=True)
class Transcript:
    """The answer as text. `words` is empty for text answers."""

    text: str
    language: Language
    language_probability: float
    sentences: tuple[Sentence, ...]
    words: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True)
class StarSentence:
    """A sentence with the STAR role it plays; probability 0..1 of that role among the five."""

    text: str
    role: StarRole
    probability: float
    start_offset_s: float | None = None
    end_offset_s: float | None = None
