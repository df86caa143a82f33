"""`viva.v1.Answers`; its uploads are in uploading.py."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final, Protocol

from google.longrunning import operations_pb2
from google.protobuf.descriptor import ServiceDescriptor

from serving.api import messages, operations, requests, resources, status, uploading
from serving.domain import fields, names
from serving.domain.errors import InvalidRequest, Reason, VivaError
from serving.domain.fields import invalid
from serving.domain.interview import Interview
from serving.domain.job import Rank
from serving.domain.operation import Operation, OperationKind
from serving.domain.submission import AnswerState, Submission
from serving.domain.tenant import Caller, Scope
from serving.records import answers, rescoring
from serving.records.ports import Bell, Database, Transaction
from viva.v1 import answers_pb2 as pb
from viva.v1 import assessment_pb2

INTERVIEW: Final = "tenants/*/interviews/*"
_PATTERN: Final = f"{INTERVIEW}/answers/*"
_BATCH: Final = 1_000


class Quota(Protocol):
    async def admit(self, tenant: str, count: int) -> None:
        """Whether a tenant may hand over so many answers now. Raises `QuotaExceeded`."""
        ...


class AnswerService(uploading.UploadCalls):
    """Answers: accepted one by one and in batches, read, tried again."""

    DESCRIPTOR: ClassVar[ServiceDescriptor] = pb.DESCRIPTOR.services_by_name["Answers"]
    SCOPES: ClassVar[Mapping[str, Scope]] = {
        "SubmitAnswer": Scope.SUBMIT,
        "BatchSubmitAnswers": Scope.SUBMIT,
        "GetAnswer": Scope.READ,
        "ListAnswers": Scope.READ,
        "RetryAnswer": Scope.SUBMIT,
        "UploadMedia": Scope.SUBMIT,
        "GetUpload": Scope.SUBMIT,
    }

    def __init__(self, database: Database, quota: Quota, bell: Bell, uploads: uploading.Uploads) -> None:
        super().__init__(database, uploads)
        self._quota = quota
        self._bell = bell

    async def submit_answer(self, request: pb.SubmitAnswerRequest, caller: Caller) -> pb.Answer:
        """`SubmitAnswer`."""
        given = _read(request, caller, "answer", "parent")
        await self._quota.admit(caller.tenant, 1)
        async with self._database.transaction(caller.tenant) as tx:
            stored = await resources.once(
                tx, caller, request, given.name, Submission, lambda: _accept(tx, given, "answer", None)
            )
        self._bell.ring()
        return messages.to_message(stored, pb.Answer())

    async def batch_submit_answers(
        self, request: pb.BatchSubmitAnswersRequest, caller: Caller
    ) -> operations_pb2.Operation:
        """`BatchSubmitAnswers`. All accepted answers are stored in one transaction; those that are refused say why."""
        parent = resources.parent(request, caller)
        if not 1 <= len(request.requests) <= _BATCH:
            raise invalid("requests", f"has {len(request.requests)} entries, it needs 1 to {_BATCH}", limit=_BATCH)
        given = [_try_read(one, caller, index) for index, one in enumerate(request.requests)]
        await self._quota.admit(caller.tenant, sum(isinstance(one, Submission) for one in given))
        name = f"{parent}/operations/{names.new_id()}"
        async with self._database.transaction(caller.tenant) as tx:
            operation = await resources.once(tx, caller, request, name, Operation, lambda: _accept_all(tx, given, name))
            operation = await operations.progress(tx, operation)
        self._bell.ring()
        return operations.to_message(operation)

    async def get_answer(self, request: pb.GetAnswerRequest, caller: Caller) -> pb.Answer:
        """`GetAnswer`."""
        name = resources.name(request, caller, _PATTERN)
        async with self._database.transaction(caller.tenant) as tx:
            (answer,) = await _as_they_are(tx, [await tx.get(Submission, name)])
            stored = await tx.assessments([(name, answer.standing.revision)]) if answer.standing else {}
        message = messages.to_message(answer, pb.Answer())
        for body in stored.values():
            message.assessment.CopyFrom(assessment_pb2.Assessment.FromString(body))
        return message

    async def list_answers(self, request: pb.ListAnswersRequest, caller: Caller) -> pb.ListAnswersResponse:
        """`ListAnswers`."""
        query = resources.query(request, resources.parent(request, caller, INTERVIEW, wildcard=True))
        async with self._database.transaction(caller.tenant) as tx:
            page = await tx.page(Submission, query)
            records = await _as_they_are(tx, page.records)
        return resources.fill_page(pb.ListAnswersResponse(), "answers", dataclasses.replace(page, records=records))

    async def retry_answer(self, request: pb.RetryAnswerRequest, caller: Caller) -> pb.Answer:
        """`RetryAnswer`."""
        name = resources.name(request, caller, _PATTERN)
        async with self._database.transaction(caller.tenant) as tx:
            answer = await rescoring.retry(tx, name)
            await tx.audit(caller, "RetryAnswer", name)
        self._bell.ring()
        return messages.to_message(answer, pb.Answer())


async def _accept(tx: Transaction, given: Submission, path: str, rank: Rank | None) -> Submission:
    interview = await tx.get(Interview, names.parent_of(given.name), share=True)
    return await answers.accept(tx, given, interview, path, rank)


async def _accept_all(tx: Transaction, given: Sequence[Submission | VivaError], name: str) -> Operation:
    results: list[dict[str, Any]] = []
    for index, one in enumerate(given):
        if isinstance(one, Submission):
            try:
                async with tx.savepoint():
                    await _accept(tx, one, f"requests[{index}].answer", Rank.BULK)
                results.append({"answer": one.name})
                continue
            except VivaError as error:
                one = error
        results.append({"error": _failure(one)})
    return await tx.insert(Operation(name=name, kind=OperationKind.BATCH_SUBMIT, facts={"results": results}))


def _failure(error: VivaError) -> dict[str, Any]:
    return {"code": status.code_of(error).value[0], "reason": error.reason.name, "message": status.short(error.message)}


async def _as_they_are(tx: Transaction, found: Sequence[Submission]) -> tuple[Submission, ...]:
    """Answers with what their jobs say: which of those that wait are being scored."""
    waiting = [one.name for one in found if one.state is AnswerState.QUEUED]
    attempts = await tx.attempts(waiting) if waiting else {}
    return tuple(
        dataclasses.replace(one, state=AnswerState.RUNNING, attempt_count=one.attempt_count + attempts[one.name])
        if one.name in attempts
        else one
        for one in found
    )


def _try_read(request: pb.SubmitAnswerRequest, caller: Caller, index: int) -> Submission | VivaError:
    try:
        return _read(request, caller, f"requests[{index}].answer", f"requests[{index}].parent")
    except VivaError as error:
        return error


def _read(request: pb.SubmitAnswerRequest, caller: Caller, path: str, parent_path: str) -> Submission:
    """The answer of a request, checked. Raises `InvalidRequest`, `NotFound`."""
    parent = names.check(request.parent, INTERVIEW, caller.tenant, parent_path)
    given = messages.from_message(request.answer, Submission, path, given=True)
    fields.check(given, path)
    if given.text is not None:
        requests.check_text(given.text, f"{path}.text")
    elif given.media_sha256 is None and given.media_uri is None:
        raise InvalidRequest(
            "set exactly one of text, media_sha256 and media_uri",
            reason=Reason.CONTENT_REQUIRED,
            field=f"{path}.content",
        )
    return dataclasses.replace(given, name=f"{parent}/answers/{given.question_id}")
