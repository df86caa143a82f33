"""`google.longrunning.Operations`: long work as callers watch it."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from google.longrunning import operations_pb2 as pb
from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.empty_pb2 import Empty
from google.rpc import status_pb2

from serving.api import messages, resources
from serving.api.admission import Lane
from serving.domain import names
from serving.domain.candidate import ErasureReceipt
from serving.domain.errors import NotAllowedNow
from serving.domain.operation import Operation, OperationKind
from serving.domain.submission import AnswerState, Failure
from serving.domain.tenant import Caller, Scope
from serving.records.ports import Database, ListQuery, Transaction
from viva.v1 import answers_pb2, candidates_pb2

_PATTERN: Final = "tenants/*/operations/*"
_POLL_S: Final = 0.25
_LONGEST_WAIT_S: Final = 60.0


class OperationService:
    """Operations of a tenant.

    Args:
        watchers: bounds the calls that wait at a time.
    """

    DESCRIPTOR: ClassVar[ServiceDescriptor] = pb.Operation.DESCRIPTOR.file.services_by_name["Operations"]
    SCOPES: ClassVar[Mapping[str, Scope]] = {
        "GetOperation": Scope.READ,
        "ListOperations": Scope.READ,
        "WaitOperation": Scope.READ,
        "CancelOperation": Scope.SUBMIT,
        "DeleteOperation": Scope.SUBMIT,
    }

    def __init__(self, database: Database, watchers: Lane) -> None:
        self._database = database
        self._watchers = watchers

    async def get_operation(self, request: pb.GetOperationRequest, caller: Caller) -> pb.Operation:
        """`GetOperation`."""
        name = resources.name(request, caller, _PATTERN)
        async with self._database.transaction(caller.tenant) as tx:
            return to_message(await progress(tx, await tx.get(Operation, name)))

    async def list_operations(self, request: pb.ListOperationsRequest, caller: Caller) -> pb.ListOperationsResponse:
        """`ListOperations`; `name` is `tenants/{tenant}`. Without the progress of each, which GetOperation has."""
        parent = names.check(request.name or "tenants/-", "tenants/*", caller.tenant, "name")
        query = ListQuery(parent, request.page_size, request.page_token, request.filter)
        async with self._database.transaction(caller.tenant) as tx:
            page = await tx.page(Operation, query)
        found = [to_message(operation) for operation in page.records]
        return pb.ListOperationsResponse(operations=found, next_page_token=page.next_page_token)

    async def wait_operation(self, request: pb.WaitOperationRequest, caller: Caller) -> pb.Operation:
        """`WaitOperation`: returns when it is done, or after the timeout (at most a minute) as it is then."""
        asked = request.timeout  # longer ones than a `timedelta` holds are on the wire
        asked_s = asked.seconds + asked.nanos / 1e9 if request.HasField("timeout") else _LONGEST_WAIT_S
        deadline = time.monotonic() + min(asked_s, _LONGEST_WAIT_S)
        with self._watchers.place():
            while True:
                operation = await self.get_operation(pb.GetOperationRequest(name=request.name), caller)
                if operation.done or time.monotonic() >= deadline:
                    return operation
                await asyncio.sleep(_POLL_S)

    async def cancel_operation(self, request: pb.CancelOperationRequest, caller: Caller) -> Empty:
        """`CancelOperation`: none can be; answers are cancelled with their interview."""
        await self.get_operation(pb.GetOperationRequest(name=request.name), caller)
        raise NotAllowedNow("the operation cannot be cancelled; cancel its interviews", field="name")

    async def delete_operation(self, request: pb.DeleteOperationRequest, caller: Caller) -> Empty:
        """`DeleteOperation`: forgets one that is done; its results stay."""
        name = resources.name(request, caller, _PATTERN)
        async with self._database.transaction(caller.tenant) as tx:
            if not (await progress(tx, await tx.get(Operation, name))).done:
                raise NotAllowedNow("the operation is not done", field="name")
            await tx.delete(Operation, name)
        return Empty()


async def progress(tx: Transaction, operation: Operation) -> Operation:
    """The operation as far as it is: a batch is as far as its answers are."""
    if operation.kind is not OperationKind.BATCH_SUBMIT:
        return operation
    accepted = [one["answer"] for one in operation.facts["results"] if "answer" in one]
    found = await tx.states(accepted)
    errors = {name: error for name in accepted if (error := _error(*found.get(name, (None, None))))}
    scored = sum(state is AnswerState.SCORED for state, _ in found.values())
    done = scored + len(errors) == len(accepted)
    return dataclasses.replace(
        operation,
        done=done,
        stage="done" if done else "scoring",
        facts={**operation.facts, "scored": scored, "ended": len(errors), "errors": errors},
    )


def to_message(operation: Operation) -> pb.Operation:
    """The message of an operation, with the metadata and response of its kind."""
    message = pb.Operation(name=operation.name, done=operation.done)
    if operation.kind is OperationKind.BATCH_SUBMIT:
        _fill_batch(message, operation)
    else:
        _fill_erasure(message, operation)
    return message


def _fill_batch(message: pb.Operation, operation: Operation) -> None:
    facts = operation.facts
    results = [_result(one, facts.get("errors", {})) for one in facts["results"]]
    metadata = answers_pb2.BatchSubmitAnswersMetadata(
        stage=operation.stage,
        accepted_count=sum("answer" in one for one in facts["results"]),
        scored_count=facts.get("scored", 0),
        failed_count=facts.get("ended", 0),
        results=results,
    )
    message.metadata.Pack(metadata)
    if operation.done:
        message.response.Pack(answers_pb2.BatchSubmitAnswersResponse(results=results))


def _result(one: Mapping[str, Any], errors: Mapping[str, Failure]) -> answers_pb2.SubmitAnswerResult:
    answer = one.get("answer", "")
    error = errors.get(answer) or (Failure(**one["error"]) if "error" in one else None)
    status = messages.failure_status(error) if error else status_pb2.Status()
    return answers_pb2.SubmitAnswerResult(answer=answer, status=status)


def _error(state: AnswerState | None, failure: Failure | None) -> Failure | None:
    """Why an accepted answer came to nothing, None for one that is scored or still waits."""
    if state is None:
        return Failure(5, "NOT_FOUND", "the answer was erased")
    if state is AnswerState.CANCELLED:
        return Failure(1, "STATE_INVALID", "the answer was cancelled")
    return failure if state is AnswerState.FAILED else None


def _fill_erasure(message: pb.Operation, operation: Operation) -> None:
    metadata = candidates_pb2.EraseCandidateMetadata(
        candidate_sha256=operation.facts["candidate_sha256"], stage=operation.stage
    )
    message.metadata.Pack(metadata)
    if operation.error is not None:
        message.error.CopyFrom(messages.failure_status(operation.error))
    elif operation.done:
        receipt = ErasureReceipt(**{**operation.facts["receipt"], "erase_time": operation.update_time})
        message.response.Pack(messages.to_message(receipt, candidates_pb2.ErasureReceipt()))
