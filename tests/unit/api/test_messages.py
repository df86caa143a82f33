"""Records and messages have the same fields, and one becomes the other without loss."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import Any

import pytest
from google.api import field_behavior_pb2
from google.protobuf.field_mask_pb2 import FieldMask

from serving.api import messages
from serving.domain import candidate, interview, policy, report, role, screening, submission, tenant, webhook
from serving.domain.answer import MediaKind
from serving.domain.errors import InvalidRequest
from serving.domain.fields import check, limit_of
from viva.v1 import (
    answers_pb2,
    candidates_pb2,
    interviews_pb2,
    policy_pb2,
    reports_pb2,
    roles_pb2,
    scoring_pb2,
    screening_pb2,
    tenants_pb2,
    webhooks_pb2,
)

PAIRS: list[tuple[type[Any], Any, set[str], set[str]]] = [
    # record, message, fields of the record that stay inside, fields of the message that are filled elsewhere
    (tenant.Tenant, tenants_pb2.Tenant, set(), set()),
    (tenant.Quotas, tenants_pb2.Quotas, set(), set()),
    (tenant.ApiKey, tenants_pb2.ApiKey, {"key_sha256"}, set()),
    (tenant.AuditEntry, tenants_pb2.AuditEntry, set(), set()),
    (tenant.UsageRecord, tenants_pb2.UsageRecord, set(), set()),
    (tenant.UsageSummary, tenants_pb2.UsageSummary, set(), set()),
    (role.Role, roles_pb2.Role, set(), set()),
    (role.RoleContent, roles_pb2.RoleContent, set(), set()),
    (role.CompetencyWeight, roles_pb2.CompetencyWeight, set(), set()),
    (role.Question, roles_pb2.Question, set(), set()),
    (role.FollowUp, roles_pb2.FollowUp, set(), set()),
    (role.RoleRevision, roles_pb2.RoleRevision, set(), set()),
    (interview.Interview, interviews_pb2.Interview, {"media_until", "report_until"}, set()),
    (interview.AssignedQuestion, interviews_pb2.AssignedQuestion, set(), set()),
    (policy.Consents, policy_pb2.Consents, set(), set()),
    (policy.PolicyDecision, policy_pb2.PolicyDecision, set(), set()),
    (policy.DeniedByPolicy, policy_pb2.DeniedByPolicy, set(), set()),
    (policy.Obligation, policy_pb2.Obligation, set(), set()),
    (candidate.Candidate, candidates_pb2.Candidate, {"erasure"}, set()),
    (candidate.BackgroundCheck, candidates_pb2.BackgroundCheck, set(), set()),
    (candidate.WrittenTest, candidates_pb2.WrittenTest, set(), set()),
    (candidate.Resume, candidates_pb2.Resume, set(), set()),
    (candidate.Accommodations, candidates_pb2.Accommodations, set(), set()),
    (candidate.LegalHold, candidates_pb2.LegalHold, set(), set()),
    (candidate.ErasureReceipt, candidates_pb2.ErasureReceipt, set(), set()),
    (submission.Submission, answers_pb2.Answer, {"result", "rank", "corrected_text", "cause"}, {"assessment"}),
    (submission.Media, answers_pb2.Media, {"storage_class"}, set()),
    (submission.Upload, answers_pb2.Upload, set(), set()),
    (report.Report, reports_pb2.Report, set(), set()),
    (report.ReportCompetency, reports_pb2.ReportCompetency, set(), set()),
    (report.ReportAnswer, reports_pb2.ReportAnswer, set(), {"assessment"}),
    (report.Decision, reports_pb2.Decision, set(), set()),
    (report.Contest, reports_pb2.Contest, set(), set()),
    (report.Review, reports_pb2.Review, set(), set()),
    (report.Satisfaction, reports_pb2.Satisfaction, {"name"}, set()),
    (screening.ScreeningRule, screening_pb2.ScreeningRule, set(), set()),
    (screening.ScreeningTest, screening_pb2.ScreeningTest, set(), set()),
    (screening.ScreeningFacts, screening_pb2.ScreeningFacts, set(), set()),
    (screening.ReportFacts, screening_pb2.ReportFacts, set(), set()),
    (screening.ResumeFacts, screening_pb2.ResumeFacts, set(), set()),
    (screening.WrittenTestFacts, screening_pb2.WrittenTestFacts, set(), set()),
    (screening.BackgroundCheckFacts, screening_pb2.BackgroundCheckFacts, set(), set()),
    (screening.Recommendation, screening_pb2.Recommendation, set(), set()),
    (screening.Clause, screening_pb2.Clause, set(), set()),
    (webhook.WebhookEndpoint, webhooks_pb2.WebhookEndpoint, {"secrets"}, {"secret"}),
    (webhook.WebhookDelivery, webhooks_pb2.WebhookDelivery, set(), set()),
    (webhook.AtsResult, webhooks_pb2.AtsResult, set(), set()),
    (webhook.AtsScore, webhooks_pb2.AtsScore, set(), set()),
]

ROLE = role.Role(
    name="tenants/a/roles/r",
    display_name="实习生",
    content=role.RoleContent(
        competencies=(role.CompetencyWeight("teamwork", 2.0), role.CompetencyWeight("leadership")),
        languages=("en", "zh"),
        questions=(
            role.Question(
                "q", "teamwork", "zh", "为什么？", follow_ups=(role.FollowUp("f", role.Lack.ACTION, "Why?"),)
            ),
        ),
        structure=role.Structure.SEMI_STRUCTURED,
        max_follow_ups=0,
    ),
    revision="tenants/a/roles/r/revisions/1",
    create_time=datetime(2026, 11, 25, 21, 0, 0, 250_000, tzinfo=UTC),
    etag="3",
)


@pytest.mark.parametrize(
    ("kind", "message", "inside", "elsewhere"), PAIRS, ids=lambda one: getattr(one, "__name__", "")
)
def test_a_record_has_the_fields_of_its_message(
    kind: type[Any], message: Any, inside: set[str], elsewhere: set[str]
) -> None:
    fields = {one.name for one in dataclasses.fields(kind)}
    assert fields - inside == set(message.DESCRIPTOR.fields_by_name) - elsewhere


@pytest.mark.parametrize(
    ("kind", "message", "inside", "elsewhere"), PAIRS, ids=lambda one: getattr(one, "__name__", "")
)
def test_what_only_the_server_sets_is_marked_so_in_the_contract(
    kind: type[Any], message: Any, inside: set[str], elsewhere: set[str]
) -> None:
    """google.api.field_behavior: 3 is OUTPUT_ONLY."""
    for one in dataclasses.fields(kind):
        if one.name in {"name"} | inside | elsewhere:  # a name is an identifier, whoever chooses it
            continue
        behaviors = (
            message.DESCRIPTOR.fields_by_name[one.name].GetOptions().Extensions[field_behavior_pb2.field_behavior]
        )
        if behaviors:
            assert (3 in behaviors) == limit_of(one).output, one.name


def test_a_record_becomes_a_message_and_the_same_record_again() -> None:
    message = messages.to_message(ROLE, roles_pb2.Role())
    assert message.content.questions[0].follow_ups[0].lack == roles_pb2.FollowUp.LACK_ACTION
    assert message.content.HasField("max_follow_ups")
    assert not message.content.competencies[1].HasField("weight")
    assert messages.from_message(message, role.Role) == ROLE


def test_what_callers_may_not_set_is_not_read_from_them() -> None:
    message = messages.to_message(ROLE, roles_pb2.Role())
    given = messages.from_message(message, role.Role, "role", given=True)
    assert (given.revision, given.create_time) == ("", None)
    assert given.content == ROLE.content


def test_an_unspecified_enum_is_the_default_and_an_unknown_one_is_named() -> None:
    answer = answers_pb2.Answer(question_id="q", text="Hello.")
    assert messages.from_message(answer, submission.Submission).kind is MediaKind.DETECT
    answer.kind = scoring_pb2.MEDIA_KIND_VIDEO
    assert messages.from_message(answer, submission.Submission).kind is MediaKind.VIDEO
    answer.kind = 17  # type: ignore[assignment]  # what a newer client may send
    with pytest.raises(InvalidRequest) as caught:
        messages.from_message(answer, submission.Submission, "answer")
    assert caught.value.field == "answer.kind"


def test_a_time_out_of_range_is_named() -> None:
    message = interviews_pb2.Interview()
    message.deadline_time.seconds = 10**15
    with pytest.raises(InvalidRequest) as caught:
        messages.from_message(message, interview.Interview, "interview")
    assert caught.value.field == "interview.deadline_time"


def test_a_mask_decides_which_fields_are_taken() -> None:
    message = roles_pb2.Role(display_name="New")
    allowed = ("display_name", "content")
    assert messages.merged(ROLE, message, FieldMask(), allowed, "role").display_name == "New"
    assert messages.merged(ROLE, message, FieldMask(), allowed, "role").content == ROLE.content
    assert messages.merged(ROLE, message, FieldMask(paths=["content"]), allowed, "role").content == role.RoleContent()
    both = messages.merged(ROLE, message, FieldMask(paths=["*"]), allowed, "role")
    assert (both.display_name, both.content) == ("New", role.RoleContent())
    with pytest.raises(InvalidRequest) as caught:
        messages.merged(ROLE, message, FieldMask(paths=["display_name", "revision"]), allowed, "role")
    assert caught.value.field == "update_mask.paths[1]"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"display_name": ""}, "role.display_name"),
        ({"display_name": "x" * 201}, "role.display_name"),
        ({"display_name": "...!"}, "role.display_name"),
        ({"content": role.RoleContent()}, "role.content.competencies"),
        (
            {"content": dataclasses.replace(ROLE.content, languages=("en", "fr"))},
            "role.content.languages[1]",
        ),
        (
            {"content": dataclasses.replace(ROLE.content, competencies=(role.CompetencyWeight("a", float("nan")),))},
            "role.content.competencies[0].weight",
        ),
        (
            {"content": dataclasses.replace(ROLE.content, questions=ROLE.content.questions * 2)},
            "role.content.questions[1]",
        ),
        (
            {
                "content": dataclasses.replace(
                    ROLE.content, questions=(dataclasses.replace(ROLE.content.questions[0], question_id="Q 1"),)
                )
            },
            "role.content.questions[0].question_id",
        ),
    ],
)
def test_a_field_that_breaks_its_limit_is_named(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        check(dataclasses.replace(ROLE, **changes), "role")
    assert caught.value.field == field
    check(ROLE, "role")
