"""What stands at the edge: spool, queues, report page. Light: a gateway loads no decoder and no model client."""

from __future__ import annotations

from deployments.config import VivaConfig
from serving.adapters.spool import FolderSpool
from serving.api.admission import Lane
from serving.api.service import AnswerScorer, ScoringService
from serving.report import render_report


def scoring_service(config: VivaConfig, scorer: AnswerScorer) -> tuple[ScoringService, tuple[Lane, ...]]:
    """The service of one gateway, and its queues for the metrics."""
    gateway = config.gateway
    text = Lane("text", config.text_concurrency, gateway.text_queue, expected_s=0.1)
    media = Lane("media", config.media_concurrency, gateway.media_queue, expected_s=10.0)
    report = Lane("report", concurrency=2, max_queued=gateway.text_queue, expected_s=0.1)
    service = ScoringService(
        scorer, FolderSpool(config.spool_dir), render_report, text_lane=text, media_lane=media, render_lane=report
    )
    return service, (text, media, report)
