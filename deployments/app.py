"""The Serve application: gateways in front of scorers in front of one model server a node."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ray import serve

from deployments.config import VivaConfig, from_mapping, to_mapping
from deployments.gateway import gateway
from deployments.node import node
from deployments.scorer import scorer

# Above every queue of ours: it is they that refuse, with details that Ray's refusal lacks.
_EDGE_CALLS = 10_000
_SCORER_CALLS = 1_000


def build(args: Mapping[str, Any]) -> serve.Application:
    """Application builder of a Serve configuration; docs/configuration.md says what else it needs."""
    return application(from_mapping(args))


def application(config: VivaConfig) -> serve.Application:
    """The application of a checked configuration."""
    plain = to_mapping(config)
    models = None
    if not config.triton.address:
        models = node.options(
            num_replicas=config.triton.nodes,
            max_replicas_per_node=1,
            ray_actor_options={"num_cpus": 0, "num_gpus": config.triton.num_gpus},
        ).bind(plain)
    scorers = scorer.options(
        num_replicas=config.scorer.replicas,
        max_ongoing_requests=_SCORER_CALLS,
        ray_actor_options={"num_cpus": config.scorer.num_cpus},
    ).bind(plain, models)
    return gateway.options(
        num_replicas=config.gateway.replicas,
        max_ongoing_requests=_EDGE_CALLS,
        ray_actor_options={"num_cpus": 0},
    ).bind(plain, scorers)
