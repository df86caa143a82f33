"""What people do with a report: decide, contest, review. A review can lead to another report; none is ever changed."""

from __future__ import annotations

import dataclasses

from serving.domain import names
from serving.domain.errors import InvalidRequest, NotAllowedNow, NotFound, Reason
from serving.domain.fields import invalid
from serving.domain.interview import Interview, InterviewState
from serving.domain.report import Contest, ContestState, Decision, Report, Review, Satisfaction, Verdict
from serving.domain.submission import AnswerState, Submission
from serving.records import events, rescoring
from serving.records.ports import Transaction
from serving.records.reports import write_report
from serving.records.screening_ports import RuleEngine


async def decide(tx: Transaction, given: Decision) -> Decision:
    """Store a decision, with what the rules had recommended in the report that it rests on.

    Args:
        given: its fields checked one by one; `report` is a name of this tenant.

    Raises:
        NotFound: no such interview, or no such report.
        InvalidRequest: no outcome, or the report is another interview's.
        NotAllowedNow: the interview has not come to its end.
    """
    if given.outcome is None:
        raise _missing("decision.outcome")
    interview = await tx.get(Interview, names.parent_of(given.name), share=True)
    _check_completed(interview, "parent")
    report = await _report(tx, given.report, interview, "decision.report")
    decision = await tx.insert(dataclasses.replace(given, recommendations=report.recommendations))
    await tx.emit(events.decision_created(decision, tx.now))
    return decision


async def contest(tx: Transaction, given: Contest) -> Contest:
    """Store a contest.

    Args:
        given: its fields checked one by one; `report`, and `answer` where there is one, are names of this tenant.

    Raises:
        NotFound: no such interview, or no such report.
        InvalidRequest: report or answer are another interview's, or the report has no such answer.
    """
    interview = await tx.get(Interview, names.parent_of(given.name), share=True)
    report = await _report(tx, given.report, interview, "contest.report")
    if given.answer and given.answer not in {one.answer for one in report.answers}:
        raise invalid("contest.answer", "is no answer of the report")
    stored = await tx.insert(given)
    await tx.emit(events.contest_created(stored, tx.now))
    return stored


async def rate(tx: Transaction, given: Satisfaction) -> Satisfaction:
    """Store how satisfied the candidate of an interview was, in place of what was there. Raises `NotFound`."""
    interview = await tx.get(Interview, names.parent_of(given.name), share=True)
    given = dataclasses.replace(given, name=f"{interview.name}/satisfactions/own", create_time=tx.now)
    return given if await tx.ensure(given) else await tx.replace(given)


async def review(tx: Transaction, name: str, given: Review, rules: RuleEngine) -> Contest:
    """Store the one review of a contest, and do what it says.

    An overruled score makes the next report at once. A corrected transcript is scored again as text;
    `rescoring.follow` then writes the next report. Should that scoring fail for good, the report says so: a score of
    words that were not said does not stand.

    Args:
        given: its fields checked one by one; a corrected transcript is one that can be scored.

    Raises:
        NotFound: there is no such contest.
        InvalidRequest: the verdict lacks what it needs.
        NotAllowedNow: the contest was reviewed, or an answer of the interview is scored again just now.
    """
    interview = await tx.get(Interview, names.parent_of(name), lock=True)
    contested = await tx.get(Contest, name, lock=True)
    if contested.state is not ContestState.OPEN:
        raise NotAllowedNow("the contest was reviewed", field="name")
    given = dataclasses.replace(given, create_time=tx.now)
    if given.verdict is Verdict.OVERRULED:
        _check_completed(interview, "name")
        given = dataclasses.replace(given, report=await _overrule(tx, interview, contested, given, rules))
    elif given.verdict is Verdict.CORRECTED:
        _check_completed(interview, "name")
        await _score_again(tx, interview, contested, given)
    elif given.verdict is None:
        raise _missing("review.verdict")
    reviewed = await tx.replace(dataclasses.replace(contested, state=ContestState.REVIEWED, review=given))
    await tx.emit(events.contest_reviewed(reviewed, tx.now))
    return reviewed


async def _overrule(tx: Transaction, interview: Interview, contested: Contest, given: Review, rules: RuleEngine) -> str:
    if given.overruled_score is None:
        raise _missing("review.overruled_score")
    answers = await tx.children(Submission, interview.name)
    report = await write_report(tx, interview, answers, rules, _cause(contested), given.overruled_score)
    await tx.replace(dataclasses.replace(interview, report=report.name))
    return report.name


async def _score_again(tx: Transaction, interview: Interview, contested: Contest, given: Review) -> None:
    if not contested.answer:
        raise invalid("review.verdict", "is corrected, but the contest is of a whole report and of no answer")
    answer = await tx.get(Submission, contested.answer, lock=True)
    if answer.state not in (AnswerState.SCORED, AnswerState.FAILED):
        raise NotAllowedNow(f"the answer is {answer.state.value}", field="name")
    corrected = dataclasses.replace(answer, corrected_text=given.corrected_transcript)
    await rescoring.begin(tx, interview, corrected, _cause(contested))


async def _report(tx: Transaction, name: str, interview: Interview, path: str) -> Report:
    if names.parent_of(name) != interview.name:
        raise invalid(path, "is a report of another interview")
    report = await tx.find(Report, name)
    if report is None:
        raise NotFound(f"{path} names nothing that exists", field=path)
    return report


def _check_completed(interview: Interview, path: str) -> None:
    if interview.state is not InterviewState.COMPLETED:
        raise NotAllowedNow(f"the interview is {interview.state.value}, not completed", field=path)


def _missing(path: str) -> InvalidRequest:
    return InvalidRequest(f"{path} must be set", reason=Reason.FIELD_REQUIRED, field=path)


def _cause(contested: Contest) -> str:
    return f"review:{names.id_of(contested.name)}"
