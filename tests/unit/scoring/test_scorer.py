"""Points become scores: parts that sum, a range, evidence, dimensions; and when there is no score."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.domain.assessment import CompetencyScore, Contribution, OverallScore, ScoreStatus
from serving.domain.competency import Language, SignalWeight
from serving.domain.facts import Behavior, Delivery, Gaze, Smile
from serving.signals.scoring.attribution import MAX_CANDIDATES, candidates, quotes
from serving.signals.scoring.features import FEATURES
from serving.signals.scoring.ranges import half_width
from serving.signals.scoring.rubric import load_rubrics
from serving.signals.scoring.scorer import competency_score, overall
from serving.signals.scoring.signals import signal_contributions, signal_values
from serving.signals.scoring.sufficiency import reason_not_to_score
from tests.unit.scoring.judgements import facts, judgement

STORY = "I was an intern. I asked the client what she needed. She renewed the contract."
SIDES = load_rubrics()["teamwork"].dimensions


def score(points: dict[str, float], effects: dict[int, float] | None = None, **changes: object) -> CompetencyScore:
    """A score with these points; `effects` are what a sentence adds to `shown`."""
    row = np.array([points.get(name, 0.0) for name in ("base", *FEATURES)], np.float32)
    moved = {}
    for at, worth in (effects or {}).items():
        moved[at] = np.zeros(len(FEATURES))
        moved[at][FEATURES.index("shown")] = worth
    made = dataclasses.replace(facts(STORY), **changes)  # type: ignore[arg-type]
    judged = judgement("SAR", shows=[0, 0.9, 0.2])
    likeness = {side.name: np.array([0.1, 0.9 - 0.3 * at, 0.1]) for at, side in enumerate(SIDES)}
    return competency_score("teamwork", SIDES, made, judged, row, moved, likeness)


@given(st.lists(st.floats(-6, 12, width=32), min_size=1 + len(FEATURES), max_size=1 + len(FEATURES)))
def test_the_parts_sum_to_the_score_and_the_score_lies_in_its_range(values: list[float]) -> None:
    found = score(dict(zip(("base", *FEATURES), values, strict=True)))
    assert found.score is not None and found.low is not None and found.high is not None
    assert math.isclose(math.fsum(part.points for part in found.contributions), found.score, abs_tol=1e-6)
    assert 0.0 <= found.low <= found.score <= found.high <= 10.0
    names = [part.name for part in found.contributions]
    assert names[0] == "base" and len(names) == len(set(names))


def test_the_ends_of_the_scale_cut_with_a_part_of_their_own() -> None:
    assert score({"base": 8, "shown": 5}).contributions[-1] == Contribution("bound", -3.0)
    assert score({"base": 1, "contrary": -4}).contributions[-1] == Contribution("bound", 3.0)


def test_evidence_is_what_raised_the_score_and_concerns_what_lowered_it() -> None:
    found = score({"base": 5}, {0: 0.01, 1: 1.5, 2: -0.6})
    assert [(quote.quote, quote.contribution) for quote in found.evidence] == [
        ("I asked the client what she needed.", "shown")
    ]
    assert [quote.quote for quote in found.concerns] == ["She renewed the contract."]


def test_a_flagged_sentence_is_never_quoted() -> None:
    made = facts(STORY, dropped=[1])
    found = competency_score(
        "teamwork", (), made, judgement("SR"), np.zeros(15, np.float32), {0: np.ones(14), 1: np.full(14, 2.0)}, {}
    )
    assert "I asked the client what she needed." not in [quote.quote for quote in found.evidence]
    assert found.dimensions == ()


def test_the_side_that_is_shown_best_has_the_competencys_score() -> None:
    found = score({"base": 6})
    by_name = {side.name: side.score for side in found.dimensions}
    assert by_name["cooperation"] == 6.0 > by_name["conflict"]


def test_weighted_signals_are_parts_like_any_other() -> None:
    weights = [SignalWeight("teamwork", "eye_contact", 1.0), SignalWeight("leadership", "smile", 2.0)]
    values = signal_values(
        Delivery(100, 5, speech_rate=140.0, duration_s=60.0, pause_ratio=0.25),
        Behavior(180, 1.0, smile=Smile(1, 9.0), gaze=Gaze(0.2)),
    )
    assert values == pytest.approx({"pace": 1.0, "fluency": 0.5, "steadiness": 0.5, "eye_contact": 0.8, "smile": 0.5})
    extra = signal_contributions("teamwork", weights, values)
    found = score({"base": 5}, extra={"teamwork": extra})
    assert found.score == pytest.approx(5.8)
    assert "signal_eye_contact" in [part.name for part in found.contributions]


def test_signals_that_are_not_known_have_no_part() -> None:
    assert signal_values(Delivery(100, 5), Behavior()) == {}
    assert signal_contributions("teamwork", [SignalWeight("teamwork", "smile", 1.0)], {}) == ()


def test_what_is_not_known_widens_the_range() -> None:
    sure = judgement("SAR").grades["level/teamwork"]
    unsure = judgement("SAR", sure=0.2).grades["level/teamwork"]
    base = half_width(facts(STORY), sure, 1.0)
    assert half_width(facts(STORY), unsure, 1.0) > base
    assert half_width(facts(STORY), sure, 0.2) > base
    assert half_width(facts(STORY, dropped=[1]), sure, 1.0) > base
    assert half_width(facts(STORY * 3), sure, 1.0) < base
    assert half_width(facts(STORY, question=""), sure, 0.2) > base
    assert half_width(facts(STORY), sure, 1.0, known=False) > base
    heard = [half_width(facts(STORY, word_probability=p), sure, 1.0) for p in (1.0, 0.9, 0.5)]
    assert base <= heard[0] < heard[1] < heard[2]


def test_candidates_are_all_sentences_of_a_usual_answer_and_the_likeliest_of_a_long_one() -> None:
    assert candidates(judgement("SAR"), ["teamwork"], 3) == (0, 1, 2)
    assert candidates(judgement("A"), ["teamwork"], 1) == ()
    shown = [0.0] * 40
    shown[33] = 0.9
    found = candidates(judgement("O" * 40, shows=shown), ["teamwork"], 40)
    assert len(found) == MAX_CANDIDATES and 33 in found and list(found) == sorted(found)


def test_no_more_than_half_of_an_answer_is_quoted() -> None:
    sentences = facts(STORY).transcript.sentences
    effects = {at: np.full(len(FEATURES), 1.0 + at) for at in range(3)}
    assert [quote.quote for quote in quotes(sentences, effects, 1)] == ["She renewed the contract."]


def test_the_overall_score_is_the_mean_of_what_was_scored() -> None:
    unscored = CompetencyScore("leadership", ScoreStatus.INSUFFICIENT_EVIDENCE, reason="no_words")
    scored = [CompetencyScore("x", ScoreStatus.SCORED, value, value - 1, value + 1) for value in (4.0, 7.0)]
    assert overall([*scored, unscored]) == OverallScore(5.5, 4.5, 6.5)
    assert overall([unscored]) == OverallScore()


@pytest.mark.parametrize(
    ("text", "language", "reason"),
    [
        ("", "en", "no_transcript"),
        ("... 🙂", "zh", "no_transcript"),
        ("Yes, I did.", "en", "too_little_said"),
        ("我不知道。", "zh", "too_little_said"),
        ("Um, uh, um, uh, um, uhm, er.", "en", "too_little_said"),
        ("嗯，呃，嗯，嗯，呃，嗯，呃，嗯，呃。", "zh", "too_little_said"),
        ("asdf qwer zxcv poiu lkjh mnbv qazw sxed", "en", "no_words"),
        ("bla bla bla bla bla bla bla", "en", "no_words"),
        ("哈哈哈哈哈哈哈哈哈哈哈哈", "zh", "no_words"),
        ("我给客户打了电话，她很满意这次服务。", "en", "wrong_language"),
    ],
)
def test_a_score_is_never_made_from_nothing(text: str, language: Language, reason: str) -> None:
    assert reason_not_to_score(facts(text, language)) == reason


def test_an_answer_of_flagged_text_only_has_no_score() -> None:
    assert reason_not_to_score(facts(STORY, dropped=[0, 1, 2])) == "only_flagged_text"
    assert reason_not_to_score(facts(STORY)) == ""
