"""Employers on a running stack, as their own systems see it: through the client, with a key of their own."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from viva.v1 import answers_pb2, interviews_pb2, policy_pb2, reports_pb2, roles_pb2, tenants_pb2
from viva_client import VivaClient
from viva_client.upload import Media

T = TypeVar("T")

SCOPES = ("read", "submit", "review", "manage")
DONE_WITHIN_S = 120.0
FINAL = (answers_pb2.Answer.STATE_SCORED, answers_pb2.Answer.STATE_FAILED, answers_pb2.Answer.STATE_CANCELLED)


@dataclass(frozen=True)
class Employer:
    """A tenant of its own, with a key that may do everything but what the operator does.

    Attributes:
        name: `tenants/{tenant}`.
    """

    name: str
    key: str
    client: VivaClient

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        """What a call without the client sends."""
        return (("authorization", f"Bearer {self.key}"),)

    def role(self, *questions: roles_pb2.Question, **content: Any) -> roles_pb2.Role:
        """A role in English with these questions, or with `q1` and `q2`."""
        asked = questions or (question("q1", "teamwork"), question("q2", "leadership"))
        competencies = dict.fromkeys(one.competency for one in asked)
        content.setdefault("competencies", [{"competency": name} for name in competencies])
        made = roles_pb2.RoleContent(languages=["en"], questions=asked, **content)
        return self.client.roles.create(roles_pb2.Role(display_name="Trainee", content=made))

    def invite(self, role: roles_pb2.Role, candidate: str = "", **fields: Any) -> interviews_pb2.Interview:
        """An interview of a candidate, by default of a new one."""
        of = f"{self.name}/candidates/{candidate or uuid.uuid4().hex}"
        return self.client.interviews.create(interviews_pb2.Interview(candidate=of, role_revision=role.name, **fields))

    def write(self, interview: interviews_pb2.Interview, question_id: str, text: str) -> answers_pb2.Answer:
        """Hand a written answer over."""
        return self.client.answers.submit(answers_pb2.Answer(question_id=question_id, text=text), parent=interview.name)

    def send(self, interview: interviews_pb2.Interview, question_id: str, media: Media) -> answers_pb2.Answer:
        """Hand a spoken or filmed answer over."""
        stored = self.client.answers.upload_media(media, interview=interview.name)
        answer = answers_pb2.Answer(question_id=question_id, media_sha256=stored.sha256)
        return self.client.answers.submit(answer, parent=interview.name)

    def ended(self, answer: answers_pb2.Answer) -> answers_pb2.Answer:
        """The answer once nothing more happens to it."""

        def read() -> answers_pb2.Answer | None:
            found = self.client.answers.get(answer.name)
            return found if found.state in FINAL else None

        return eventually(read)

    def report(self, interview: interviews_pb2.Interview) -> reports_pb2.Report:
        """The interview's report once there is one."""
        name = eventually(lambda: self.client.interviews.get(interview.name).report)
        return self.client.reports.get(name)


@contextmanager
def employer(address: str, **tenant: Any) -> Iterator[Employer]:
    """A new tenant with these attributes."""
    with VivaClient(address) as operator:
        made = operator.tenants.create(
            tenants_pb2.Tenant(display_name="Ferries", **tenant), tenant_id=f"t-{uuid.uuid4().hex[:12]}"
        )
        created = operator.tenants.create_api_key(tenants_pb2.ApiKey(scopes=SCOPES), parent=made.name)
    with VivaClient(address, api_key=created.key) as client:
        yield Employer(made.name, created.key, client)


def question(question_id: str, competency: str, **fields: Any) -> roles_pb2.Question:
    """A question in English."""
    return roles_pb2.Question(
        question_id=question_id, competency=competency, language="en", text="Tell me about such a time.", **fields
    )


def consents(*given: str, notice: bool = False) -> policy_pb2.Consents:
    """Consents by name, and whether the candidate was told."""
    made = policy_pb2.Consents()
    for name in given:
        setattr(made, name, True)
    if notice:
        made.notice_time.GetCurrentTime()
    return made


def modalities(answer: answers_pb2.Answer) -> dict[str, tuple[str, str]]:
    """State and reason of each modality of a scored answer."""
    return {one.name: (one.state, one.reason) for one in answer.assessment.modalities}


def eventually(read: Callable[[], T | None], within_s: float = DONE_WITHIN_S) -> T:
    """What `read` returns once it is something."""
    deadline = time.monotonic() + within_s
    while not (found := read()):
        assert time.monotonic() < deadline, f"nothing after {within_s:g} s"
        time.sleep(0.1)
    return found
