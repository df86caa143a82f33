"""Scoring as durable work: an answer and its interview in, its one result out."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Final, Protocol

from serving.domain.answer import Answer
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
from serving.domain.job import JobOutcome, LeasedJob, Rank
from serving.domain.role import RoleRevision
from serving.domain.submission import Failure, Submission
from serving.domain.tenant import UsageRecord
from serving.pipeline import metering, tracing
from serving.pipeline.ports import MediaSpool
from serving.pipeline.precedence import Precedence
from serving.pipeline.stages import NoObserver, StageObserver, timed
from serving.records import answers
from serving.records.answer_input import AnswerMedia, answer_of
from serving.records.egress import MediaFetcher
from serving.records.interviews import decided
from serving.records.objects import StorageClasses
from serving.records.ports import Database, JobQueue
from serving.records.screening_ports import RuleEngine
from serving.records.shedding import Shedding, without_picture

logger = logging.getLogger("viva.worker")

# With waits that double: a fault of ours, or a model that is away, has about two minutes to be mended.
ATTEMPTS: Final = 8
_FIRST_WAIT_S: Final = 1.0
_STORE_AGAIN_S: Final = 0.5
_CODES: Final = {InvalidRequest: 3, NotFound: 5, NotAllowedNow: 9}  # google.rpc.Code
_INTERNAL: Final = 13
_UNAVAILABLE: Final = 14


class WorkObserver(StageObserver, Protocol):
    def turned_round(self, rank: Rank, seconds: float) -> None:
        """An answer has its first result; seconds from when it was accepted."""
        ...


class _NoObserver(NoObserver):
    def turned_round(self, rank: Rank, seconds: float) -> None:
        del rank, seconds


class ScoreWork:
    """Does jobs of the kind SCORE.

    Args:
        score: scores one answer; raises `VivaError`.
        serialise: an assessment as it is stored.
        spool: where media lie while they are decoded.
        timeout_s: longest time that one answer may take, what it stands back for others included.
        observer: times of fetching media and storing results, and turnaround.
        precedence: of the answers that somebody waits for; None where bulk work stands back for nobody.
        shedding: whether the picture of bulk work is left out; None for never.
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
        observer: WorkObserver | None = None,
        precedence: Precedence | None = None,
        shedding: Shedding | None = None,
    ) -> None:
        self._database = database
        self._queue = queue
        self._rules = rules
        self._score = score
        self._serialise = serialise
        self._timeout_s = timeout_s
        self._observer = observer or _NoObserver()
        self._media = AnswerMedia(storage, fetcher, spool, self._observer)
        self._precedence = precedence
        self._shedding = shedding

    async def run(self, job: LeasedJob) -> JobOutcome:
        """Score an answer and store what came of it, or give the job back for another attempt."""
        try:
            if job.attempt > ATTEMPTS:  # each of them ended its process, or was never heard of again
                raise NotAllowedNow("the answer ended its workers", reason=Reason.WORKER_LOST)
            async with asyncio.timeout(self._timeout_s):
                return await self._attempt(job)
        except (InvalidRequest, NotFound, NotAllowedNow) as error:
            await self._fail(job, error)
            return JobOutcome.FAILED
        except TimeoutError:
            return await self._retry(job, InternalFault("scoring took too long"))
        except VivaError as error:
            if isinstance(error, InternalFault):
                logger.exception("answer of job %d failed", job.job_id)
            return await self._retry(job, error)
        except asyncio.CancelledError:
            await asyncio.shield(self._queue.release(job, 0.0))
            raise
        except Exception:
            logger.exception("answer of job %d failed", job.job_id)
            return await self._retry(job, InternalFault("unexpected fault"))

    async def _attempt(self, job: LeasedJob) -> JobOutcome:
        async with self._database.transaction(job.tenant) as tx:
            found = await tx.scorable(job.subject)
            submission, interview, tenant = found.submission, found.interview, found.tenant
            revision = await tx.get(RoleRevision, interview.role_revision)
            # At routing, and not as it was when the answer came: consent may have been withdrawn since.
            decision = decided(interview, tenant, found.candidate, tx.now)
            others = await tx.children(Submission, interview.name) if self._shedding else ()
        answers.check_allowed(submission, decision)
        async with self._media.of(submission, tenant, found.storage_classes) as media:
            answer = answer_of(submission, interview, revision, decision, media)
            if self._shedding and self._shedding.applies(submission, answer, others):
                answer = dataclasses.replace(answer, policy=without_picture(answer.policy))
            with self._in_turn(submission.rank), metering.measured() as meter:
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
                with timed(self._observer, "store"):
                    async with self._database.transaction(job.tenant) as tx:
                        ours = await answers.store_result(
                            tx, job, submission, assessment, serialised, usage, self._rules
                        )
                        end = tx.now
                break
            except StoreUnavailable:
                # What was scored is not thrown away for a database that is away for a minute. If the end was stored
                # and only its answer lost, the job is gone, and nothing is stored again.
                await asyncio.sleep(_STORE_AGAIN_S)
        if not ours:
            logger.info("job %d was another's before it was done", job.job_id)
            return JobOutcome.DROPPED
        if submission.result is None and submission.create_time is not None:  # not one that is scored again
            self._observer.turned_round(submission.rank, (end - submission.create_time).total_seconds())
        return JobOutcome.DONE

    def _in_turn(self, rank: Rank) -> AbstractContextManager[object]:
        if self._precedence is None:
            return nullcontext()
        return self._precedence.yielding() if rank is Rank.BULK else self._precedence.first()

    async def _retry(self, job: LeasedJob, error: VivaError) -> JobOutcome:
        """Another attempt after a wait that doubles; after the last one the answer has failed, and says why."""
        tracing.current().fail(type(error).__name__)
        if job.attempt >= ATTEMPTS:
            await self._fail(job, error)
            return JobOutcome.DEAD
        wait_s = _FIRST_WAIT_S * 2 ** (job.attempt - 1)
        await self._queue.release(job, max(wait_s, error.retry_after_s or 0.0))
        return JobOutcome.RETRIED

    async def _fail(self, job: LeasedJob, error: VivaError) -> None:
        tracing.current().fail(type(error).__name__)
        default = _UNAVAILABLE if error.retryable else _INTERNAL
        code = next((code for kind, code in _CODES.items() if isinstance(error, kind)), default)
        message = "internal error" if isinstance(error, InternalFault) else error.message
        async with self._database.transaction(job.tenant) as tx:
            await answers.store_failure(tx, job, Failure(code, error.reason.name, message), self._rules)
