"""What an answer is about: key phrases and where they stand.

English follows RAKE (Rose et al. 2010, "Automatic keyword extraction from individual documents"): runs of words
between stop words and punctuation are candidates, a word weighs degree / frequency, a phrase the sum of its words;
here grown with the logarithm of its mentions, and at most three words long. Chinese candidates are runs of up
to three nouns of the segmenter. In Chinese, names of people, places and organisations are no keywords where the
segmenter knows them as such (part of speech nr, ns, nt): a report should not be indexed by them. English has no tagger
here, so its keywords may hold names.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable

from serving.domain.facts import KeywordMention
from serving.domain.transcript import Transcript
from serving.signals.text.chinese import segment
from serving.signals.text.language import HAN
from serving.signals.text.resources import load_words
from serving.signals.text.spans import WordIndex

MAX_PHRASE_WORDS = 3
# Not `units`: a keyword begins with a letter, so figures are none, and a full stop always breaks a phrase.
_WORD = rf"[^\W\d_{HAN}][^\W_{HAN}]*(?:['\u2019-][^\W_{HAN}]+)*"
_WORD_OR_BREAK = re.compile(rf"(?P<word>{_WORD})|(?P<gap>[ \t]+)|.", re.DOTALL)
_NOUN_TAGS = frozenset(["n", "nz", "vn", "an", "eng", "ng", "l", "j"])
_EDGE_TAGS = frozenset(["n", "nz", "vn", "eng", "j"])  # what a phrase may end in

Candidate = tuple[str, ...]


def extract_keywords(transcript: Transcript, limit: int = 10) -> tuple[tuple[str, ...], tuple[KeywordMention, ...]]:
    """The `limit` weightiest key phrases, as first written, and every place where they stand.

    Returns:
        phrases by falling weight (ties: first said first), and mentions by place in the text.
    """
    english = transcript.language == "en"
    found = list(_english(transcript.text) if english else _chinese(transcript.text))
    chosen = set(ranked := _rank(found, limit))
    written: dict[Candidate, str] = {}
    for phrase, start, end in found:
        written.setdefault(phrase, transcript.text[start:end])
    index = WordIndex.of_transcript(transcript)
    mentions = [
        KeywordMention(transcript.text[start:end], start, end, *index.times(start, end))
        for phrase, start, end in found
        if phrase in chosen
    ]
    return tuple(written[phrase] for phrase in ranked), tuple(sorted(mentions, key=lambda mention: mention.start))


def _english(text: str) -> Iterable[tuple[Candidate, int, int]]:
    """Runs of content words; longer runs give their last three words, the head of an English noun phrase."""
    stop = load_words("stop_words", "en")
    run: list[re.Match[str]] = []
    for match in _WORD_OR_BREAK.finditer(text + "."):
        word = match["word"]
        if word is not None and len(word) > 1 and word.lower().replace("\u2019", "'") not in stop:
            run.append(match)
        elif match["gap"] is None and run:
            tail = run[-MAX_PHRASE_WORDS:]
            yield tuple(_stem(part.group()) for part in tail), tail[0].start(), tail[-1].end()
            run = []


def _stem(word: str) -> str:
    """Fold plural and case, so that "customer" and "Customers" count together."""
    word = word.lower()
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


def _chinese(text: str) -> Iterable[tuple[Candidate, int, int]]:
    stop = load_words("stop_words", "zh")
    run: list[tuple[str, str, int, int]] = []
    for token in (*segment(text), None):
        noun = token is not None and token.tag in _NOUN_TAGS and token.word not in stop
        if token is not None and noun and (not run or run[-1][3] == token.start):
            run.append((token.word.lower(), token.tag, token.start, token.end))
            continue
        tail = run[-MAX_PHRASE_WORDS:]
        run = []
        if tail and tail[-1][1] in _EDGE_TAGS and tail[-1][3] - tail[0][2] >= 2:
            yield tuple(part[0] for part in tail), tail[0][2], tail[-1][3]


def _rank(found: list[tuple[Candidate, int, int]], limit: int) -> list[Candidate]:
    frequency: Counter[str] = Counter()
    degree: Counter[str] = Counter()
    count: Counter[Candidate] = Counter()
    for phrase, _, _ in found:
        count[phrase] += 1
        for word in phrase:
            frequency[word] += 1
            degree[word] += len(phrase)
    first: dict[Candidate, int] = {}
    for order, (phrase, _, _) in enumerate(found):
        first.setdefault(phrase, order)

    def weight(phrase: Candidate) -> float:
        return sum(degree[word] / frequency[word] for word in phrase) * (1.0 + math.log(count[phrase]))

    return sorted(count, key=lambda phrase: (-weight(phrase), first[phrase]))[:limit]
