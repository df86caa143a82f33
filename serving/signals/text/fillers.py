"""Filler words and sounds, with the places where a common word is one.

A sound ("um", "嗯") always is. A phrase ("like", "那个") is a filler where nothing else explains it:
  - set off on both sides: by punctuation, by the edge of a sentence, by a pause of at least 0.25 s, or by another
    filler (", like,", "So, I ...", "，那个，");
  - or said again at once ("like like", "那个那个", "就是就是").
"I like it", "so that", "那个项目" and "就是这样" are therefore left alone. A single leading "so" without a comma or a
pause is not counted: as a connective it is as common as it is as a filler.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cache

from serving.domain.competency import Language
from serving.domain.facts import Filler
from serving.domain.transcript import Transcript
from serving.signals.text.boundaries import Span
from serving.signals.text.language import HAN
from serving.signals.text.resources import load_data
from serving.signals.text.spans import WordIndex
from serving.signals.text.units import unit_starts

PAUSE_S = 0.25
_EDGE = re.compile(rf"[^\w\s{HAN}]|\n")
# \u989d as a sound would otherwise be found in words such as \u91d1\u989d and \u989d\u5916.
_AMBIGUOUS_SOUND = frozenset("\u989d")


@cache
def _pattern(language: Language) -> re.Pattern[str]:
    words = load_data("fillers")[language]
    sounds = "|".join(words["sounds"])
    phrases = "|".join(
        re.escape(phrase).replace(r"\ ", r"\s+") for phrase in sorted(words["phrases"], key=lambda p: (-len(p), p))
    )
    body = f"(?P<sound>{sounds})|(?P<phrase>{phrases})"
    return re.compile(rf"\b(?:{body})\b" if language == "en" else body, re.IGNORECASE)


def find_fillers(transcript: Transcript) -> tuple[Filler, ...]:
    """Fillers in order of appearance; offsets are None in a text answer. See the module for what counts."""
    index = WordIndex.of_transcript(transcript)
    return tuple(
        Filler(transcript.text[start:end], *index.times(start, end)) for start, end in _spans(transcript, index)
    )


def filler_spans(transcript: Transcript) -> list[Span]:
    """Character range of each filler, in order."""
    return _spans(transcript, WordIndex.of_transcript(transcript))


def units_said(transcript: Transcript) -> tuple[int, ...]:
    """Length of each sentence in units, fillers left out."""
    text = transcript.text
    spans = filler_spans(transcript)
    begins = [start for start, _ in spans]

    def is_filler(at: int) -> bool:
        before = bisect_right(begins, at) - 1
        return before >= 0 and at < spans[before][1]

    return tuple(
        sum(not is_filler(at) for at in unit_starts(text, sentence.start, sentence.end))
        for sentence in transcript.sentences
    )


def _spans(transcript: Transcript, index: WordIndex) -> list[Span]:
    """Character range of each filler, in order."""
    text = transcript.text
    edges = {sentence.start for sentence in transcript.sentences} | {sentence.end for sentence in transcript.sentences}
    matches = list(_pattern(transcript.language).finditer(text))
    opens = [_open_before(text, match.start(), edges, index) for match in matches]
    closes = [_open_after(text, match.end(), edges, index) for match in matches]
    sure = [
        match["sound"] is not None and (match.group()[0] not in _AMBIGUOUS_SOUND or (opens[i] and closes[i]))
        for i, match in enumerate(matches)
    ]
    # Neighbouring fillers open the way for each other: left to right for what stands before, then back.
    for i, match in enumerate(matches[1:], start=1):
        before = matches[i - 1]
        if text[before.end() : match.start()].strip(" ,\uff0c\u3001") == "":
            repeated = before.group().casefold() == match.group().casefold()
            if match["phrase"] and repeated:
                sure[i] = True
            opens[i] = opens[i] or sure[i - 1]
        sure[i] = sure[i] or (opens[i] and closes[i])
    if matches and not sure[0]:
        sure[0] = opens[0] and closes[0]
    for i in range(len(matches) - 2, -1, -1):
        after = matches[i + 1]
        if not sure[i] and sure[i + 1] and opens[i]:
            sure[i] = text[matches[i].end() : after.start()].strip(" ,\uff0c\u3001") == ""
    return [match.span() for match, kept in zip(matches, sure, strict=True) if kept]


def _open_before(text: str, at: int, edges: set[int], index: WordIndex) -> bool:
    left = at
    while left > 0 and text[left - 1] == " ":
        left -= 1
    if left == 0 or at in edges or left in edges or _EDGE.match(text[left - 1]):
        return True
    inside = index.within(at, at + 1)
    if not inside or inside[0] == 0:
        return False
    word, before = index.words[inside[0]], index.words[inside[0] - 1]
    return word.start_offset_s - before.end_offset_s >= PAUSE_S


def _open_after(text: str, at: int, edges: set[int], index: WordIndex) -> bool:
    right = at
    while right < len(text) and text[right] == " ":
        right += 1
    if right == len(text) or at in edges or _EDGE.match(text[right]):
        return True
    inside = index.within(at - 1, at)
    if not inside or inside[-1] + 1 >= len(index.words):
        return False
    word, after = index.words[inside[-1]], index.words[inside[-1] + 1]
    return after.start_offset_s - word.end_offset_s >= PAUSE_S
