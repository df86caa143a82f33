"""Reports on a real PostgreSQL: read, watched, decided on, contested, and followed by others."""

from __future__ import annotations

import asyncio
import dataclasses
import re
import uuid
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest

from serving.adapters.postgres import queries
from serving.adapters.postgres.credentials import PostgresCredentials
from serving.adapters.postgres.database import PostgresDatabase
from serving.adapters.postgres.server import PostgresServer
from serving.api import admission, watching
from serving.api.reports import ReportService
from serving.domain.errors import Conflict, Forbidden, InvalidRequest, NotAllowedNow, NotFound, Reason
from serving.domain.interview import Interview, InterviewState
from serving.domain.job import Lane
from serving.domain.report import Report
from serving.domain.submission import Submission
from serving.domain.tenant import Caller, Scope
from serving.records import interviews
from tests.interviews import SUGGESTION, Scored, scoring
from tests.postgres import caller, new_tenant
from viva.v1 import reports_pb2 as pb

_Outcome, _Verdict = pb.Decision, pb.Review
_REASON = "The recording says otherwise."


class SilentBell:
    def ring(self) -> None:
        pass


@pytest.fixture
async def scored(postgres: PostgresServer, database: PostgresDatabase, tmp_path: Path) -> AsyncIterator[Scored]:
    async with scoring(postgres, database, tmp_path) as scored:
        yield scored


@pytest.fixture
async def tenant(scored: Scored) -> str:
    tenant = new_tenant()
    await scored.add_tenant(tenant)
    return tenant


@pytest.fixture
def service(database: PostgresDatabase, scored: Scored) -> ReportService:
    return ReportService(
        database,
        scored.rules,
        SilentBell(),
        PostgresCredentials(database),
        "https://viva.example/pages",
        admission.Lane("watch", 1, 0, 1.0),
    )


@pytest.fixture
def me(tenant: str) -> Caller:
    return caller(tenant)


async def _contest(service: ReportService, me: Caller, interview: str, **fields: str) -> pb.Contest:
    given = pb.Contest(**{"report": f"{interview}/reports/1", "statement": "That is not what I said.", **fields})
    return await service.create_contest(pb.CreateContestRequest(parent=interview, contest=given), me)


async def _review(service: ReportService, me: Caller, contest: str, **fields: object) -> pb.Contest:
    given = pb.Review(**{"reason": _REASON, "reviewer": "j.doe", **fields})
    return await service.review_contest(pb.ReviewContestRequest(name=contest, review=given), me)


async def _event_types(database: PostgresDatabase, tenant: str, subject: str) -> list[str]:
    async with database.transaction(tenant) as tx:
        rows = await tx._connection.execute("SELECT type FROM events WHERE subject = %s ORDER BY seq", [subject])
        return [row[0] for row in await rows.fetchall()]


# Reading


async def test_a_report_comes_with_the_assessments_it_rests_on_and_latest_names_the_newest(
    scored: Scored, service: ReportService, me: Caller, tenant: str
) -> None:
    name = await scored.complete(tenant, "i1", ("We um did it.", "I said it."))
    report = await service.get_report(pb.GetReportRequest(name=f"{name}/reports/latest"), me)
    assert report.name == f"{name}/reports/1" and report.cause == ""
    assert [one.assessment.transcript.text for one in report.answers] == ["We um did it.", "I said it."]
    assert [one.assessment_revision for one in report.answers] == [1, 1]
    assert report.overall.score == pytest.approx(9.5)
    assert [(one.value, one.recommends) for one in report.recommendations] == [("true", "advance")]
    assert await service.get_report(pb.GetReportRequest(name="-/".join(report.name.split(tenant + "/"))), me) == report


async def test_what_has_no_report_has_no_latest_one_and_no_feedback(
    scored: Scored, service: ReportService, me: Caller, tenant: str
) -> None:
    name = await scored.open(tenant, "i1")
    with pytest.raises(NotFound):
        await service.get_report(pb.GetReportRequest(name=f"{name}/reports/latest"), me)
    with pytest.raises(NotAllowedNow):
        await service.get_candidate_feedback(pb.GetCandidateFeedbackRequest(name=name), me)


async def test_reports_are_listed_by_score_and_filtered_without_assessments(
    scored: Scored, service: ReportService, me: Caller, tenant: str
) -> None:
    for index, text in enumerate(("um um um um", "um um", "well")):
        await scored.complete(tenant, f"i{index}", (text, text))
    request = pb.ListReportsRequest(parent=f"tenants/{tenant}/interviews/-", order_by="overall desc")
    reports = (await service.list_reports(request, me)).reports
    assert [one.overall.score for one in reports] == [10.0, 8.0, 6.0]
    assert not any(answer.HasField("assessment") for one in reports for answer in one.answers)
    request.filter = "overall < 9.0"
    assert [one.overall.score for one in (await service.list_reports(request, me)).reports] == [8.0, 6.0]
    one = pb.ListReportsRequest(parent=f"tenants/{tenant}/interviews/i2")
    assert [found.overall.score for found in (await service.list_reports(one, me)).reports] == [10.0]


async def test_a_tenant_finds_nothing_of_another_s(
    scored: Scored, service: ReportService, me: Caller, tenant: str
) -> None:
    name = await scored.complete(tenant, "i1")
    contest = await _contest(service, me, name)
    stranger = new_tenant()
    await scored.add_tenant(stranger)
    other = caller(stranger)
    mine = name.replace(tenant, stranger)
    for path in (f"{name}/reports/1", f"{mine}/reports/1", f"{mine}/reports/latest"):
        with pytest.raises(NotFound):
            await service.get_report(pb.GetReportRequest(name=path), other)
        with pytest.raises(NotFound):
            await service.create_report_link(pb.CreateReportLinkRequest(name=path), other)
    with pytest.raises(NotFound):
        await service.get_candidate_feedback(pb.GetCandidateFeedbackRequest(name=mine), other)
    with pytest.raises(NotFound):
        await _contest(service, other, mine, report=f"{mine}/reports/1")
    with pytest.raises(NotFound):
        await _review(service, other, contest.name.replace(tenant, stranger), verdict=_Verdict.VERDICT_UPHELD)
    everything = f"tenants/{stranger}/interviews/-"
    assert not (await service.list_reports(pb.ListReportsRequest(parent=everything), other)).reports
    assert not (await service.list_contests(pb.ListContestsRequest(parent=everything), other)).contests


# Watching


async def _watched(
    database: PostgresDatabase, tenant: str, token: str, count: int, **pace: float
) -> list[pb.WatchReportsResponse]:
    """The first responses of a watch."""
    found: list[pb.WatchReportsResponse] = []
    pace = {"poll_s": 0.01, "sign_of_life_s": 60.0, **pace}
    async with asyncio.timeout(30), aclosing(watching.watch(database, tenant, token, **pace)) as stream:
        async for response in stream:
            found.append(response)
            if len(found) == count:
                break
    return found


async def test_a_watch_misses_nothing_of_what_commits_at_the_same_time(
    scored: Scored, database: PostgresDatabase, tenant: str
) -> None:
    """Reports whose transactions begin and commit in an order of their own, while the watch goes on."""
    names = [await scored.complete(tenant, f"i{index:02}") for index in range(12)]
    expected = {f"{name}/reports/2" for name in names}
    start = await _watched(database, tenant, "start", len(names))

    async def another(index: int) -> None:
        async with database.transaction(tenant) as tx:
            interview = await tx.get(Interview, names[index], lock=True)
            answers = await tx.children(Submission, interview.name)
            await interviews.write_report(tx, interview, answers, scored.rules, "review:x")
            await asyncio.sleep(0.02 * ((7 * index) % 5))  # the later may commit before the earlier

    watch = asyncio.create_task(_watched(database, tenant, start[-1].resume_token, len(names)))
    async with asyncio.TaskGroup() as group:
        for index in range(0, len(names), 4):
            for one in range(index, index + 4):
                group.create_task(another(one))
            await asyncio.sleep(0.03)
    found = [response.report.name for response in await watch]
    assert sorted(found) == sorted(expected)


async def test_a_watch_waits_for_an_older_transaction_before_it_shows_what_follows(
    scored: Scored, database: PostgresDatabase, tenant: str
) -> None:
    first, second = await scored.open(tenant, "i1"), await scored.open(tenant, "i2")

    async def close(tx: object, name: str) -> None:
        current = await tx.get(Interview, name, lock=True)  # type: ignore[attr-defined]
        await interviews.close(tx, current, scored.rules)  # type: ignore[arg-type]

    async with database.transaction(tenant) as older:
        await close(older, first)
        async with database.transaction(tenant) as younger:
            await close(younger, second)
        signs = await _watched(database, tenant, "start", 2, sign_of_life_s=0.05)
        assert not any(one.HasField("report") for one in signs)
    found = await _watched(database, tenant, signs[-1].resume_token, 2)
    assert [one.report.name for one in found] == [f"{first}/reports/1", f"{second}/reports/1"]


async def test_a_watch_goes_on_where_it_was_left_and_begins_now_without_a_token(
    scored: Scored, database: PostgresDatabase, tenant: str
) -> None:
    for index in range(3):
        await scored.complete(tenant, f"i{index}")
    first = (await _watched(database, tenant, "start", 1))[0]
    rest = await _watched(database, tenant, first.resume_token, 2)
    assert [one.report.name.split("/")[3] for one in (first, *rest)] == ["i0", "i1", "i2"]
    assert not any(answer.HasField("assessment") for answer in first.report.answers)
    sign = (await _watched(database, tenant, "", 1, sign_of_life_s=0.05))[0]
    assert not sign.HasField("report")
    await scored.complete(tenant, "i3")
    later = await _watched(database, tenant, sign.resume_token, 1)
    assert later[0].report.name.split("/")[3] == "i3"


async def test_a_watch_shows_one_tenant_s_reports_and_passes_over_what_was_erased(
    scored: Scored, database: PostgresDatabase, tenant: str
) -> None:
    stranger = new_tenant()
    await scored.add_tenant(stranger)
    await scored.complete(stranger, "theirs")
    erased = await scored.complete(tenant, "erased")
    await scored.complete(tenant, "kept")
    async with database.transaction(tenant) as tx:
        assert await tx.delete(Report, f"{erased}/reports/1")
    found = await _watched(database, tenant, "start", 1)
    assert found[0].report.name == f"tenants/{tenant}/interviews/kept/reports/1"


@pytest.mark.parametrize("token", ["nonsense", "YQ", "LTEsMQ", "é"])
async def test_a_token_that_is_not_ours_is_refused(service: ReportService, me: Caller, token: str) -> None:
    request = pb.WatchReportsRequest(parent="tenants/-", resume_token=token)
    with pytest.raises(InvalidRequest) as raised:
        await anext(service.watch_reports(request, me))
    assert raised.value.field == "resume_token"


async def test_the_watch_reads_an_index_however_much_else_happens(database: PostgresDatabase, tenant: str) -> None:
    values = {"tenant": tenant, "type": "viva.report.created", "xid": "0", "seq": 0, "limit": 100}
    async with database.transaction(tenant) as tx:
        await tx._connection.execute("SET LOCAL enable_seqscan = off")
        await tx._connection.execute("SET LOCAL enable_sort = off")  # of few rows it may be the cheapest
        plan = await tx._connection.execute("EXPLAIN " + queries.load("reports")["events_after"], values)
        text = "\n".join(row[0] for row in await plan.fetchall())
    assert "events_in_order" in text and "Sort" not in text
    (condition,) = re.findall(r"^ *Index Cond: (.*)", text, re.MULTILINE)
    assert "type = " in condition and "ROW(xid, seq) >" in condition and "xid < pg_snapshot_xmin" in condition
    of_the_policy = "(NOT (tenant_id IS DISTINCT FROM (InitPlan 1).col1))"
    assert re.findall(r"^ *Filter: (.*)", text, re.MULTILINE) == [of_the_policy]


# Feedback and satisfaction


async def test_a_candidate_gets_advice_and_transcripts_and_scores_only_where_the_tenant_shows_them(
    scored: Scored, service: ReportService, me: Caller, tenant: str
) -> None:
    name = await scored.complete(tenant, "i1")
    feedback = await service.get_candidate_feedback(pb.GetCandidateFeedbackRequest(name=name), me)
    assert [(one.question, list(one.suggestions), one.transcript) for one in feedback.questions] == [
        ("Tell me of teamwork.", [SUGGESTION], "We did it."),
        ("Tell me of communication.", [SUGGESTION], "I said it."),
    ]
    assert feedback.role_display_name == "Clerk" and "contest" in feedback.contest_notice
    assert not feedback.competencies
    open_tenant = new_tenant()
    await scored.add_tenant(open_tenant, scores_shown=True)
    other = await scored.complete(open_tenant, "i1")
    shown = await service.get_candidate_feedback(pb.GetCandidateFeedbackRequest(name=other), caller(open_tenant))
    assert [one.score for one in shown.competencies] == [10.0, 10.0]


async def test_satisfaction_is_stored_once_for_an_interview(
    scored: Scored, service: ReportService, me: Caller, tenant: str, database: PostgresDatabase
) -> None:
    name = await scored.complete(tenant, "i1")

    async def rate(**fields: object) -> pb.Satisfaction:
        request = pb.SubmitSatisfactionRequest(parent=name, satisfaction=pb.Satisfaction(**fields))
        return await service.submit_satisfaction(request, me)

    await rate(rating=2, comment="Too long.")
    assert (await rate(rating=5, fairness=4)).rating == 5
    async with database.transaction(tenant) as tx:
        rows = await (await tx._connection.execute("SELECT body FROM satisfactions")).fetchall()
    assert [(row[0]["rating"], row[0]["comment"]) for row in rows] == [(5, "")]
    for wrong in ({"rating": 0}, {"rating": 6}, {"rating": 3, "fairness": 6}):
        with pytest.raises(InvalidRequest):
            await rate(**wrong)


# Decisions


async def _decide(service: ReportService, me: Caller, interview: str, **fields: object) -> pb.Decision:
    given = pb.Decision(
        **{
            "outcome": _Outcome.OUTCOME_ADVANCE,
            "reason": "Good answers throughout.",
            "decider": "m.muster",
            "report": f"{interview}/reports/1",
            **fields,
        }
    )
    return await service.create_decision(pb.CreateDecisionRequest(parent=interview, decision=given), me)


async def test_decisions_are_kept_in_order_with_what_the_rules_had_said(
    scored: Scored, service: ReportService, me: Caller, tenant: str, database: PostgresDatabase
) -> None:
    name = await scored.complete(tenant, "i1")
    first = await _decide(service, me, name, outcome=_Outcome.OUTCOME_HOLD)
    second = await _decide(service, me, name, recommendations=[{"rule": "invented"}])
    assert [one.display_name for one in second.recommendations] == ["Good"]
    assert second.recommendations[0].clauses[0].expression == "report.overall >= 7.0"
    listed = (await service.list_decisions(pb.ListDecisionsRequest(parent=name), me)).decisions
    assert list(listed) == [first, second]
    assert await _event_types(database, tenant, first.name) == ["viva.decision.created"]


async def test_a_repeated_decision_is_made_once(
    scored: Scored, service: ReportService, me: Caller, tenant: str
) -> None:
    name = await scored.complete(tenant, "i1")
    decision = pb.Decision(
        outcome=_Outcome.OUTCOME_REJECT, reason="No fit at all.", decider="m", report=f"{name}/reports/1"
    )
    request = pb.CreateDecisionRequest(parent=name, decision=decision, request_id=str(uuid.uuid4()))
    assert await service.create_decision(request, me) == await service.create_decision(request, me)
    request.decision.reason = "Another reason."
    with pytest.raises(Conflict):
        await service.create_decision(request, me)
    assert len((await service.list_decisions(pb.ListDecisionsRequest(parent=name), me)).decisions) == 1


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"reason": "Too few"}, "decision.reason"),
        ({"outcome": 0}, "decision.outcome"),
        ({"decider": ""}, "decision.decider"),
        ({"report": ""}, "decision.report"),
        ({"report": "tenants/-/interviews/other/reports/1"}, "decision.report"),
    ],
)
async def test_a_decision_that_lacks_something_is_refused(
    scored: Scored, service: ReportService, me: Caller, tenant: str, fields: dict[str, object], field: str
) -> None:
    name = await scored.complete(tenant, "i1")
    with pytest.raises(InvalidRequest) as raised:
        await _decide(service, me, name, **fields)
    assert raised.value.field == field


async def test_a_decision_needs_a_report_and_an_interview_at_its_end(
    scored: Scored, service: ReportService, me: Caller, tenant: str
) -> None:
    name = await scored.complete(tenant, "i1")
    with pytest.raises(NotFound):
        await _decide(service, me, name, report=f"{name}/reports/2")
    unfinished = await scored.open(tenant, "i2")
    with pytest.raises(NotAllowedNow):
        await _decide(service, me, unfinished)


# Contests


async def test_a_corrected_transcript_is_scored_again_and_another_report_follows(
    scored: Scored, service: ReportService, me: Caller, tenant: str, database: PostgresDatabase
) -> None:
    name = await scored.complete(tenant, "i1", ("um um um um", "I said it."))
    answer = f"{name}/answers/q1-en"
    contest = await _contest(service, me, name, answer=answer)
    reviewed = await _review(
        service, me, contest.name, verdict=_Verdict.VERDICT_CORRECTED, corrected_transcript="We rebuilt it."
    )
    assert reviewed.state == pb.Contest.STATE_REVIEWED and reviewed.review.report == ""
    async with database.transaction(tenant) as tx:
        assert (await tx.get(Interview, name)).state is InterviewState.SCORING
    with pytest.raises(NotAllowedNow):
        await _decide(service, me, name)  # on what is about to be followed
    jobs = await scored.score_all()
    assert [(job.subject, job.lane) for job in jobs] == [(answer, Lane.TEXT)]
    assert scored.scorer.given[-1].text == "We rebuilt it."
    report = await service.get_report(pb.GetReportRequest(name=f"{name}/reports/latest"), me)
    contest_id = contest.name.rpartition("/")[2]
    assert (report.name, report.cause) == (f"{name}/reports/2", f"review:{contest_id}")
    assert [(one.assessment_revision, one.assessment.transcript.text) for one in report.answers] == [
        (2, "We rebuilt it."),
        (1, "I said it."),
    ]
    assert report.overall.score == 10.0
    old = await service.get_report(pb.GetReportRequest(name=f"{name}/reports/1"), me)
    assert old.overall.score == 8.0 and old.answers[0].assessment.transcript.text == "um um um um"
    listed = (await service.list_contests(pb.ListContestsRequest(parent=name), me)).contests
    assert [one.review.report for one in listed] == [report.name]
    async with database.transaction(tenant) as tx:
        assert (await tx.get(Interview, name)).state is InterviewState.COMPLETED
        assert (await tx.usage_summary(name, None, None)).answer_count == 2  # billed once
    assert await _event_types(database, tenant, contest.name) == ["viva.contest.created", "viva.contest.reviewed"]
    assert await _event_types(database, tenant, report.name) == ["viva.report.created"]
    await _decide(service, me, name, report=report.name)


async def test_the_words_of_an_answer_in_media_can_be_corrected_without_its_media(
    scored: Scored, service: ReportService, me: Caller, tenant: str, database: PostgresDatabase
) -> None:
    name = await scored.complete(tenant, "i1")
    answer = f"{name}/answers/q1-en"
    async with database.transaction(tenant) as tx:  # as if it had been a recording that is deleted by now
        stored = await tx.get(Submission, answer)
        await tx.replace(dataclasses.replace(stored, text=None, media_sha256="0" * 64))
    contest = await _contest(service, me, name, answer=answer)
    await _review(service, me, contest.name, verdict=_Verdict.VERDICT_CORRECTED, corrected_transcript="As I said.")
    await scored.score_all()
    report = await service.get_report(pb.GetReportRequest(name=f"{name}/reports/latest"), me)
    assert report.answers[0].assessment.transcript.text == "As I said."


async def test_a_correction_that_waits_for_its_models_leaves_the_old_report(
    scored: Scored, service: ReportService, me: Caller, tenant: str, database: PostgresDatabase
) -> None:
    name = await scored.complete(tenant, "i1")
    before = await _ended(database, tenant, name)
    contest = await _contest(service, me, name, answer=f"{name}/answers/q1-en")
    scored.scorer.away = True
    await _review(service, me, contest.name, verdict=_Verdict.VERDICT_CORRECTED, corrected_transcript="Words.")
    await scored.score_all()
    with pytest.raises(NotAllowedNow):
        async with database.transaction(tenant) as tx:
            await interviews.cancel(tx, await tx.get(Interview, name, lock=True))
    latest = pb.GetReportRequest(name=f"{name}/reports/latest")
    assert (await service.get_report(latest, me)).name == f"{name}/reports/1"
    scored.scorer.away = False
    async with database.transaction(tenant) as tx:
        await tx._connection.execute("UPDATE jobs SET ready_at = now()")
    await scored.score_all()
    assert (await service.get_report(latest, me)).name == f"{name}/reports/2"
    assert await _ended(database, tenant, name) == before  # retention counts from the first end


async def _ended(database: PostgresDatabase, tenant: str, name: str) -> tuple[object, ...]:
    async with database.transaction(tenant) as tx:
        interview = await tx.get(Interview, name)
    return interview.end_time, interview.media_until, interview.report_until


async def test_an_overruled_score_makes_a_report_of_its_own_at_once(
    scored: Scored, service: ReportService, me: Caller, tenant: str
) -> None:
    name = await scored.complete(tenant, "i1")
    contest = await _contest(service, me, name)
    reviewed = await _review(service, me, contest.name, verdict=_Verdict.VERDICT_OVERRULED, overruled_score=0.0)
    report = await service.get_report(pb.GetReportRequest(name=f"{name}/reports/latest"), me)
    assert reviewed.review.report == report.name == f"{name}/reports/2"
    assert (report.overall.score, report.overall.low, report.overall.high) == (0.0, 0.0, 0.0)
    assert report.cause == f"review:{contest.name.rpartition('/')[2]}"
    assert [(one.value, one.recommends) for one in report.recommendations] == [("false", "review")]
    assert [one.score for one in report.competencies] == [10.0, 10.0]


async def test_a_report_that_stands_is_not_followed_and_a_contest_is_reviewed_once(
    scored: Scored, service: ReportService, me: Caller, tenant: str
) -> None:
    name = await scored.complete(tenant, "i1")
    contest = await _contest(service, me, name)
    uphold = {"verdict": _Verdict.VERDICT_UPHELD}
    ends = await asyncio.gather(
        *(_review(service, me, contest.name, **uphold) for _ in range(3)), return_exceptions=True
    )
    assert [type(end) for end in ends].count(NotAllowedNow) == 2
    (reviewed,) = [end for end in ends if isinstance(end, pb.Contest)]
    assert reviewed.review.report == "" and reviewed.review.HasField("create_time")
    latest = await service.get_report(pb.GetReportRequest(name=f"{name}/reports/latest"), me)
    assert latest.name == f"{name}/reports/1"


@pytest.mark.parametrize(
    ("fields", "reason", "field"),
    [
        ({}, Reason.FIELD_REQUIRED, "review.verdict"),
        ({"verdict": _Verdict.VERDICT_OVERRULED}, Reason.FIELD_REQUIRED, "review.overruled_score"),
        (
            {"verdict": _Verdict.VERDICT_OVERRULED, "overruled_score": 11.0},
            Reason.FIELD_INVALID,
            "review.overruled_score",
        ),
        ({"verdict": _Verdict.VERDICT_CORRECTED}, Reason.TEXT_EMPTY, "review.corrected_transcript"),
        (
            {"verdict": _Verdict.VERDICT_CORRECTED, "corrected_transcript": "Words."},
            Reason.FIELD_INVALID,
            "review.verdict",
        ),
        ({"verdict": _Verdict.VERDICT_UPHELD, "reason": "short"}, Reason.FIELD_INVALID, "review.reason"),
        ({"verdict": _Verdict.VERDICT_UPHELD, "reviewer": ""}, Reason.FIELD_REQUIRED, "review.reviewer"),
    ],
)
async def test_a_review_that_lacks_what_its_verdict_needs_is_refused_and_the_contest_stays_open(
    scored: Scored,
    service: ReportService,
    me: Caller,
    tenant: str,
    fields: dict[str, object],
    reason: Reason,
    field: str,
) -> None:
    name = await scored.complete(tenant, "i1")
    contest = await _contest(service, me, name)  # of the whole report
    with pytest.raises(InvalidRequest) as raised:
        await _review(service, me, contest.name, **fields)
    assert (raised.value.reason, raised.value.field) == (reason, field)
    (listed,) = (await service.list_contests(pb.ListContestsRequest(parent=name), me)).contests
    assert listed == contest and listed.state == pb.Contest.STATE_OPEN


async def test_two_answers_are_not_scored_again_at_once(
    scored: Scored, service: ReportService, me: Caller, tenant: str
) -> None:
    name = await scored.complete(tenant, "i1")
    contests = [await _contest(service, me, name, answer=f"{name}/answers/{one}-en") for one in ("q1", "q2")]
    correct = {"verdict": _Verdict.VERDICT_CORRECTED, "corrected_transcript": "Words."}
    await _review(service, me, contests[0].name, **correct)
    with pytest.raises(NotAllowedNow):
        await _review(service, me, contests[1].name, **correct)
    await scored.score_all()
    await _review(service, me, contests[1].name, **correct)
    await scored.score_all()
    listed = (await service.list_contests(pb.ListContestsRequest(parent=name), me)).contests
    assert [one.review.report for one in listed] == [f"{name}/reports/2", f"{name}/reports/3"]


async def test_a_contest_names_a_report_and_an_answer_of_its_interview(
    scored: Scored, service: ReportService, me: Caller, tenant: str
) -> None:
    name, other = await scored.complete(tenant, "i1"), await scored.complete(tenant, "i2")
    with pytest.raises(InvalidRequest, match="contest.report"):
        await _contest(service, me, name, report=f"{other}/reports/1")
    with pytest.raises(NotFound, match="contest.report"):
        await _contest(service, me, name, report=f"{name}/reports/7")
    with pytest.raises(InvalidRequest, match="contest.answer"):
        await _contest(service, me, name, answer=f"{other}/answers/q1-en")
    with pytest.raises(InvalidRequest, match="contest.statement"):
        await _contest(service, me, name, statement=" ")
    everything = pb.ListContestsRequest(parent=f"tenants/{tenant}/interviews/-")
    assert not (await service.list_contests(everything, me)).contests


# Links and the audit log


async def test_links_need_a_report_a_fair_time_and_for_candidates_the_scope_to_submit(
    scored: Scored, service: ReportService, me: Caller, tenant: str
) -> None:
    name = f"{await scored.complete(tenant, 'i1')}/reports/1"
    link = await service.create_report_link(pb.CreateReportLinkRequest(name=name), me)
    assert link.uri.startswith("https://viva.example/pages/r/") and link.HasField("expire_time")
    for fields in ({"ttl_seconds": 59}, {"ttl_seconds": 2_592_001}, {"language": "fr"}, {"audience": 9}):
        with pytest.raises(InvalidRequest):
            await service.create_report_link(pb.CreateReportLinkRequest(name=name, **fields), me)
    candidate = pb.CreateReportLinkRequest(name=name, audience=pb.CreateReportLinkRequest.AUDIENCE_CANDIDATE)
    with pytest.raises(Forbidden):
        await service.create_report_link(candidate, caller(tenant, Scope.READ))
    assert (await service.create_report_link(candidate, caller(tenant, Scope.READ, Scope.SUBMIT))).uri


async def test_what_was_done_is_in_the_audit_log_without_what_was_said(
    scored: Scored, service: ReportService, me: Caller, tenant: str, database: PostgresDatabase
) -> None:
    name = await scored.complete(tenant, "i1")
    await service.create_report_link(pb.CreateReportLinkRequest(name=f"{name}/reports/latest"), me)
    await _decide(service, me, name)
    contest = await _contest(service, me, name)
    await _review(service, me, contest.name, verdict=_Verdict.VERDICT_UPHELD)
    async with database.transaction(tenant) as tx:
        entries = (await tx.audit_entries(50, "")).records
    assert [one.action for one in reversed(entries)] == [
        "CreateReportLink",
        "CreateDecision",
        "CreateContest",
        "ReviewContest",
    ]
    assert entries[-1].resource == f"{name}/reports/1"
    assert not any(_REASON in str(one) or "not what I said" in str(one) for one in entries)
