"""The whole language side on real models, without a server: what the model card promises must not get lost.

The bounds lie below what was measured on the held-out answers (docs/model-card.md), so that a last bit of another
processor does not fail them; `make eval` prints the figures.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from benchmarks.raw.engines import RawEngines
from deployments.evaluation.formats import Item, read_items
from deployments.evaluation.requests import Scored, read_assessment, requests_of
from deployments.evaluation.summary import summarise
from serving.adapters.triton.models import TritonModels
from serving.api.assessments import to_message
from serving.domain.answer import Answer
from serving.domain.assessment import Assessment, ScoreStatus
from serving.domain.competency import COMPETENCIES, CompetencyDefinition, Language
from serving.pipeline.reading import MODELS
from serving.pipeline.score_answer import ScoreAnswer

ROOT = Path(__file__).parents[2]
REPOSITORY = ROOT / "model_repository"
HELD_OUT = ROOT / "tests/data/eval/held_out"
LANGUAGES: tuple[Language, ...] = ("en", "zh")

pytestmark = [
    pytest.mark.skipif(
        not all((REPOSITORY / model / "1" / "manifest.json").exists() for model in MODELS),
        reason="the models are not built: viva models build",
    ),
    pytest.mark.asyncio(loop_scope="module"),
]

STORIES: dict[Language, list[str]] = {
    "en": [
        "Last spring I worked at the help desk of our library.",
        "A student could not open his thesis two hours before the deadline.",
        "My job was only to check out books, but nobody else was there.",
        "I asked him what he had done last and found a copy in the folder for temporary files.",
        "Then I showed him how to save it twice.",
        "He handed it in with ten minutes to spare and wrote a thank-you note to my manager.",
    ],
    "zh": [
        "去年春天我在图书馆的服务台兼职。",
        "有个同学离交论文还有两个小时，文件打不开了。",
        "我本来只负责借书，可是当时没有别的人在。",
        "我先问他最后一步做了什么，然后在临时文件夹里找到了一份副本。",
        "接着我教他怎么存两份。",
        "他提前十分钟交上了，还给我的主管写了一封感谢信。",
    ],
}
QUESTION: dict[Language, str] = {
    "en": "Tell me about a time you helped a customer.",
    "zh": "请讲一次你帮助客户的经历。",
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pipeline() -> ScoreAnswer:
    return ScoreAnswer(TritonModels(RawEngines(REPOSITORY), REPOSITORY), None, "")  # type: ignore[arg-type]


async def score(pipeline: ScoreAnswer, text: str, language: Language, **fields: Any) -> Assessment:
    fields.setdefault("competencies", COMPETENCIES)
    return await pipeline.run(Answer(fields.pop("question", QUESTION[language]), language, text=text, **fields))


def joined(sentences: Sequence[str], language: Language) -> str:
    return ("" if language == "zh" else " ").join(sentences)


async def measured(pipeline: ScoreAnswer, language: Language, name: str) -> dict[str, Any]:
    seen: dict[Any, Scored] = {}
    results = []
    for item in read_items(HELD_OUT / language / f"{name}.jsonl"):
        assert isinstance(item, Item), item
        for request in requests_of(item):
            if request not in seen:
                answer = Answer(
                    request.question,
                    language,
                    request.competencies,
                    sentences=request.sentences,
                    text=request.text,
                )
                seen[request] = read_assessment(to_message(await pipeline.run(answer)))
        results.append((item, tuple(seen[request] for request in requests_of(item))))
    return summarise(name, results)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_better_answer_scores_higher(pipeline: ScoreAnswer, language: Language) -> None:
    found = await measured(pipeline, language, "pairs")
    assert found["count"] >= 100
    assert found["accuracy"] >= 0.88
    assert {kind: group for kind, group in found["by_kind"].items() if group["accuracy"] < 0.6} == {}


@pytest.mark.parametrize("language", LANGUAGES)
async def test_roles_and_ranges_hold_on_answers_that_are_not_trained_on(
    pipeline: ScoreAnswer, language: Language
) -> None:
    found = await measured(pipeline, language, "answers")
    assert found["star_macro_f1"] >= 0.75
    assert found["complete_accuracy"] >= 0.8
    assert 0.85 <= found["ratings"]["coverage"] <= 0.96
    assert found["ratings"]["deviation"] >= 1.0
    assert found["ratings"]["largest_correlation"]["value"] <= 0.87


@pytest.mark.parametrize("language", LANGUAGES)
async def test_attacks_do_not_pay_and_are_reported(pipeline: ScoreAnswer, language: Language) -> None:
    found = await measured(pipeline, language, "attacks")
    assert found["above_honest"] <= 0.08
    assert found["flagged"] >= 0.75
    assert found["honest_flagged"] <= 0.04


@pytest.mark.parametrize("language", LANGUAGES)
async def test_what_is_irrelevant_moves_little(pipeline: ScoreAnswer, language: Language) -> None:
    found = await measured(pipeline, language, "minimal")
    assert found["mean_difference"] <= 0.2


@pytest.mark.parametrize("language", LANGUAGES)
async def test_competencies_are_told_apart(pipeline: ScoreAnswer, language: Language) -> None:
    assert (await measured(pipeline, language, "discriminant"))["accuracy"] >= 0.72


@pytest.mark.parametrize(("language", "least"), [("en", 0.92), ("zh", 0.85)])
async def test_answers_as_recognised_keep_their_order(pipeline: ScoreAnswer, language: Language, least: float) -> None:
    assert (await measured(pipeline, language, "noisy"))["spearman"] >= least


@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_part_of_an_assessment_is_sound(pipeline: ScoreAnswer, language: Language) -> None:
    text = joined(STORIES[language], language)
    assessment = await score(pipeline, text, language)
    assert [c.name for c in assessment.competencies] == list(COMPETENCIES)
    assert assessment.star.complete
    for competency in assessment.competencies:
        assert competency.status is ScoreStatus.SCORED and competency.score is not None
        assert math.isclose(sum(p.points for p in competency.contributions), competency.score, abs_tol=1e-6)
        assert competency.low is not None and competency.high is not None
        assert competency.low <= competency.score <= competency.high
        assert all(quote.quote in text for quote in (*competency.evidence, *competency.concerns))
    by_score = sorted(assessment.competencies, key=lambda competency: -(competency.score or 0.0))
    assert "customer_orientation" in [competency.name for competency in by_score[:3]]
    assert by_score[0].evidence


@pytest.mark.parametrize("language", LANGUAGES)
async def test_without_its_evidence_an_answer_scores_lower_and_lower_than_without_as_much_else(
    pipeline: ScoreAnswer, language: Language
) -> None:
    chance = random.Random(5)
    lower = lower_than_others = cases = 0
    for item in read_items(HELD_OUT / language / "answers.jsonl"):
        assert isinstance(item, Item), item
        if item.kind not in ("complete", "short", "honest_failure", "mediocre", "no_result", "we"):
            continue
        asked = {"question": item.fields["question"], "competencies": (item.fields["competency"],)}
        whole = await score(pipeline, joined(item.fields["sentences"], language), language, **asked)
        quoted = {quote.quote for quote in whole.competencies[0].evidence}
        sentences = [sentence.text for sentence in whole.transcript.sentences]
        others = [sentence for sentence in sentences if sentence not in quoted]
        if not quoted or len(others) < len(quoted):
            continue
        left_out = set(chance.sample(others, len(quoted)))
        points = [
            (await score(pipeline, joined([s for s in sentences if s not in gone], language), language, **asked))
            .competencies[0]
            .score
            or 0.0
            for gone in (quoted, left_out)
        ]
        cases += 1
        lower += points[0] < (whole.competencies[0].score or 0.0)
        lower_than_others += points[0] < points[1]
    assert cases >= 20
    assert lower / cases >= 0.9 and lower_than_others / cases >= 0.85


@pytest.mark.parametrize(
    ("language", "aside"),
    [
        ("en", "Thank you for listening."),
        ("en", "What I took from it is that asking first saves a lot of time."),
        ("zh", "谢谢您的聆听。"),
        ("zh", "这件事让我懂得了，多问一句比什么都强。"),
    ],
)
async def test_a_courtesy_or_a_moral_costs_next_to_nothing(
    pipeline: ScoreAnswer, language: Language, aside: str
) -> None:
    text = joined(STORIES[language], language)
    plain = await score(pipeline, text, language)
    polite = await score(pipeline, joined([text, aside], language), language)
    for before, after in zip(plain.competencies, polite.competencies, strict=True):
        assert (after.score or 0.0) >= (before.score or 0.0) - 0.8


async def test_the_same_answer_has_the_same_bits_whatever_else_is_asked(pipeline: ScoreAnswer) -> None:
    text = joined(STORIES["en"], "en")
    every = await score(pipeline, text, "en")
    alone = await score(pipeline, text, "en", competencies=("leadership",))
    assert alone.competencies[0] == every.competencies[COMPETENCIES.index("leadership")]
    assert await score(pipeline, text, "en") == every


@pytest.mark.parametrize("defined", LANGUAGES)
async def test_a_competency_that_a_caller_defined_is_scored_from_its_rubric(
    pipeline: ScoreAnswer, defined: Language
) -> None:
    texts: dict[Language, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
        "en": (
            "Finds and tries out new ideas instead of the usual way.",
            (
                "I tried something that nobody had done before.",
                "I built a prototype of my own idea over a weekend.",
                "I combined two tools in a new way to save time.",
            ),
            ("I did it the way it had always been done.",),
        ),
        "zh": (
            "想出新点子并动手尝试，而不是照老办法做。",
            (
                "我试了一个以前没人用过的办法。",
                "我用一个周末把自己的想法做成了样机。",
                "我把两种工具结合起来用，省了很多时间。",
            ),
            ("我就照以前的老办法做。",),
        ),
    }
    definition = CompetencyDefinition("innovation", defined, *texts[defined])
    asked = {"competencies": ("innovation", "teamwork"), "definitions": (definition,), "question": "Tell me a story."}
    new = await score(
        pipeline,
        "Our club sold tickets on paper lists. I had the idea to use the cinema's old barcode scanner. "
        "I built a small prototype with it over a weekend, which nobody had tried before. "
        "On the first evening we let in three hundred people in twenty minutes.",
        "en",
        **asked,
    )
    old = await score(
        pipeline,
        "Our club sold tickets on paper lists. I wrote the lists as we had always done it. "
        "I did not want to change anything, because the old way was good enough. "
        "On the first evening we let in three hundred people, and it took a while.",
        "en",
        **asked,
    )
    (first, known), (second, _) = new.competencies, old.competencies
    assert (first.score or 0.0) > (second.score or 0.0) + 0.5
    assert (first.high or 0.0) - (first.low or 0.0) > (known.high or 0.0) - (known.low or 0.0)
