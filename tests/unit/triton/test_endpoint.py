import json
from dataclasses import replace
from pathlib import Path

from serving.adapters.triton.endpoint import (
    Endpoint,
    endpoint_path,
    read_endpoint,
    remove_endpoint,
    write_endpoint,
)
from serving.adapters.triton.supervisor import publish_external

_ENDPOINT = Endpoint("127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3", pid=4, shm_prefix="viva_4_5_", generation=6)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write_endpoint(tmp_path, _ENDPOINT)
    assert read_endpoint(tmp_path) == _ENDPOINT
    assert json.loads(endpoint_path(tmp_path).read_text())["generation"] == 6
    assert [path.name for path in tmp_path.iterdir()] == ["triton.json"]  # no scratch file stays


def test_there_is_no_endpoint_before_and_after(tmp_path: Path) -> None:
    assert read_endpoint(tmp_path) is None
    write_endpoint(tmp_path, _ENDPOINT)
    remove_endpoint(tmp_path)
    remove_endpoint(tmp_path)
    assert read_endpoint(tmp_path) is None


def test_a_reload_is_the_same_server_and_a_restart_is_not() -> None:
    assert _ENDPOINT.same_server(replace(_ENDPOINT, reloads=1))
    assert not _ENDPOINT.same_server(replace(_ENDPOINT, generation=7))
    assert not _ENDPOINT.same_server(replace(_ENDPOINT, pid=5))


def test_every_process_of_a_node_may_publish_the_same_external_server(tmp_path: Path) -> None:
    first = publish_external(tmp_path / "run", grpc="triton:8001", http="triton:8000")
    assert publish_external(tmp_path / "run", grpc="triton:8001", http="triton:8000") == first
    moved = publish_external(tmp_path / "run", grpc="other:8001", http="other:8000")
    assert moved.generation == first.generation + 1
    assert read_endpoint(tmp_path / "run") == moved
