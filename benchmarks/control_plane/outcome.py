"""What the employers' side of a run tells."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Progress:
    """Counts so far."""

    offered: int
    accepted: int
    reports_read: int
    errors: int

    def line(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def of(cls, line: str) -> Progress:
        return cls(**json.loads(line))


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """An accepted answer; times in seconds since 1970.

    Attributes:
        due: when it was to be sent.
        accepted: when the call that hands it over was answered.
    """

    name: str
    due: float
    accepted: float

    @property
    def interview(self) -> str:
        return self.name.rpartition("/answers/")[0]


@dataclass(frozen=True, slots=True)
class Result:
    """All of a run; times in seconds since 1970.

    Attributes:
        started, ended, drained: when the load began, when the last answer was due, and when the last report was read.
        interviews: names of those that were made.
        offered: answers that were due.
        answers: those that were accepted.
        notified: when the webhook told of an interview's report, by the interview's name.
        reports_read: reports that were fetched whole, with all of their assessments.
        reports_watched: different reports that the watch streams brought.
        events, events_again, events_refused: different ones that came by webhook; repetitions; bad signatures.
        errors: failed calls after all retries, by code and reason.
        late_s: how late the generator itself was, ascending.
    """

    started: float
    ended: float
    drained: float
    interviews: list[str]
    offered: int
    answers: list[AnswerRow]
    notified: dict[str, float]
    reports_read: int
    reports_watched: int
    events: int
    events_again: int
    events_refused: int
    errors: dict[str, int]
    late_s: list[float]

    def plain(self) -> dict[str, Any]:
        """JSON values."""
        return asdict(self)

    @classmethod
    def read(cls, path: Path) -> Result:
        values = json.loads(path.read_text())
        return cls(**{**values, "answers": [AnswerRow(**one) for one in values["answers"]]})
