"""Features of an answer, 0..1 each: what the scores are sums of.

Counts saturate, so that the tenth number adds next to nothing: length and stuffing cannot buy points. Sentences that
are flagged, or say again what was said, have no features of their own. Constants marked "seen" were read off answers
written for the purpose and embedded with the sentence encoder of the default repository.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from serving.domain.competency import Language, StarRole
from serving.signals.scoring.facts import AnswerFacts
from serving.signals.text.anchors import Comparison
from serving.signals.text.chinese import segment
from serving.signals.text.fillers import units_said
from serving.signals.text.flags import flagged_sentences
from serving.signals.text.resources import load_yaml

NEAR_DUPLICATE = 0.93  # cosine over which a sentence repeats an earlier one (seen: paraphrases stay under 0.9)
_CUES = ("own", "shared", "habit", "event", "cause", "number", "occasion", "reflect", "result")
_MEASURED = ("action", "result", "specificity", "reasoning", "reflection", "claim", "vagueness")
_DETAIL_UNITS = {"en": 90.0, "zh": 150.0}  # units at which detail reaches 63% of its value


@dataclass(frozen=True, slots=True)
class SentenceFeatures:
    """Strength of each feature in each sentence, float64 [sentences]; zero where a sentence does not count.

    `live` is 1 for sentences that count. `units` is the length in words or characters, fillers left out: hesitation
    must not pass for detail.
    """

    live: NDArray[np.float64]
    units: NDArray[np.float64]
    relevance: NDArray[np.float64]
    action: NDArray[np.float64]
    result: NDArray[np.float64]
    specificity: NDArray[np.float64]
    reasoning: NDArray[np.float64]
    reflection: NDArray[np.float64]
    claim: NDArray[np.float64]
    vagueness: NDArray[np.float64]
    repetition: NDArray[np.float64]


@cache
def _cues(language: Language) -> dict[str, tuple[re.Pattern[str], ...]]:
    data = load_yaml("serving.signals.scoring", "cues.yaml")[language]
    return {name: tuple(re.compile(cue, re.IGNORECASE) for cue in data[name]) for name in _CUES}


def ramp(value: float, low: float, high: float) -> float:
    """0 at `low` and below, 1 at `high` and above, straight between."""
    return min(1.0, max(0.0, (value - low) / (high - low)))


def saturate(amount: float, scale: float) -> float:
    """0 at 0, towards 1 as the amount passes `scale` (63% there)."""
    return 1.0 - math.exp(-amount / scale)


def sentence_features(facts: AnswerFacts, compared: Comparison) -> SentenceFeatures:
    """Measure every sentence once; competencies share the result."""
    sentences = facts.transcript.sentences
    language = facts.transcript.language
    units = np.array(units_said(facts.transcript), dtype=np.float64)
    flagged = flagged_sentences(sentences, facts.flags)
    repeats = _near_duplicates(facts.embeddings)
    live = np.array([at not in flagged and at not in repeats for at in range(len(sentences))], dtype=np.float64)
    vague = compared.likeness("general/vague")
    reflective = compared.likeness("general/reflection")
    story = np.max([compared.likeness(f"star/{role}") for role in "STAR"], axis=0)
    own = _own_deeds(facts)
    rows: dict[str, list[float]] = {name: [] for name in _MEASURED}
    for at, sentence in enumerate(sentences):
        hits = _hits(sentence.text, language)
        hits["own"] += own[at]
        role = facts.star.sentences[at].role
        reflects = max(0.6 * min(1, hits["reflect"]), ramp(float(reflective[at]), 0.35, 0.6))
        claim = _claim(hits, ramp(float(vague[at] - story[at]), -0.08, 0.14))
        rows["claim"].append(claim)
        rows["vagueness"].append(claim * (0.4 if hits["number"] + hits["occasion"] else 1.0))
        rows["action"].append(_action(role, hits, claim))
        rows["result"].append(_result(role, hits) * (1.0 - claim))
        rows["specificity"].append(min(3.0, hits["number"] + hits["occasion"]) * (1.0 - 0.5 * claim))
        rows["reasoning"].append(min(2.0, hits["cause"]) * (1.0 - 0.7 * claim))
        rows["reflection"].append(reflects * (1.0 if hits["reflect"] else 1.0 - 0.5 * claim))
    return SentenceFeatures(
        live=live,
        units=units,
        relevance=_relevance(facts) * live,
        repetition=units * np.array([at in repeats or at in flagged for at in range(len(sentences))], dtype=np.float64),
        **{name: np.array(values, dtype=np.float64) * live for name, values in rows.items()},
    )


def _hits(text: str, language: Language) -> dict[str, int]:
    return {name: sum(1 for cue in cues for _ in cue.finditer(text)) for name, cues in _cues(language).items()}


def _claim(hits: dict[str, int], vague: float) -> float:
    """How far a sentence states what one is, thinks or usually does instead of what happened, 0..1."""
    timeless = not (hits["event"] or hits["own"] or hits["shared"] or hits["number"] or hits["occasion"])
    told = 0.5 if hits["own"] else 1.0
    return told * min(1.0, 0.5 * vague + 0.45 * (hits["habit"] > 0) + 0.35 * timeless)


def _action(role: StarRole, hits: dict[str, int], claim: float) -> float:
    if hits["own"]:
        return min(1.5, hits["own"]) * (1.0 - claim)
    # "We decided" is an act, but not told as the speaker's own.
    return 0.35 * (1.0 - claim) if hits["shared"] and role in (StarRole.ACTION, StarRole.RESULT) else 0.0


def _result(role: StarRole, hits: dict[str, int]) -> float:
    strength = 0.5 * (role is StarRole.RESULT) + 0.5 * min(1, hits["result"])
    return strength + (0.5 if strength >= 0.5 and hits["number"] else 0.0)


def _own_deeds(facts: AnswerFacts) -> list[int]:
    """Per sentence, how often a Chinese "I" is followed by a verb of doing, by the segmenter's parts of speech."""
    sentences = facts.transcript.sentences
    deeds = [0] * len(sentences)
    if facts.transcript.language != "zh":
        return deeds  # English verbs show their past tense; cues find them
    weak = _weak_verbs()
    starts = [sentence.start for sentence in sentences]
    waiting = 0  # tokens in which a verb still belongs to the last "I"
    for token in segment(facts.transcript.text):
        at = bisect_right(starts, token.start) - 1
        if token.word == "我":
            waiting = 6
        elif token.tag == "x" or token.word in weak:
            waiting = 0
        elif waiting and token.tag == "v":
            deeds[at] += at >= 0
            waiting = 0
        else:
            waiting = max(0, waiting - 1)
    return deeds


@cache
def _weak_verbs() -> frozenset[str]:
    words: list[str] = load_yaml("serving.signals.scoring", "cues.yaml")["zh"]["weak_verbs"]
    return frozenset(word for entry in words for word in entry.split())


def _relevance(facts: AnswerFacts) -> NDArray[np.float64]:
    if facts.question_embedding is None:
        return np.zeros(len(facts.embeddings))
    asked = facts.question_embedding.astype(np.float64)
    return np.array([float(row.astype(np.float64) @ asked) for row in facts.embeddings], dtype=np.float64)


def _near_duplicates(vectors: NDArray[np.float32]) -> frozenset[int]:
    """Sentences that an earlier one, among the 40 before, already said."""
    repeats = set()
    rows = vectors.astype(np.float64)
    for at in range(1, len(rows)):
        before = rows[max(0, at - 40) : at]
        if any(float(row @ rows[at]) > NEAR_DUPLICATE for row in before):
            repeats.add(at)
    return frozenset(repeats)


def answer_features(facts: AnswerFacts, measured: SentenceFeatures) -> dict[str, float]:
    """Features of the whole answer that do not depend on the competency, 0..1 each."""
    said = float((measured.units * measured.live).sum())
    length = float(measured.units.sum())
    share = measured.units * measured.live / said if said else measured.live
    roles = {s.role for at, s in enumerate(facts.star.sentences) if measured.live[at]}
    parts = (bool(roles & {StarRole.SITUATION, StarRole.TASK}), StarRole.ACTION in roles, StarRole.RESULT in roles)
    order = facts.coherence.sentences if facts.coherence.sentences is not None else 0.0
    vagueness = float((measured.vagueness * share).sum())
    nearest = _top(measured.relevance, 3)
    return {
        # A story is less like its question than a phrase that echoes it (seen), so little likeness is enough.
        "relevance": ramp(nearest, 0.0, 0.25) * (1.0 - vagueness),
        "far": 1.0 - ramp(nearest, 0.02, 0.15),
        "action": saturate(float(measured.action.sum()), 2.0),
        "result": saturate(float(measured.result.sum()), 1.0),
        "specificity": saturate(float(measured.specificity.sum()), 2.5),
        "structure": (0.8 * sum(parts) / 3 + 0.2 * ramp(order, 0.05, 0.35))
        * saturate(said, _DETAIL_UNITS[facts.transcript.language] / 3),
        "reasoning": saturate(float(measured.reasoning.sum()), 1.5),
        "reflection": saturate(float(measured.reflection.sum()), 0.8),
        "detail": saturate(said, _DETAIL_UNITS[facts.transcript.language]),
        "vagueness": vagueness,
        "repetition": float(measured.repetition.sum()) / length if length else 0.0,
    }


def _top(values: NDArray[np.float64], count: int) -> float:
    best: Sequence[float] = sorted(values.tolist(), reverse=True)[:count]
    return sum(best) / len(best) if best else 0.0
