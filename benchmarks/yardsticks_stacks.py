"""What is compared: Viva with its shipped configuration, and the peers; each started anew for every run."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks.harness.core import BenchError
from benchmarks.harness.generators import Factory
from benchmarks.harness.target_viva import VivaTarget
from benchmarks.peers import catalogue
from benchmarks.peers.environments import python_of
from benchmarks.peers.server import ServerProcess
from benchmarks.peers.settings import PeerSettings
from deployments import ports

VIVA: Final = "viva"
RAW: Final = "raw"
NAMES: Final = (VIVA, *catalogue.PEERS, RAW)

_PORTS: Final = range(18_600, 20_900)  # below those of Triton and of the replicas
_READY: Final = "viva is ready on"


@dataclass(frozen=True, slots=True)
class Choices:
    """How stacks are configured.

    Attributes:
        viva_config: file for `viva up`; None: the shipped configuration.
        peer: settings of the peers; the port is chosen for each start.
    """

    viva_config: Path | None = None
    peer: PeerSettings = field(default_factory=PeerSettings)


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


def names_of(text: str) -> tuple[str, ...]:
    """Names of stacks, separated by commas.

    Raises:
        BenchError: one that nobody knows, or one twice.
    """
    names = tuple(name.strip() for name in text.split(","))
    for name in names:
        if name not in NAMES:
            raise BenchError(f"--stacks: no stack is called {name!r}; known are {', '.join(NAMES)}")
        if names.count(name) > 1:
            raise BenchError(f"--stacks: {name} is there twice")
    return names


def check(names: Sequence[str]) -> None:
    """Raise `BenchError` where a peer is not installed, before anything is started."""
    for name in set(names) - {VIVA, RAW}:
        python_of(name)


@contextmanager
def running(name: str, choices: Choices, folder: Path) -> Iterator[Running]:
    """A stack that runs inside the context, with its files in the empty `folder`. Raises `BenchError`."""
    start = _viva if name == VIVA else partial(_peer, name)
    with start(choices, folder) as found:
        yield found


@contextmanager
def _viva(choices: Choices, folder: Path) -> Iterator[Running]:
    port = _free(3)  # pages and metrics are at the next two
    command = [str(Path(sys.executable).with_name("viva")), "up", "--grpc-port", str(port)]
    command += ["--data-dir", str(folder / "data")]
    if choices.viva_config is not None:
        command += ["--config", str(choices.viva_config)]
    log, address = folder / "viva.log", f"127.0.0.1:{port}"
    with ServerProcess(VIVA, command, {}, log, _says(log, _READY)) as server:
        yield Running(address, server.pid, partial(VivaTarget, address), (f"http://127.0.0.1:{port + 2}/metrics",))


@contextmanager
def _peer(name: str, choices: Choices, folder: Path) -> Iterator[Running]:
    settings = replace(choices.peer, port=_free(1))
    with catalogue.running(name, settings, folder) as peer:
        yield Running(peer.address, peer.pid, peer.factory)


def settings_of(name: str, choices: Choices) -> Mapping[str, object]:
    """What is worth telling of a stack's configuration."""
    if name == VIVA:
        return {"config": str(choices.viva_config or "as shipped")}
    if name == RAW:
        return {}
    given = choices.peer
    return {"workers": given.workers, "max_batch": given.max_batch, "max_wait_ms": given.max_wait_ms}


def _free(count: int) -> int:
    """The first of some ports in a row; two runners that start at once look in different places."""
    first = random.choice(_PORTS[: len(_PORTS) // 2])
    return ports.free_run(range(first, _PORTS.stop), count, "127.0.0.1").start


def _says(log: Path, words: str) -> Callable[[], bool]:
    return lambda: log.exists() and words in log.read_text(errors="replace")
