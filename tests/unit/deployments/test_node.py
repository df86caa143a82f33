"""Every node has its metrics page, whoever runs the model server."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from deployments import ports
from deployments.config import VivaConfig
from serving.adapters.metrics import page

_NODE = """
import asyncio, sys, urllib.request
from deployments.node import Node

async def main():
    port = int(sys.argv[2])
    node = Node({"data_dir": sys.argv[1], "metrics_port": port, "triton": {"address": "127.0.0.1:1"}})
    await node.check_health()
    from serving.adapters import metrics
    metrics.REQUESTS.labels("ScoreAnswer", "OK").inc()
    print(await asyncio.to_thread(lambda: urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics").read().decode()))

asyncio.run(main())
"""


def test_a_node_with_an_external_model_server_serves_metrics(tmp_path: Path) -> None:
    config = VivaConfig(tmp_path)
    port = ports.free_run(range(19900, 20000), host="127.0.0.1").start
    done = subprocess.run(
        [sys.executable, "-c", _NODE, str(tmp_path), str(port)],
        env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(config.metrics_dir)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert 'viva_requests_total{code="OK",method="ScoreAnswer"} 1.0' in done.stdout, done.stderr


def test_a_page_that_would_stay_empty_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR", raising=False)
    with pytest.raises(RuntimeError, match="PROMETHEUS_MULTIPROC_DIR must be"):
        page.serve(1, tmp_path, str)
