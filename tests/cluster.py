"""A real Ray cluster of several nodes on one machine: each has an address, a folder and processes of its own.

The nodes are started as docs/scale-out.md says. Their addresses are of the loopback network, which is a /8.
"""

from __future__ import annotations

import json
import os
import random
import secrets
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from deployments import ports
from tests.hosts import ROOT, Host
from tests.tools import installed

BIN: Final = Path(sys.executable).parent
NODE_ENV: Final = ROOT / "deployments/cluster/node.env"
SERVE_YAML: Final = ROOT / "deployments/serve.yaml"

_PORTS: Final = range(12_000, 15_000)
_STORE_BYTES: Final = 80 * 1024 * 1024
_RESOURCE: Final = "viva_node"
_COMMAND_S: Final = 240.0


def environment_file(path: Path) -> dict[str, str]:
    """Variables of a file in the format of a shell's assignments."""
    lines = (line.strip() for line in path.read_text().splitlines())
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


@dataclass
class Cluster:
    """A head with its Redis, and nodes.

    Args:
        folder: of all hosts; a short path, since Unix sockets are below it.
    """

    folder: Path
    head: Host = field(init=False)
    redis: Host = field(init=False)

    def __post_init__(self) -> None:
        token = self.folder / "token"
        token.write_text(secrets.token_hex(32))
        token.chmod(0o600)
        self._environment = {**environment_file(NODE_ENV), "RAY_AUTH_TOKEN_PATH": str(token)}
        block = f"127.{random.randint(1, 254)}.{random.randint(1, 254)}"
        self._hosts: dict[str, Host] = {}
        self._block = block
        self.redis, self.head = self._host("redis"), self._host("head")
        first = random.choice(_PORTS)  # of many: other runs would find the same ones free
        gcs, self._dashboard, client = ports.free_run(range(first, _PORTS.stop), 3)
        self._head_options = (
            "--head",
            f"--port={gcs}",
            f"--dashboard-host={self.head.address}",
            f"--dashboard-port={self._dashboard}",
            f"--ray-client-server-port={client}",
            "--num-cpus=0",
            f"--redis-password={(password := secrets.token_hex(16))}",
        )
        self._redis_options = {"bind": self.redis.address, "port": "6379", "requirepass": password, "appendonly": "yes"}
        self._gcs = f"{self.head.address}:{gcs}"

    def _host(self, name: str) -> Host:
        host = Host(name, f"{self._block}.{len(self._hosts) + 1}", self.folder / name)
        self._hosts[name] = host
        return host

    def start_redis(self) -> None:
        options = {**self._redis_options, "dir": str(self.redis.folder)}
        words = (word for name, value in options.items() for word in (f"--{name}", value))
        self.redis.start([installed("redis-server"), *words])

    def start_head(self) -> None:
        """`ray start --head`, the first time or again."""
        # Ray would look for this head among the processes of the machine, and take the nodes for it.
        (self.head.folder / "ray_current_cluster").unlink(missing_ok=True)
        self._ray(self.head, self._head_options, {"RAY_REDIS_ADDRESS": f"{self.redis.address}:6379"})

    def start_node(self, name: str) -> Host:
        """`ray start` of a node that runs Viva, a new one or one that was."""
        host = self._hosts.get(name) or self._host(name)
        resources = json.dumps({_RESOURCE: 1})
        self._ray(host, (f"--address={self._gcs}", "--num-cpus=2", f"--resources={resources}"), {})
        return host

    def _ray(self, host: Host, options: Sequence[str], more: Mapping[str, str]) -> None:
        own = {"VIVA_RUN_DIR": str(host.folder / "run"), "VIVA_GRPC_ADDRESS": host.api, "PYTHONPATH": str(ROOT)}
        host.start(
            [
                str(BIN / "ray"),
                "start",
                "--block",
                f"--node-ip-address={host.address}",
                f"--temp-dir={host.folder}",
                f"--object-store-memory={_STORE_BYTES}",
                "--dashboard-agent-listen-port=0",
                "--include-log-monitor=false",
                "--min-worker-port=0",  # the kernel chooses: nodes of one machine would take the same ones of a range
                "--max-worker-port=0",
                *options,
            ],
            {**self._environment, **own, **more},
        )

    def deploy(self, application: Mapping[str, Any]) -> None:
        """`serve deploy` of the shipped file with another application, again until the head takes it."""
        document = yaml.safe_load(SERVE_YAML.read_text())
        own = {"env_vars": {"PROMETHEUS_MULTIPROC_DIR": "${VIVA_RUN_DIR}/metrics"}}
        document["applications"] = [{"name": "viva", "route_prefix": None, "runtime_env": own, **application}]
        file = self.folder / "serve.yaml"
        file.write_text(yaml.safe_dump(document))
        self._until(["serve", "deploy", "--address", self._url, str(file)])

    def status(self) -> Any:
        """What `serve status` says."""
        return yaml.safe_load(self._until(["serve", "status", "--address", self._url]))

    @property
    def _url(self) -> str:
        return f"http://{self.head.address}:{self._dashboard}"

    def _until(self, command: Sequence[str]) -> str:
        deadline = time.monotonic() + _COMMAND_S
        while True:
            done = subprocess.run(
                [str(BIN / command[0]), *command[1:]],
                capture_output=True,
                text=True,
                check=False,
                timeout=_COMMAND_S,
                env={**os.environ, **self._environment},
            )
            if done.returncode == 0:
                return done.stdout
            assert time.monotonic() < deadline, f"{command} failed:\n{done.stdout}{done.stderr}"
            time.sleep(1.0)

    def stop(self) -> None:
        for host in reversed(self._hosts.values()):
            host.stop()
