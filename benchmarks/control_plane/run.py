"""One run: the stack without models, the vendor beside it, and a look at both every few seconds."""

from __future__ import annotations

import contextlib
import hashlib
import os
import queue
import secrets
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from benchmarks.control_plane import checks
from benchmarks.control_plane.outcome import Progress, Result
from benchmarks.control_plane.plan import Plan
from benchmarks.control_plane.spending import Spending
from benchmarks.control_plane.store import Store
from benchmarks.control_plane.summary import Moment, summarise
from benchmarks.harness.core import BenchError
from benchmarks.harness.machine import this_machine
from deployments import database, ports, processes
from deployments.config import GatewayConfig, ScorerConfig, TritonConfig, VivaConfig, WebConfig
from serving.adapters.egress.config import EgressConfig

_PORTS: Final = range(18_700, 19_500)
_STACK: Final = ("-m", "benchmarks.control_plane.stack")
_VENDOR: Final = ("-m", "benchmarks.control_plane.vendor")
_LOOK_S: Final = 2.0
_MEMORY_EVERY: Final = 15  # looks
_NO_MODELS: Final = "127.0.0.1:1"  # "somebody else's" server, which nobody calls


@dataclass(frozen=True, slots=True)
class Outcome:
    """Figures and what was wrong, a line each."""

    figures: Mapping[str, Any]
    faults: Sequence[str]


def run(plan: Plan, folder: Path, tell: Callable[[str], None]) -> Outcome:
    """Run a plan with everything below `folder`. Blocks; call it on the main thread.

    Raises:
        BenchError: the vendor's process failed.
        StackError: the stack does not run.
    """
    keys = [secrets.token_urlsafe(32) for _ in range(plan.tenants)]
    plan.write(folder / "plan.json")
    with (
        database.ready(_config(plan, folder / "data", keys)) as config,
        processes.SupervisedStack(config, (*_STACK, plan.service)) as stack,
    ):
        tell(f"starting; logs are in {config.log_dir}")
        stack.wait_ready()
        with contextlib.closing(Store(config.database.url)) as store:
            before = store.sizes()
            with _vendor(folder, config.gateway.address, keys) as (process, said):
                moments = list(_watch(process, said, store, Spending(), tell))
                if process.wait():
                    raise BenchError(f"the vendor's process ended with {process.returncode}; it says why above")
            result = Result.read(folder / "result.json")
            grown = {name: size - before.get(name, 0) for name, size in store.sizes().items()}
            tenants = [f"season-{number}" for number in range(plan.tenants)]
            stored = [answer for tenant in tenants for answer in store.answers(tenant)]
            counts = sum((Counter(store.counts(tenant)) for tenant in tenants), Counter[str]())
    figures = summarise(plan, result, stored, moments, grown)
    machine = {"machine": f"{os.cpu_count()} cores, {this_machine().cpu_model}"}
    return Outcome({**machine, **figures}, checks.faults(result, stored, counts))


def _config(plan: Plan, data: Path, keys: Sequence[str]) -> VivaConfig:
    port, metrics = ports.free_run(_PORTS, 2, "127.0.0.1")
    return VivaConfig(
        data,
        metrics_port=metrics,
        gateway=GatewayConfig(
            port=port,
            replicas=plan.gateways,
            api_keys={hashlib.sha256(key.encode()).hexdigest(): f"season-{n}" for n, key in enumerate(keys)},
        ),
        web=WebConfig(port=0),
        scorer=ScorerConfig(replicas=plan.scorers, text_slots=plan.slots_each, media_slots=plan.slots_each),
        triton=TritonConfig(address=_NO_MODELS),
        egress=EgressConfig(allowed_networks=("127.0.0.1/32",), allow_http=True),
    )


@contextlib.contextmanager
def _vendor(
    folder: Path, address: str, keys: Sequence[str]
) -> Iterator[tuple[subprocess.Popen[str], queue.Queue[Progress]]]:
    """The vendor's process, and what it tells."""
    command = [sys.executable, *_VENDOR, str(folder / "plan.json"), address, str(folder / "result.json")]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None and process.stdout is not None, "both are pipes"
    said: queue.Queue[Progress] = queue.Queue()
    reader = threading.Thread(target=_listen, args=(process.stdout, said))
    reader.start()
    try:
        with process.stdin as keys_to:
            keys_to.write("\n".join(keys))
        yield process, said
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait()
        reader.join()
        process.stdout.close()


def _line(told: Progress, moment: Moment, after_s: float) -> str:
    waiting = f"{moment.queue.waiting} wait, the oldest {moment.queue.age_s:.2f} s"
    return (
        f"{after_s:.0f} s: {told.offered} offered, {told.accepted} accepted, {told.reports_read} reports read, "
        f"{told.errors} errors; {waiting}; {sum(moment.cpu_s.values()) / after_s:.2f} cores busy"
    )


def _listen(output: IO[str], said: queue.Queue[Progress]) -> None:
    for line in output:
        said.put(Progress.of(line))


def _watch(
    process: subprocess.Popen[str],
    said: queue.Queue[Progress],
    store: Store,
    spending: Spending,
    tell: Callable[[str], None],
) -> Iterator[Moment]:
    """A moment every few seconds until the vendor ends."""
    started, looks = time.time(), 0
    while True:
        over = process.poll() is not None
        spending.look()
        memory = spending.memory_mib() if over or looks % _MEMORY_EVERY == 0 else {}
        moment = Moment(time.time(), store.queue(), spending.cpu_s, memory)
        looks += 1
        yield moment
        while not said.empty():
            tell(_line(said.get(), moment, time.time() - started))
        if over:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_LOOK_S)
