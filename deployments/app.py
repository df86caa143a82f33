"""The Serve application: gateways in front of scorers in front of one `Node` a node."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ray import serve

from deployments.compose import engine
from deployments.config import VivaConfig, from_mapping, to_mapping
from deployments.gateway import gateway
from deployments.node import node
from deployments.scorer import scorer

# Above every queue of ours: it is they that refuse, with details that Ray's refusal lacks.
_EDGE_CALLS = 10_000
_CALLS_BESIDE = 100  # of a scorer: probes of the gateways
_NODE_SHARE = 0.001  # of the resource that marks a node: a mark, not a limit; Ray counts in ten-thousandths


def build(args: Mapping[str, Any]) -> serve.Application:
    """Application builder of a Serve configuration; deployments/serve.yaml is one."""
    return application(from_mapping(args))


def application(config: VivaConfig, pipeline: engine.Pipeline = engine.pipeline) -> serve.Application:
    """The application of a checked configuration.

    Args:
        pipeline: makes what scores, in each scorer; a function of a module that the replicas can import.
    """
    plain = to_mapping(config)
    # Beside Ray's own they would end with its temporary folder, and with them what an INTERNAL was about.
    # No line for each call: metrics and traces tell of those that went well, deployments/gateway.py of the others.
    logs = {"logs_dir": str(config.replica_log_dir), "encoding": "JSON", "enable_access_log": False}
    nodes = node.options(
        logging_config=logs,
        num_replicas=config.triton.nodes,
        max_replicas_per_node=1,
        ray_actor_options=_actor(config, num_gpus=0 if config.triton.address else config.triton.num_gpus),
    ).bind(plain)
    scorers = scorer.options(
        logging_config=logs,
        num_replicas=config.scorer.replicas,
        **_spread(config, config.scorer.replicas),
        max_ongoing_requests=_CALLS_BESIDE + config.most_calls,
        max_queued_requests=_CALLS_BESIDE + config.most_calls,
        ray_actor_options=_actor(config, num_cpus=config.scorer.num_cpus),
    ).bind(plain, nodes, pipeline)
    return gateway.options(
        logging_config=logs,
        num_replicas=config.gateway.replicas,
        **_spread(config, config.gateway.replicas),
        max_ongoing_requests=_EDGE_CALLS,
        ray_actor_options=_actor(config),
    ).bind(plain, scorers)


def _spread(config: VivaConfig, replicas: int) -> dict[str, Any]:
    """Options by which several nodes have alike; what finds no node waits for one to come."""
    return {} if config.triton.nodes == 1 else {"max_replicas_per_node": -(-replicas // config.triton.nodes)}


def _actor(config: VivaConfig, num_cpus: float = 0, num_gpus: float = 0) -> dict[str, Any]:
    """Options of a replica's actor, which keep it on the nodes that have a `Node` where they are named."""
    place = {config.node_resource: _NODE_SHARE} if config.node_resource else {}
    return {"num_cpus": num_cpus, "num_gpus": num_gpus, "resources": place}
