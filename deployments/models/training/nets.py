"""The nets that are trained. `deployments.models.convert.heads` writes the same as ONNX graphs."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from deployments.models.convert.heads import EMBEDDING, FIT, FIT_SCALE, QUESTION_SCALE, SENTENCE_SCALE
from serving.signals.text.cues import CUE_COUNT

_HIDDEN, _STATES, _MATCH = 96, 48, 48
_DROPOUT, _INPUT_DROPOUT = 0.4, 0.2
_FAR_BELOW = -1e4
WIDTH = 2 * _STATES + _HIDDEN

BEARING, QUALITY = 16, 24
STATISTICS = 2 * (FIT + 2)


class SentenceNet(nn.Module):
    """What all heads share: embedding and cues, and what stands around a sentence."""

    def __init__(self, asks: bool) -> None:
        super().__init__()
        self.sentence = nn.Linear(EMBEDDING, _HIDDEN)
        self.cue = nn.Linear(CUE_COUNT, _HIDDEN)
        self.question = nn.Linear(EMBEDDING, _HIDDEN, bias=False) if asks else None
        self.gru = nn.GRU(_HIDDEN, _STATES, batch_first=True, bidirectional=True)
        self.drop, self.drop_input = nn.Dropout(_DROPOUT), nn.Dropout(_INPUT_DROPOUT)

    def seen(self, embedding: Tensor, cue: Tensor, mask: Tensor, question: Tensor) -> Tensor:
        """[n, sentences, 512], [n, sentences, 20], [n, sentences], [n, 512] -> [n, sentences, WIDTH]."""
        value = self.sentence(self.drop_input(embedding) * SENTENCE_SCALE) + self.cue(cue)
        if self.question is not None:
            value = value + self.question(question * QUESTION_SCALE)[:, None]
        hidden = self.drop(torch.relu(value))
        packed = nn.utils.rnn.pack_padded_sequence(hidden, mask.sum(1).long(), batch_first=True, enforce_sorted=False)
        states, _ = nn.utils.rnn.pad_packed_sequence(
            self.gru(packed)[0], batch_first=True, total_length=embedding.shape[1]
        )
        seen: Tensor = self.drop(torch.cat([states, hidden], dim=-1))
        return seen


class StarNet(SentenceNet):
    """Role of each sentence."""

    def __init__(self) -> None:
        super().__init__(asks=False)
        self.role = nn.Linear(WIDTH, 5)

    def forward(self, embedding: Tensor, cue: Tensor, mask: Tensor, question: Tensor, fit: Tensor) -> Tensor:
        """Logits [n, sentences, 5]; roles do not depend on question or competency."""
        logits: Tensor = self.role(self.seen(embedding, cue, mask, question))
        return logits

    def answers(self, *inputs: Tensor) -> dict[str, Tensor]:
        """Probabilities by the model's outputs."""
        return {"probability": self(*inputs).softmax(-1)}


class JudgeNet(SentenceNet):
    """Statements about sentences, grades of answers, relevance.

    What is said of a competency has two parts: one that is learned for it, and one that is the same function of how
    the answer lies to its rubric for all of them. The last place has the second part only: it is for competencies
    that nobody has trained.
    """

    def __init__(self, competencies: int) -> None:
        super().__init__(asks=True)
        self.shows = nn.Linear(WIDTH, competencies)
        self.against = nn.Linear(WIDTH, competencies)
        self.bearing = nn.Linear(WIDTH, BEARING)
        self.bearing_hidden = nn.Linear(BEARING + FIT, BEARING)
        self.bearing_out = nn.Linear(BEARING, 2)
        self.style = nn.Linear(WIDTH, 2)
        self.gaming = nn.Linear(_HIDDEN, 2)  # by the sentence alone: its neighbours may be honest
        self.grade = nn.Linear(2 * WIDTH, competencies * 5)
        self.quality = nn.Linear(2 * WIDTH, QUALITY)
        self.grade_hidden = nn.Linear(QUALITY + STATISTICS, QUALITY)
        self.grade_out = nn.Linear(QUALITY, 5)
        self.relevant = nn.Linear(2 * WIDTH, 1)
        self.asked = nn.Linear(EMBEDDING, _MATCH)
        self.told = nn.Linear(EMBEDDING, _MATCH)
        self.match = nn.Parameter(torch.tensor(5.0))
        self.role = nn.Linear(WIDTH, 5)  # trained alongside, not exported: roles teach the states where they are

    def forward(self, embedding: Tensor, cue: Tensor, mask: Tensor, question: Tensor, fit: Tensor) -> dict[str, Tensor]:
        """Logits: `shows`, `against` [n, sentences, 9], `style`, `gaming` [n, sentences, 2], `role` [n, sentences, 5],
        `grade` [n, 9, 5], `relevant` [n]. `fit` is [n, sentences, 9, 3]."""
        seen = self.seen(embedding, cue, mask, question)
        kept = mask[..., None].to(seen.dtype)
        pooled = torch.cat([_mean(seen, kept), _highest(seen, kept)], dim=-1)
        fit = fit * FIT_SCALE
        bearing = self.bearing(seen)[:, :, None].expand(-1, -1, fit.shape[2], -1)
        hidden = torch.relu(self.bearing_hidden(torch.cat([bearing, fit], dim=-1)))
        borne = self.bearing_out(hidden)  # [n, sentences, 9, 2]
        shows = borne[..., 0] + nn.functional.pad(self.shows(seen), (0, 1))
        against = borne[..., 1] + nn.functional.pad(self.against(seen), (0, 1))
        # What a grade knows of a competency: how the answer lies to the rubric, and what its sentences show.
        told_of = torch.cat([fit, shows.sigmoid()[..., None], against.sigmoid()[..., None]], dim=-1)
        wide = kept[..., None]
        statistics = torch.cat([_mean(told_of, wide), _highest(told_of, wide)], dim=-1)  # [n, 9, 10]
        quality = self.quality(pooled)[:, None].expand(-1, fit.shape[2], -1)
        graded = self.grade_out(torch.relu(self.grade_hidden(torch.cat([quality, statistics], dim=-1))))
        own = self.grade(pooled).view(len(pooled), -1, 5)
        told = self.told(_mean(embedding, kept))
        cosine = nn.functional.cosine_similarity(self.asked(question), told, dim=-1)
        return {
            "shows": shows,
            "against": against,
            "style": self.style(seen),
            "gaming": self.gaming(seen[..., 2 * _STATES :]),
            "role": self.role(seen),
            "grade": graded + nn.functional.pad(own, (0, 0, 0, 1)),
            "relevant": self.relevant(pooled)[:, 0] + self.match * cosine,
        }

    def answers(self, *inputs: Tensor) -> dict[str, Tensor]:
        """Probabilities by the model's outputs."""
        found = self(*inputs)
        style, gaming = found["style"].sigmoid(), found["gaming"].sigmoid()
        return {
            "shows": found["shows"].sigmoid(),
            "against": found["against"].sigmoid(),
            "empty": style[..., 0],
            "own": style[..., 1],
            "addresses": gaming[..., 0],
            "recites": gaming[..., 1],
            "grade": found["grade"].softmax(-1),
            "relevant": found["relevant"].sigmoid(),
        }


def _mean(value: Tensor, kept: Tensor) -> Tensor:
    return (value * kept).sum(1) / kept.sum(1)


def _highest(value: Tensor, kept: Tensor) -> Tensor:
    return (value + (1.0 - kept) * _FAR_BELOW).amax(1)
