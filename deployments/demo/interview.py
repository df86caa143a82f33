"""The whole path of one interview: tenant, role, invitation, three answers, report, webhook, recommendation."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from deployments.demo.receiver import Receiver
from viva.v1 import (
    answers_pb2,
    candidates_pb2,
    interviews_pb2,
    reports_pb2,
    roles_pb2,
    screening_pb2,
    tenants_pb2,
    webhooks_pb2,
)
from viva_client import VivaClient

QUESTIONS: Final = (
    ("change", "learning_agility", "Tell us about a time of great change around you. What did you see in it?"),
    ("failure", "stress_resistance", "What does failure mean to you?"),
    ("team", "leadership", "Tell us about a time when you led a team to a difficult goal."),
)
_RULE: Final = "report.overall >= 2.0 && background_check.passed"
_SCORED_WITHIN_S: Final = 300.0


@dataclass(frozen=True, slots=True)
class Material:
    """What the candidate answers: a film, a recording and a text, in the order of `QUESTIONS`."""

    video: Path
    audio: Path
    text: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of the interview.

    Attributes:
        answers: the scored answers, with their assessments, in the order of `QUESTIONS`.
        event: the verified `viva.report.created` that the employer's system received.
        page: address of the report's page, for an hour; `feedback` of the candidate's.
    """

    report: reports_pb2.Report
    answers: tuple[answers_pb2.Answer, ...]
    event: dict[str, Any]
    page: str
    feedback: str


def hold(address: str, material: Material, receiver: Receiver, uri: str, tell: Callable[[str], None]) -> Outcome:
    """Go the whole path. Raises `VivaError`, TimeoutError.

    Args:
        uri: where the receiver listens.
        tell: called with what is being done.
    """
    tell("a new tenant and its API key")
    with VivaClient(address) as operator:
        tenant_id = f"demo-{uuid.uuid4().hex[:8]}"
        tenant = operator.tenants.create(tenants_pb2.Tenant(display_name="Demo Ferries"), tenant_id=tenant_id)
        key = operator.tenants.create_api_key(
            tenants_pb2.ApiKey(display_name="demo", scopes=["read", "submit", "review", "manage"]), parent=tenant.name
        )
    with VivaClient(address, api_key=key.key, timeout_s=_SCORED_WITHIN_S) as client:
        tell("a webhook, a screening rule and a role")
        endpoint = client.webhooks.create(webhooks_pb2.WebhookEndpoint(uri=uri))
        receiver.secret = endpoint.secret
        client.screening.create(screening_pb2.ScreeningRule(display_name="Next round", expression=_RULE))
        role = client.roles.create(_role(), role_id="graduate_trainee")
        tell("the candidate's file and an invitation")
        interview = _invite(client, role.name)
        tell("three answers: a film, a recording, a text")
        _answer(client, interview.name, material)
        tell("scoring")
        report = _report(client, interview.name)
        answers = tuple(client.answers.get(f"{interview.name}/answers/{question}") for question, _, _ in QUESTIONS)
        tell("the webhook")
        event = receiver.wait_for("viva.report.created")
        page = client.reports.create_link(report.name, ttl_seconds=3600).uri
        candidate = reports_pb2.CreateReportLinkRequest.AUDIENCE_CANDIDATE
        feedback = client.reports.create_link(report.name, ttl_seconds=3600, audience=candidate).uri
    return Outcome(report, answers, event, page, feedback)


def _role() -> roles_pb2.Role:
    return roles_pb2.Role(
        display_name="Graduate trainee",
        content=roles_pb2.RoleContent(
            languages=["en"],
            competencies=[roles_pb2.CompetencyWeight(competency=name) for _, name, _ in QUESTIONS],
            questions=[
                roles_pb2.Question(question_id=question, competency=name, language="en", text=text)
                for question, name, text in QUESTIONS
            ],
        ),
    )


def _invite(client: VivaClient, role: str) -> interviews_pb2.Interview:
    candidate = candidates_pb2.Candidate(
        name="tenants/-/candidates/c-1042",
        background_check=candidates_pb2.BackgroundCheck(passed=True, provider="Example Checks"),
    )
    client.candidates.update(candidate, allow_missing=True)
    interview = interviews_pb2.Interview(candidate=candidate.name, role_revision=role)
    interview.consents.analysis = interview.consents.voice = interview.consents.face = True
    interview.consents.notice_time.GetCurrentTime()
    return client.interviews.create(interview)


def _answer(client: VivaClient, interview: str, material: Material) -> None:
    (film, _, _), (recording, _, _), (writing, _, _) = QUESTIONS
    for question, path in ((film, material.video), (recording, material.audio)):
        media = client.answers.upload_media(path, interview=interview)
        answer = answers_pb2.Answer(question_id=question, media_sha256=media.sha256)
        client.answers.submit(answer, parent=interview)
    client.answers.submit(answers_pb2.Answer(question_id=writing, text=material.text), parent=interview)


def _report(client: VivaClient, interview: str) -> reports_pb2.Report:
    deadline = time.monotonic() + _SCORED_WITHIN_S
    while time.monotonic() < deadline:
        if name := client.interviews.get(interview).report:
            return client.reports.get(name)
        time.sleep(0.2)
    raise TimeoutError(f"no report within {_SCORED_WITHIN_S:g} s")
