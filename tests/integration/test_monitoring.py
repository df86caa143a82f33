"""The pages of a real stack, and what a real Prometheus makes of them: every name and every query of ours is alive."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.parse import quote
from urllib.request import urlopen

import pytest
import yaml

from deployments.monitoring.files import FOLDER, RULES
from tests import media, monitoring, texts
from tests.employers import employer, eventually
from tests.stack import Stack
from tests.tools import installed
from viva_client import AnswerOptions, VivaClient, VivaError

QUESTION = "Tell me about a time you led a team."
DOCUMENT = Path(__file__).parents[2] / "docs" / "observability.md"
WITH_TLS = {"viva_certificate_expiry_timestamp_seconds"}


@pytest.fixture(scope="module")
def used(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Stack:
    """The stack after one answer of every kind, and a call that is refused."""
    video = media.face_video(tmp_path_factory.mktemp("media") / "a.mp4", 3)
    with VivaClient(stack.address) as client:
        client.score_text(texts.LEADER, AnswerOptions(QUESTION, "en"))
        client.score_media(video, AnswerOptions(QUESTION, "en"))
        with pytest.raises(VivaError):
            client.score_text("")
    with employer(stack.address) as ours:
        interview = ours.invite(ours.role())
        for answer in (ours.write(interview, "q1", texts.LEADER), ours.send(interview, "q2", video)):
            ours.ended(answer)
    return stack


def _page(stack: Stack, path: str = "/metrics") -> str:
    text: str = urlopen(f"http://127.0.0.1:{stack.port + 2}{path}", timeout=10).read().decode()
    return text


def _names(page: str) -> set[str]:
    return set(re.findall(r"^([a-zA-Z_:]\w*)", page, re.MULTILINE)) - {""}


def test_the_page_shows_every_metric_that_is_defined_and_nothing_else(used: Stack) -> None:
    page = eventually(lambda: found if "viva_queue_waiting_jobs{" in (found := _page(used)) else None)
    assert _names(page) == monitoring.exposed() - WITH_TLS


def test_the_stages_of_the_documentation_are_those_that_run(used: Stack) -> None:
    table = DOCUMENT.read_text().partition("### Stages")[2].partition("###")[0]
    documented = set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE))
    assert set(re.findall(r'viva_stage_seconds_count\{stage="(\w+)"\}', _page(used))) == documented


def test_labels_have_few_values_and_none_of_a_caller(used: Stack) -> None:
    page = _page(used)
    values: dict[tuple[str, str], set[str]] = {}
    for name, labels in re.findall(r"^(\w+)\{([^}]*)\}", page, re.MULTILINE):
        for label, value in re.findall(r'(\w+)="([^"]*)"', labels):
            values.setdefault((name, label), set()).add(value)
    assert max(len(found) for (_, label), found in values.items() if label != "le") < 80
    assert "tenants/" not in page
    assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}", page)


def test_triton_says_all_that_rules_and_dashboards_ask_it(used: Stack) -> None:
    wanted = {name for name, exporter in monitoring.external().items() if exporter == "triton"}
    assert wanted <= _names(_page(used, "/triton/metrics"))


class _Prometheus:
    """A Prometheus over the stack's pages, with our rules; it looks every second."""

    def __init__(self, folder: Path, stack: Stack) -> None:
        config = yaml.safe_load((FOLDER / "prometheus.yml").read_text())
        config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
        config["rule_files"] = [str(RULES / "*.yaml")]
        for job in config["scrape_configs"]:
            job["static_configs"][0]["targets"] = [f"127.0.0.1:{stack.port + 2}"]
        (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._url = f"http://127.0.0.1:{probe.getsockname()[1]}"
        options = {
            "config.file": folder / "prometheus.yml",
            "storage.tsdb.path": folder / "data",
            "web.listen-address": self._url.removeprefix("http://"),
        }
        with (folder / "log").open("w") as log:
            self.process = subprocess.Popen(
                ["prometheus", *(f"--{name}={value}" for name, value in options.items())], stdout=log, stderr=log
            )

    def ask(self, path: str) -> object:
        """`data` of an answer of its HTTP API; None while it does not answer."""
        try:
            return json.load(urlopen(f"{self._url}/api/v1/{path}", timeout=10))["data"]
        except URLError:
            return None

    def query(self, expression: str) -> list[object]:
        answer = self.ask(f"query?query={quote(expression)}")
        return answer["result"] if isinstance(answer, dict) else []


@pytest.fixture(scope="module")
def prometheus(used: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[_Prometheus]:
    installed("prometheus")
    running = _Prometheus(tmp_path_factory.mktemp("prometheus"), used)
    try:
        eventually(lambda: running.ask("status/buildinfo"), within_s=30.0)
        yield running
    finally:
        running.process.terminate()
        running.process.wait(20)


def test_both_pages_are_scraped(prometheus: _Prometheus) -> None:
    assert eventually(lambda: len(prometheus.query("up == 1")) == 2)


def test_every_query_of_the_dashboards_shows_something(used: Stack, prometheus: _Prometheus) -> None:
    """All but those of exporters that are not here: GPUs, node_exporter, and the certificate of a stack with TLS."""
    waiting = {(place, query) for place, query, needs in monitoring.queries() if not needs}
    deadline = time.monotonic() + 90.0
    while waiting and time.monotonic() < deadline:
        waiting = {(place, query) for place, query in waiting if not prometheus.query(query)}
        time.sleep(0.5)
    assert waiting == set()


def test_every_rule_is_evaluated_and_no_alert_fires_on_a_stack_that_is_well(prometheus: _Prometheus) -> None:
    def groups() -> list[dict[str, object]] | None:
        answer = prometheus.ask("rules")
        assert isinstance(answer, dict)
        rules = [rule for group in answer["groups"] for rule in group["rules"]]
        return rules if all(rule["health"] == "ok" for rule in rules) else None

    rules = eventually(groups)
    assert len(rules) == len(list(monitoring.rules()))
    firing = {rule["name"] for rule in rules if rule["type"] == "alerting" and rule["state"] == "firing"}
    assert firing == set()
