"""What calls hold while they run, and while they wait."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np

from deployments.config import TritonConfig
from deployments.engines.recipe import load_recipe
from serving.adapters.triton.client import TritonClient
from serving.adapters.triton.models import LONGEST_TOGETHER, CallConfig, TritonModels
from serving.adapters.triton.tensors import contract_of
from serving.domain.limits import LIMITS
from serving.pipeline.precedence import Precedence

REPOSITORY = TritonConfig().model_repository


class Answering:
    """Answers zeros of the contract's shapes, and notes which models it was asked for."""

    def __init__(self, rows: int = 2) -> None:
        self.called: list[str] = []
        self.shapes: list[tuple[int, ...]] = []
        self._rows = rows

    async def max_batch_size(self, model: str, timeout_s: float) -> int:
        return self._rows

    async def infer(
        self, model: str, inputs: Mapping[str, Any], *, timeout_s: float, outputs: Sequence[str] | None = None
    ) -> dict[str, Any]:
        self.called.append(model)
        self.shapes.append(next(iter(inputs.values())).shape)
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


async def test_a_long_sentence_goes_alone_and_short_ones_together() -> None:
    client = Answering(rows=4)
    models = TritonModels(cast(TritonClient, client), REPOSITORY)
    long = "word " * 600
    found = await models.embed([long, *["A sentence."] * 5, long + "more", "Hi."])
    assert found.shape == (8, 512)
    rows, tokens = zip(*client.shapes, strict=True)
    assert sorted(rows) == [1, 1, 2, 4]
    assert all(row == 1 for row, count in zip(rows, tokens, strict=True) if count > LONGEST_TOGETHER)


def test_the_engine_has_room_for_what_goes_together_and_for_the_longest_text_alone() -> None:
    together, some, alone = load_recipe(REPOSITORY / "sentence_encoder" / "engines.yaml")["model.onnx"].profiles
    assert together["tokens"][2] == LONGEST_TOGETHER == some["tokens"][0] - 1
    assert some["tokens"][2] == alone["tokens"][0] - 1
    sizes = [profile["batch"][2] * profile["tokens"][2] for profile in (together, some, alone)]
    assert sizes[0] == max(sizes)
    assert alone["tokens"][2] == LIMITS.text_chars + 2


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
