"""What calls hold while they run, and while they wait."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np

from deployments.config import TritonConfig
from serving.adapters.triton.client import TritonClient
from serving.adapters.triton.models import CallConfig, TritonModels
from serving.adapters.triton.tensors import contract_of
from serving.pipeline.precedence import Precedence

REPOSITORY = TritonConfig().model_repository


class Answering:
    """Answers zeros of the contract's shapes, and notes which models it was asked for."""

    def __init__(self) -> None:
        self.called: list[str] = []

    async def max_batch_size(self, model: str, timeout_s: float) -> int:
        return 2

    async def infer(
        self, model: str, inputs: Mapping[str, Any], *, timeout_s: float, outputs: Sequence[str] | None = None
    ) -> dict[str, Any]:
        self.called.append(model)
        await asyncio.sleep(0)
        rows = len(next(iter(inputs.values())))
        return {
            spec.name: np.zeros((rows, *(max(size, 1) for size in spec.dims)), np.float32)
            for spec in contract_of(model).outputs
        }


async def test_models_of_sound_and_pictures_wait_for_a_core_and_those_of_text_do_not() -> None:
    client, cores = Answering(), asyncio.Semaphore(1)
    models = TritonModels(cast(TritonClient, client), REPOSITORY, CallConfig(in_flight=1), cores)
    async with cores:
        waiting = [
            asyncio.create_task(models.voice_probability(np.zeros(512, np.int16))),
            asyncio.create_task(models.detect_faces(np.zeros((3, 128, 128, 3), np.uint8))),
        ]
        await asyncio.sleep(0.05)
        async with asyncio.timeout(10):  # they have no place among the requests either
            assert (await models.embed(["A sentence."])).shape == (1, 512)
        assert client.called == ["sentence_encoder"]
    await asyncio.gather(*waiting)
    assert client.called == ["sentence_encoder", "vad", "face_detector", "face_detector"]
    assert not cores.locked()


class Alone:
    """A node without other processes."""

    def show(self, busy: bool) -> None: ...

    def shown_elsewhere(self) -> bool:
        return False


async def test_a_call_that_stands_back_holds_nothing_that_others_need() -> None:
    client, cores, precedence = Answering(), asyncio.Semaphore(1), Precedence(Alone(), patience_s=60.0)
    models = TritonModels(cast(TritonClient, client), REPOSITORY, CallConfig(in_flight=1), cores)

    async def bulk() -> None:
        with precedence.yielding():
            await models.voice_probability(np.zeros(512, np.int16))

    with precedence.first():
        standing_back = asyncio.create_task(bulk())
        await asyncio.sleep(0.05)
        async with asyncio.timeout(10):
            await models.detect_faces(np.zeros((1, 128, 128, 3), np.uint8))
        assert client.called == ["face_detector"]
    await standing_back
    assert client.called == ["face_detector", "vad"]
