"""The calls of `viva.v1.Reports` by which people act on a report."""

from __future__ import annotations

import dataclasses
from typing import Final

from serving.api import messages, requests, resources
from serving.domain import names
from serving.domain.report import Contest, Decision, Review, Satisfaction, Verdict
from serving.domain.tenant import Caller
from serving.records import reviews
from serving.records.ports import Bell, Database
from serving.records.screening_ports import RuleEngine
from viva.v1 import reports_pb2 as pb

INTERVIEW: Final = "tenants/*/interviews/*"
REPORT: Final = f"{INTERVIEW}/reports/*"
_ANSWER: Final = f"{INTERVIEW}/answers/*"
_CONTEST: Final = f"{INTERVIEW}/contests/*"


class ReviewCalls:
    """Satisfaction, decisions, contests."""

    def __init__(self, database: Database, rules: RuleEngine, bell: Bell) -> None:
        self._database = database
        self._rules = rules
        self._bell = bell

    async def submit_satisfaction(self, request: pb.SubmitSatisfactionRequest, caller: Caller) -> pb.Satisfaction:
        """`SubmitSatisfaction`."""
        parent = resources.parent(request, caller, INTERVIEW)
        given = resources.read(request.satisfaction, Satisfaction, "satisfaction")
        given = dataclasses.replace(given, name=f"{parent}/satisfactions/own")
        async with self._database.transaction(caller.tenant) as tx:
            stored = await reviews.rate(tx, given)
            await tx.audit(caller, "SubmitSatisfaction", parent)
        return messages.to_message(stored, pb.Satisfaction())

    async def create_decision(self, request: pb.CreateDecisionRequest, caller: Caller) -> pb.Decision:
        """`CreateDecision`."""
        parent = resources.parent(request, caller, INTERVIEW)
        given = resources.read(request.decision, Decision, "decision")
        given = dataclasses.replace(
            given,
            name=f"{parent}/decisions/{names.new_id()}",
            report=names.check(given.report, REPORT, caller.tenant, "decision.report"),
        )
        async with self._database.transaction(caller.tenant) as tx:
            made = await resources.once(tx, caller, request, given.name, Decision, lambda: reviews.decide(tx, given))
        self._bell.ring()
        return messages.to_message(made, pb.Decision())

    async def list_decisions(self, request: pb.ListDecisionsRequest, caller: Caller) -> pb.ListDecisionsResponse:
        """`ListDecisions`."""
        query = resources.query(request, resources.parent(request, caller, INTERVIEW, wildcard=True))
        async with self._database.transaction(caller.tenant) as tx:
            page = await tx.page(Decision, query)
        return resources.fill_page(pb.ListDecisionsResponse(), "decisions", page)

    async def create_contest(self, request: pb.CreateContestRequest, caller: Caller) -> pb.Contest:
        """`CreateContest`."""
        parent = resources.parent(request, caller, INTERVIEW)
        given = resources.read(request.contest, Contest, "contest")
        answer = given.answer and names.check(given.answer, _ANSWER, caller.tenant, "contest.answer")
        given = dataclasses.replace(
            given,
            name=f"{parent}/contests/{names.new_id()}",
            report=names.check(given.report, REPORT, caller.tenant, "contest.report"),
            answer=answer,
        )
        async with self._database.transaction(caller.tenant) as tx:
            made = await resources.once(tx, caller, request, given.name, Contest, lambda: reviews.contest(tx, given))
        self._bell.ring()
        return messages.to_message(made, pb.Contest())

    async def list_contests(self, request: pb.ListContestsRequest, caller: Caller) -> pb.ListContestsResponse:
        """`ListContests`."""
        query = resources.query(request, resources.parent(request, caller, INTERVIEW, wildcard=True))
        async with self._database.transaction(caller.tenant) as tx:
            page = await tx.page(Contest, query)
        return resources.fill_page(pb.ListContestsResponse(), "contests", page)

    async def review_contest(self, request: pb.ReviewContestRequest, caller: Caller) -> pb.Contest:
        """`ReviewContest`."""
        name = resources.name(request, caller, _CONTEST)
        given = resources.read(request.review, Review, "review")
        if given.verdict is Verdict.CORRECTED:
            requests.check_text(given.corrected_transcript, "review.corrected_transcript")
        async with self._database.transaction(caller.tenant) as tx:
            reviewed = await reviews.review(tx, name, given, self._rules)
            await tx.audit(caller, "ReviewContest", name)
        self._bell.ring()
        return messages.to_message(reviewed, pb.Contest())
