"""Where evidence, fillers and uncertain words stand in the transcript, and the pieces to print."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from serving.domain.transcript import Sentence, Transcript

LOW_CONFIDENCE: Final = 0.5  # below it the recogniser found its word less likely than not

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class PlacedWord:
    """A recognised word at its character range of the text."""

    start: int
    end: int
    start_offset_s: float
    probability: float


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text of one look; `confidence` is the recogniser's, None where it is not low."""

    text: str
    filler: bool
    confidence: float | None


@dataclass(frozen=True, slots=True)
class Group:
    """Pieces under the same evidence: its numbers, and those of them that end here."""

    evidence: tuple[int, ...]
    ends: tuple[int, ...]
    pieces: tuple[Piece, ...]


class TextMap:
    """Finds quotes in a transcript, the one nearest in time when a quote stands there twice."""

    def __init__(self, transcript: Transcript) -> None:
        self.text = transcript.text
        self.words = _place_words(transcript)
        self._clock = [(word.start, word.start_offset_s) for word in self.words] or [
            (s.start, s.start_offset_s) for s in transcript.sentences if s.start_offset_s is not None
        ]

    def find(self, quote: str, start_offset_s: float | None, taken: Iterable[Range] = ()) -> Range | None:
        """Character range of `quote`, None when the text does not hold it.

        White space and case may differ. Ranges in `taken` are used only when nothing else is left.
        """
        tokens = quote.split()
        if not tokens:
            return None
        pattern = r"\s+".join(re.escape(token) for token in tokens)
        # A Latin word must not be found inside another one ("um" in "sum"); CJK has no word boundaries.
        before = r"(?<![A-Za-z0-9])" if tokens[0][0].isascii() and tokens[0][0].isalnum() else ""
        after = r"(?![A-Za-z0-9])" if tokens[-1][-1].isascii() and tokens[-1][-1].isalnum() else ""
        found = [match.span() for match in re.finditer(before + pattern + after, self.text, re.IGNORECASE)]
        excluded = set(taken)
        candidates = [span for span in found if span not in excluded] or found
        if not candidates:
            return None
        if start_offset_s is None or not self._clock:
            return candidates[0]
        return min(candidates, key=lambda span: abs(self._time(span[0]) - start_offset_s))

    def _time(self, position: int) -> float:
        """Time of the last word or sentence that starts at or before `position`, in seconds."""
        earlier = [time for start, time in self._clock if start <= position]
        return earlier[-1] if earlier else self._clock[0][1]


def _place_words(transcript: Transcript) -> tuple[PlacedWord, ...]:
    placed: list[PlacedWord] = []
    cursor = 0
    for word in transcript.words:
        start = transcript.text.find(word.text.strip(), cursor)
        if start < 0 or not word.text.strip():
            continue
        cursor = start + len(word.text.strip())
        placed.append(PlacedWord(start, cursor, word.start_offset_s, word.probability))
    return tuple(placed)


def lines_of(transcript: Transcript) -> tuple[Sentence, ...]:
    """The sentences, and what stands between them when it is more than white space: nothing gets lost."""
    lines: list[Sentence] = []
    cursor = 0
    for sentence in sorted(transcript.sentences, key=lambda s: s.start):
        start, end = max(sentence.start, cursor), min(sentence.end, len(transcript.text))
        if end <= start:
            continue
        _append_text(lines, transcript.text, cursor, start)
        lines.append(Sentence(transcript.text[start:end], start, end, sentence.start_offset_s, sentence.end_offset_s))
        cursor = end
    _append_text(lines, transcript.text, cursor, len(transcript.text))
    return tuple(lines)


def _append_text(lines: list[Sentence], text: str, start: int, end: int) -> None:
    if text[start:end].strip():
        lines.append(Sentence(text[start:end], start, end))


@dataclass(frozen=True, slots=True)
class Marks:
    """Everything that is marked in a text: numbered evidence, fillers and words the recogniser doubted."""

    evidence: tuple[tuple[int, Range], ...] = ()
    fillers: tuple[Range, ...] = ()
    doubted: tuple[PlacedWord, ...] = ()
    _edges: tuple[int, ...] = field(init=False)

    def __post_init__(self) -> None:
        edges = {edge for _, span in self.evidence for edge in span}
        edges |= {edge for span in self.fillers for edge in span}
        edges |= {edge for word in self.doubted for edge in (word.start, word.end)}
        object.__setattr__(self, "_edges", tuple(sorted(edges)))

    def groups(self, text: str, start: int, end: int) -> tuple[Group, ...]:
        """Cut `text[start:end]` at every edge and gather neighbours under the same evidence."""
        cuts = [start, *(edge for edge in self._edges if start < edge < end), end]
        gathered: list[tuple[tuple[int, ...], int, list[Piece]]] = []
        for first, last in pairwise(cuts):
            numbers = tuple(number for number, span in self.evidence if _covers(span, first))
            piece = self._piece(text, first, last)
            if gathered and gathered[-1][0] == numbers:
                gathered[-1] = (numbers, last, [*gathered[-1][2], piece])
            else:
                gathered.append((numbers, last, [piece]))
        return tuple(
            Group(
                evidence=numbers,
                ends=tuple(number for number, span in self.evidence if number in numbers and span[1] == last),
                pieces=tuple(pieces),
            )
            for numbers, last, pieces in gathered
        )

    def _piece(self, text: str, first: int, last: int) -> Piece:
        doubt = next((word.probability for word in self.doubted if word.start <= first < word.end), None)
        return Piece(text[first:last], any(_covers(span, first) for span in self.fillers), doubt)


def _covers(span: Range, position: int) -> bool:
    return span[0] <= position < span[1]


def doubted_words(words: Sequence[PlacedWord]) -> tuple[PlacedWord, ...]:
    """Words whose probability is below `LOW_CONFIDENCE`."""
    return tuple(word for word in words if word.probability < LOW_CONFIDENCE)
