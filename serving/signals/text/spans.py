"""Where things stand in a transcript: character ranges and, when spoken, seconds."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass

from serving.domain.transcript import Transcript, Word


@dataclass(frozen=True, slots=True)
class WordIndex:
    """Character range of each word: `text[starts[i]:ends[i]] == words[i].text`, in order."""

    words: tuple[Word, ...]
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    @classmethod
    def of(cls, text: str, words: tuple[Word, ...]) -> WordIndex:
        """Locate the words in the text that was assembled from them; one that is not there is left out."""
        kept: list[Word] = []
        starts: list[int] = []
        ends: list[int] = []
        cursor = 0
        for word in words:
            # Words follow each other with at most a space between, so looking a little ahead keeps this linear.
            at = text.find(word.text, cursor, cursor + len(word.text) + 4)
            if at < 0:
                continue
            cursor = at + len(word.text)
            kept.append(word)
            starts.append(at)
            ends.append(cursor)
        return cls(tuple(kept), tuple(starts), tuple(ends))

    @classmethod
    def of_transcript(cls, transcript: Transcript) -> WordIndex:
        return cls.of(transcript.text, transcript.words)

    def within(self, start: int, end: int) -> range:
        """Indexes of the words that overlap the characters start..end."""
        return range(bisect_right(self.ends, start), bisect_left(self.starts, end))

    def times(self, start: int, end: int) -> tuple[float | None, float | None]:
        """Seconds at which the characters start..end are spoken; (None, None) where no word is timed."""
        inside = self.within(start, end)
        if not inside:
            return None, None
        return self.words[inside[0]].start_offset_s, self.words[inside[-1]].end_offset_s
