"""Answers that are scored again, and the report that follows when they are."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from serving.domain import names
from serving.domain.errors import NotAllowedNow
from serving.domain.interview import Interview, InterviewState
from serving.domain.report import Contest, Verdict
from serving.domain.submission import AnswerState, Submission
from serving.records.ports import Transaction
from serving.records.reports import write_report
from serving.records.screening_ports import RuleEngine
from serving.records.work import score_job

_TAKES_RESULTS = (InterviewState.OPEN, InterviewState.SCORING, InterviewState.COMPLETED)


async def begin(tx: Transaction, interview: Interview, answer: Submission, cause: str) -> Submission:
    """Queue an answer that had come to its end; where its interview has a report, another one is to follow.

    Args:
        interview: locked.
        cause: what the report that follows will state.
    """
    again = dataclasses.replace(
        answer, state=AnswerState.QUEUED, error=None, end_time=None, cause=cause if interview.report else ""
    )
    again = await tx.replace(again)
    await tx.enqueue([score_job(again)])
    if interview.state is InterviewState.COMPLETED:
        await tx.replace(dataclasses.replace(interview, state=InterviewState.SCORING))
    return again


async def retry(tx: Transaction, name: str) -> Submission:
    """Score an answer again that had failed for good, also after the report: another one then tells the result.

    Raises:
        NotFound: there is no such answer.
        NotAllowedNow: it has not failed, or its interview was cancelled or has expired.
    """
    interview = await tx.get(Interview, names.parent_of(name), lock=True)
    answer = await tx.get(Submission, name, lock=True)
    if answer.state is not AnswerState.FAILED:
        raise NotAllowedNow(f"the answer is {answer.state.value}, not failed", field="name")
    if interview.state not in _TAKES_RESULTS:
        raise NotAllowedNow(f"the interview is {interview.state.value}", field="name")
    return await begin(tx, interview, answer, f"retry:{names.id_of(name)}")


async def follow(tx: Transaction, interview: Interview, answers: Sequence[Submission], rules: RuleEngine) -> Interview:
    """End the scoring of answers again, with the report that follows.

    There is none where every one of them was tried again and has failed again: it would say what the last one says.

    Args:
        interview: locked, with a report; its retention still counts from its first end.
        answers: all of the interview's, each at its end.
    """
    again = [one for one in answers if one.cause]
    contested = [one for one in await tx.children(Contest, interview.name) if _awaits_report(one)]
    if contested or any(one.state is not AnswerState.FAILED for one in again):
        causes = ",".join(one.cause for one in again)
        report = await write_report(tx, interview, answers, rules, causes)
        interview = dataclasses.replace(interview, report=report.name)
    for contest in contested:
        assert contest.review is not None, "it was reviewed"
        review = dataclasses.replace(contest.review, report=interview.report)
        await tx.replace(dataclasses.replace(contest, review=review))
    for answer in again:
        await tx.replace(dataclasses.replace(answer, cause=""))
    return await tx.replace(dataclasses.replace(interview, state=InterviewState.COMPLETED))


def _awaits_report(one: Contest) -> bool:
    return one.review is not None and one.review.verdict is Verdict.CORRECTED and not one.review.report
