"""Labelled answers in, weights out: sentence ends, `star_tagger`, `answer_judge`, `competency_scorer`, ranges.

The scorer and the ranges are fitted on what heads say of answers that they were not trained on: the
answers are divided into folds by story, and each fold is judged by heads trained on the others. The heads that ship
are then trained on all.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
import yaml
from numpy.typing import NDArray

from deployments.models.catalogue import CHECKOUT, REPOSITORY
from deployments.models.convert import heads
from deployments.models.training.boundaries import fit_sentence_ends
from deployments.models.training.heads import TrainConfig, TrainedHeads, train_judge, train_star
from deployments.models.training.labelled import (
    Embedder,
    LabelledAnswer,
    LabelledText,
    read_answers,
    read_lines,
    read_texts,
)
from deployments.models.training.nets import SentenceNet
from deployments.models.training.scorer import FLOOR, fit_scorer, points_of, range_factor
from serving.domain.competency import COMPETENCIES, LANGUAGES, Language
from serving.domain.judgement import AnswerState, Judgement
from serving.pipeline.judging import HeadJudge
from serving.pipeline.scoring import questions_about
from serving.signals.scoring.features import LEVEL, RELEVANT, Material, features_of
from serving.signals.scoring.ranges import said_share, spread
from serving.signals.text.units import units

FOLDS: Final = 5
DATA: Final = CHECKOUT / "tests/data/eval/dev"
CACHE: Final = CHECKOUT / ".cache/training"
_SCORING_DATA: Final = CHECKOUT / "serving/signals/scoring/data"
_TEXT_DATA: Final = CHECKOUT / "serving/signals/text/data"

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Unseen:
    """What heads said of answers that they had not seen, in the answers' order.

    Attributes:
        rows: float32 [answers, 8, features].
    """

    judgements: tuple[Judgement, ...]
    rows: NDArray[np.float32]


def train(folders: Sequence[Path] = (DATA,), config: TrainConfig | None = None, say: Say = print) -> None:
    """Train everything and write it where `viva models build` finds it.

    Raises:
        ValueError: a labelled line lacks what training needs.
    """
    config = config or TrainConfig()
    _one_thread()
    ends = _fit_sentence_ends(folders)
    _write_sentence_ends(ends)
    embed = Embedder(REPOSITORY, CACHE)
    answers, texts = read_answers(folders, embed, config.seed), read_texts(folders, embed)
    embed.save()
    say(f"{len(answers)} labelled answers, {len({answer.group for answer in answers})} stories, {len(texts)} texts")
    unseen = judge_unseen(answers, texts, config, say)
    scorer = fit_scorer(answers, unseen.rows)
    ranges = _ranges(answers, unseen)
    (_SCORING_DATA / "ranges.yaml").write_text(_document("How wide ranges are", ranges))
    say("training the heads that ship")
    with _workers() as pool:
        star, judge = pool.submit(train_star, answers, config), pool.submit(train_judge, answers, texts, config)
        _write_weights("star_tagger", _weights_of(star.result()))
        _write_weights("answer_judge", _weights_of(judge.result()))
    _write_weights("competency_scorer", {"base": scorer.base, "height": scorer.height})
    say("done; `viva models build` makes the models of it")


def judge_unseen(
    answers: Sequence[LabelledAnswer], texts: Sequence[LabelledText], config: TrainConfig, say: Say
) -> Unseen:
    """Judge each fold by heads trained on the others. Folds hold whole stories."""
    fold_of = folds(answers)
    found: dict[int, Judgement] = {}
    with _workers() as pool:
        parts = [
            pool.submit(
                _train_fold,
                [answer for answer in answers if fold_of[answer.group] != fold],
                [text for at, text in enumerate(texts) if at // 2 % FOLDS != fold],
                [answer.state for answer in answers if fold_of[answer.group] == fold],
                config,
            )
            for fold in range(FOLDS)
        ]
        for fold, part in enumerate(parts):
            held = [at for at, answer in enumerate(answers) if fold_of[answer.group] == fold]
            found.update(zip(held, part.result(), strict=True))
            say(f"trained fold {fold + 1} of {FOLDS}")
    judgements = tuple(found[at] for at in range(len(answers)))
    rows = [feature_rows(answer, judgement) for answer, judgement in zip(answers, judgements, strict=True)]
    return Unseen(judgements, np.stack(rows))


def folds(answers: Sequence[LabelledAnswer]) -> dict[str, int]:
    """Fold of each story."""
    return {group: at % FOLDS for at, group in enumerate(sorted({answer.group for answer in answers}))}


def _train_fold(
    answers: Sequence[LabelledAnswer], texts: Sequence[LabelledText], held: Sequence[AnswerState], config: TrainConfig
) -> list[Judgement]:
    judge = HeadJudge(_WithoutServer(TrainedHeads(train_star(answers, config), train_judge(answers, texts, config))))
    return [asyncio.run(judge.judge([state], questions_about(COMPETENCIES)))[0] for state in held]


def _workers() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(os.cpu_count() or 1, mp_context=get_context("spawn"), initializer=_one_thread)


def _one_thread() -> None:
    """Sums in one order: the same weights every time."""
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)


def _fit_sentence_ends(folders: Sequence[Path]) -> dict[Language, dict[str, Any]]:
    """Fit the model of sentence ends, which the splitting of everything else rests on."""
    said: dict[Language, list[Sequence[str]]] = {language: [] for language in LANGUAGES}
    for fields in read_lines(folders):
        said[fields["language"]].append(fields["sentences"])
    for language, answers in said.items():
        if not answers:
            raise ValueError(f"no answers.jsonl has an answer in the language {language}: training needs both")
    return {language: fit_sentence_ends(answers, language) for language, answers in said.items()}


def _write_sentence_ends(fitted: dict[Language, dict[str, Any]]) -> None:
    text = json.dumps(fitted, ensure_ascii=False, separators=(",", ":"))
    (_TEXT_DATA / "sentence_ends.json").write_text(text + "\n", encoding="utf-8")


def feature_rows(answer: LabelledAnswer, judgement: Judgement) -> NDArray[np.float32]:
    """Features of all eight competencies, float32 [8, features], as serving makes them."""
    said = np.array([len(units(sentence)) for sentence in answer.sentences], dtype=np.float64)
    material = Material(judgement, answer.cues, said, dropped=0.0, asked=True)
    return features_of(material, COMPETENCIES)


def _ranges(answers: Sequence[LabelledAnswer], unseen: Unseen) -> dict[str, float]:
    """Residuals of answers that neither the heads nor the scorer had seen become the factor of ranges."""
    fold_of = folds(answers)
    scorers = []
    for fold in range(FOLDS):
        seen = [at for at, answer in enumerate(answers) if fold_of[answer.group] != fold]
        scorers.append(fit_scorer([answers[at] for at in seen], unseen.rows[seen]))
    errors, spreads = [], []
    for answer, judgement, rows in zip(answers, unseen.judgements, unseen.rows, strict=True):
        scorer = scorers[fold_of[answer.group]]
        place = COMPETENCIES.index(answer.competency)
        relevant = float(judgement.statements[RELEVANT][0])
        said = said_share(sum(len(units(sentence)) for sentence in answer.sentences), answer.language)
        for at, name in enumerate(COMPETENCIES):
            if at != place and answer.levels[at] == answer.levels[place]:
                continue  # the asked one, and others where they differ: equal ones would count twice
            score = float(np.clip(scorer.points(rows[at : at + 1], [at]).sum(), 0.0, 10.0))
            errors.append(abs(score - float(points_of(answer.levels)[at])))
            spreads.append(spread(judgement.grades[LEVEL.format(name)], relevant, said, FLOOR))
    factor = range_factor(np.array(errors), np.array(spreads))
    return {"factor": round(factor, 3), "custom": round(1.5 * factor, 3), "floor": FLOOR}


class _WithoutServer:
    """Heads of this process as a judge's models; nothing that is asked here needs the encoder."""

    def __init__(self, heads: TrainedHeads) -> None:
        self.tag_star, self.judge_heads = heads.tag_star, heads.judge_heads

    async def embed(self, sentences: Sequence[str]) -> NDArray[np.float32]:
        raise NotImplementedError("trained questions need no examples")


def _weights_of(nets: Sequence[SentenceNet]) -> dict[str, NDArray[np.float32]]:
    return {f"{at}.{name}": value.numpy() for at, net in enumerate(nets) for name, value in net.state_dict().items()}


def _document(title: str, values: dict[str, float]) -> str:
    return f"# {title}. Written by `viva models train`; not to be edited.\n{yaml.safe_dump(values, sort_keys=False)}"


def _write_weights(model: str, weights: dict[str, NDArray[np.float32]]) -> None:
    """Write `weights.npz`, and pin it and the graph that is made of it in `source.yaml`.

    Half precision is far finer than the training's own noise, and the size of what is committed matters.
    """
    folder = REPOSITORY / model
    np.savez(folder / "weights.npz", **{name: value.astype(np.float16) for name, value in sorted(weights.items())})
    with tempfile.TemporaryDirectory() as made:
        getattr(heads, model)({"weights": folder / "weights.npz"}, Path(made))
        graph = Path(made) / "model.onnx"
        weights_sha256, graph_sha256 = (_sha256(path) for path in (folder / "weights.npz", graph))
    source = folder / "source.yaml"
    text = source.read_text(encoding="utf-8")
    text = re.sub(r"\{path: weights\.npz.*\}", f"{{path: weights.npz, sha256: {weights_sha256}}}", text)
    text = re.sub(r"model\.onnx: \{.*\}", f"model.onnx: {{sha256: {graph_sha256}}}", text)
    source.write_text(text, encoding="utf-8")


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
