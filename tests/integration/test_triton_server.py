"""The real tritonserver, its python backend and its stubs, serving two small graphs under the product's configs."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import onnx.parser
import psutil
import pytest

from serving.adapters.triton.client import ClientConfig, TritonClient
from serving.adapters.triton.endpoint import Endpoint, endpoint_path, read_endpoint
from serving.adapters.triton.probe import HttpProbe
from serving.adapters.triton.server import TritonConfig, TritonServer
from serving.adapters.triton.shm import SHM_DIR
from serving.adapters.triton.supervisor import SupervisionPolicy, TritonSupervisor
from serving.domain.errors import ModelFailed, ModelUnavailable

_REPOSITORY = Path(__file__).parents[2] / "model_repository"
_PATIENCE_S = 60.0
_WATCHFUL = SupervisionPolicy(check_period_s=0.1, orphan_age_s=0.0)


# Graphs with the inputs and outputs of the real models: `probability` is the mean pixel times 0..6, and every 512th
# sample.
_GRAPHS = {
    "face_expression": """<ir_version: 10, opset_import: ["" : 17]>
        small (uint8[batch,64,64,1] image) => (float[batch,7] probability)
        <int64[1] axis = {1}, float[7] factors = {0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0}> {
            pixels = Cast<to=1>(image)
            mean = ReduceMean<axes=[1, 2, 3], keepdims=0>(pixels)
            column = Unsqueeze(mean, axis)
            probability = Mul(column, factors)
        }""",
    "vad": """<ir_version: 10, opset_import: ["" : 17]>
        small (int16[batch,samples] audio) => (float[batch,frames] probability)
        <int64[1] start = {0}, int64[1] end = {1000000000}, int64[1] axis = {1}, int64[1] step = {512}> {
            samples = Cast<to=1>(audio)
            probability = Slice(samples, start, end, axis, step)
        }""",
}
_MODELS = tuple(_GRAPHS)


@pytest.fixture
def config(tmp_path: Path) -> TritonConfig:
    repository = tmp_path / "models"
    for model, graph in _GRAPHS.items():
        shutil.copytree(_REPOSITORY / model / "configs", repository / model / "configs")
        (repository / model / "1").mkdir()
        onnx.save(onnx.parser.parse_model(graph), repository / model / "1" / "model.onnx")
    return TritonConfig(repository, tmp_path / "run", models=_MODELS, exit_timeout_s=1)


@pytest.fixture
async def supervisor(config: TritonConfig) -> AsyncIterator[TritonSupervisor]:
    supervisor = TritonSupervisor(config, _WATCHFUL)
    await supervisor.start()
    yield supervisor
    await supervisor.stop()


@pytest.fixture
async def client(supervisor: TritonSupervisor, config: TritonConfig) -> AsyncIterator[TritonClient]:
    client = TritonClient(config.runtime_dir, ClientConfig(shm_threshold_bytes=64 * 1024))
    yield client
    await client.close()


def _published(supervisor: TritonSupervisor) -> Endpoint:
    assert supervisor.endpoint is not None
    return supervisor.endpoint


def _processes_of_group(group: int) -> list[int]:
    found = []
    for process in psutil.process_iter():
        try:
            if os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
        except (ProcessLookupError, psutil.NoSuchProcess):
            continue
    return found


async def _brightness_of(client: TritonClient, rows: int = 1, value: int = 10) -> None:
    images = np.full((rows, 64, 64, 1), value, np.uint8)
    outputs = await client.infer("face_expression", {"image": images}, timeout_s=_PATIENCE_S)
    assert outputs["probability"].tolist() == [[float(value * i) for i in range(7)]] * rows


async def test_small_and_large_inputs_give_the_same_answer(client: TritonClient, supervisor: TritonSupervisor) -> None:
    probe = HttpProbe(_published(supervisor).http)
    await _brightness_of(client, rows=2)
    assert await asyncio.to_thread(probe.mapped_regions, 5.0) == []
    await _brightness_of(client, rows=32)  # 128 KiB
    assert len(await asyncio.to_thread(probe.mapped_regions, 5.0)) == 1


async def test_many_calls_at_once_are_each_answered_with_their_own(client: TritonClient) -> None:
    await asyncio.gather(*(_brightness_of(client, rows=1 + i % 32, value=i) for i in range(100)))


async def test_the_server_is_asked_for_its_largest_batch(client: TritonClient) -> None:
    assert await client.max_batch_size("face_expression", 5.0) == 32
    with pytest.raises(ModelFailed):
        await _brightness_of(client, rows=33)


async def test_a_killed_server_is_replaced_and_no_caller_notices(
    client: TritonClient, supervisor: TritonSupervisor
) -> None:
    await _brightness_of(client, rows=32)
    killed = _published(supervisor)
    assert killed.pid is not None
    calls = [asyncio.create_task(_brightness_of(client, rows=32)) for _ in range(8)]
    await asyncio.sleep(0)
    os.kill(killed.pid, signal.SIGKILL)
    await asyncio.gather(*calls)
    await _brightness_of(client, rows=32)
    assert _published(supervisor).generation == killed.generation + 1
    assert _processes_of_group(killed.pid) == []
    assert list(SHM_DIR.glob(f"{killed.shm_prefix}*")) == []


async def test_a_killed_stub_is_found_out_and_its_model_loaded_again(
    client: TritonClient, supervisor: TritonSupervisor
) -> None:
    await _brightness_of(client)
    before = _published(supervisor)
    for stub in psutil.Process(before.pid).children():
        if any("face_expression" in part for part in stub.cmdline()):
            stub.kill()
    await _brightness_of(client)
    after = _published(supervisor)
    assert after.same_server(before)
    assert after.reloads == before.reloads + 1


async def test_inputs_of_a_dead_client_are_unmapped_in_the_server(
    supervisor: TritonSupervisor, config: TritonConfig
) -> None:
    code = """
import asyncio, os, sys
from pathlib import Path
import numpy as np
from serving.adapters.triton.client import TritonClient
async def main():
    client = TritonClient(Path(sys.argv[1]))
    await client.infer("face_expression", {"image": np.zeros((32, 64, 64, 1), np.uint8)}, timeout_s=60)
    os._exit(0)  # as if killed: nothing is closed
asyncio.run(main())
"""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, str(config.runtime_dir))
    assert await process.wait() == 0
    probe = HttpProbe(_published(supervisor).http)
    async with asyncio.timeout(_PATIENCE_S):
        while await asyncio.to_thread(probe.mapped_regions, 5.0):
            await asyncio.sleep(0.1)


async def test_stopping_leaves_nothing_behind(config: TritonConfig) -> None:
    supervisor = TritonSupervisor(config)
    endpoint = await supervisor.start()
    assert endpoint.pid is not None
    assert read_endpoint(config.runtime_dir) == endpoint
    client = TritonClient(config.runtime_dir)
    await _brightness_of(client, rows=32)
    await client.close()
    await supervisor.stop()
    await supervisor.stop()
    assert _processes_of_group(endpoint.pid) == []
    assert list(SHM_DIR.glob(f"viva_{os.getpid()}_*")) == []
    assert read_endpoint(config.runtime_dir) is None


def test_nothing_outlives_a_killed_parent_and_the_next_start_is_clean(config: TritonConfig) -> None:
    code = """
import asyncio, sys
from pathlib import Path
from serving.adapters.triton.server import TritonConfig
from serving.adapters.triton.supervisor import TritonSupervisor
async def main():
    config = TritonConfig(Path(sys.argv[1]), Path(sys.argv[2]), models=("face_expression", "vad"), exit_timeout_s=1)
    await TritonSupervisor(config).start()
    print("started", flush=True)
    await asyncio.sleep(600)
asyncio.run(main())
"""
    arguments = [sys.executable, "-c", code, str(config.repository), str(config.runtime_dir)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "started\n"
        left = read_endpoint(config.runtime_dir)
        assert left is not None and left.pid is not None
        parent.kill()
    deadline = time.monotonic() + _PATIENCE_S
    while _processes_of_group(left.pid) or list(SHM_DIR.glob(f"{left.shm_prefix}*")):
        assert time.monotonic() < deadline, "the server outlived its parent"
        time.sleep(0.1)

    async def start_again() -> None:
        supervisor = TritonSupervisor(config)
        endpoint = await supervisor.start()
        client = TritonClient(config.runtime_dir)
        try:
            await _brightness_of(client)
            assert endpoint.generation == left.generation + 1
        finally:
            await client.close()
            await supervisor.stop()

    assert endpoint_path(config.runtime_dir).exists()  # of the one that was killed
    asyncio.run(start_again())


def test_a_server_that_cannot_start_says_why_and_leaves_nothing(config: TritonConfig) -> None:
    (config.repository / "vad" / "1" / "model.onnx").write_bytes(b"not a graph")
    server = TritonServer(config)
    server.start()
    try:
        with pytest.raises(ModelUnavailable, match="model.onnx"):
            server.wait_ready(_PATIENCE_S)
    finally:
        endpoint = server.endpoint
        server.stop()
    assert endpoint is not None and endpoint.pid is not None
    assert _processes_of_group(endpoint.pid) == []
    assert list(SHM_DIR.glob(f"{endpoint.shm_prefix}*")) == []
