"""`viva.v1.Candidates`."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import ClassVar, Final

from google.longrunning import operations_pb2
from google.protobuf.descriptor import ServiceDescriptor

from serving.api import messages, operations, resources
from serving.domain import fields, names
from serving.domain.candidate import Candidate, LegalHold
from serving.domain.errors import NotFound
from serving.domain.interview import Interview, InterviewState
from serving.domain.operation import Operation
from serving.domain.tenant import Caller, Scope
from serving.records import erasure, interviews, retention
from serving.records.ports import Bell, Database, Transaction
from serving.records.screening_ports import RuleEngine
from viva.v1 import candidates_pb2 as pb

_PATTERN: Final = "tenants/*/candidates/*"
_CHANGEABLE: Final = ("background_check", "written_test", "resume", "accommodations")


class CandidateService:
    """Candidate files."""

    DESCRIPTOR: ClassVar[ServiceDescriptor] = pb.DESCRIPTOR.services_by_name["Candidates"]
    SCOPES: ClassVar[Mapping[str, Scope]] = {
        "GetCandidate": Scope.READ,
        "ListCandidates": Scope.READ,
        "UpdateCandidate": Scope.SUBMIT,
        "EraseCandidate": Scope.MANAGE,
        "SetLegalHold": Scope.MANAGE,
    }

    def __init__(self, database: Database, rules: RuleEngine, bell: Bell) -> None:
        self._database = database
        self._rules = rules
        self._bell = bell

    async def get_candidate(self, request: pb.GetCandidateRequest, caller: Caller) -> pb.Candidate:
        """`GetCandidate`."""
        name = resources.name(request, caller, _PATTERN)
        async with self._database.transaction(caller.tenant) as tx:
            return messages.to_message(await tx.get(Candidate, name), pb.Candidate())

    async def list_candidates(self, request: pb.ListCandidatesRequest, caller: Caller) -> pb.ListCandidatesResponse:
        """`ListCandidates`."""
        query = resources.query(request, resources.parent(request, caller))
        async with self._database.transaction(caller.tenant) as tx:
            page = await tx.page(Candidate, query)
        return resources.fill_page(pb.ListCandidatesResponse(), "candidates", page)

    async def update_candidate(self, request: pb.UpdateCandidateRequest, caller: Caller) -> pb.Candidate:
        """`UpdateCandidate`."""
        name = names.check(request.candidate.name, _PATTERN, caller.tenant, "candidate.name")
        async with self._database.transaction(caller.tenant) as tx:
            if request.allow_missing:
                await tx.ensure(Candidate(name=name))
            elif await tx.find(Candidate, name) is None:
                raise NotFound("candidate.name names nothing that exists", field="candidate.name")
            current = await tx.get(Candidate, name, lock=True)
            interviews.check_not_erased(current)
            changed = messages.merged(current, request.candidate, request.update_mask, _CHANGEABLE, "candidate")
            fields.check(changed, "candidate")
            updated = await tx.replace(changed, request.candidate.etag)
            if changed.accommodations != current.accommodations:
                await _decide_again(tx, name, self._rules)
            await tx.audit(caller, "UpdateCandidate", name)
        self._bell.ring()
        return messages.to_message(updated, pb.Candidate())

    async def erase_candidate(self, request: pb.EraseCandidateRequest, caller: Caller) -> operations_pb2.Operation:
        """`EraseCandidate`."""
        name = resources.name(request, caller, _PATTERN)
        caller = resources.with_request_id(request, caller)
        new = f"tenants/{caller.tenant}/operations/{names.new_id()}"
        async with self._database.transaction(caller.tenant) as tx:
            operation = await resources.once(
                tx, caller, request, new, Operation, lambda: erasure.begin(tx, caller, name, new)
            )
        self._bell.ring()
        return operations.to_message(operation)

    async def set_legal_hold(self, request: pb.SetLegalHoldRequest, caller: Caller) -> pb.Candidate:
        """`SetLegalHold`."""
        name = resources.name(request, caller, _PATTERN)
        hold = None
        if request.HasField("legal_hold"):
            hold = resources.read(request.legal_hold, LegalHold, "legal_hold")
        async with self._database.transaction(caller.tenant) as tx:
            current = await tx.get(Candidate, name, lock=True)
            interviews.check_not_erased(current)
            if hold is not None:
                hold = dataclasses.replace(hold, set_time=tx.now)
            updated = await tx.replace(dataclasses.replace(current, legal_hold=hold))
            await tx.audit(caller, "SetLegalHold", name)
        return messages.to_message(updated, pb.Candidate())


async def _decide_again(tx: Transaction, candidate: str, rules: RuleEngine) -> None:
    """Interviews that have not come to their end follow what the candidate needs now."""
    for one in await retention.interviews_of(tx, candidate):
        locked = await tx.get(Interview, one.name, lock=True)
        if locked.state in (InterviewState.OPEN, InterviewState.SCORING):
            changed = await tx.replace(await interviews.change_consents(tx, locked))
            await interviews.settle(tx, changed, rules)
