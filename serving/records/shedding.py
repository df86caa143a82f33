"""Whether bulk videos are scored without looking at the picture, because a season's work would not be done in time.

The picture is the costliest part of a video, and by default no score rests on it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final

from serving.domain.answer import Answer, Modality, ModalityPolicy
from serving.domain.job import Lane, Rank
from serving.domain.submission import Submission
from serving.pipeline.modalities import SHED
from serving.records.backlog import Backlog

_OF_THE_PICTURE: Final = frozenset(("eye_contact", "smile", "gesture"))  # signals that a role may give points to
_SAFE: Final = 0.5  # share of the objective below which the picture is looked at again
_LEAST_S: Final = 300.0  # how long either state holds


class Shedding:
    """Decides by the backlog of bulk media.

    It begins when the work that waits would take longer than the objective at the rate at which it is being done, or
    the oldest has waited that long. It ends when the work would be done in half of the objective *with* the picture:
    the rate is held that was measured before, since the higher one without the picture would end it at once.
    """

    def __init__(self, backlog: Backlog, objective_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._backlog = backlog
        self._objective_s = objective_s
        self._clock = clock
        self._changed_at = -_LEAST_S
        self._rate = 0.0
        self._active = False

    @property
    def active(self) -> bool:
        """Whether pictures are left out now."""
        now, depth = self._clock(), self._backlog.of(Lane.MEDIA, Rank.BULK)
        if now - self._changed_at < _LEAST_S:
            return self._active
        rate = self._rate if self._active else depth.rate
        ahead_s = depth.count / rate if rate else 0.0
        late_s = max(ahead_s, depth.oldest_s)
        active = late_s > self._objective_s * (_SAFE if self._active else 1.0)
        if active is not self._active:
            self._active, self._changed_at, self._rate = active, now, depth.rate
        return self._active

    def applies(self, submission: Submission, answer: Answer, others: Sequence[Submission]) -> bool:
        """Whether the picture of an answer is left out.

        All answers of an interview are treated as the first of them was, as far as they are bulk work. It is never left
        out where somebody waits, or where points rest on it.

        Args:
            others: the interview's answers.
        """
        if submission.rank is not Rank.BULK or answer.media is None:
            return False
        if answer.policy.reason_against(Modality.FACE):
            return False
        if any(weight.points and weight.signal in _OF_THE_PICTURE for weight in answer.signal_weights):
            return False
        before = (one.result.shed for one in others if one.result and one.rank is Rank.BULK)
        return next((shed for shed in before if shed is not None), self.active)


def without_picture(policy: ModalityPolicy) -> ModalityPolicy:
    """The policy with the picture left out, in the modalities' order; the reason of what was denied anyway stays."""
    denied = {Modality.FACE: SHED, Modality.EXPRESSION: SHED} | dict(policy.denied)
    return ModalityPolicy(tuple((one, denied[one]) for one in Modality if one in denied))
