"""How a peer is started: the same for all of them, handed on by the environment, since some own their command line."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from benchmarks.raw.threads import ONE_THREAD
from deployments.config import TritonConfig

VARIABLE: Final = "PEER_SETTINGS"


@dataclass(frozen=True, slots=True)
class PeerSettings:
    """Of one server.

    Attributes:
        port: of HTTP on loopback.
        workers: processes that score, each with models of its own; by default one a core.
        max_batch: most answers that a worker is given at once; 1 switches batching off.
        max_wait_ms: longest wait for a batch to fill.
        timeout_s: longest time that an answer may take, its wait included.
        repository: folder of the built models.
        ready_dir: folder in which each worker leaves a file once its models are loaded; empty: none.
    """

    port: int = 8000
    workers: int = os.cpu_count() or 1
    max_batch: int = 4
    max_wait_ms: int = 10
    timeout_s: float = 600.0
    repository: str = str(TritonConfig().model_repository)
    ready_dir: str = ""

    @property
    def models(self) -> Path:
        return Path(self.repository)

    def environment(self) -> Mapping[str, str]:
        """What a server's process is started with."""
        return {VARIABLE: json.dumps(asdict(self)), **ONE_THREAD}


def from_environment() -> PeerSettings:
    """The settings that this process was started with."""
    return PeerSettings(**json.loads(os.environ.get(VARIABLE, "{}")))
