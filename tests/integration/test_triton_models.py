"""The built models behind the real server: what the pipeline's Protocols promise of their numbers."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from serving.adapters.triton.client import ClientConfig, TritonClient
from serving.adapters.triton.models import TritonModels
from serving.adapters.triton.server import TritonConfig
from serving.adapters.triton.supervisor import TritonSupervisor
from serving.domain.errors import InternalFault

_REPOSITORY = Path(__file__).parents[2] / "model_repository"
_MODELS = ("vad", "sentence_encoder", "face_detector", "face_mesh", "face_expression", "body_pose")

pytestmark = pytest.mark.skipif(
    not all((_REPOSITORY / model / "1" / "manifest.json").exists() for model in _MODELS),
    reason="the models are not built: viva models build",
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def models(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[TritonModels]:
    config = TritonConfig(_REPOSITORY, tmp_path_factory.mktemp("run"), models=_MODELS, exit_timeout_s=1)
    supervisor = TritonSupervisor(config)
    await supervisor.start()
    models = TritonModels(TritonClient(config.runtime_dir, ClientConfig(shm_threshold_bytes=100_000)), _REPOSITORY)
    yield models
    await models.close()
    await supervisor.stop()


def _images(count: int, *dims: int) -> np.ndarray:
    return np.random.default_rng(7).integers(0, 256, (count, *dims), np.uint8)


@pytest.mark.asyncio(loop_scope="module")
async def test_a_sentence_has_the_same_bits_alone_and_among_others(models: TritonModels) -> None:
    sentences = ["I led the team.", "", "我带领团队按时完成了项目。", "So " * 60 + "we shipped."] * 12
    together = await models.embed(sentences)
    alone = np.concatenate([await models.embed([sentence]) for sentence in sentences[:4]])
    assert together.shape == (48, 512)
    assert np.array_equal(together, np.tile(alone, (12, 1)))
    assert np.linalg.norm(together, axis=1) == pytest.approx(np.ones(48), abs=1e-5)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("method", "dims", "shapes"),
    [
        ("detect_faces", (128, 128, 3), [(896, 16), (896,)]),
        ("face_mesh", (192, 192, 3), [(468, 3), ()]),
        ("expression", (64, 64), [(7,)]),
        ("body_pose", (256, 256, 3), [(39, 5), ()]),
    ],
)
async def test_a_picture_has_the_same_bits_alone_and_among_others(
    models: TritonModels, method: str, dims: tuple[int, ...], shapes: list[tuple[int, ...]]
) -> None:
    async def run(images: np.ndarray) -> list[np.ndarray]:
        outputs = await getattr(models, method)(images)
        return list(outputs) if isinstance(outputs, tuple) else [outputs]

    images = _images(35, *dims) if method == "expression" else _images(18, *dims)  # more than one request takes
    together = await run(images)
    assert [array.shape for array in together] == [(len(images), *shape) for shape in shapes]
    for i in (0, len(images) - 1):
        for whole, single in zip(together, await run(images[i : i + 1]), strict=True):
            assert np.array_equal(whole[i : i + 1], single)
    assert [array.shape for array in await run(images[:0])] == [(0, *shape) for shape in shapes]


@pytest.mark.asyncio(loop_scope="module")
async def test_answers_side_by_side_do_not_mix(models: TritonModels) -> None:
    rng = np.random.default_rng(3)
    recordings = [rng.normal(0, 2000, 16_000 + 700 * i).astype(np.int16) for i in range(6)]
    side_by_side = await asyncio.gather(*map(models.voice_probability, recordings))
    for recording, probability in zip(recordings, side_by_side, strict=True):
        assert len(probability) == -(-len(recording) // 512)
        assert np.array_equal(probability, await models.voice_probability(recording))
    assert len(await models.voice_probability(np.empty(0, np.int16))) == 0


@pytest.mark.asyncio(loop_scope="module")
async def test_versions_name_what_was_built(models: TritonModels) -> None:
    versions = models.versions(["vad", "face_mesh"])
    assert [version.name for version in versions] == ["vad", "face_mesh"]
    assert all(len(version.sha256) == 64 for version in versions)
    with pytest.raises(InternalFault):
        models.versions(["nobody"])
