"""The peers: how each is started and spoken to."""

from __future__ import annotations

import tempfile
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks.harness.core import BenchError
from benchmarks.peers.environments import python_of
from benchmarks.peers.server import ServerProcess
from benchmarks.peers.settings import PeerSettings
from benchmarks.peers.target import PeerTarget, Wire


@dataclass(frozen=True, slots=True)
class Peer:
    """One framework.

    Attributes:
        score: path that answers are posted to.
        ready: path that answers 200 once the server does.
        wire: see `PeerTarget`.
    """

    name: str
    score: str
    ready: str
    wire: Wire = "multipart"


PEERS: Final[Mapping[str, Peer]] = {
    peer.name: peer
    for peer in (
        Peer("litserve", "/predict", "/health"),
        Peer("bentoml", "/score", "/readyz"),
        Peer("mosec", "/inference", "/", "msgpack"),
        Peer("ray_serve", "/", "/-/healthz"),
    )
}


@dataclass(frozen=True, slots=True)
class RunningPeer:
    """A peer that takes answers.

    Attributes:
        pid: root of its tree of processes.
        factory: makes its target, in any process.
    """

    address: str
    pid: int
    factory: Callable[[], PeerTarget]


@contextmanager
def running(name: str, settings: PeerSettings, folder: Path) -> Iterator[RunningPeer]:
    """A peer that runs inside the context, with its log in `folder`.

    Raises:
        BenchError: no peer is called so, it is not installed, or it does not start.
    """
    if name not in PEERS:
        raise BenchError(f"no peer is called {name!r}; known are {', '.join(PEERS)}")
    peer, address = PEERS[name], f"http://127.0.0.1:{settings.port}"
    command = [str(python_of(name)), "-m", f"benchmarks.peers.{name}.serve"]
    # Unix sockets hold 107 bytes of path, and frameworks put theirs where temporary files go.
    with tempfile.TemporaryDirectory(prefix="peer-", dir="/tmp", ignore_cleanup_errors=True) as own:
        (loaded := Path(own) / "loaded").mkdir()
        environment = {
            **replace(settings, ready_dir=str(loaded)).environment(),
            "TMPDIR": own,
            "BENTOML_HOME": f"{own}/bentoml",
        }
        ready = partial(_is_ready, address + peer.ready, loaded, settings.workers)
        with ServerProcess(name, command, environment, folder / f"{name}.log", ready) as server:
            yield RunningPeer(address, server.pid, partial(PeerTarget, name, address + peer.score, peer.wire))


def _is_ready(url: str, loaded: Path, workers: int) -> bool:
    """Servers say that they are ready when one worker is, or none: so workers tell it themselves."""
    if len(list(loaded.iterdir())) < workers:
        return False
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return bool(response.status == 200)
    except OSError:
        return False
