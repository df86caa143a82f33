"""`viva up` as a server of a load run."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks.harness.generators import Factory
from benchmarks.harness.target_viva import VivaTarget
from benchmarks.peers.server import ServerProcess
from deployments import ports

_PORTS: Final = range(18_600, 20_900)  # below those of Triton and of the replicas
_READY: Final = "viva is ready on"


@dataclass(frozen=True, slots=True)
class Running:
    """A server that takes answers.

    Attributes:
        address: `HOST:PORT` or a URL.
        pid: root of its tree of processes.
        factory: makes its target, in any process.
        pages: its Prometheus pages.
    """

    address: str
    pid: int
    factory: Factory
    pages: tuple[str, ...] = ()


@contextmanager
def viva_up(config: Path | None, folder: Path) -> Iterator[Running]:
    """The stack, which runs inside the context, with its files in the empty `folder`.

    Args:
        config: file for `viva up`; None: the shipped configuration.

    Raises:
        BenchError: it does not start.
    """
    port = free_ports(3)  # pages and metrics are at the next two
    command = [str(Path(sys.executable).with_name("viva")), "up", "--grpc-port", str(port)]
    command += ["--data-dir", str(folder / "data")]
    if config is not None:
        command += ["--config", str(config)]
    log, address = folder / "viva.log", f"127.0.0.1:{port}"
    with ServerProcess("viva", command, {}, log, _says(log, _READY)) as server:
        yield Running(address, server.pid, partial(VivaTarget, address), (f"http://127.0.0.1:{port + 2}/metrics",))


def free_ports(count: int) -> int:
    """The first of some ports in a row; two runners that start at once look in different places."""
    first = random.choice(_PORTS[: len(_PORTS) // 2])
    return ports.free_run(range(first, _PORTS.stop), count, "127.0.0.1").start


def _says(log: Path, words: str) -> Callable[[], bool]:
    return lambda: log.exists() and words in log.read_text(errors="replace")
