"""What is compared: Viva with its shipped configuration, and the peers; each started anew for every run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks.harness.core import BenchError
from benchmarks.harness.target_viva import VivaTarget
from benchmarks.peers import catalogue
from benchmarks.peers.environments import python_of
from benchmarks.peers.settings import PeerSettings
from benchmarks.viva_up import Running, free_ports, viva_up

VIVA: Final = "viva"
CALLS: Final = "viva_calls"
RAW: Final = "raw"
NAMES: Final = (VIVA, CALLS, *catalogue.PEERS, RAW)

# Peers have no bound on what waits, nor on how long.
_UNBOUNDED: Final = Path(__file__).parent / "peers" / "viva_calls.yaml"


@dataclass(frozen=True, slots=True)
class Choices:
    """How stacks are configured.

    Attributes:
        viva_config: file for `viva up`; None: the shipped configuration.
        peer: settings of the peers; the port is chosen for each start.
    """

    viva_config: Path | None = None
    peer: PeerSettings = field(default_factory=PeerSettings)


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
    for name in set(names) - {VIVA, CALLS, RAW}:
        python_of(name)


@contextmanager
def running(name: str, choices: Choices, folder: Path) -> Iterator[Running]:
    """A stack that runs inside the context, with its files in the empty `folder`. Raises `BenchError`."""
    if name == VIVA:
        with viva_up(choices.viva_config, folder) as found:
            yield found
    elif name == CALLS:
        with viva_up(_UNBOUNDED, folder) as found:
            yield replace(found, factory=partial(VivaTarget, found.address, calls_only=True))
    else:
        with _peer(name, choices, folder) as found:
            yield found


@contextmanager
def _peer(name: str, choices: Choices, folder: Path) -> Iterator[Running]:
    settings = replace(choices.peer, port=free_ports(1))
    with catalogue.running(name, settings, folder) as peer:
        yield Running(peer.address, peer.pid, peer.factory)


def settings_of(name: str, choices: Choices) -> Mapping[str, object]:
    """What is worth telling of a stack's configuration."""
    if name == VIVA:
        return {"config": str(choices.viva_config or "as shipped")}
    if name == CALLS:
        return {"config": _UNBOUNDED.name}
    if name == RAW:
        return {}
    given = choices.peer
    return {"workers": given.workers, "max_batch": given.max_batch, "max_wait_ms": given.max_wait_ms}
