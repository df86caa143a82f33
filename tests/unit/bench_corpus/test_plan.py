"""What a corpus will hold, drawn from a seed alone."""

from __future__ import annotations

import random
import statistics

import pytest

from benchmarks.corpus.answers import compose, length, topics
from benchmarks.corpus.distribution import LogNormal, apportion
from benchmarks.corpus.plan import Planned, Settings, plan, plan_sha256
from benchmarks.harness.core import BenchError, Modality
from serving.domain.competency import COMPETENCIES

MANY = Settings(seed=3, count=400)


@pytest.fixture(scope="module")
def many() -> tuple[Planned, ...]:
    return plan(MANY)


def test_equal_settings_give_equal_plans_and_another_seed_another(many):
    assert plan_sha256(plan(MANY)) == plan_sha256(many)
    assert plan_sha256(plan(Settings(seed=4, count=400))) != plan_sha256(many)


def test_modalities_languages_and_containers_have_their_shares(many):
    assert [sum(one.modality is m for one in many) for m in Modality] == [200, 120, 80]
    for modality in Modality:
        of_it = [one for one in many if one.modality is modality]
        assert sum(one.language == "zh" for one in of_it) == round(0.3 * len(of_it))
    videos = [one for one in many if one.modality is Modality.VIDEO]
    assert sum(one.container == "webm" for one in videos) == 20
    assert {one.framing for one in videos} == {"near", "middle", "far"}
    assert len({one.sample_id for one in many}) == len(many)


def test_spoken_answers_last_as_the_distribution_says(many):
    spoken = [one.duration_s for one in many if one.modality is not Modality.TEXT]
    assert min(spoken) >= 30 and max(spoken) <= 300
    assert statistics.mean(spoken) == pytest.approx(120, rel=0.03)
    assert statistics.pstdev(spoken) == pytest.approx(120 * 0.42, rel=0.15)  # sqrt(exp(0.4^2) - 1) = 0.42


@pytest.mark.parametrize(("language", "low", "mean", "high"), [("en", 60, 150, 300), ("zh", 90, 225, 450)])
def test_written_answers_are_whole_sentences_within_bounds(many, language, low, mean, high):
    texts = [one.text for one in many if one.modality is Modality.TEXT and one.language == language]
    sizes = [length([text], language) for text in texts]
    assert min(sizes) >= low and max(sizes) <= high
    assert statistics.mean(sizes) == pytest.approx(mean, rel=0.06)
    ends = tuple(sentence for topic in topics(language) for answer in topic.answers for sentence in answer)
    assert all(text.endswith(ends) for text in texts)


def test_one_to_three_competencies_are_asked_the_topic_s_own_first(many):
    own = {topic.question: topic.competency for language in ("en", "zh") for topic in topics(language)}
    assert {len(one.competencies) for one in many} == {1, 2, 3}
    assert all(set(one.competencies) <= set(COMPETENCIES) for one in many)
    assert sum(own[one.question] == one.competencies[0] for one in many) > 0.95 * len(many)  # few questions serve two


def test_a_topic_without_enough_sentences_gives_no_answer():
    topic = topics("en")[0]
    assert compose(topic, "en", 10_000, 60, 20_000, random.Random(1)) is None


def test_few_draws_have_the_mean_of_the_distribution_already():
    lengths = LogNormal(mean=100, sigma=0.4, low=25, high=250).draw(12, random.Random(5))
    assert statistics.mean(lengths) == pytest.approx(100, rel=0.06)


def test_shares_are_rounded_to_whole_answers_that_sum_to_the_count():
    assert apportion(7, {"a": 0.5, "b": 0.3, "c": 0.2}) == {"a": 4, "b": 2, "c": 1}
    assert apportion(1, {"a": 1.0, "b": 2.0}) == {"a": 0, "b": 1}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"count": 0}, "count: must be between 1 and 100000, not 0"),
        ({"mean_seconds": 500}, "mean-seconds: must be between 10 and 240, not 500"),
        ({"mix": {Modality.TEXT: 0.0}}, "mix: weights must be finite, at least 0 and not all 0"),
        ({"languages": {"en": -1.0}}, "languages: weights must be finite, at least 0 and not all 0"),
        ({"languages": {"en": float("nan")}}, "languages: weights must be finite, at least 0 and not all 0"),
        ({"languages": {"fr": 1.0}}, "languages: 'fr' is none of en, zh"),
    ],
)
def test_bad_settings_name_the_field_and_the_limit(settings, message):
    with pytest.raises(BenchError) as failure:
        Settings(**settings)
    assert str(failure.value) == message
