"""Recognised segments become one transcript: text, words on the answer's clock, sentences with times."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from serving.domain.competency import Language
from serving.domain.transcript import SegmentTranscript, Sentence, Transcript, Word
from serving.signals.text.boundaries import Span, cut_to_length, punctuated_spans
from serving.signals.text.language import HAN, to_simplified
from serving.signals.text.restoration import whole_sentences
from serving.signals.text.spans import WordIndex

_HAN_AT_END = re.compile(f"[{HAN}\u3000-\u303f\uff00-\uffef]$")
_HAN_AT_START = re.compile(f"^[{HAN}\u3000-\u303f\uff00-\uffef]")


def assemble_transcript(
    segments: Sequence[tuple[float, SegmentTranscript]],
    language: Language,
    language_probability: float = 1.0,
) -> Transcript:
    """Join recognised segments, in order of time.

    English words are joined by a space, Chinese ones by nothing (a space stays between two Latin words); Chinese is
    simplified, words and text alike. The text is rebuilt from the words, so every word is found in it verbatim; only
    a segment that came without words adds its text untimed.

    Args:
        segments: start of each segment in the answer in seconds, and what was recognised in it.
        language, language_probability: of the whole answer, as the transcript states them.
    """
    text, words = "", []
    for offset_s, segment in segments:
        for piece, word in _pieces(segment, language):
            text += _separator(text, piece, language) + piece.strip()
            if word is not None:
                start, end = offset_s + word.start_offset_s, offset_s + word.end_offset_s
                words.append(Word(piece.strip(), start, max(start, end), word.probability))
    index = WordIndex.of(text, tuple(words))
    sentences = tuple(
        Sentence(text[start:end], start, end, *index.times(start, end))
        for start, end in _sentence_spans(text, language, index)
    )
    return Transcript(text, language, language_probability, sentences, tuple(words))


def _pieces(segment: SegmentTranscript, language: Language) -> list[tuple[str, Word | None]]:
    if not segment.words:
        whole = " ".join(segment.text.split())
        return [(to_simplified(whole) if language == "zh" else whole, None)] if whole else []
    kept = [word for word in segment.words if word.text.strip()]
    texts = [word.text for word in kept]
    if language == "zh":
        texts = _simplified_words(_spaced_like(texts, segment.text))
    return list(zip(texts, kept, strict=True))


def _spaced_like(words: list[str], text: str) -> list[str]:
    """Give back to each word the space that the recogniser's text has before it."""
    spaced, cursor = [], 0
    for word in words:
        bare, gap = word.strip(), word[:1].isspace()
        after_space = cursor
        while after_space < len(text) and text[after_space].isspace():
            after_space += 1
        if text.startswith(bare, after_space):
            gap = gap or after_space > cursor
            cursor = after_space + len(bare)
        spaced.append(f" {bare}" if gap else bare)
    return spaced


def _simplified_words(words: list[str]) -> list[str]:
    """Convert in context; where that changes the length (rare phrases), word by word, to keep words aligned."""
    joined = "".join(words)
    converted = to_simplified(joined)
    if len(converted) != len(joined):
        return [to_simplified(word) for word in words]
    parts, cursor = [], 0
    for word in words:
        parts.append(converted[cursor : cursor + len(word)])
        cursor += len(word)
    return parts


def _separator(text: str, piece: str, language: Language) -> str:
    if not text:
        return ""
    if language == "en":
        return " "
    if _HAN_AT_END.search(text) or _HAN_AT_START.search(piece.strip()):
        return ""
    return " " if piece[:1].isspace() else ""


def _sentence_spans(text: str, language: Language, index: WordIndex) -> list[Span]:
    pauses_s = {
        index.starts[after]: index.words[after].start_offset_s - index.words[before].end_offset_s
        for before, after in itertools.pairwise(range(len(index.words)))
    }
    return [
        part
        for span in punctuated_spans(text)
        for whole in whole_sentences(text, span, language, pauses_s or None)
        for part in cut_to_length(text, whole, language)
    ]
