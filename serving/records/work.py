"""Jobs of resources: which lane and how soon."""

from __future__ import annotations

from serving.domain.job import Job, JobKind, Lane
from serving.domain.submission import Submission


def score_job(answer: Submission) -> Job:
    """The job that scores an answer."""
    lane = Lane.TEXT if answer.scored_text is not None else Lane.MEDIA
    return Job(JobKind.SCORE, lane, answer.rank, answer.name)
