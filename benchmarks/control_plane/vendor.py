"""The employers' side of a run, in a process of its own: interviews, answers, webhooks, reports.

Usage: python -m benchmarks.control_plane.vendor PLAN.json ADDRESS RESULT.json; keys come on standard input, a line each

Prints what it has done as a line of JSON every few seconds, and writes what came of everything to RESULT.json.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.control_plane.employer import Employer
from benchmarks.control_plane.outcome import AnswerRow, Progress, Result
from benchmarks.control_plane.plan import QUESTIONS, Arrival, Plan, arrivals
from benchmarks.control_plane.receiver import Receiver, receiving
from viva_client import VivaError

_PROGRESS_S: Final = 5.0
_READERS: Final = 8
_SILENCE_S: Final = 60.0  # when nothing more has come for so long, nothing more will


class Vendor:
    """Sends everything when it is due, whatever has become of what was sent before."""

    def __init__(self, plan: Plan, employers: Sequence[Employer], receiver: Receiver) -> None:
        self._plan = plan
        self._employers = employers
        self._receiver = receiver
        self._content = random.Random(plan.seed).randbytes(max(0, plan.media_bytes - 16))
        self._interviews: dict[int, asyncio.Task[str | None]] = {}
        self._rows: list[AnswerRow] = []
        self._notified: dict[str, float] = {}
        self._read = 0
        self._watched: set[str] = set()
        self._errors: dict[str, int] = {}
        self._offered = 0
        self._late_s: list[float] = []

    async def run(self) -> Result:
        """The whole of a plan, and all reports read."""
        schedule = arrivals(self._plan)
        async with asyncio.TaskGroup() as group:
            beside = [group.create_task(self._read_reports()) for _ in range(_READERS)]
            beside += [group.create_task(self._watch(employer)) for employer in self._employers]
            beside.append(group.create_task(self._tell()))
            started = time.time() + 1.0
            async with asyncio.TaskGroup() as sending:
                for arrival in schedule:
                    due = started + arrival.at_s
                    await asyncio.sleep(due - time.time())
                    self._late_s.append(max(0.0, time.time() - due))
                    self._send(arrival, due, sending)
                ended = time.time()
            await self._drain()
            for task in beside:
                task.cancel()
        return self._result(started, ended)

    def _send(self, arrival: Arrival, due: float, group: asyncio.TaskGroup) -> None:
        number, question = arrival.interview, arrival.question
        employer = self._employers[number % len(self._employers)]
        if question is None:
            self._interviews[number] = group.create_task(self._invite(employer, number))
        else:
            self._offered += 1
            group.create_task(self._answer(employer, number, question, due))

    async def _invite(self, employer: Employer, number: int) -> str | None:
        try:
            return await employer.invite(number)
        except VivaError as error:
            self._count(error)
            return None

    async def _answer(self, employer: Employer, number: int, question: int, due: float) -> None:
        interview = await self._interviews[number]
        if interview is None:
            return
        content = self._content + (number * QUESTIONS + question).to_bytes(16, "big") if self._content else b""
        try:
            await employer.answer(interview, question, content)
        except VivaError as error:
            self._count(error)
        else:
            self._rows.append(AnswerRow(f"{interview}/answers/q{question}", due, time.time()))

    async def _read_reports(self) -> None:
        """What a vendor does that was told of a report."""
        while True:
            tenant, name = await self._receiver.reports.get()
            self._notified[name.rpartition("/reports/")[0]] = time.time()
            employer = next(one for one in self._employers if one.tenant == tenant)
            try:
                report = await employer.client.reports.get(name)
            except VivaError as error:
                self._count(error)
                continue
            self._read += sum(one.assessment.transcript.text != "" for one in report.answers) == QUESTIONS

    async def _watch(self, employer: Employer) -> None:
        watch = employer.client.reports.watch()
        try:
            async for report in watch:
                self._watched.add(report.name)
        finally:
            await watch.aclose()

    async def _drain(self) -> None:
        """Wait until every complete interview's report was read, or nothing comes any more."""
        answered: dict[str, int] = {}
        for row in self._rows:
            answered[row.interview] = answered.get(row.interview, 0) + 1
        expected = sum(count == QUESTIONS for count in answered.values())
        seen, since = -1, time.monotonic()
        while min(self._read, len(self._watched)) < expected and time.monotonic() - since < _SILENCE_S:
            if (now := self._read + len(self._watched)) != seen:
                seen, since = now, time.monotonic()
            await asyncio.sleep(0.25)
        await asyncio.sleep(1.0)  # for posts that come twice

    async def _tell(self) -> None:
        while True:
            print(Progress(self._offered, len(self._rows), self._read, sum(self._errors.values())).line(), flush=True)
            await asyncio.sleep(_PROGRESS_S)

    def _count(self, error: VivaError) -> None:
        name = f"{error.code.name} {error.reason}".strip()
        self._errors[name] = self._errors.get(name, 0) + 1

    def _result(self, started: float, ended: float) -> Result:
        invited = [task.result() for task in self._interviews.values()]
        return Result(
            started=started,
            ended=ended,
            drained=time.time(),
            interviews=[name for name in invited if name is not None],
            offered=self._offered,
            answers=self._rows,
            notified=self._notified,
            reports_read=self._read,
            reports_watched=len(self._watched),
            events=self._receiver.events,
            events_again=self._receiver.received - self._receiver.events,
            events_refused=self._receiver.refused,
            errors=self._errors,
            late_s=sorted(self._late_s),
        )


async def _run(plan: Plan, address: str, keys: Sequence[str]) -> Result:
    async with contextlib.AsyncExitStack() as stack, receiving() as (receiver, uri):
        employers: list[Employer] = []
        for number, key in enumerate(keys):
            employer = Employer(f"season-{number}", address, key)
            stack.push_async_callback(employer.client.close)
            receiver.secrets[employer.tenant] = await employer.prepare(f"{uri}/{employer.tenant}", plan.all_events)
            employers.append(employer)
        return await Vendor(plan, employers, receiver).run()


def main(arguments: Sequence[str]) -> None:
    plan, address, result = Plan.read(Path(arguments[0])), arguments[1], Path(arguments[2])
    keys = sys.stdin.read().split()
    result.write_text(json.dumps(asyncio.run(_run(plan, address, keys)).plain()))


if __name__ == "__main__":
    main(sys.argv[1:])
