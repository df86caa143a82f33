"""Numbers the evidence of all competencies, so that a quote has one number in cards and transcript alike."""

from __future__ import annotations

from serving.domain.assessment import Assessment, CompetencyScore, Evidence, ScoreStatus
from serving.report.formats import known
from serving.report.highlight import Range, TextMap

Key = tuple[str, float | None]


def is_scored(competency: CompetencyScore) -> bool:
    """Whether there is a score to show; nothing of an unscored competency has a number."""
    return competency.status is ScoreStatus.SCORED and known(competency.score) is not None


class EvidenceIndex:
    """Evidence by quote and start: two competencies that rest on one sentence share its number."""

    def __init__(self, assessment: Assessment, text: TextMap) -> None:
        self._numbers: dict[Key, int] = {}
        self._first: dict[int, Evidence] = {}
        self._ranges: dict[int, Range] = {}
        scored = (item for item in assessment.competencies if is_scored(item))
        for competency in scored:
            for quote in competency.evidence:
                self._add(quote, text)

    def _add(self, quote: Evidence, text: TextMap) -> None:
        key = (quote.quote, quote.start_offset_s)
        if key in self._numbers:
            return
        number = self._numbers[key] = len(self._numbers) + 1
        self._first[number] = quote
        place = text.find(quote.quote, quote.start_offset_s)
        if place is not None:
            self._ranges[number] = place

    def number(self, quote: Evidence) -> int:
        """Number of `quote`, from 1 in the order of appearance."""
        return self._numbers[quote.quote, quote.start_offset_s]

    def first(self, quote: Evidence) -> bool:
        """Whether this very item is the first with its number."""
        return self._first[self.number(quote)] is quote

    def found(self, quote: Evidence) -> bool:
        """Whether the transcript holds the quote."""
        return self.number(quote) in self._ranges

    @property
    def ranges(self) -> tuple[tuple[int, Range], ...]:
        """Character range of each number that the transcript holds."""
        return tuple(self._ranges.items())
