"""One tritonserver process: started on free loopback ports, probed until it infers, stopped without a trace."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from serving.adapters.triton.contract import CONTRACT
from serving.adapters.triton.endpoint import Endpoint
from serving.adapters.triton.installation import TritonInstallation
from serving.adapters.triton.leftovers import remove_ownerless_environments
from serving.adapters.triton.probe import HttpProbe
from serving.adapters.triton.shm import owner_prefix, sweep, sweep_stale
from serving.domain.errors import ModelUnavailable

_LAUNCHER = Path(__file__).with_name("launch.py")
_LOOPBACK = "127.0.0.1"

# Below Linux's ephemeral range (32768 up), where an outgoing connection could take a port between probe and bind.
_PORTS = range(21_000, 25_000)

_READY_POLL_S = 0.05
_PROBE_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class TritonConfig:
    """What a server serves, and where it lives.

    Attributes:
        repository: model repository.
        runtime_dir: private folder of this server: backend directory, log, endpoint file.
        models: names of the models to load.
        config_name: which `configs/<name>.pbtxt` of each model counts: `cpu`, `sm89`, ...
        exit_timeout_s: how long the server waits for requests in flight when asked to end.
        traces_url: where the server posts spans of the requests that come with a `traceparent`; empty for nowhere.
    """

    repository: Path
    runtime_dir: Path
    models: tuple[str, ...] = tuple(CONTRACT)
    config_name: str = "cpu"
    exit_timeout_s: int = 3
    traces_url: str = ""


class TritonServer:
    """Owner of one tritonserver child. Not thread-safe; blocking except where said.

    `start` must be called from a thread that lives as long as the server should: the kernel ends the child when
    the thread that forked it ends (`launch.py`).
    """

    def __init__(self, config: TritonConfig, installation: TritonInstallation | None = None) -> None:
        """Assemble the backend directory.

        Raises:
            InternalFault: no tritonserver is installed.
        """
        self._config = config
        self._installation = installation or TritonInstallation.find()
        config.runtime_dir.mkdir(parents=True, exist_ok=True)
        self._backends = self._installation.assemble_backends(config.runtime_dir.resolve() / "backends")
        self._process: subprocess.Popen[bytes] | None = None
        self._endpoint: Endpoint | None = None
        self._starts = 0

    @property
    def endpoint(self) -> Endpoint | None:
        """Addresses of the running server; None before `start` and after `stop`."""
        return self._endpoint

    @property
    def log_path(self) -> Path:
        """File that takes the server's and its stubs' output."""
        return self._config.runtime_dir / "triton.log"

    def start(self, generation: int = 1) -> Endpoint:
        """Start the server without waiting for it (milliseconds); what the dead have left goes first."""
        if self._process is not None:
            raise RuntimeError("the server was started already")
        sweep_stale()
        remove_ownerless_environments()
        self._starts += 1
        grpc_port, http_port, metrics_port = free_ports(3)
        endpoint = Endpoint(
            grpc=f"{_LOOPBACK}:{grpc_port}",
            http=f"{_LOOPBACK}:{http_port}",
            metrics=f"{_LOOPBACK}:{metrics_port}",
            # id() tells servers of one process apart, the count the starts of one server.
            shm_prefix=f"{owner_prefix()}{id(self):x}_{self._starts}_",
            generation=generation,
        )
        command = [sys.executable, "-I", str(_LAUNCHER), str(os.getpid()), *self.command(endpoint)]
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self._installation.environment(),
            )
        self._endpoint = Endpoint(
            endpoint.grpc,
            endpoint.http,
            endpoint.metrics,
            self._process.pid,
            endpoint.shm_prefix,
            generation,
        )
        return self._endpoint

    def command(self, endpoint: Endpoint) -> list[str]:
        """Command line of a server at `endpoint`."""
        grpc_port, http_port, metrics_port = (
            address.rpartition(":")[2] for address in (endpoint.grpc, endpoint.http, endpoint.metrics)
        )
        options = {
            "model-repository": str(self._config.repository.resolve()),
            "model-config-name": self._config.config_name,
            "model-control-mode": "explicit",
            # Models load side by side: start-up takes as long as the slowest, not as all of them.
            "model-load-thread-count": "4",
            "backend-directory": str(self._backends),
            "backend-config": f"python,shm-region-prefix-name={endpoint.shm_prefix}",
            "grpc-address": _LOOPBACK,
            "grpc-port": grpc_port,
            "http-address": _LOOPBACK,
            "http-port": http_port,
            "metrics-address": _LOOPBACK,
            "metrics-port": metrics_port,
            "exit-timeout-secs": str(self._config.exit_timeout_s),
        }
        return [
            str(self._installation.binary),
            *(f"--{name}={value}" for name, value in options.items()),
            # Our configs are complete; completing them would start every stub twice (1.4 s a model, not 0.2 s).
            "--disable-auto-complete-config",
            *(f"--load-model={model}" for model in self._config.models),
            *(f"--trace-config={setting}" for setting in self._trace_settings()),
        ]

    def _trace_settings(self) -> list[str]:
        if not self._config.traces_url:
            return []
        return [
            "mode=opentelemetry",
            f"opentelemetry,url={self._config.traces_url}",
            "opentelemetry,resource=service.name=triton",
            "opentelemetry,resource=service.namespace=viva",
            "level=TIMESTAMPS",
            "rate=0",  # none by chance: with every request that has a `traceparent`, whoever sent it has decided
        ]

    def wait_ready(self, timeout_s: float) -> None:
        """Return when the server is ready and every model has answered a real inference.

        Raises:
            ModelUnavailable: the server ended, or was not ready in time; the message quotes the end of its log.
        """
        endpoint = self._started()
        deadline = time.monotonic() + timeout_s
        probe = HttpProbe(endpoint.http)
        while not probe.ready(timeout_s=1.0):
            self._check_startup(deadline, "is not ready")
            time.sleep(_READY_POLL_S)
        for model in self._config.models:
            while not probe.infers(model, min(_PROBE_TIMEOUT_S, max(0.1, deadline - time.monotonic()))):
                self._check_startup(deadline, f"does not infer {model}")
                time.sleep(_READY_POLL_S)

    def alive(self) -> bool:
        """Whether the process runs. It may still be unable to infer: see `HttpProbe.infers`."""
        return self._process is not None and self._process.poll() is None

    def stop(self, grace_s: float = 5.0) -> None:
        """End the server, its stubs and its shared memory; no error when it is gone already."""
        process, endpoint = self._process, self._endpoint
        if process is None or endpoint is None:
            return
        if process.poll() is None:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(grace_s)
        # The group also holds stubs whose server was killed. Ours alone: launch.py made it.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        sweep(endpoint.shm_prefix)
        remove_ownerless_environments()
        self._process = self._endpoint = None

    def _started(self) -> Endpoint:
        if self._endpoint is None:
            raise RuntimeError("the server was not started")
        return self._endpoint

    def _check_startup(self, deadline: float, complaint: str) -> None:
        if not self.alive():
            raise ModelUnavailable(f"tritonserver ended while it started; its log ends:\n{self._log_tail()}")
        if time.monotonic() >= deadline:
            raise ModelUnavailable(f"tritonserver {complaint} in time; its log ends:\n{self._log_tail()}")

    def _log_tail(self, lines: int = 15) -> str:
        return "\n".join(self.log_path.read_text(errors="replace").splitlines()[-lines:])


def free_ports(count: int) -> list[int]:
    """Different TCP ports, below the ephemeral range, that nothing listens on.

    Raises:
        ModelUnavailable: there are not that many.
    """
    # Two servers that start at once look in different places.
    found: list[int] = []
    for port in random.sample(_PORTS, len(_PORTS)):
        with socket.socket() as probe, suppress(OSError):
            probe.bind((_LOOPBACK, port))
            found.append(port)
        if len(found) == count:
            return found
    raise ModelUnavailable(f"no {count} free ports in {_PORTS.start}-{_PORTS.stop}")
