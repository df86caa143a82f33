"""What scores: model server, decoder, pipeline. Imported by the replicas that need them."""

from __future__ import annotations

import asyncio
import dataclasses
import os
from collections.abc import Callable
from typing import Protocol, TypeAlias

from deployments.config import VivaConfig
from serving.adapters.media import DecodeConfig, PyAvDecoder
from serving.adapters.metrics.observers import PrometheusObserver
from serving.adapters.triton.client import TritonClient
from serving.adapters.triton.models import TritonModels
from serving.adapters.triton.server import TritonConfig
from serving.adapters.triton.supervisor import TritonSupervisor, publish_external
from serving.domain.answer import Answer
from serving.domain.assessment import Assessment
from serving.domain.limits import LIMITS
from serving.pipeline.cores import ANY_CORE
from serving.pipeline.provenance import PIPELINE_VERSION, data_sha256, sha256_of
from serving.pipeline.score_answer import ScoreAnswer


class ModelServer(Protocol):
    """The models of a scorer's node."""

    def available(self) -> bool:
        """Whether they answer now."""
        ...

    async def close(self) -> None:
        """Let go of them."""
        ...


class UseCase(Protocol):
    """What scores answers, any number at a time; raises `VivaError`."""

    async def run(self, answer: Answer) -> Assessment: ...

    async def warm_up(self) -> None: ...


Pipeline: TypeAlias = Callable[[VivaConfig], tuple[ModelServer, UseCase]]


def supervisor(config: VivaConfig) -> TritonSupervisor | None:
    """The supervisor of this node's model server; None where somebody else runs it."""
    if config.triton.address:
        return None
    return TritonSupervisor(
        TritonConfig(
            repository=config.triton.model_repository,
            runtime_dir=config.run_dir,
            config_name=config.triton.hardware,
            traces_url=config.telemetry.traces_url,
        )
    )


def pipeline(config: VivaConfig) -> tuple[TritonModels, ScoreAnswer]:
    """The models of this node (to be closed) and the use case that scores answers with them."""
    if config.triton.address:
        publish_external(config.run_dir, grpc=config.triton.address, http="")
    observer = PrometheusObserver()
    client = TritonClient(config.run_dir, called=observer.model_called)
    cores = asyncio.Semaphore(len(os.sched_getaffinity(0)))
    on_cpu = config.triton.hardware == "cpu" and not config.triton.address
    models = TritonModels(client, config.triton.model_repository, core=cores if on_cpu else ANY_CORE)
    decode = DecodeConfig()
    decoder = PyAvDecoder(decode, LIMITS)
    # Replica counts, queues and ports move no score and stay out of the hash.
    config_sha256 = sha256_of(
        {
            "pipeline": PIPELINE_VERSION,
            "data": data_sha256(),
            "decode": dataclasses.asdict(decode),
            "hardware": config.triton.hardware,
        }
    )
    return models, ScoreAnswer(models, decoder, config_sha256, observer, core=cores)
