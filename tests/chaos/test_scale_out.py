"""The application on several Ray nodes behind HAProxy: a node comes, one is cut off, and the head with it; calls are
answered all the while, and each accepted answer gets exactly one result."""

from __future__ import annotations

import contextlib
import hashlib
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.control_plane.store import Store
from serving.adapters.postgres.server import PostgresServer
from tests import postgres
from tests.cluster import Cluster
from tests.cluster_load import CALLS_PER_S, Interviews, Load
from tests.employers import Employer, eventually
from tests.haproxy import Haproxy
from viva_client import VivaClient

TENANT = "ferries"
NODES = 3
SLOTS = 6
SERVICE_S = 4  # of an answer, by an engine that only waits: what is tested is who gets it
JOBS_OF_A_NODE = SLOTS - 1  # one place is left to calls
WITHIN_S = 240.0

GATEWAY = "ServeReplica:viva:Gateway"


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short one: Ray's Unix sockets are below it."""
    made = Path(tempfile.mkdtemp(prefix="vc-", dir="/tmp"))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def database(folder: Path) -> Iterator[PostgresServer]:
    with postgres.running(folder) as server:
        yield server


@pytest.fixture
def cluster(folder: Path) -> Iterator[Cluster]:
    made = Cluster(folder)
    try:
        yield made
    finally:
        made.stop()


def _application(folder: Path, database: PostgresServer, key: str) -> dict[str, Any]:
    viva = {
        "data_dir": str(folder / "data"),
        "spool_dir": str(folder / "spool"),
        "storage": {"url": str(folder / "objects")},
        "database": {"url": database.app_url},
        "node_resource": "viva_node",
        "metrics_port": 0,
        "web": {"port": 0},
        "gateway": {
            "host": "0.0.0.0",
            "replicas": NODES,
            "api_keys": {hashlib.sha256(key.encode()).hexdigest(): TENANT},
        },
        "scorer": {"replicas": NODES, "text_slots": SLOTS},
        "triton": {"nodes": NODES, "address": "127.0.0.1:1"},  # nobody calls it
    }
    return {"import_path": "tests.null_application:build", "args": {"viva": viva, "service": str(SERVICE_S)}}


def test_nodes_come_and_go_and_the_head_dies_under_load(
    cluster: Cluster, folder: Path, database: PostgresServer
) -> None:
    key = secrets.token_urlsafe(32)
    cluster.start_redis()
    cluster.start_head()
    a, b = cluster.start_node("a"), cluster.start_node("b")
    cluster.deploy(_application(folder, database, key))
    gateways = {"a": a.api, "b": b.api}
    with contextlib.ExitStack() as stack:
        balancer = Haproxy(folder, gateways)
        stack.callback(balancer.stop)
        balancer.wait(a="UP", b="UP")
        gateway_of_a = a.pids(GATEWAY)
        client = stack.enter_context(VivaClient(balancer.address, api_key=key, timeout_s=120))
        store = stack.enter_context(contextlib.closing(Store(database.app_url)))
        interviews = Interviews(Employer(f"tenants/{TENANT}", key, client), database.app_url)
        load = Load(balancer.address, key)
        with load.running():
            with interviews.running():
                eventually(lambda: store.queue().leased > JOBS_OF_A_NODE, WITHIN_S)  # more than one node can have

                c = cluster.start_node("c")
                balancer.reload(gateways := {**gateways, "c": c.api})
                balancer.wait(a="UP", b="UP", c="UP")
                eventually(lambda: store.queue().leased > 2 * JOBS_OF_A_NODE, WITHIN_S)

                b.cut_off()
                cluster.head.kill()
                balancer.wait(a="UP", b="DOWN", c="UP")
                waiting, answered, accepted = set(load.waiting), load.answered, len(interviews.accepted)
                eventually(lambda: waiting.isdisjoint(load.waiting), WITHIN_S)  # whatever they waited for
                eventually(lambda: load.answered >= answered + 4 * CALLS_PER_S * SERVICE_S, WITHIN_S)
                eventually(lambda: len(interviews.accepted) > accepted, WITHIN_S)

                b.kill()
                cluster.start_head()
                cluster.start_node("b")  # its replicas are placed by a head that has not forgotten the application
                balancer.wait(a="UP", b="UP", c="UP")
                assert a.pids(GATEWAY) == gateway_of_a
            eventually(lambda: not store.counts(TENANT)["jobs_left"], WITHIN_S)
            eventually(lambda: len(load.reports) >= len(interviews.names), WITHIN_S)
        assert (load.failed, interviews.failed, load.waiting) == ([], [], set())
        stored = store.answers(TENANT)
        assert {one.name for one in stored} == interviews.accepted
        assert {(one.state, one.assessments, one.usage) for one in stored} == {("scored", 1, 1)}
        assert {name.partition("/reports/")[0] for name in load.reports} == interviews.names
        assert store.counts(TENANT)["reports"] == len(interviews.names)
