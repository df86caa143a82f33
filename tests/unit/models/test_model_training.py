"""Training: what is fitted holds its promises, and a net and the graph that is written of it are one function."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest

torch = pytest.importorskip("torch", reason="training needs the extra `train`: make install-train")

from deployments.models.convert import heads as graphs  # noqa: E402
from deployments.models.training.boundaries import fit_sentence_ends  # noqa: E402
from deployments.models.training.heads import TrainConfig, TrainedHeads, train_judge, train_star  # noqa: E402
from deployments.models.training.labelled import LabelledAnswer, LabelledText, jumbled  # noqa: E402
from deployments.models.training.nets import JudgeNet, SentenceNet, StarNet  # noqa: E402
from deployments.models.training.noise import Recogniser  # noqa: E402
from deployments.models.training.scorer import RAMPS, ScorerWeights, fit_scorer, range_factor  # noqa: E402
from serving.domain.competency import COMPETENCIES  # noqa: E402
from serving.domain.judgement import AnswerState  # noqa: E402
from serving.pipeline.judging import sentence_batch  # noqa: E402
from serving.signals.scoring.features import DIRECTIONS, FEATURES  # noqa: E402
from serving.signals.text.cues import find_wording  # noqa: E402

SENTENCES = ("I was an intern.", "I asked the client.", "She renewed.", "Thank you.")


def answer(seed: int, kind: str = "complete", count: int = 4, level: float = 4.0) -> LabelledAnswer:
    """A labelled answer of random vectors."""
    chance = np.random.default_rng(seed)
    rows = chance.normal(size=(count, 512)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    fit = chance.normal(size=(count, 9, 3)).astype(np.float32)
    levels = np.full(8, 2.0, np.float32)
    levels[seed % 8] = level
    return LabelledAnswer(
        id=str(seed),
        group=str(seed // 2),
        kind=kind,
        competency=COMPETENCIES[seed % 8],
        question="Why?",
        sentences=SENTENCES[:count],
        state=AnswerState("en", "why", SENTENCES[:count], find_wording(SENTENCES[:count], "en"), rows, rows[0], fit),
        roles=np.arange(count) % 5,
        shows=np.eye(count, 8, dtype=np.float32),
        against=np.zeros((count, 8), np.float32),
        levels=levels,
    )


def saved(nets: Sequence[SentenceNet], folder: Path) -> Path:
    path = folder / "weights.npz"
    named = {f"{at}.{name}": value.numpy() for at, net in enumerate(nets) for name, value in net.state_dict().items()}
    np.savez(path, **named)
    return path


def batch() -> Any:
    answers = [answer(1), answer(2, count=2), answer(3, count=1)]
    return sentence_batch([a.state for a in answers], [a.cues for a in answers])


def run(folder: Path, feed: dict[str, Any]) -> dict[str, Any]:
    session = ort.InferenceSession(str(folder / "model.onnx"), providers=["CPUExecutionProvider"])
    wanted = {entry.name for entry in session.get_inputs()}
    names = [entry.name for entry in session.get_outputs()]
    return dict(zip(names, session.run(names, {k: v for k, v in feed.items() if k in wanted}), strict=True))


def feed(made: Any) -> dict[str, Any]:
    return {
        "embedding": made.embeddings,
        "cue": made.cues,
        "mask": made.mask,
        "question": made.questions,
        "fit": made.fit,
    }


@pytest.mark.parametrize("members", [1, 3])
async def test_the_taggers_graph_is_the_mean_of_its_nets(tmp_path: Path, members: int) -> None:
    torch.manual_seed(3)
    nets = [StarNet().eval() for _ in range(members)]
    graphs.star_tagger({"weights": saved(nets, tmp_path)}, tmp_path)
    made = batch()
    expected = await TrainedHeads(nets, []).tag_star(made)
    there = made.mask.astype(bool)
    assert run(tmp_path, feed(made))["probability"][there] == pytest.approx(expected[there], abs=1e-5)


@pytest.mark.parametrize("members", [1, 3])
async def test_the_judges_graph_is_the_mean_of_its_nets_and_rows_do_not_mix(tmp_path: Path, members: int) -> None:
    torch.manual_seed(3)
    nets = [JudgeNet(len(COMPETENCIES)).eval() for _ in range(members)]
    graphs.answer_judge({"weights": saved(nets, tmp_path)}, tmp_path)
    made = batch()
    expected = await TrainedHeads([], nets).judge_heads(made)
    found = run(tmp_path, feed(made))
    there = made.mask.astype(bool)
    for name in ("shows", "against", "empty", "own", "addresses", "recites"):
        assert found[name][there] == pytest.approx(getattr(expected, name)[there], abs=1e-5)
    assert found["grade"] == pytest.approx(expected.grade, abs=1e-5)
    assert found["relevant"][:, 0] == pytest.approx(expected.relevant, abs=1e-5)
    alone = run(tmp_path, feed(sentence_batch([answer(2, count=2).state], [answer(2, count=2).cues])))
    assert alone["grade"][0] == pytest.approx(found["grade"][1], abs=1e-5)


def test_points_of_the_graph_are_those_that_were_fitted(tmp_path: Path) -> None:
    chance = np.random.default_rng(5)
    weights = ScorerWeights(
        chance.normal(size=9).astype(np.float32), chance.normal(size=(9, len(FEATURES), RAMPS)).astype(np.float32)
    )
    np.savez(tmp_path / "weights.npz", base=weights.base, height=weights.height)
    graphs.competency_scorer({"weights": tmp_path / "weights.npz"}, tmp_path)
    rows = chance.random((20, len(FEATURES))).astype(np.float32)
    places = [at % 9 for at in range(20)]
    inputs = {"feature": rows, "competency": np.array(places, np.int32)[:, None]}
    assert run(tmp_path, inputs)["points"] == pytest.approx(weights.points(rows, places), abs=1e-5)


def test_no_feature_turns_against_its_sensible_direction() -> None:
    chance = np.random.default_rng(7)
    answers = [answer(seed, level=float(chance.integers(1, 6))) for seed in range(40)]
    rows = chance.random((40, 8, len(FEATURES))).astype(np.float32)
    fitted = fit_scorer(answers, rows)
    signs = np.array([DIRECTIONS[name] for name in FEATURES])
    assert (fitted.height * signs[None, :, None] >= 0).all()
    low = np.zeros((1, len(FEATURES)), np.float32)
    for at, sign in enumerate(signs):
        values = []
        for value in np.linspace(0, 1, 9):
            row = low.copy()
            row[0, at] = value
            values.append(float(fitted.points(row, [0]).sum()))
        assert (np.diff(values) * sign >= -1e-6).all()
    assert fitted.height[0, FEATURES.index("repetition")].sum() < 0


def test_the_range_factor_covers_what_it_says() -> None:
    chance = np.random.default_rng(9)
    spreads = chance.uniform(0.5, 2.0, 4000)
    errors = np.abs(chance.normal(size=4000)) * spreads
    factor = range_factor(errors[:2000], spreads[:2000])
    assert float((errors[2000:] <= factor * spreads[2000:]).mean()) == pytest.approx(0.9, abs=0.02)


def test_the_same_seed_gives_the_same_weights() -> None:
    torch.set_num_threads(1)
    answers = [answer(seed) for seed in range(6)]
    honest = LabelledText(answers[0].state, np.zeros(4, bool), None)
    attack = LabelledText(answers[1].state, np.array([False, False, True, True]), 0)
    config = TrainConfig(epochs=2, members=2)
    for train in (lambda: train_star(answers, config), lambda: train_judge(answers, [honest, attack], config)):
        runs = [[net.state_dict() for net in train()] for _ in range(2)]
        for first, second in zip(*runs, strict=True):
            assert all(torch.equal(first[name], second[name]) for name in first)
        assert not torch.equal(runs[0][0]["role.weight"], runs[0][1]["role.weight"])


def test_out_of_order_an_answer_shows_a_level_less() -> None:
    first = answer(1)
    mixed = jumbled(first, [2, 0, 3, 1])
    assert mixed.sentences == ("She renewed.", "I was an intern.", "Thank you.", "I asked the client.")
    assert mixed.roles.tolist() == [2, 0, 3, 1]
    assert mixed.levels[1] == first.levels[1] - 1 and mixed.levels[0] == first.levels[0]


def test_a_recogniser_keeps_every_word_and_knows_what_each_part_was() -> None:
    said = ["Last year I was an intern at a bank.", "I asked the client what she needed.", "She renewed the contract."]
    heard, parts = Recogniser(("en", text) for text in said).hear(said * 3, "en", random.Random(1))
    assert sum(len(sentence.split()) for sentence in heard) == sum(len(s.split()) for s in said * 3)
    assert len(heard) == len(parts)
    assert sorted({old for part in parts for old in part}) == list(range(9))
    assert heard == Recogniser(("en", text) for text in said).hear(said * 3, "en", random.Random(1))[0]


def test_chinese_is_misheard_for_what_sounds_alike() -> None:
    said = ["我是实习生。", "他时常事事失时。"]
    heard, _ = Recogniser(("zh", text) for text in said).hear(said * 20, "zh", random.Random(2))
    wrong = {(a, b) for a, b in zip("".join(said).replace("。", "") * 20, "".join(heard), strict=True) if a != b}
    assert wrong and {a for a, _ in wrong} | {b for _, b in wrong} <= set("是实时事失")


def test_sentence_ends_are_learned_from_answers() -> None:
    answers = [["i was there", "then i left", "so it ended"]] * 10
    fitted = fit_sentence_ends(answers, "en")
    assert fitted["weights"][">then"] > 0 and fitted["weights"][">so"] > 0
    assert fitted["bias"] < 0 and len(fitted["length"]) == 2
