"""The right to be forgotten on the running stack: afterwards a search of everything that it keeps finds nothing."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import grpc
import psycopg
import pytest

from tests import media, texts
from tests.company import files_with, rows_with
from tests.employers import Employer, employer
from tests.stack import Stack, descendants
from viva.v1 import answers_pb2, candidates_pb2, interviews_pb2, reports_pb2, reports_pb2_grpc
from viva_client import NotFoundError, VivaError

RECRUITER = reports_pb2.CreateReportLinkRequest.AUDIENCE_RECRUITER
CANDIDATE = reports_pb2.CreateReportLinkRequest.AUDIENCE_CANDIDATE


def _word() -> str:
    """Letters that stand nowhere else."""
    return "z" + "".join(chr(ord("a") + int(digit, 16)) for digit in uuid.uuid4().hex)


@dataclass
class Applicant:
    """A candidate whose interview is over, with words that only they use."""

    of: Employer
    clip: bytes
    id: str = field(default_factory=lambda: f"c-{uuid.uuid4().hex}")
    word: str = field(default_factory=_word)

    def __post_init__(self) -> None:
        client, name = self.of.client, f"{self.of.name}/candidates/{self.id}"
        resume = candidates_pb2.Resume(text=f"I led the {self.word} project.")
        client.candidates.update(candidates_pb2.Candidate(name=name, resume=resume), allow_missing=True)
        self.interview = self.of.invite(self.of.role(), self.id)
        written = answers_pb2.Answer(question_id="q1", text=f"{texts.LEADER} We called the fair {self.word}.")
        request = answers_pb2.SubmitAnswerRequest(parent=self.interview.name, answer=written)
        self.batch = client.answers.batch_submit(requests=[request], parent=self.of.name)
        client.operations.wait(self.batch)
        self.media = client.answers.upload_media(self.clip, interview=self.interview.name)
        self.of.ended(
            client.answers.submit(
                answers_pb2.Answer(question_id="q2", media_sha256=self.media.sha256), parent=self.interview.name
            )
        )
        self.report = self.of.report(self.interview)
        self.links = [
            client.reports.create_link(self.report.name, ttl_seconds=3600, audience=audience).uri
            for audience in (RECRUITER, CANDIDATE)
        ]
        decision = reports_pb2.Decision(
            outcome=reports_pb2.Decision.OUTCOME_HOLD,
            reason=f"As was said of {self.word}.",
            decider="HR",
            report=self.report.name,
        )
        client.reports.create_decision(decision, parent=self.interview.name)
        contest = reports_pb2.Contest(report=self.report.name, statement=f"What of {self.word}?")
        client.reports.create_contest(contest, parent=self.interview.name)
        rating = reports_pb2.Satisfaction(rating=3, fairness=3, comment=f"It was {self.word}.")
        client.reports.submit_satisfaction(rating, parent=self.interview.name)

    @property
    def marks(self) -> tuple[str, str]:
        """What a search looks for."""
        return (self.word, self.id)


@pytest.fixture
def ours(stack: Stack) -> Iterator[Employer]:
    with employer(stack.address) as made:
        yield made


@pytest.fixture
def all_rows(stack: Stack) -> Iterator[psycopg.Connection[Any]]:
    """A connection that sees the rows of all tenants."""
    config = json.loads((stack.data_dir / "run" / "config.json").read_text())
    passwords = json.loads((stack.data_dir / "postgres.passwords.json").read_text())
    place = config["database"]["owner_url"].rpartition("@")[2]
    with psycopg.connect(f"postgresql://postgres:{passwords['postgres']}@{place}", autocommit=True) as connection:
        yield connection


def _files(stack: Stack, text: str) -> list[str]:
    """Files of the stack with a text: media, spool, logs, what its processes share, and Ray's own folder.

    The database's files are left out: its write-ahead log forgets with time.
    """
    folders = [path for path in stack.data_dir.iterdir() if path.is_dir() and path.name != "postgres"]
    assert {"logs", "objects", "run", "spool"} <= {path.name for path in folders}
    commands = descendants(stack.process.pid).values()
    ray = {command.split("--temp-dir=")[1].split()[0] for command in commands if "--temp-dir=" in command}
    assert ray
    logs = [path for one in ray for path in Path(one).glob("session_*/logs")]
    return [f"{folder}/{found}" for folder in [*folders, *logs] for found in files_with(folder, text)]


def _page(uri: str) -> tuple[int, str]:
    try:
        with urlopen(uri, timeout=10) as response:
            return response.status, response.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.read().decode()


def _reports(of: Employer, stack: Stack, token: str = "") -> reports_pb2.ListReportsResponse:
    """One page of one report, as the client's own iteration does not show it."""
    with grpc.insecure_channel(stack.address) as channel:
        request = reports_pb2.ListReportsRequest(
            parent=f"{of.name}/interviews/-", page_size=1, page_token=token, order_by="create_time"
        )
        stub = reports_pb2_grpc.ReportsStub(channel)  # type: ignore[no-untyped-call]  # generated
        page: reports_pb2.ListReportsResponse = stub.ListReports(request, metadata=of.metadata)
    return page


def test_an_erased_candidate_is_found_nowhere_and_the_other_one_everywhere(
    ours: Employer, stack: Stack, all_rows: psycopg.Connection[Any], tmp_path: Path
) -> None:
    clips = [media.speech_clip(tmp_path / f"{n}.wav", 5 + n, codec="pcm_s16le").read_bytes() for n in range(2)]
    other, gone = (Applicant(ours, clip + uuid.uuid4().bytes) for clip in clips)
    before = {mark: set(rows_with(all_rows, mark)) for one in (other, gone) for mark in one.marks}
    for one in (other, gone):
        said = {"answers", "assessments", "candidates", "contests", "decisions", "satisfactions"}
        assert said <= before[one.word]
        assert {"candidates", "interviews", "reports"} <= before[one.id]
        assert [_page(link)[0] for link in one.links] == [200, 200]
        assert len(_files(stack, one.media.sha256)) == 1
    token = _reports(ours, stack).next_page_token
    assert [one.name for one in _reports(ours, stack, token).reports] == [gone.report.name]

    erasing = ours.client.candidates.erase(name=gone.interview.candidate)
    receipt = ours.client.operations.wait(erasing)

    hashed = hashlib.sha256(gone.interview.candidate.encode()).hexdigest()
    assert receipt.candidate_sha256 == hashed
    assert (receipt.interview_count, receipt.answer_count, receipt.report_count) == (1, 2, 1)
    assert (receipt.media_count, receipt.media_bytes) == (1, gone.media.size_bytes)
    for mark in gone.marks:
        assert rows_with(all_rows, mark) == []
        assert _files(stack, mark) == []
    assert _files(stack, gone.media.sha256) == []
    assert {mark: set(rows_with(all_rows, mark)) for mark in other.marks} == {m: before[m] for m in other.marks}
    assert len(_files(stack, other.media.sha256)) == 1
    _check_asked(gone)
    assert list(_reports(ours, stack, token).reports) == []
    unknown = _page(gone.links[0].rpartition("/")[0] + "/none")
    assert unknown[0] == 404
    assert [_page(link) for link in gone.links] == [unknown, unknown]
    assert ours.client.reports.get(other.report.name) == other.report
    assert [_page(link)[0] for link in other.links] == [200, 200]
    assert [one.name for one in ours.client.candidates.list()] == [other.interview.candidate]
    entries = {(one.action, one.resource) for one in ours.client.tenants.list_audit_entries()}
    assert ("EraseCandidate", f"{ours.name}/candidates/sha256:{hashed}") in entries


def _check_asked(gone: Applicant) -> None:
    """Whoever asks for something of an erased candidate by its name is told that there is no such thing."""
    client, interview = gone.of.client, gone.interview.name
    for ask in (
        lambda: client.candidates.get(gone.interview.candidate),
        lambda: client.candidates.erase(name=gone.interview.candidate),
        lambda: client.interviews.get(interview),
        lambda: client.interviews.next_question(interview),
        lambda: client.answers.get(f"{interview}/answers/q1"),
        lambda: client.reports.get(gone.report.name),
        lambda: client.reports.get(f"{interview}/reports/latest"),
        lambda: client.reports.create_link(gone.report.name),
        lambda: client.reports.get_candidate_feedback(interview),
        lambda: gone.of.write(gone.interview, "q1", texts.LEADER),
    ):
        with pytest.raises(NotFoundError):
            ask()
    for listed in (
        client.answers.list(parent=interview),
        client.reports.list(parent=interview),
        client.reports.list_decisions(parent=interview),
        client.reports.list_contests(parent=interview),
    ):
        assert _listed(listed) == []
    batch = answers_pb2.BatchSubmitAnswersResponse()
    assert client.operations.get(gone.batch.name).response.Unpack(batch)
    assert [one.status.code for one in batch.results] == [grpc.StatusCode.NOT_FOUND.value[0]]


def _listed(items: Iterator[Any]) -> list[Any]:
    try:
        return list(items)
    except NotFoundError:
        return []


def test_an_answer_that_is_being_scored_when_its_candidate_is_erased_leaves_nothing(
    ours: Employer, stack: Stack, all_rows: psycopg.Connection[Any], tmp_path: Path
) -> None:
    clip = media.speech_clip(tmp_path / "a.wav", 40, codec="pcm_s16le").read_bytes() + uuid.uuid4().bytes
    candidate = f"c-{uuid.uuid4().hex}"
    interview = ours.invite(ours.role(), candidate)
    answer = ours.send(interview, "q1", clip)
    sha256 = hashlib.sha256(clip).hexdigest()
    receipt = ours.client.operations.wait(ours.client.candidates.erase(name=interview.candidate))
    assert (receipt.answer_count, receipt.media_count) == (1, 1)
    for mark in (candidate, sha256):
        assert rows_with(all_rows, mark) == []
        assert _files(stack, mark) == []
    with pytest.raises(VivaError):
        ours.client.answers.get(answer.name)
    assert ours.invite(ours.role(), candidate).state == interviews_pb2.Interview.STATE_OPEN
