"""What callers of the interview service get wrong: each is told by its code, its reason and the field at fault."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from tests import texts
from tests.employers import Employer, consents, employer, eventually, question
from tests.stack import Stack
from viva.v1 import (
    answers_pb2,
    candidates_pb2,
    interviews_pb2,
    roles_pb2,
    screening_pb2,
    tenants_pb2,
    webhooks_pb2,
)
from viva_client import AuthenticationError, VivaClient, VivaError

REVOKED_WITHIN_S = 6.0


@pytest.fixture(scope="module")
def ours(stack: Stack) -> Iterator[Employer]:
    with employer(stack.address) as made:
        yield made


def _ahead(seconds: float) -> Timestamp:
    moment = Timestamp()
    moment.FromDatetime(datetime.now(UTC) + timedelta(seconds=seconds))
    return moment


def _deadline_in_the_past(ours: Employer) -> None:
    ours.invite(ours.role(), deadline_time=_ahead(-1))


def _request_id_of_another_answer(ours: Employer) -> None:
    interview, request_id = ours.invite(ours.role()), str(uuid.uuid4())
    for text in (texts.LEADER, texts.VAGUE):
        answer = answers_pb2.Answer(question_id="q1", text=text)
        ours.client.answers.submit(answer, parent=interview.name, request_id=request_id)


def _request_id_of_no_uuid(ours: Employer) -> None:
    interview = ours.invite(ours.role())
    answer = answers_pb2.Answer(question_id="q1", text=texts.LEADER)
    ours.client.answers.submit(answer, parent=interview.name, request_id="once")


def _etag_of_yesterday(ours: Employer) -> None:
    interview = ours.invite(ours.role())
    for _ in range(2):
        changed = interviews_pb2.Interview(
            name=interview.name, priority=interviews_pb2.PRIORITY_BULK, etag=interview.etag
        )
        ours.client.interviews.update(changed)


def _second_answer(ours: Employer) -> None:
    interview = ours.invite(ours.role())
    for text in (texts.LEADER, texts.LEADER):
        ours.write(interview, "q1", text)


def _question_of_nobody(ours: Employer) -> None:
    ours.write(ours.invite(ours.role()), "q7", texts.LEADER)


def _answer_without_content(ours: Employer) -> None:
    ours.client.answers.submit(answers_pb2.Answer(question_id="q1"), parent=ours.invite(ours.role()).name)


def _media_of_nobody(ours: Employer) -> None:
    answer = answers_pb2.Answer(question_id="q1", media_sha256="0" * 64)
    ours.client.answers.submit(answer, parent=ours.invite(ours.role()).name)


def _media_at_a_host_that_is_not_the_tenants(ours: Employer) -> None:
    answer = answers_pb2.Answer(question_id="q1", media_uri="https://media.example.com/a.mp4")
    ours.client.answers.submit(answer, parent=ours.invite(ours.role()).name)


def _media_at_what_is_no_uri(ours: Employer) -> None:
    answer = answers_pb2.Answer(question_id="q1", media_uri="https://[")
    ours.client.answers.submit(answer, parent=ours.invite(ours.role()).name)


def _answer_after_the_end(ours: Employer) -> None:
    interview = ours.invite(ours.role())
    ours.client.interviews.cancel(name=interview.name)
    ours.write(interview, "q1", texts.LEADER)


def _retry_of_what_has_not_failed(ours: Employer) -> None:
    ours.client.answers.retry(name=ours.ended(ours.write(ours.invite(ours.role()), "q1", texts.LEADER)).name)


def _archived_role(ours: Employer) -> None:
    role = ours.role()
    ours.client.roles.archive(name=role.name)
    ours.invite(role)


def _role_of_nobody(ours: Employer) -> None:
    ours.invite(roles_pb2.Role(name=f"{ours.name}/roles/none"))


def _unknown_jurisdiction(ours: Employer) -> None:
    ours.invite(ours.role(), jurisdictions=["EU", "ATLANTIS"])


def _competency_without_a_question(ours: Employer) -> None:
    asked = question("q1", "teamwork")
    ours.role(asked, competencies=[{"competency": "teamwork"}, {"competency": "leadership"}])


def _interview_of_a_candidate_who_refuses(ours: Employer) -> None:
    refusing = consents("voice")
    refusing.analysis = False
    ours.write(ours.invite(ours.role(), consents=refusing), "q1", texts.LEADER)


def _erasure_under_a_legal_hold(ours: Employer) -> None:
    interview = ours.invite(ours.role())
    hold = candidates_pb2.LegalHold(reason="a matter")
    ours.client.candidates.set_legal_hold(name=interview.candidate, legal_hold=hold)
    ours.client.candidates.erase(name=interview.candidate)


def _rule_that_compares_a_score_with_a_word(ours: Employer) -> None:
    rule = screening_pb2.ScreeningRule(display_name="Good", expression='report.overall >= "eight"')
    ours.client.screening.create(rule)


def _webhook_to_a_private_address(ours: Employer) -> None:
    ours.client.webhooks.create(webhooks_pb2.WebhookEndpoint(uri="https://10.0.0.7/hook"))


def _webhook_to_a_name_of_this_host(ours: Employer) -> None:
    ours.client.webhooks.create(webhooks_pb2.WebhookEndpoint(uri="https://localhost/hook"))


def _interview_of_another_tenant(ours: Employer) -> None:
    ours.client.interviews.get(name="tenants/local/interviews/one")


MISTAKES: tuple[tuple[Callable[[Employer], None], str, str, str], ...] = (
    (_deadline_in_the_past, "INVALID_ARGUMENT", "FIELD_INVALID", "interview.deadline_time"),
    (_request_id_of_another_answer, "ALREADY_EXISTS", "REQUEST_ID_REUSED", "request_id"),
    (_request_id_of_no_uuid, "INVALID_ARGUMENT", "FIELD_INVALID", "request_id"),
    (_etag_of_yesterday, "ABORTED", "ETAG_MISMATCH", "etag"),
    (_second_answer, "ALREADY_EXISTS", "QUESTION_ANSWERED", "answer.question_id"),
    (_question_of_nobody, "INVALID_ARGUMENT", "FIELD_INVALID", "answer.question_id"),
    (_answer_without_content, "INVALID_ARGUMENT", "CONTENT_REQUIRED", "answer.content"),
    (_media_of_nobody, "NOT_FOUND", "NOT_FOUND", "answer.media_sha256"),
    (_media_at_a_host_that_is_not_the_tenants, "INVALID_ARGUMENT", "URI_NOT_ALLOWED", "answer.media_uri"),
    (_media_at_what_is_no_uri, "INVALID_ARGUMENT", "URI_NOT_ALLOWED", "answer.media_uri"),
    (_answer_after_the_end, "FAILED_PRECONDITION", "INTERVIEW_NOT_OPEN", "parent"),
    (_retry_of_what_has_not_failed, "FAILED_PRECONDITION", "STATE_INVALID", "name"),
    (_archived_role, "FAILED_PRECONDITION", "ROLE_ARCHIVED", "interview.role_revision"),
    (_role_of_nobody, "NOT_FOUND", "NOT_FOUND", "interview.role_revision"),
    (_unknown_jurisdiction, "INVALID_ARGUMENT", "FIELD_INVALID", "interview.jurisdictions[1]"),
    (_competency_without_a_question, "INVALID_ARGUMENT", "FIELD_INVALID", "role.content.questions"),
    (_interview_of_a_candidate_who_refuses, "FAILED_PRECONDITION", "CONSENT_MISSING", "interview.analysis_consent"),
    (_erasure_under_a_legal_hold, "FAILED_PRECONDITION", "LEGAL_HOLD", "name"),
    (_rule_that_compares_a_score_with_a_word, "INVALID_ARGUMENT", "RULE_INVALID", "screening_rule.expression"),
    (_webhook_to_a_private_address, "INVALID_ARGUMENT", "URI_NOT_ALLOWED", "webhook_endpoint.uri"),
    (_webhook_to_a_name_of_this_host, "INVALID_ARGUMENT", "URI_NOT_ALLOWED", "webhook_endpoint.uri"),
    (_interview_of_another_tenant, "NOT_FOUND", "NOT_FOUND", "name"),
)


@pytest.mark.parametrize(
    ("mistake", "code", "reason", "field"), MISTAKES, ids=[one[0].__name__.strip("_") for one in MISTAKES]
)
def test_a_mistake_is_told_by_its_code_its_reason_and_its_field(
    ours: Employer, mistake: Callable[[Employer], None], code: str, reason: str, field: str
) -> None:
    with pytest.raises(VivaError) as caught:
        mistake(ours)
    error = caught.value
    assert (error.code, error.reason) == (grpc.StatusCode[code], reason), error
    assert [name for name, _ in error.fields] == [field]
    assert error.request_id
    assert "Traceback" not in str(error)


def test_a_repeated_request_gets_what_it_got_before(ours: Employer) -> None:
    interview, request_id = ours.invite(ours.role()), str(uuid.uuid4())
    answer = answers_pb2.Answer(question_id="q1", text=texts.LEADER)
    names = {ours.client.answers.submit(answer, parent=interview.name, request_id=request_id).name for _ in range(3)}
    assert len(names) == len(list(ours.client.answers.list(parent=interview.name))) == 1
    ours.ended(answers_pb2.Answer(name=names.pop()))
    assert len(list(ours.client.tenants.list_usage_records(parent=interview.name))) == 1


def test_an_answer_after_the_deadline_is_refused_and_one_before_it_counts(ours: Employer) -> None:
    interview = ours.invite(ours.role(), deadline_time=_ahead(1.5))
    ours.write(interview, "q1", texts.LEADER)
    while datetime.now(UTC) < interview.deadline_time.ToDatetime(UTC):
        time.sleep(0.05)
    with pytest.raises(VivaError) as refused:
        ours.write(interview, "q2", texts.LEADER)
    # The second, where housekeeping has ended the interview in the moment between.
    assert refused.value.reason in ("DEADLINE_PASSED", "INTERVIEW_NOT_OPEN")
    assert refused.value.code is grpc.StatusCode.FAILED_PRECONDITION
    assert [name for name, _ in refused.value.fields] == ["parent"]


@contextmanager
def _with_key(ours: Employer, address: str, expire_time: Timestamp | None = None) -> Iterator[tuple[VivaClient, str]]:
    """A client that has another key of the tenant, and the key's name."""
    made = ours.client.tenants.create_api_key(
        tenants_pb2.ApiKey(scopes=["read"], expire_time=expire_time), parent=ours.name
    )
    with VivaClient(address, api_key=made.key) as client:
        yield client, made.api_key.name


def _refused(client: VivaClient) -> AuthenticationError | None:
    try:
        client.tenants.get("tenants/-")
    except AuthenticationError as error:
        return error
    return None


def test_a_key_ends_when_it_expires(ours: Employer, stack: Stack) -> None:
    with _with_key(ours, stack.address, expire_time=_ahead(1.0)) as (client, _):
        assert _refused(client) is None
        refused = eventually(lambda: _refused(client), within_s=2.0)
    assert (refused.code, refused.reason) == (grpc.StatusCode.UNAUTHENTICATED, "KEY_EXPIRED")


def test_a_key_ends_within_seconds_of_its_revocation(ours: Employer, stack: Stack) -> None:
    with _with_key(ours, stack.address) as (client, name):
        assert _refused(client) is None
        ours.client.tenants.revoke_api_key(name=name)
        refused = eventually(lambda: _refused(client), within_s=REVOKED_WITHIN_S)
    assert (refused.code, refused.reason) == (grpc.StatusCode.UNAUTHENTICATED, "KEY_EXPIRED")


def test_a_key_does_nothing_beyond_its_scopes(ours: Employer, stack: Stack) -> None:
    with _with_key(ours, stack.address) as (client, _):
        with pytest.raises(AuthenticationError) as refused:
            client.roles.create(roles_pb2.Role(display_name="Clerk"))
        assert list(client.roles.list()) == list(ours.client.roles.list())
    assert (refused.value.reason, refused.value.metadata) == ("SCOPE_MISSING", {"scope": "manage"})
