"""What a link's page shows, gathered in one transaction and written as HTML in a thread."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from serving.api import assessments
from serving.api.feedback import assessments_of, candidate_feedback
from serving.api.links import Link
from serving.domain import names
from serving.domain.competency import Language
from serving.domain.interview import Interview
from serving.domain.pages import AnswerShown, FeedbackPage, InterviewPage
from serving.domain.report import Audience, Contest, Decision, Report
from serving.records.ports import Database, Transaction
from viva.v1 import assessment_pb2


@dataclass(frozen=True, slots=True)
class Writers:
    """Who writes the HTML of each page; blocking, for a thread.

    Attributes:
        notice: a page of one of the words `unknown`, `refused`, `busy` and `fault`, in all languages.
    """

    interview: Callable[[InterviewPage, Language], str]
    feedback: Callable[[FeedbackPage, Language], str]
    notice: Callable[[str], str]


async def write(database: Database, writers: Writers, link: Link, token: str, *, thanks: bool) -> str:
    """The page of a link.

    Args:
        token: the link's text, which forms are sent back to.
        thanks: say thanks for what was sent just now.

    Raises:
        NotFound: the report is not there any more.
    """
    async with database.transaction(names.tenant_of(link.report)) as tx:
        report = await tx.get(Report, link.report)
        interview = await tx.get(Interview, names.parent_of(report.name))
        newest = interview.report == report.name
        if link.audience is Audience.CANDIDATE:
            feedback = await candidate_feedback(tx, interview, report, link.language)
            html = partial(writers.feedback, FeedbackPage(feedback, newest, token, thanks), link.language)
        else:
            page, found = await _interview_page(tx, interview, report, newest)
            html = partial(_interview_html, writers, page, found, link.language)
    return await asyncio.to_thread(html)  # while nobody waits for the connection


async def _interview_page(
    tx: Transaction, interview: Interview, report: Report, newest: bool
) -> tuple[InterviewPage, Mapping[str, assessment_pb2.Assessment]]:
    questions = {one.question_id: one for one in interview.questions}
    answers = []
    for one in report.answers:
        question = questions.get(one.question_id)
        text, competency = (question.text, question.competency) if question else ("", "")
        answers.append(AnswerShown(one.answer, text, competency, one.state))
    page = InterviewPage(
        report=report,
        newest=newest,
        answers=tuple(answers),
        decisions=await tx.children(Decision, interview.name),
        contests=await tx.children(Contest, interview.name),
    )
    return page, await assessments_of(tx, report)


def _interview_html(
    writers: Writers, page: InterviewPage, found: Mapping[str, assessment_pb2.Assessment], language: Language
) -> str:
    answers = tuple(
        dataclasses.replace(one, assessment=assessments.from_message(found[one.answer])) if one.answer in found else one
        for one in page.answers
    )
    return writers.interview(dataclasses.replace(page, answers=answers), language)
