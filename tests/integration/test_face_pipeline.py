"""Real pictures through the real face models in a real tritonserver."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import av
import numpy as np
import pytest
import pytest_asyncio
from numpy.typing import NDArray
from PIL import Image

from serving.adapters.triton.client import TritonClient
from serving.adapters.triton.endpoint import write_endpoint
from serving.adapters.triton.models import TritonModels
from serving.adapters.triton.server import TritonConfig, TritonServer
from serving.domain.media import FrameBatch
from serving.pipeline.face import FaceAnalysis, FaceResult
from tests.media import astronaut, carphone_mp4, package_file

REPOSITORY = Path(__file__).parents[2] / "model_repository"
MODELS = ("face_detector", "face_mesh", "face_expression", "body_pose")
RATE = 3  # sampled frames a second, the product's default
Picture = NDArray[np.uint8]


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Runtime folder of a tritonserver with the face models."""
    missing = [name for name in MODELS if not (REPOSITORY / name / "1" / "model.onnx").exists()]
    if missing:
        pytest.fail(f"not built: {', '.join(missing)}; run `viva models build`")
    folder = tmp_path_factory.mktemp("triton")
    server = TritonServer(TritonConfig(REPOSITORY, folder, models=MODELS))
    endpoint = server.start()
    try:
        server.wait_ready(120)
        write_endpoint(folder, endpoint)
        yield folder
    finally:
        server.stop()


@pytest_asyncio.fixture
async def models(runtime: Path) -> AsyncIterator[TritonModels]:
    served = TritonModels(TritonClient(runtime), REPOSITORY)
    yield served
    await served.close()


def portrait() -> Picture:
    """Eileen Collins, smiling (NASA, public domain): uint8 [512, 512, 3]."""
    return np.asarray(astronaut())


def talking_head() -> list[Picture]:
    """The "carphone" sequence at `RATE` frames a second: a man speaks in a car, and does not smile."""
    path = carphone_mp4()
    pictures: list[Picture] = []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            if frame.time is not None and frame.time >= len(pictures) / RATE:
                pictures.append(frame.to_ndarray(format="rgb24"))
    return pictures


def on_black(picture: Picture, width: int, height: int, side: int, left: int, top: int) -> Picture:
    """The picture, shrunk to `side`, somewhere in a black frame."""
    frame = np.zeros((height, width, 3), np.uint8)
    frame[top : top + side, left : left + side] = np.asarray(Image.fromarray(picture).resize((side, side)))
    return frame


async def look(
    models: TritonModels, pictures: list[Picture], *, expression: bool = False, batch: int = 16
) -> FaceResult:
    async def frames() -> AsyncIterator[FrameBatch]:
        for start in range(0, len(pictures), batch):
            rgb = np.stack(pictures[start : start + batch])
            yield FrameBatch(tuple(rgb), (start + np.arange(len(rgb))) / RATE)

    return await FaceAnalysis().run(frames(), models, expression_allowed=expression)


@pytest.mark.parametrize("expression", [False, True])
async def test_a_smiling_portrait_is_one_smile_over_the_whole_video(models: TritonModels, expression: bool) -> None:
    result = await look(models, [portrait()] * 15, expression=expression)
    behavior = result.behavior
    assert (result.frames, result.frames_with_face, result.expression_ran) == (15, 15, expression)
    assert behavior.smile.count == 1 and behavior.smile.total_seconds == pytest.approx(5.0)
    assert behavior.gaze.away_ratio == 0.0
    assert behavior.head_movement.speed_deg_per_s == pytest.approx(0.0)
    if expression:
        assert len(behavior.friendliness) == 5 and min(point.value for point in behavior.friendliness) > 0.9
    else:
        assert behavior.friendliness == ()


@pytest.mark.parametrize("expression", [False, True])
async def test_a_speaking_face_does_not_smile(models: TritonModels, expression: bool) -> None:
    result = await look(models, talking_head(), expression=expression)
    assert result.frames >= 10 and result.behavior.face_ratio == 1.0
    assert result.behavior.smile.count == 0
    speed = result.behavior.head_movement.speed_deg_per_s
    assert speed is not None and speed > 1


async def test_a_still_of_a_speaking_face_does_not_smile(models: TritonModels) -> None:
    for picture in talking_head()[::4]:
        result = await look(models, [picture] * 9, expression=True)
        assert (result.frames_with_face, result.behavior.smile.count) == (9, 0)


async def test_a_smile_in_the_middle_is_found_where_it_is(models: TritonModels) -> None:
    # 4 s of the speaker, 3 s of the portrait, 4 s of the speaker, in frames of one size.
    speaker = [np.asarray(Image.fromarray(p).resize((512, 512))) for p in talking_head()[:12]]
    result = await look(models, [*speaker, *[portrait()] * 9, *speaker])
    (smile,) = result.behavior.smile.intervals
    assert (smile.start_offset_s, smile.end_offset_s) == pytest.approx((4, 7), abs=0.4)


@pytest.mark.parametrize(
    ("name", "sha256"),
    [
        ("chelsea.png", "596aa1e7cb875eb79f437e310381d26b338a81c2da23439704a73c4651e8c4bb"),
        ("coffee.png", "cc02f8ca188b167c775a7101b5d767d1e71792cf762c33d6fa15a4599b5a8de7"),
        ("rocket.jpg", "c2dd0de7c538df8d111e479619b129464d0269d0ae5fd18ca91d33a7fdfea95c"),
    ],
)
async def test_pictures_without_a_face_have_none(models: TritonModels, name: str, sha256: str) -> None:
    path = package_file("scikit-image", "0.26.0", f"skimage/data/{name}", sha256)
    result = await look(models, [np.asarray(Image.open(path).convert("RGB"))] * 4, expression=True)
    assert (result.frames_with_face, result.expression_ran) == (0, False)
    assert result.behavior.face_ratio == 0.0 and result.behavior.smile.count == 0


@pytest.mark.parametrize(("side", "left", "top"), [(360, 900, 350), (380, 100, 60), (680, 0, 20)])
async def test_small_and_decentred_faces_are_found(models: TritonModels, side: int, left: int, top: int) -> None:
    result = await look(models, [on_black(portrait(), 1280, 720, side, left, top)] * 4)
    assert result.frames_with_face == 4 and result.behavior.smile.count == 1


@pytest.mark.parametrize("degrees", [-40, 40])
async def test_a_tilted_face_is_found_and_still_smiles(models: TritonModels, degrees: int) -> None:
    tilted = np.asarray(Image.fromarray(portrait()).rotate(degrees, Image.Resampling.BILINEAR, expand=True))
    result = await look(models, [tilted] * 4)
    assert result.frames_with_face == 4 and result.behavior.smile.count == 1


async def test_a_face_that_fills_the_picture_is_found(models: TritonModels) -> None:
    result = await look(models, [np.ascontiguousarray(portrait()[50:190, 155:295])] * 4)
    assert result.frames_with_face == 4 and result.behavior.smile.count == 1


async def test_a_face_that_leaves_is_a_ratio(models: TritonModels) -> None:
    result = await look(models, [*[portrait()] * 9, *[np.zeros_like(portrait())] * 9])
    assert result.behavior.face_ratio == pytest.approx(0.5)
    assert result.behavior.smile.total_seconds == pytest.approx(3.0, abs=0.01)


async def test_batches_do_not_change_the_result(models: TritonModels) -> None:
    pictures = talking_head()
    assert await look(models, pictures, expression=True, batch=16) == await look(
        models, pictures, expression=True, batch=5
    )
