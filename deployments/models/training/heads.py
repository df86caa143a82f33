"""Trains the sentence nets: loops, losses, and predictions as the pipeline would get them from the server."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from deployments.models.training.labelled import EMPTY_KINDS, TELLING_KINDS, LabelledAnswer, LabelledText, jumbled
from deployments.models.training.nets import JudgeNet, SentenceNet, StarNet
from serving.domain.competency import COMPETENCIES
from serving.pipeline.judging import sentence_batch
from serving.pipeline.ports import HeadOutputs, SentenceBatch

BATCH: Final = 32
LEVELS: Final = torch.arange(1.0, 6.0)
Loss = Callable[[list[LabelledAnswer], tuple[Tensor, ...]], Tensor]
_VARIANT_SHARE = 0.65
_JUMBLED_FROM, _JUMBLED_SHARE = 4, 0.15
_LEVEL_BLUR = 0.5  # levels: a rater who says 4 might have said 3 or 5


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """How long and how hard.

    Attributes:
        epochs: passes over the answers.
        rate: peak learning rate of AdamW on a one-cycle schedule.
        decay: weight decay.
        members: nets that are trained alike, but for their seed, and averaged.
    """

    epochs: int = 24
    rate: float = 2e-3
    decay: float = 1e-2
    seed: int = 7
    members: int = 3


def train_star(answers: Sequence[LabelledAnswer], config: TrainConfig) -> list[StarNet]:
    """Taggers of roles, `config.members` of them."""
    return [_train_star(answers, replace(config, seed=config.seed + at)) for at in range(config.members)]


def train_judge(
    answers: Sequence[LabelledAnswer], texts: Sequence[LabelledText], config: TrainConfig
) -> list[JudgeNet]:
    """Judges of statements, grades and relevance, `config.members` of them.

    Args:
        texts: honest ones and attempts to game, for the statements about such attempts.
    """
    return [_train_judge(answers, texts, replace(config, seed=config.seed + at)) for at in range(config.members)]


def _train_star(answers: Sequence[LabelledAnswer], config: TrainConfig) -> StarNet:
    torch.manual_seed(config.seed)
    net = StarNet()

    def loss(chosen: list[LabelledAnswer], inputs: tuple[Tensor, ...]) -> Tensor:
        roles = _padded([answer.roles for answer in chosen], inputs[0].shape[1], -1).long()
        logits = net(*inputs).transpose(1, 2)
        return functional.cross_entropy(logits, roles, ignore_index=-1, label_smoothing=0.05)

    _fit(net, answers, config, loss)
    return net


def _train_judge(answers: Sequence[LabelledAnswer], texts: Sequence[LabelledText], config: TrainConfig) -> JudgeNet:
    torch.manual_seed(config.seed)
    net = JudgeNet(len(COMPETENCIES))
    chance = random.Random(config.seed)
    questions = torch.tensor(np.stack([answer.state.question_embedding for answer in answers]))

    def loss(chosen: list[LabelledAnswer], inputs: tuple[Tensor, ...]) -> Tensor:
        embedding, cue, mask, _, fit = inputs
        # The last place is taught by showing it competencies as if nobody had trained them.
        as_unknown = torch.tensor([chance.randrange(len(COMPETENCIES)) for _ in chosen])
        fit = fit.clone()
        fit[:, :, -1] = fit[torch.arange(len(chosen)), :, as_unknown]
        inputs = (*inputs[:4], fit)
        found = net(*inputs)
        parts = [_sentence_loss(chosen, mask, found, as_unknown), _grade_loss(chosen, found["grade"], as_unknown)]
        # The same answers to questions of others: fluent, but not what was asked.
        others = [chance.randrange(len(answers)) for _ in chosen]
        asked = questions[others]
        swapped = cue.clone()
        swapped[..., 4] = (embedding * asked[:, None]).sum(-1)
        elsewhere = net(embedding, swapped, mask, asked, fit)["relevant"]
        if texts:
            parts.append(_gaming_loss(net, [texts[chance.randrange(len(texts))] for _ in chosen]))
        parts.append(_relevance_loss(chosen, [answers[at] for at in others], found["relevant"], elsewhere))
        return torch.stack(parts).sum()

    _fit(net, answers, config, loss)
    return net


def _sentence_loss(
    chosen: Sequence[LabelledAnswer], mask: Tensor, found: dict[str, Tensor], as_unknown: Tensor
) -> Tensor:
    longest = mask.shape[1]
    there = mask.bool()
    total = functional.cross_entropy(
        found["role"].transpose(1, 2), _padded([a.roles for a in chosen], longest, -1).long(), ignore_index=-1
    )
    for name in ("shows", "against"):
        labels = _padded([getattr(answer, name) for answer in chosen], longest, 0)
        labels = torch.cat([labels, labels[torch.arange(len(chosen)), :, as_unknown][..., None]], dim=-1)
        total = total + 2.0 * functional.binary_cross_entropy_with_logits(found[name][there], labels[there])
    labels = _padded([answer.gaming() for answer in chosen], longest, np.nan)
    known = there[..., None] & ~torch.isnan(labels)
    total = total + functional.binary_cross_entropy_with_logits(found["gaming"][known], labels[known])
    for column in range(2):
        labels = _padded([answer.told()[column] for answer in chosen], longest, np.nan)
        known = there & ~torch.isnan(labels)
        if known.any():
            logits = found["style"][..., column][known]
            total = total + 0.5 * functional.binary_cross_entropy_with_logits(logits, labels[known])
    return total


def _gaming_loss(net: JudgeNet, chosen: Sequence[LabelledText]) -> Tensor:
    """Honest sentences are neither; of an attempt's sentences at least one is it, and of a recital all."""
    found = net(*tensors(sentence_batch([text.state for text in chosen], [text.cues for text in chosen])))["gaming"]
    parts = []
    for text, logits in zip(chosen, found, strict=True):
        new = torch.from_numpy(text.new)
        own = logits[: len(new)]
        if not text.new.all():
            parts.append(functional.softplus(own[~new]).mean())
        if text.column is not None and text.new.any():
            suspected = own[new, text.column]
            strongest = functional.softplus(-suspected.max())
            parts.append(strongest if text.column == 0 else 0.5 * (strongest + functional.softplus(-suspected).mean()))
    return torch.stack(parts).mean() if parts else found.sum() * 0.0


def _grade_loss(chosen: Sequence[LabelledAnswer], logits: Tensor, as_unknown: Tensor) -> Tensor:
    """Cross entropy against blurred levels, and squared error of the expected level."""
    known = torch.tensor(np.stack([answer.levels for answer in chosen]))
    truth = torch.cat([known, known[torch.arange(len(chosen)), as_unknown][:, None]], dim=1)
    blurred = (-((truth[..., None] - LEVELS) ** 2) / (2 * _LEVEL_BLUR**2)).softmax(-1)
    entropy = -(blurred * logits.log_softmax(-1)).sum(-1).mean()
    expected = logits.softmax(-1) @ LEVELS
    error = ((expected - truth) ** 2).mean()
    # What tells one competency from another within an answer counts as much as what tells answers apart: else a
    # general "good answer" would fill every column.
    contrast = (_centred(expected[:, :-1]) - _centred(truth[:, :-1])) ** 2
    return entropy + 0.3 * error + 2.0 * contrast.mean()


def _centred(levels: Tensor) -> Tensor:
    return levels - levels.mean(dim=1, keepdim=True)


def _relevance_loss(
    chosen: Sequence[LabelledAnswer], others: Sequence[LabelledAnswer], own: Tensor, elsewhere: Tensor
) -> Tensor:
    off = torch.tensor([float(answer.kind == "off_topic") for answer in chosen])
    # Claims and keywords are about the question's words, and about nothing: their relevance is not taught.
    taught = torch.tensor([float(answer.kind not in EMPTY_KINDS) for answer in chosen])
    ours = functional.binary_cross_entropy_with_logits(own, 1.0 - off, reduction="none") * (1.0 + 2.0 * off) * taught
    strange = torch.tensor([float(a.competency != b.competency) for a, b in zip(chosen, others, strict=True)])
    theirs = functional.binary_cross_entropy_with_logits(elsewhere, torch.zeros_like(elsewhere), reduction="none")
    return 0.5 * (ours.mean() + (theirs * strange).mean())


def _fit(net: SentenceNet, answers: Sequence[LabelledAnswer], config: TrainConfig, loss: Loss) -> None:
    steps = config.epochs * -(-len(answers) // BATCH)
    optimizer = torch.optim.AdamW(net.parameters(), lr=config.rate, weight_decay=config.decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, config.rate, total_steps=steps)
    chance = random.Random(config.seed)
    order = list(range(len(answers)))
    net.train()
    for _ in range(config.epochs):
        chance.shuffle(order)
        for start in range(0, len(order), BATCH):
            chosen = [_varied(answers[at], chance) for at in order[start : start + BATCH]]
            value = loss(chosen, tensors(sentence_batch([a.state for a in chosen], [a.cues for a in chosen])))
            optimizer.zero_grad()
            torch.autograd.backward(value)
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
            schedule.step()
    net.eval()


def _varied(answer: LabelledAnswer, chance: random.Random) -> LabelledAnswer:
    """Often a variant that changes nothing, and now and then out of order: order is part of what a rater grades."""
    if answer.variants and chance.random() < _VARIANT_SHARE:
        answer = chance.choice(answer.variants)
    count = len(answer.sentences)
    if count < _JUMBLED_FROM or answer.kind not in TELLING_KINDS or chance.random() >= _JUMBLED_SHARE:
        return answer
    order = list(range(count))
    while order == list(range(count)):
        chance.shuffle(order)
    return jumbled(answer, order)


def tensors(batch: SentenceBatch) -> tuple[Tensor, ...]:
    """The nets' inputs."""
    return (
        torch.from_numpy(batch.embeddings),
        torch.from_numpy(batch.cues),
        torch.from_numpy(batch.mask),
        torch.from_numpy(batch.questions),
        torch.from_numpy(batch.fit),
    )


def _padded(rows: Sequence[NDArray[np.float32] | NDArray[np.int64]], length: int, filler: float) -> Tensor:
    found = np.full((len(rows), length, *rows[0].shape[1:]), filler, np.float32)
    for at, row in enumerate(rows):
        found[at, : len(row)] = row
    return torch.from_numpy(found)


class TrainedHeads:
    """Implements the pipeline's `HeadModels` with nets in this process: the mean of what the members say."""

    def __init__(self, star: Sequence[StarNet], judge: Sequence[JudgeNet]) -> None:
        self._star, self._judge = star, judge

    async def tag_star(self, batch: SentenceBatch) -> NDArray[np.float32]:
        """See `HeadModels`."""
        return _mean_of(self._star, batch)["probability"]

    async def judge_heads(self, batch: SentenceBatch) -> HeadOutputs:
        """See `HeadModels`."""
        return HeadOutputs(**_mean_of(self._judge, batch))


def _mean_of(nets: Sequence[StarNet] | Sequence[JudgeNet], batch: SentenceBatch) -> dict[str, NDArray[np.float32]]:
    with torch.no_grad():
        found = [net.answers(*tensors(batch)) for net in nets]
    return {name: np.mean([answers[name].numpy() for answers in found], axis=0) for name in found[0]}
