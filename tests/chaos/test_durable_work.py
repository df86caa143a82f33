"""Everything is killed at random while answers are handed over: each accepted one gets exactly one result, and the one
that it gets undisturbed."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import media, stack
from viva.v1 import answers_pb2, interviews_pb2, roles_pb2
from viva.v1.assessment_pb2 import Assessment
from viva_client import RetryPolicy, VivaClient

TEXTS = 500
MEDIA = 20
BATCH = 50
DONE_WITHIN_S = 300.0
SEED = 20_261_125

# What dies: names found in command lines. The last two take the whole of Ray with them.
VICTIMS = (
    "ServeReplica:viva:Scorer",
    "ServeReplica:viva:Gateway",
    "ServeReplica:viva:Node",
    "bin/tritonserver",
    "triton_python_backend_stub",
    "bin/postgres -D",
    "gcs_server",
    "deployments.stack",
)

# Clients outlast a stack that starts anew.
PATIENT = RetryPolicy(max_attempts=1000, max_s=1.0)

_SITUATIONS = ("In my second year", "During an internship", "At a student club", "In a summer job", "In a lab course")
_TASKS = (
    "our team of five missed two deadlines and I was asked to get it back on track",
    "two colleagues argued about the plan and I had to find a way forward",
    "a customer was about to leave and I was responsible for the answer",
    "half of the volunteers did not come and I had to run the event anyway",
)
_ACTIONS = (
    "I sat down with everybody, listed what each of them wanted, and wrote a plan that all agreed on",
    "I measured where the time went, found the slowest step and changed it with the others",
    "I called the people one by one, asked what kept them, and moved the work to those who had time",
    "I told them openly what I had got wrong, and proposed two ways to mend it",
    "I split the work into parts, took the hardest myself, and looked at it with the team every evening",
)
_RESULTS = (
    "In the end we delivered a week early.",
    "As a result complaints fell by a third.",
    "The customer stayed and ordered again.",
    "Seventy people came, and the club used our plan the year after.",
    "We passed, and the course shows our project to beginners.",
)


def texts(count: int) -> list[str]:
    """Different answers, the same at every call."""
    return [
        f"{_SITUATIONS[i % 5]}, {_TASKS[i // 5 % 4]}. {_ACTIONS[i // 20 % 5]}. {_RESULTS[i // 100 % 5]}"
        for i in range(count)
    ]


@dataclass(frozen=True)
class Submitted:
    """An accepted answer by its place in the material."""

    index: int
    answer: str
    interview: str


@pytest.fixture(scope="module")
def victim(tmp_path_factory: pytest.TempPathFactory) -> Iterator[stack.Stack]:
    """A stack of its own: other tests must not feel these deaths."""
    running = stack.start(tmp_path_factory.mktemp("durable"))
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.stop()


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """Spoken answers of four to eight seconds, each different."""
    folder = tmp_path_factory.mktemp("clips")
    made = [media.speech_clip(folder / f"{n}.wav", 4 + n * 0.2, codec="pcm_s16le") for n in range(MEDIA)]
    return [path.read_bytes() for path in made]


def test_whatever_is_killed_each_accepted_answer_has_exactly_one_result(
    victim: stack.Stack, clips: list[bytes]
) -> None:
    with VivaClient(victim.address, retry=PATIENT, timeout_s=300.0) as client:
        role = _role(client)
        undisturbed = _results(client, _submit(client, role, clips, lambda: None))
        kills: Counter[str] = Counter()
        stop = threading.Event()
        killer = threading.Thread(target=_kill_at_random, args=(victim, kills, stop))
        killer.start()
        try:
            submitted = _submit(client, role, clips, lambda: time.sleep(0.3))
            time.sleep(2.0)
        finally:
            stop.set()
            killer.join()
        assert set(kills) == set(VICTIMS), kills
        assert len({one.answer for one in submitted}) == TEXTS + MEDIA
        disturbed = _results(client, submitted)
        assert disturbed.keys() == undisturbed.keys()
        assert [index for index in undisturbed if disturbed[index] != undisturbed[index]] == []
        _check_once(client, submitted)
    assert victim.process.poll() is None


def _kill_at_random(victim: stack.Stack, kills: Counter[str], stop: threading.Event) -> None:
    """Kill each kind at least once, in an order and at times that chance decides."""
    chance = random.Random(SEED)
    order = [*VICTIMS[:6], *VICTIMS[:6], *VICTIMS[6:]]
    chance.shuffle(order)
    for marker in order:
        if stop.wait(chance.uniform(0.5, 2.5)) and set(kills) == set(VICTIMS):
            return
        deadline = time.monotonic() + 60  # it may be about to come back from the death before
        while time.monotonic() < deadline:
            pids = [pid for pid, command in stack.descendants(victim.process.pid).items() if marker in command]
            if pids:
                os.kill(chance.choice(pids), signal.SIGKILL)
                kills[marker] += 1
                break
            time.sleep(0.2)


def _role(client: VivaClient) -> str:
    questions = [
        roles_pb2.Question(question_id=f"q{n}", competency=name, language="en", text="Tell me about such a time.")
        for n, name in enumerate(("teamwork", "problem_solving"))
    ]
    content = roles_pb2.RoleContent(
        competencies=[roles_pb2.CompetencyWeight(competency=one.competency) for one in questions],
        languages=["en"],
        questions=questions,
    )
    return client.roles.create(roles_pb2.Role(display_name="Trainee", content=content)).name


def _submit(client: VivaClient, role: str, clips: Sequence[bytes], pause: Callable[[], None]) -> list[Submitted]:
    """Hand all over: texts in batches, media by upload; two answers an interview."""
    count = TEXTS + MEDIA
    with ThreadPoolExecutor(8) as pool:
        interviews = list(
            pool.map(
                lambda n: (
                    client.interviews.create(
                        interviews_pb2.Interview(
                            candidate=f"tenants/-/candidates/{uuid.uuid4()}-{n}",
                            role_revision=role,
                        )
                    ).name
                ),
                range(count // 2),
            )
        )
        uploads = pool.map(lambda n: _submit_media(client, interviews, n, clips[n - TEXTS]), range(TEXTS, count))
        spoken = [*texts(TEXTS)]
        for at in range(0, TEXTS, BATCH):
            requests = [
                answers_pb2.SubmitAnswerRequest(
                    parent=interviews[n // 2], answer=answers_pb2.Answer(question_id=f"q{n % 2}", text=spoken[n])
                )
                for n in range(at, at + BATCH)
            ]
            client.answers.batch_submit(requests=requests)
            pause()
        list(uploads)
    return [Submitted(n, f"{interviews[n // 2]}/answers/q{n % 2}", interviews[n // 2]) for n in range(count)]


def _submit_media(client: VivaClient, interviews: Sequence[str], n: int, clip: bytes) -> None:
    sha256 = client.answers.upload_media(clip, interview=interviews[n // 2]).sha256
    answer = answers_pb2.Answer(question_id=f"q{n % 2}", media_sha256=sha256)
    client.answers.submit(answer, parent=interviews[n // 2])


def _results(client: VivaClient, submitted: Sequence[Submitted]) -> dict[int, Assessment]:
    """The assessment of each answer, once all have one."""
    deadline = time.monotonic() + DONE_WITHIN_S
    found: dict[int, Assessment] = {}
    for one in submitted:
        while one.index not in found:
            answer = client.answers.get(one.answer)
            assert answer.state != answers_pb2.Answer.STATE_FAILED, answer.error
            if answer.state == answers_pb2.Answer.STATE_SCORED:
                answer.assessment.provenance.ClearField("trace_id")  # another one each time
                found[one.index] = answer.assessment
            else:
                assert time.monotonic() < deadline, f"{len(found)} of {len(submitted)} have a result"
                time.sleep(0.2)
    return found


def _check_once(client: VivaClient, submitted: Sequence[Submitted]) -> None:
    """One bill and one report for each, and no more."""
    names = {one.answer for one in submitted}
    billed = Counter(
        record.answer for record in client.tenants.list_usage_records(page_size=1000) if record.answer in names
    )
    assert billed == Counter(names)
    for name in {one.interview for one in submitted}:
        interview = client.interviews.get(name)
        assert (interview.state, interview.report) == (interviews_pb2.Interview.STATE_COMPLETED, f"{name}/reports/1")


def test_the_material_is_different_for_each_answer(clips: list[bytes], tmp_path: Path) -> None:
    assert len(set(texts(TEXTS))) == TEXTS
    assert len(set(clips)) == MEDIA
