"""Load on a cluster: calls that wait, a watch that stays open, and answers that are handed over."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from benchmarks.control_plane.store import Store
from tests import texts
from tests.employers import Employer
from viva.v1 import answers_pb2
from viva_client import AnswerOptions, AsyncVivaClient, VivaError

CALLS_PER_S: Final = 1
QUEUED: Final = 30  # answers that wait, at least, as long as there is load


@dataclass
class Load:
    """Calls for scores at a fixed rate, whatever has become of those before, and one watch of the reports.

    Attributes:
        answered: assessments that calls got.
        waiting: numbers of the calls that have no answer yet.
        failed: what calls, or the watch, ended with.
        reports: names of the reports that the watch saw.
    """

    address: str
    key: str
    answered: int = 0
    waiting: set[int] = field(default_factory=set)
    failed: list[VivaError] = field(default_factory=list)
    reports: set[str] = field(default_factory=set)
    _over: threading.Event = field(default_factory=threading.Event)

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Calls go on inside of the block; at its end all of them have their ends."""
        thread = threading.Thread(target=asyncio.run, args=(self._run(),))
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()

    async def _run(self) -> None:
        async with AsyncVivaClient(self.address, api_key=self.key, channels=2, timeout_s=120) as client:
            watching = asyncio.create_task(self._watch(client))
            async with asyncio.TaskGroup() as group:
                for number in itertools.count():
                    if self._over.is_set():
                        break
                    group.create_task(self._call(client, number))
                    await asyncio.sleep(1 / CALLS_PER_S)
            watching.cancel()

    async def _call(self, client: AsyncVivaClient, number: int) -> None:
        self.waiting.add(number)
        try:
            await client.score_text(texts.LEADER, AnswerOptions("Tell me about such a time.", "en"))
            self.answered += 1
        except VivaError as error:
            self.failed.append(error)
        self.waiting.discard(number)

    async def _watch(self, client: AsyncVivaClient) -> None:
        watch = client.reports.watch()
        try:
            async for report in watch:
                self.reports.add(report.name)
        except VivaError as error:
            self.failed.append(error)
        finally:
            await watch.aclose()


@dataclass
class Interviews:
    """Answers handed over, so that there is always work in the queue.

    Attributes:
        accepted: names of answers whose hand-over the server confirmed.
        names: of the interviews, two answers each.
    """

    employer: Employer
    database: str
    accepted: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    failed: list[VivaError] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """The queue is kept filled inside of the block."""
        thread = threading.Thread(target=self._run)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()

    def _run(self) -> None:
        role = self.employer.role()
        with contextlib.closing(Store(self.database)) as store:
            while not self._over.wait(0.5):
                try:
                    if store.queue().waiting < QUEUED:
                        self._hand_over([self.employer.invite(role).name for _ in range(QUEUED // 2)])
                except VivaError as error:
                    self.failed.append(error)

    def _hand_over(self, interviews: list[str]) -> None:
        self.names |= set(interviews)
        requests = [
            answers_pb2.SubmitAnswerRequest(
                parent=interview,
                answer=answers_pb2.Answer(question_id=question, text=f"{texts.LEADER} {uuid.uuid4()}"),
            )
            for interview in interviews
            for question in ("q1", "q2")
        ]
        self.employer.client.answers.batch_submit(requests=requests)
        self.accepted |= {f"{one.parent}/answers/{one.answer.question_id}" for one in requests}
