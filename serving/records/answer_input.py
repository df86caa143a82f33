"""What is scored: an answer with all that its interview says of it, and its media in a local file."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from serving.domain import names
from serving.domain.answer import Answer, MediaRef
from serving.domain.errors import NotFound
from serving.domain.interview import Interview
from serving.domain.limits import LIMITS
from serving.domain.policy import PolicyDecision
from serving.domain.role import RoleRevision
from serving.domain.submission import Submission
from serving.domain.tenant import Tenant
from serving.pipeline.ports import MediaSpool, SpoolFile
from serving.pipeline.stages import StageObserver, timed
from serving.records import answers
from serving.records.egress import MediaFetcher
from serving.records.objects import StorageClasses, media_key

_FETCH_TIMEOUT_S: Final = 300.0


class AnswerMedia:
    """Media of answers, from their store or from where their tenant keeps them.

    Args:
        observer: told how long each took to come, as the stage `fetch`.
    """

    def __init__(
        self, storage: StorageClasses, fetcher: MediaFetcher, spool: MediaSpool, observer: StageObserver
    ) -> None:
        self._storage = storage
        self._fetcher = fetcher
        self._spool = spool
        self._observer = observer

    @asynccontextmanager
    async def of(
        self, submission: Submission, tenant: Tenant, classes: Sequence[str]
    ) -> AsyncIterator[MediaRef | None]:
        """The answer's media in a local file, which is gone afterwards; None where words are scored.

        Args:
            classes: storage classes that have the media.

        Raises:
            NotFound: the media was deleted.
            InvalidRequest, StoreUnavailable: it cannot be fetched.
        """
        if submission.scored_text is not None:
            yield None
            return
        file = await asyncio.to_thread(self._spool.create)
        try:
            with timed(self._observer, "fetch"):
                if submission.media_sha256 is not None:
                    media = await self._from_store(file, submission, tenant, classes)
                else:
                    media = await self._from_uri(file, submission, tenant)
            yield media
        finally:
            await asyncio.shield(asyncio.to_thread(file.discard))

    async def _from_uri(self, file: SpoolFile, submission: Submission, tenant: Tenant) -> MediaRef:
        assert submission.media_uri is not None, "an answer has content"
        await self._fetcher.download(
            submission.media_uri,
            file,
            hosts=tenant.media_hosts,
            max_bytes=LIMITS.media_bytes,
            timeout_s=_FETCH_TIMEOUT_S,
        )
        return file.finish(submission.kind)

    async def _from_store(
        self, file: SpoolFile, submission: Submission, tenant: Tenant, classes: Sequence[str]
    ) -> MediaRef:
        sha256 = submission.media_sha256 or ""
        if not classes:
            raise NotFound("the media was deleted", field="answer.media_sha256")
        path = file.finish(submission.kind).path
        await self._storage.of(classes[0]).fetch_to(media_key(names.id_of(tenant.name), sha256), path)
        size = (await asyncio.to_thread(path.stat)).st_size
        return MediaRef(path, size, sha256, submission.kind)


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
