"""Alternating runs: every stack once a round, each round in another order, on the same answers."""

from __future__ import annotations

import gzip
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.harness.core import Modality, Observation, Outcome, Sample
from benchmarks.harness.corpus import Corpus
from benchmarks.harness.generators import Sent
from benchmarks.harness.plan import plan
from benchmarks.harness.resources import Tree
from benchmarks.harness.result import Run, process_cpu_s
from benchmarks.harness.scenario import Scenario
from benchmarks.harness.session import Session
from benchmarks.harness.summary import summarise
from benchmarks.raw.loop import Scored, run_loop
from benchmarks.yardsticks_stacks import RAW, Choices, running

_TREE = "stack"
_TRIES = 3  # of a run whose generator was late: it says nothing of the stack


@dataclass(frozen=True, slots=True)
class OneCompetency:
    """A corpus whose answers are scored for one competency each, the first that they ask for.

    An answer that is handed over is scored for that of its question alone: so all stacks do the same work.
    """

    corpus: Corpus

    def draw(self, count: int, seed: int, mix: dict[Modality, float] | None = None) -> tuple[Sample, ...]:
        """See `Draws`."""
        return tuple(
            replace(sample, competencies=sample.competencies[:1] or ("communication",))
            for sample in self.corpus.draw(count, seed, mix)
        )


@dataclass(frozen=True, slots=True)
class StackRun:
    """One run of one stack.

    Attributes:
        cpu_s: of all its processes, from second 0 of the run to its end.
        scores: hash of the assessments of each sample, as far as they were looked at.
        stages_s: CPU seconds of decode and models, by stage; of raw runs only.
    """

    run: Run
    cpu_s: float
    scores: Mapping[str, frozenset[str]]
    stages_s: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Alternation:
    """What is run.

    Attributes:
        names: of the stacks.
        rounds: each runs every stack once.
        tell: called with a line for people.
    """

    scenario: Scenario
    corpus: OneCompetency
    names: Sequence[str]
    rounds: int
    choices: Choices
    tell: Callable[[str], None]

    def run(self) -> Iterator[tuple[str, StackRun]]:
        """Every run as it ends, with the name of its stack. A void one is made again, twice at most.

        Raises:
            BenchError: a stack does not start, or an SLO is impossible.
        """
        for number in range(self.rounds):
            first = number % len(self.names)
            for name in (*self.names[first:], *self.names[:first]):
                self.tell(f"round {number + 1} of {self.rounds}: {name}")
                yield name, self._raw(number) if name == RAW else self._again(name, number)

    def _again(self, name: str, number: int) -> StackRun:
        for _ in range(_TRIES - 1):
            one = self._stack(name, number)
            if not one.run.generator.void:
                return one
            self.tell(f"{name}: {one.run.generator.void}; once more")
        return self._stack(name, number)

    def _stack(self, name: str, number: int) -> StackRun:
        with tempfile.TemporaryDirectory(prefix="yard-", dir="/tmp", ignore_cleanup_errors=True) as temporary:
            folder = Path(temporary)
            raw = folder / "observations.jsonl.gz"
            with running(name, self.choices, folder) as stack:
                run = Session(
                    scenario=self.scenario,
                    corpus=self.corpus,
                    factory=stack.factory,
                    target=name,
                    address=stack.address,
                    trees=[Tree(_TREE, stack.pid)],
                    raw=raw,
                ).one(number)
            return StackRun(run, process_cpu_s(run, _TREE), _scores(raw))

    def _raw(self, number: int) -> StackRun:
        made = plan(self.scenario, self.scenario.arrivals, self.corpus, number)
        started = datetime.now(UTC).isoformat(timespec="seconds")
        found = run_loop(self.choices.peer.models, [request.sample for request in made.requests])
        observations = tuple(
            Observation(
                sample_id=request.sample.sample_id,
                modality=request.sample.modality,
                priority=request.priority,
                intended_s=request.intended_s,
                sent_s=request.intended_s,
                done_s=one.done_s,
                outcome=Outcome.OK,
                code="OK",
                scores_sha256=one.scores_sha256,
            )
            for request, one in zip(made.requests, found, strict=True)
        )
        wall_s = max(one.done_s for one in found)
        run = summarise(self.scenario, made, Sent(observations, (), (0.0,), (wall_s,)), started=started)
        ids = [request.sample.sample_id for request in made.requests]
        return StackRun(
            run,
            sum(one.cpu_s for one in found),
            _by_sample(zip(ids, (one.scores_sha256 for one in found), strict=True)),
            _stages(found),
        )


def _stages(found: Sequence[Scored]) -> dict[str, float]:
    names = sorted({name for one in found for name in one.stages})
    return {name: sum(one.stages.get(name, 0.0) for one in found) for name in names}


def _scores(raw: Path) -> dict[str, frozenset[str]]:
    with gzip.open(raw, "rt", encoding="utf-8") as lines:
        seen = [json.loads(line) for line in lines]
    return _by_sample((one["sample_id"], one["scores_sha256"]) for one in seen if one["scores_sha256"])


def _by_sample(pairs: Iterator[tuple[str, str]]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for sample_id, digest in pairs:
        found.setdefault(sample_id, set()).add(digest)
    return {sample_id: frozenset(digests) for sample_id, digests in found.items()}


def cores() -> int:
    """Logical CPUs that this process, and so every stack, may use."""
    return len(os.sched_getaffinity(0))
