"""Handing a batch of answers over, and what becomes of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from deployments.cli.answers import BadLine
from deployments.cli.output import err
from deployments.cli.scoring_bar import ScoringBar
from deployments.cli.submit_lines import Line, SubmitLine
from deployments.cli.uploads import Upload

if TYPE_CHECKING:
    from viva.v1.answers_pb2 import (
        BatchSubmitAnswersMetadata,
        BatchSubmitAnswersResponse,
        SubmitAnswerRequest,
        SubmitAnswerResult,
    )
    from viva_client import Pending, VivaClient, VivaError

    Operation = Pending[BatchSubmitAnswersResponse, BatchSubmitAnswersMetadata]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a line.

    Attributes:
        answer: name of the answer, empty where it was not accepted.
        error: `code`, `reason` and `message`; None where it was scored.
    """

    line: Line
    answer: str = ""
    error: dict[str, str] | None = None

    @property
    def text(self) -> str:
        """For people, on one line."""
        if self.error is None:
            return f"scored {self.answer}"
        return " ".join(f"{self.error['reason']}: {self.error['message']}".split())

    def record(self) -> dict[str, Any]:
        """For a line of JSON."""
        record: dict[str, Any] = {"line": self.line.number}
        if isinstance(self.line, SubmitLine):
            record |= {"interview": self.line.interview, "question_id": self.line.question_id}
        if self.answer:
            record["answer"] = self.answer
        if self.error:
            record["error"] = self.error
        return record


class Batch:
    """Lines that one request hands over: `prepare`, `hand_over`, `wait`, then `outcomes`.

    What is wrong with a line, or with all, is kept as their outcome.
    """

    def __init__(self, lines: Sequence[Line]) -> None:
        self._lines = lines
        self._known: dict[int, Outcome] = {}  # by line number
        self._requests: list[SubmitAnswerRequest] = []
        self._operation: Operation | None = None
        self._results: Sequence[SubmitAnswerResult] = ()

    def prepare(self, pool: Executor, upload: Upload) -> None:
        """Upload what is media, as many at a time as the pool has threads."""
        prepared = pool.map(lambda line: self._request(line, upload), self._lines)
        self._requests = [request for request in prepared if request is not None]

    def hand_over(self, client: VivaClient) -> None:
        """Submit what can be."""
        from viva_client import VivaError

        if not self._requests:
            return
        try:
            self._operation = client.answers.batch_submit(requests=self._requests)
        except VivaError as error:
            self._fail_rest(error)
        else:
            text = f"{len(self._requests)} answers handed over: {self._operation.name}"
            err().print(text, markup=False, soft_wrap=True)
        self._requests.clear()

    def wait(self, client: VivaClient, timeout_s: float, bar: ScoringBar) -> None:
        """Wait until all are scored or have failed, at most `timeout_s`."""
        from viva_client import VivaError

        if self._operation is not None:
            try:
                done = client.operations.wait(
                    self._operation, timeout_s, lambda now: bar.show(now.scored_count + now.failed_count)
                )
                self._results = done.results
            except VivaError as error:
                self._fail_rest(error)
        bar.next_batch(len(self._lines))

    def outcomes(self) -> Iterator[Outcome]:
        """What became of each line, in order."""
        results = iter(self._results)
        for line in self._lines:
            yield self._known.get(line.number) or _outcome(line, next(results))

    def _request(self, line: Line, upload: Upload) -> SubmitAnswerRequest | None:
        """What to submit for a line; None when there is an outcome already."""
        from viva.v1.answers_pb2 import Answer, SubmitAnswerRequest
        from viva_client import VivaError

        if isinstance(line, BadLine):
            self._known[line.number] = Outcome(line, error=_error(line.code, line.reason, line.message))
            return None
        answer = Answer(question_id=line.question_id)
        try:
            if line.media is not None:
                answer.media_sha256 = upload(line.media, line.interview)
            elif line.uri is not None:
                answer.media_uri = line.uri
            else:
                answer.text = line.text or ""
        except VivaError as error:
            self._known[line.number] = _failed(line, error)
            return None
        except (OSError, ValueError) as error:  # the file is away; the text holds half a surrogate pair
            self._known[line.number] = Outcome(line, error=_error("INVALID_ARGUMENT", "FIELD_INVALID", str(error)))
            return None
        return SubmitAnswerRequest(parent=line.interview, answer=answer)

    def _fail_rest(self, error: VivaError) -> None:
        for line in self._lines:
            self._known.setdefault(line.number, _failed(line, error))


def _outcome(line: Line, result: SubmitAnswerResult) -> Outcome:
    from viva_client import error_from_status

    if not result.status.code:
        return Outcome(line, result.answer)
    error = error_from_status(result.status)
    return Outcome(line, result.answer, _error(error.code.name, error.reason, error.message))


def _failed(line: Line, error: VivaError) -> Outcome:
    return Outcome(line, error=_error(error.code.name, error.reason, error.message))


def _error(code: str, reason: str, message: str) -> dict[str, str]:
    return {"code": code, "reason": reason or code, "message": message}
