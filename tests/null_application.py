"""The application without models, for `serve deploy`: everything but the scoring is the product's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ray import serve

from benchmarks.control_plane.engine import ServiceTimes, pipeline_of
from deployments.app import application
from deployments.config import from_mapping


def build(args: Mapping[str, Any]) -> serve.Application:
    """Application builder.

    Args:
        args: `viva`, the configuration, and `service`, the seconds that an answer takes.
    """
    return application(from_mapping(args["viva"]), pipeline_of(ServiceTimes.parse(args["service"])))
