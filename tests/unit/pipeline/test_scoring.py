"""What is asked of the judge, and what becomes of its answers: fakes stand at the Protocols."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from serving.domain.assessment import ScoreStatus
from serving.domain.competency import CompetencyAnchor, CompetencyDefinition
from serving.domain.judgement import AnswerState, Choice, Grade, Judgement, Question, Statement
from serving.pipeline import judging, scoring
from serving.pipeline.judging import ADDRESSES, RECITES, HeadJudge
from serving.pipeline.ports import HeadOutputs, SentenceBatch
from serving.pipeline.scoring import Scoring, questions_about
from serving.signals.scoring.facts import ScoringResult
from serving.signals.scoring.features import FEATURES, LEVEL, SHOWS
from serving.signals.scoring.likeness import CUSTOM, PLACES
from serving.signals.scoring.rubric import load_rubrics
from serving.signals.text.anchors import Comparison, compare
from serving.signals.text.cues import cue_features, find_wording
from serving.signals.text.star import ROLE_QUESTION, role_question
from tests.unit.scoring.judgements import facts, judgement
from tests.unit.text.word_hash_encoder import embed, references

STORY = "I was an intern. I asked the client what she needed. She renewed the contract."
INNOVATION = CompetencyDefinition(
    "innovation",
    "en",
    "Finds new ways.",
    ("I tried a new way.", "Nobody had done it so before.", "I built a prototype."),
    ("I did it as it was always done.",),
    tuple(CompetencyAnchor(level, f"Example {level}.") for level in range(1, 6)),
)


def state(text: str = STORY) -> AnswerState:
    made = facts(text)
    count = len(made.transcript.sentences)
    sentences = tuple(sentence.text for sentence in made.transcript.sentences)
    fit = np.zeros((count, PLACES, 3), np.float32)
    return AnswerState(
        "en", "Why?", sentences, find_wording(sentences, "en"), embed(sentences), embed(["Why?"])[0], fit
    )


def compared(text: str = STORY) -> Comparison:
    return compare(state(text).embeddings, references("en"))


class OneSentenceCounts:
    """A judge that sees a competency in one sentence only; remembers what it was asked."""

    def __init__(self, sentence: str) -> None:
        self._sentence = sentence
        self.asked: list[tuple[int, tuple[Question, ...]]] = []

    async def judge(self, states: Sequence[AnswerState], questions: Sequence[Question]) -> tuple[Judgement, ...]:
        self.asked.append((len(states), tuple(questions)))
        names = [question.name.removeprefix("level/") for question in questions if isinstance(question, Grade)]
        return tuple(
            judgement("A" * len(s.sentences), shows=[float(t == self._sentence) for t in s.sentences], names=names)
            for s in states
        )


async def scored(
    judge: OneSentenceCounts,
    scorer: ShownOnly,
    text: str,
    names: Sequence[str],
    own: Sequence[CompetencyDefinition] = (),
) -> ScoringResult:
    (told,) = await judge.judge([state(text)], questions_about(names, own))
    return await Scoring(judge, scorer).run(facts(text), state(text), compared(text), names, own, told)


class ShownOnly:
    """A scorer of five points and five for what is shown."""

    def __init__(self) -> None:
        self.places: list[int] = []

    async def score_points(self, features: NDArray[np.float32], competencies: Sequence[int]) -> NDArray[np.float32]:
        self.places += competencies
        points = np.zeros((len(features), 1 + len(FEATURES)), np.float32)
        points[:, 0] = 4.0
        points[:, 1 + FEATURES.index("shown")] = 4.0 * features[:, FEATURES.index("shown")]
        return points


async def test_evidence_is_the_sentence_without_which_the_score_falls() -> None:
    told = "I asked the client what she needed."
    judge, scorer = OneSentenceCounts(told), ShownOnly()
    result = await scored(judge, scorer, STORY, ["teamwork", "leadership"])
    assert [competency.name for competency in result.competencies] == ["teamwork", "leadership"]
    for competency in result.competencies:
        assert [quote.quote for quote in competency.evidence] == [told]
        assert competency.dimensions
    assert [count for count, _ in judge.asked] == [1, 3]  # the answer, and it without each sentence
    assert scorer.places == [1, 6] * 4


async def test_a_competency_of_the_callers_own_is_scored_by_its_rubric_with_a_wider_range() -> None:
    judge, scorer = OneSentenceCounts("She renewed the contract."), ShownOnly()
    result = await scored(judge, scorer, STORY, ["innovation", "teamwork"], [INNOVATION])
    own, known = result.competencies
    assert (own.name, own.status, own.dimensions) == ("innovation", ScoreStatus.SCORED, ())
    assert own.high is not None and own.low is not None and known.high is not None and known.low is not None
    assert own.high - own.low > known.high - known.low
    assert scorer.places[:2] == [CUSTOM, 1]


async def test_what_cannot_be_scored_is_not_judged() -> None:
    judge = OneSentenceCounts("")
    result = await Scoring(judge, ShownOnly()).run(
        facts("Yes."), state("Yes."), compared("Yes."), ["teamwork"], (), judgement("A")
    )
    assert judge.asked == []
    assert result.competencies[0].reason == "too_little_said"
    assert len(result.suggestions) == 1


def test_a_definition_is_told_by_its_examples() -> None:
    questions = {question.name: question for question in questions_about(["innovation"], [INNOVATION])}
    shown, against = questions["shows/innovation"], questions["against/innovation"]
    assert isinstance(shown, Statement) and isinstance(against, Statement)
    assert shown.examples == (INNOVATION.definition, *INNOVATION.indicators, "Example 4.", "Example 5.")
    assert against.examples == (*INNOVATION.contrary, "Example 1.")
    assert "against/integrity_compliance" in questions  # ethics are asked about whatever the competency


def test_the_eight_are_asked_with_what_their_rubrics_hold_in_the_answers_language() -> None:
    questions = {question.name: question for question in questions_about(["teamwork"], (), "zh")}
    shown, against, grade = (questions[f"{part}/teamwork"] for part in ("shows", "against", "level"))
    rubric = load_rubrics()["teamwork"]
    assert isinstance(shown, Statement) and isinstance(against, Statement) and isinstance(grade, Grade)
    assert rubric.definition["zh"] in shown.examples
    assert set(rubric.red_flags["zh"]) <= set(against.examples)
    assert len(grade.anchors) == 5 and rubric.anchors[4].example["zh"] in grade.anchors[4]
    assert {shown.language, against.language, grade.language} == {"zh"}


async def test_the_only_sentence_of_an_answer_is_its_evidence() -> None:
    told = "I asked the client what she needed and wrote it down."
    judge = OneSentenceCounts(told)
    result = await scored(judge, ShownOnly(), told, ["teamwork"])
    assert [quote.quote for quote in result.competencies[0].evidence] == [told]
    assert sum(count for count, _ in judge.asked) == 1


class Heads:
    """Heads that say how many sentences a row has, and what fit the last place was given."""

    def __init__(self) -> None:
        self.batches: list[SentenceBatch] = []
        self.embedded: list[str] = []

    async def embed(self, sentences: Sequence[str]) -> NDArray[np.float32]:
        self.embedded += sentences
        return embed(sentences)

    async def tag_star(self, batch: SentenceBatch) -> NDArray[np.float32]:
        return np.full((*batch.mask.shape, 5), 0.2, np.float32)

    async def judge_heads(self, batch: SentenceBatch) -> HeadOutputs:
        self.batches.append(batch)
        shape = batch.mask.shape
        shows = np.repeat(batch.fit[..., 0].max(axis=1, keepdims=True), shape[1], axis=1)
        sentences = np.zeros(shape, np.float32)
        grade = np.full((shape[0], PLACES, 5), 0.2, np.float32)
        relevant = batch.mask.sum(axis=1).astype(np.float32)
        return HeadOutputs(shows, shows, sentences, sentences, sentences, sentences, grade, relevant)


async def test_states_of_different_lengths_are_judged_in_one_padded_batch() -> None:
    heads = Heads()
    long, short = state(), state().only([1])
    first, second = await HeadJudge(heads).judge([long, short], [role_question(), Statement("relevant", whole=True)])
    assert len(heads.batches) == 1
    assert heads.batches[0].mask.tolist() == [[1, 1, 1], [1, 0, 0]]
    assert first.choices[ROLE_QUESTION].shape == (3, 5) and second.choices[ROLE_QUESTION].shape == (1, 5)
    assert first.statements["relevant"].tolist() == [3.0] and second.statements["relevant"].tolist() == [1.0]


async def test_a_long_answer_does_not_hold_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[threading.Thread] = []

    def cues(of: AnswerState) -> NDArray[np.float32]:
        threads.append(threading.current_thread())
        return cue_features(of)

    monkeypatch.setattr(judging, "cue_features", cues)
    monkeypatch.setattr(scoring, "cue_features", cues)
    text = " ".join([STORY] * 10)
    await HeadJudge(Heads()).judge([state(text)], [role_question()])
    await scored(OneSentenceCounts(""), ShownOnly(), text, ["teamwork"])
    assert threads and threading.main_thread() not in threads


async def test_examples_stand_in_the_last_place_and_are_embedded_once() -> None:
    heads = Heads()
    judge = HeadJudge(heads)
    asked = [Statement(SHOWS.format("innovation"), ("I was an intern.",))]
    for _ in range(2):
        (told,) = await judge.judge([state()], asked)
        assert told.statements[SHOWS.format("innovation")] == pytest.approx(np.ones(3), abs=1e-5)
    assert len(heads.embedded) == 1


async def test_a_question_that_no_head_answers_is_refused_by_name() -> None:
    judge = HeadJudge(Heads())
    for question in (Statement("charm"), Grade(LEVEL.format("charm")), Choice("mood", ("good", "bad"))):
        with pytest.raises(ValueError, match=question.name):
            await judge.judge([state()], [question])
    assert await judge.judge([], [Statement("charm")]) == ()
    (told,) = await judge.judge([state()], [Statement(ADDRESSES), Statement(RECITES)])
    assert set(told.statements) == {ADDRESSES, RECITES}
