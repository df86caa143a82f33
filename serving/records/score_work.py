"""Scoring as durable work: an answer and its interview in, its one result out."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

from serving.domain import names
from serving.domain.answer import Answer, MediaRef
from serving.domain.assessment import Assessment
from serving.domain.errors import (
    InternalFault,
    InvalidRequest,
    NotAllowedNow,
    NotFound,
    Reason,
    StoreUnavailable,
    VivaError,
)
from serving.domain.interview import Interview
from serving.domain.job import LeasedJob
from serving.domain.limits import LIMITS
from serving.domain.policy import PolicyDecision
from serving.domain.role import RoleRevision
from serving.domain.submission import Failure, Submission
from serving.domain.tenant import Tenant, UsageRecord
from serving.pipeline import metering
from serving.pipeline.ports import MediaSpool, SpoolFile
from serving.records import answers
from serving.records.egress import MediaFetcher
from serving.records.interviews import decide
from serving.records.objects import StorageClasses, media_key
from serving.records.ports import Database, JobQueue
from serving.records.screening_ports import RuleEngine

logger = logging.getLogger("viva.worker")

# With waits that double: a fault of ours, or a model that is away, has about two minutes to be mended.
ATTEMPTS: Final = 8
_FIRST_WAIT_S: Final = 1.0
_STORE_AGAIN_S: Final = 0.5
_FETCH_TIMEOUT_S: Final = 300.0
_CODES: Final = {InvalidRequest: 3, NotFound: 5, NotAllowedNow: 9}  # google.rpc.Code
_INTERNAL: Final = 13
_UNAVAILABLE: Final = 14


class ScoreWork:
    """Does jobs of the kind SCORE.

    Args:
        score: scores one answer; raises `VivaError`.
        serialise: an assessment as it is stored.
        spool: where media lie while they are decoded.
        timeout_s: longest time that one answer may take.
    """

    def __init__(
        self,
        database: Database,
        queue: JobQueue,
        storage: StorageClasses,
        fetcher: MediaFetcher,
        rules: RuleEngine,
        spool: MediaSpool,
        score: Callable[[Answer], Awaitable[Assessment]],
        serialise: Callable[[Assessment], bytes],
        timeout_s: float,
    ) -> None:
        self._database = database
        self._queue = queue
        self._storage = storage
        self._fetcher = fetcher
        self._rules = rules
        self._spool = spool
        self._score = score
        self._serialise = serialise
        self._timeout_s = timeout_s

    async def run(self, job: LeasedJob) -> None:
        """Score an answer and store what came of it, or give the job back for another attempt."""
        try:
            if job.attempt > ATTEMPTS:  # each of them ended its process, or was never heard of again
                raise NotAllowedNow("the answer ended its workers", reason=Reason.WORKER_LOST)
            async with asyncio.timeout(self._timeout_s):
                await self._attempt(job)
        except (InvalidRequest, NotFound, NotAllowedNow) as error:
            await self._fail(job, error)
        except TimeoutError:
            await self._retry(job, InternalFault("scoring took too long"))
        except VivaError as error:
            if isinstance(error, InternalFault):
                logger.exception("answer of job %d failed", job.job_id)
            await self._retry(job, error)
        except asyncio.CancelledError:
            await asyncio.shield(self._queue.release(job, 0.0))
            raise
        except Exception:
            logger.exception("answer of job %d failed", job.job_id)
            await self._retry(job, InternalFault("unexpected fault"))

    async def _attempt(self, job: LeasedJob) -> None:
        async with self._database.transaction(job.tenant) as tx:
            submission = await tx.get(Submission, job.subject)
            interview = await tx.get(Interview, job.subject.rpartition("/answers/")[0])
            revision = await tx.get(RoleRevision, interview.role_revision)
            tenant = await tx.get(Tenant, f"tenants/{job.tenant}")
            # At routing, and not as it was when the answer came: consent may have been withdrawn since.
            decision = await decide(tx, interview, tenant)
            stored = await tx.media(submission.media_sha256) if submission.media_sha256 else ()
        answers.check_allowed(submission, decision)
        async with self._media(submission, tenant, [one.storage_class for one in stored]) as media:
            answer = answer_of(submission, interview, revision, decision, media)
            with metering.measured() as meter:
                assessment = await self._score(answer)
        usage = UsageRecord(
            answer=submission.name,
            kind=assessment.media.kind,
            media_seconds=assessment.media.decoded_s or 0.0,
            model_seconds=meter.seconds,
        )
        serialised = await asyncio.to_thread(self._serialise, assessment)
        while True:
            try:
                async with self._database.transaction(job.tenant) as tx:
                    if not await answers.store_result(tx, job, submission, assessment, serialised, usage, self._rules):
                        logger.info("job %d was another's before it was done", job.job_id)
                return
            except StoreUnavailable:
                # What was scored is not thrown away for a database that is away for a minute. If the end was stored
                # and only its answer lost, the job is gone, and nothing is stored again.
                await asyncio.sleep(_STORE_AGAIN_S)

    @asynccontextmanager
    async def _media(
        self, submission: Submission, tenant: Tenant, classes: list[str]
    ) -> AsyncIterator[MediaRef | None]:
        """The answer's media in a local file, which is gone afterwards."""
        if submission.scored_text is not None:
            yield None
            return
        file = await asyncio.to_thread(self._spool.create)
        try:
            if submission.media_sha256 is not None:
                yield await self._from_store(file, submission, tenant, classes)
            else:
                assert submission.media_uri is not None, "an answer has content"
                await self._fetcher.download(
                    submission.media_uri,
                    file,
                    hosts=tenant.media_hosts,
                    max_bytes=LIMITS.media_bytes,
                    timeout_s=_FETCH_TIMEOUT_S,
                )
                yield file.finish(submission.kind)
        finally:
            await asyncio.shield(asyncio.to_thread(file.discard))

    async def _from_store(
        self, file: SpoolFile, submission: Submission, tenant: Tenant, classes: list[str]
    ) -> MediaRef:
        sha256 = submission.media_sha256 or ""
        if not classes:
            raise NotFound("the media was deleted", field="answer.media_sha256")
        path = file.finish(submission.kind).path
        await self._storage.of(classes[0]).fetch_to(media_key(names.id_of(tenant.name), sha256), path)
        size = (await asyncio.to_thread(path.stat)).st_size
        return MediaRef(path, size, sha256, submission.kind)

    async def _retry(self, job: LeasedJob, error: VivaError) -> None:
        """Another attempt after a wait that doubles; after the last one the answer has failed, and says why."""
        if job.attempt >= ATTEMPTS:
            await self._fail(job, error)
        else:
            wait_s = _FIRST_WAIT_S * 2 ** (job.attempt - 1)
            await self._queue.release(job, max(wait_s, error.retry_after_s or 0.0))

    async def _fail(self, job: LeasedJob, error: VivaError) -> None:
        default = _UNAVAILABLE if error.retryable else _INTERNAL
        code = next((code for kind, code in _CODES.items() if isinstance(error, kind)), default)
        message = "internal error" if isinstance(error, InternalFault) else error.message
        async with self._database.transaction(job.tenant) as tx:
            await answers.store_failure(tx, job, Failure(code, error.reason.name, message), self._rules)


def answer_of(
    submission: Submission,
    interview: Interview,
    revision: RoleRevision,
    decision: PolicyDecision,
    media: MediaRef | None,
) -> Answer:
    """The answer as the pipeline takes it: scored for the competency that its question is asked for."""
    question = answers.question_of(interview, submission.question_id, "answer.question_id")
    content = revision.content
    return Answer(
        question=question.text,
        language="zh" if interview.language == "zh" else "en",
        competencies=(question.competency,),
        role=revision.display_name,
        text=submission.scored_text,
        media=media,
        policy=decision.modalities,
        definitions=tuple(one for one in content.custom_competencies if one.name == question.competency),
        signal_weights=tuple(one for one in content.signal_weights if one.competency == question.competency),
    )
