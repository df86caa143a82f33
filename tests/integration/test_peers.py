"""The yardsticks do the same work: raw engines and peers give the assessments that the stack gives.

Peers run where they are installed (`make peers`).
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import psutil
import pytest

from benchmarks.harness.core import BenchError, Modality, Outcome, Reply, Request, Sample
from benchmarks.harness.scores import scores_sha256
from benchmarks.harness.target_viva import VivaTarget
from benchmarks.peers import catalogue
from benchmarks.peers.bare_triton.routing import WAYS, measure
from benchmarks.peers.environments import python_of
from benchmarks.peers.settings import PeerSettings
from benchmarks.raw.loop import run_loop
from deployments.config import TritonConfig
from serving.pipeline.reading import MODELS
from tests import media, texts
from tests.stack import Stack, free_port

REPOSITORY = TritonConfig().model_repository
QUESTION = "Tell me about a time you led a team."

pytestmark = pytest.mark.skipif(
    not all((REPOSITORY / model / "1" / "manifest.json").exists() for model in MODELS),
    reason="the models are not built: viva models build",
)


def needs(peer: str) -> pytest.MarkDecorator:
    try:
        python_of(peer)
    except BenchError as error:
        return pytest.mark.skipif(True, reason=str(error))
    return pytest.mark.skipif(False, reason="")


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> tuple[Sample, ...]:
    folder = tmp_path_factory.mktemp("answers")
    asked = ("leadership",)
    sound, video = media.speech_clip(folder / "sound.m4a", 8.0), media.face_video(folder / "video.mp4", 4.0)
    return (
        Sample("text", Modality.TEXT, "en", QUESTION, asked, text=texts.LEADER),
        Sample("sound", Modality.AUDIO, "en", QUESTION, asked, path=sound, duration_s=8.0),
        Sample("video", Modality.VIDEO, "en", QUESTION, asked, path=video, duration_s=4.0),
    )


@pytest.fixture(scope="module")
def raw(samples: tuple[Sample, ...]) -> dict[str, str]:
    """Hash of each sample's assessment in the raw loop."""
    found = run_loop(REPOSITORY, samples)
    for sample, scored in zip(samples, found, strict=True):
        assert 0 < scored.stages_s < scored.cpu_s
        assert ("decode_video" in scored.stages) == (sample.modality is Modality.VIDEO)
        assert ("asr_en" in scored.stages) == (sample.path is not None)
    return {sample.sample_id: scored.scores_sha256 for sample, scored in zip(samples, found, strict=True)}


def requests_of(samples: tuple[Sample, ...]) -> list[Request]:
    return [Request(sample, 0.0, 120.0) for sample in samples]


def hashes(samples: tuple[Sample, ...], replies: list[Reply]) -> dict[str, str]:
    assert [(reply.outcome, reply.detail) for reply in replies] == [(Outcome.OK, "")] * len(samples)
    return {s.sample_id: scores_sha256(reply.assessment) for s, reply in zip(samples, replies, strict=True)}


async def test_the_raw_loop_gives_the_assessments_of_the_stack(
    stack: Stack, samples: tuple[Sample, ...], raw: dict[str, str]
) -> None:
    target = VivaTarget(stack.address)
    await target.open()
    try:
        replies = [await target.send(request) for request in requests_of(samples)]
    finally:
        await target.close()
    assert hashes(samples, replies) == raw


@pytest.mark.parametrize("name", [pytest.param(name, marks=needs(name)) for name in catalogue.PEERS])
@pytest.mark.parametrize("max_batch", [1, 4])
def test_a_peer_gives_the_same_assessments_and_leaves_no_process(
    name: str, max_batch: int, samples: tuple[Sample, ...], raw: dict[str, str], tmp_path: Path
) -> None:
    def others() -> set[int]:
        return {child.pid for child in psutil.Process().children(recursive=True)}

    async def twice(factory: object) -> list[Reply]:
        target = factory()  # type: ignore[operator]
        await target.open()
        try:
            return list(await asyncio.gather(*(target.send(request) for request in requests_of(samples * 2))))
        finally:
            await target.close()

    before = others()
    settings = PeerSettings(port=free_port(), max_batch=max_batch)
    with catalogue.running(name, settings, tmp_path) as peer:
        assert psutil.Process(peer.pid).ppid() == os.getpid()
        replies = asyncio.run(twice(peer.factory))
    assert others() <= before
    for half in (replies[: len(samples)], replies[len(samples) :]):
        assert hashes(samples, half) == raw


@pytest.mark.parametrize("name", [pytest.param(name, marks=needs(name)) for name in catalogue.PEERS][:1])
async def test_an_answer_that_cannot_be_scored_is_a_failure_with_its_reason(name: str, tmp_path: Path) -> None:
    noise = tmp_path / "noise.mp4"
    noise.write_bytes(b"no video" * 100)
    sample = Sample("noise", Modality.VIDEO, "en", QUESTION, path=noise, duration_s=1.0)
    with catalogue.running(name, PeerSettings(port=free_port()), tmp_path) as peer:
        target = peer.factory()
        await target.open()
        (reply,) = [await target.send(request) for request in requests_of((sample,))]
        await target.close()
    assert reply.outcome is Outcome.FAILED
    assert reply.code == "MEDIA_UNREADABLE"


async def test_routing_is_measured_three_ways(stack: Stack, samples: tuple[Sample, ...]) -> None:
    found = await measure(stack.address, stack.data_dir / "run", samples[:1], turns=3)
    assert found.answers == 3
    assert found.calls >= 4
    assert set(found.p50_ms) == set(WAYS)
    assert all(value > 0 for value in found.p50_ms.values())
