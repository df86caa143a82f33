"""The node-local file by which the processes of a node find its Triton."""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

ENDPOINT_FILE = "triton.json"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One running server.

    Attributes:
        grpc, http, metrics: addresses as `host:port`; `metrics` may be empty for an external server.
        pid: process id of the supervised server, None for an external one.
        shm_prefix: prefix of the names of the server's own shared memory regions.
        generation: grows with every start of the server.
        reloads: grows with every model that was reloaded because its process had died.
    """

    grpc: str
    http: str
    metrics: str = ""
    pid: int | None = None
    shm_prefix: str = ""
    generation: int = 1
    reloads: int = 0

    def same_server(self, other: Endpoint) -> bool:
        """Whether both tell of the same start of the same server."""
        mine = (self.grpc, self.pid, self.generation)
        return mine == (other.grpc, other.pid, other.generation)


def endpoint_path(runtime_dir: Path) -> Path:
    """Path of the endpoint file of a runtime directory."""
    return runtime_dir / ENDPOINT_FILE


def write_endpoint(runtime_dir: Path, endpoint: Endpoint) -> None:
    """Publish `endpoint`; readers see the old file or the new one, never a part."""
    path = endpoint_path(runtime_dir)
    scratch = path.with_suffix(f".{os.getpid()}.tmp")
    scratch.write_text(json.dumps(asdict(endpoint)))
    scratch.replace(path)


def read_endpoint(runtime_dir: Path) -> Endpoint | None:
    """The published endpoint; None while there is none (not started, restarting or stopped)."""
    try:
        return Endpoint(**json.loads(endpoint_path(runtime_dir).read_text()))
    except FileNotFoundError:
        return None


def remove_endpoint(runtime_dir: Path) -> None:
    """Withdraw the endpoint; no error when there is none."""
    with contextlib.suppress(FileNotFoundError):
        endpoint_path(runtime_dir).unlink()
