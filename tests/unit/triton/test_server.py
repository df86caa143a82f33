import socket
from pathlib import Path

import pytest

from serving.adapters.triton.endpoint import Endpoint
from serving.adapters.triton.installation import TritonInstallation
from serving.adapters.triton.server import TritonConfig, TritonServer, free_ports
from serving.domain.errors import ModelUnavailable

_ENDPOINT = Endpoint("127.0.0.1:21001", "127.0.0.1:21002", "127.0.0.1:21003", shm_prefix="viva_1_2_")


@pytest.fixture
def server(tmp_path: Path) -> TritonServer:
    return TritonServer(TritonConfig(tmp_path / "models", tmp_path / "run", models=("vad",), config_name="sm90"))


def test_the_command_says_all_that_matters(server: TritonServer, tmp_path: Path) -> None:
    command = server.command(_ENDPOINT)
    assert Path(command[0]).name == "tritonserver"
    assert {
        f"--model-repository={tmp_path / 'models'}",
        "--model-config-name=sm90",
        "--model-control-mode=explicit",
        "--load-model=vad",
        "--disable-auto-complete-config",
        "--backend-config=python,shm-region-prefix-name=viva_1_2_",
        "--grpc-port=21001",
        "--http-port=21002",
        "--metrics-port=21003",
    } <= set(command)


def test_only_requests_of_traces_are_recorded_and_only_where_there_is_a_collector(
    server: TritonServer, tmp_path: Path
) -> None:
    assert not [option for option in server.command(_ENDPOINT) if option.startswith("--trace")]
    url = "http://127.0.0.1:4318/v1/traces"
    traced = TritonServer(TritonConfig(tmp_path / "models", tmp_path / "traced", traces_url=url))
    assert {
        "--trace-config=mode=opentelemetry",
        f"--trace-config=opentelemetry,url={url}",
        "--trace-config=level=TIMESTAMPS",
        "--trace-config=rate=0",
    } <= set(traced.command(_ENDPOINT))


def test_every_port_listens_on_loopback_only(server: TritonServer) -> None:
    addresses = [option for option in server.command(_ENDPOINT) if "-address=" in option]
    assert sorted(addresses) == [f"--{kind}-address=127.0.0.1" for kind in ("grpc", "http", "metrics")]


def test_the_backend_directory_is_private_and_complete(server: TritonServer, tmp_path: Path) -> None:
    backends = tmp_path / "run" / "backends"
    assert (backends / "viva_onnx" / "model.py").is_file()
    library = backends / "python" / "libtriton_python.so"
    assert library.is_file() and not library.is_symlink()
    assert (backends / "python" / "triton_python_backend_stub").resolve() == TritonInstallation.find().stub


def test_stubs_run_on_this_interpreter(server: TritonServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "elsewhere")
    environment = TritonInstallation.find().environment()
    assert "PYTHONPATH" not in environment
    first = Path(environment["PATH"].split(":")[0])
    assert (first / "python3").exists()
    assert environment["OMP_NUM_THREADS"] == "1"
    assert "trim_threshold" in environment["GLIBC_TUNABLES"]


def test_what_the_operator_says_about_memory_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLIBC_TUNABLES", "glibc.malloc.arena_max=2")
    assert TritonInstallation.find().environment()["GLIBC_TUNABLES"] == "glibc.malloc.arena_max=2"


def test_free_ports_differ_and_avoid_one_that_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setattr("serving.adapters.triton.server._PORTS", range(port, port + 1))
        with pytest.raises(ModelUnavailable):
            free_ports(1)
    monkeypatch.undo()
    ports = free_ports(3)
    assert len(set(ports)) == 3
    assert all(port < 32768 for port in ports)


def test_a_server_that_was_never_started_stops_quietly(server: TritonServer) -> None:
    assert not server.alive()
    server.stop()
    assert server.endpoint is None
