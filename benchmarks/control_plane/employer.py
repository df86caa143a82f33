"""One employer: its role, its rule, its webhook, and what its candidates do."""

from __future__ import annotations

import uuid
from typing import Final

from benchmarks.control_plane.plan import COMPETENCIES
from viva.v1 import answers_pb2, interviews_pb2, policy_pb2, roles_pb2, screening_pb2, webhooks_pb2
from viva_client import AsyncVivaClient, RetryPolicy

_CHANNELS: Final = 2
_CALL_S: Final = 300.0
_PATIENT: Final = RetryPolicy(max_attempts=100, max_s=5.0)  # whoever hands over does not give up for a full queue
_RESULTS: Final = ("viva.report.created", "viva.answer.failed")
_TEXT: Final = (
    "In my second year our team of five had missed two deadlines, and I was asked to get it back on track. I listed "
    "what each of us wanted, found the slowest step and wrote a plan that all agreed on. We delivered a week early. "
)


class Employer:
    """An employer's system, with a key of its own.

    Attributes:
        tenant: its id.
    """

    def __init__(self, tenant: str, address: str, key: str) -> None:
        self.tenant = tenant
        self.client = AsyncVivaClient(address, api_key=key, channels=_CHANNELS, timeout_s=_CALL_S, retry=_PATIENT)
        self._role = ""

    async def prepare(self, uri: str, all_events: bool) -> str:
        """Make what a season needs; the secret that events at `uri` are signed with."""
        questions = [
            roles_pb2.Question(question_id=f"q{n}", competency=name, language="en", text=f"Tell me of your {name}.")
            for n, name in enumerate(COMPETENCIES)
        ]
        content = roles_pb2.RoleContent(
            competencies=[roles_pb2.CompetencyWeight(competency=name) for name in COMPETENCIES],
            languages=["en"],
            questions=questions,
        )
        self._role = (await self.client.roles.create(roles_pb2.Role(display_name="Trainee", content=content))).name
        rule = screening_pb2.ScreeningRule(display_name="Next round", expression="report.overall >= 5.0")
        await self.client.screening.create(rule)
        types = () if all_events else _RESULTS
        return (await self.client.webhooks.create(webhooks_pb2.WebhookEndpoint(uri=uri, event_types=types))).secret

    async def invite(self, number: int) -> str:
        """The name of a new interview, for a new candidate."""
        given = interviews_pb2.Interview(
            candidate=f"tenants/-/candidates/c{number}",
            role_revision=self._role,
            consents=policy_pb2.Consents(analysis=True, voice=True, face=True),
        )
        return (await self.client.interviews.create(given)).name

    async def answer(self, interview: str, question: int, media: bytes) -> None:
        """Hand an answer over; without media a text, different for each."""
        answer = answers_pb2.Answer(question_id=f"q{question}")
        if media:
            answer.media_sha256 = (await self.client.answers.upload_media(media, interview=interview)).sha256
        else:
            answer.text = f"{_TEXT * 6}{uuid.uuid4()}"
        await self.client.answers.submit(answer, parent=interview)
