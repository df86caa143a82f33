"""What tests need to know of rules and dashboards: their names, their queries, and what exports them."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from prometheus_client import Counter, Gauge, Histogram

from deployments.monitoring.files import FOLDER, RULES, read_dashboards
from serving.adapters import metrics
from serving.adapters.metrics.readings import READINGS
from tests.tools import installed

_STRINGS = re.compile(r'"[^"]*"|\'[^\']*\'')
_SELECTORS = re.compile(r"\{[^{}]*\}|\[[^\[\]]*\]|\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^()]*\)")
_NAMES = re.compile(r"(?<![\w:.])[a-zA-Z_:][\w:]*(?!\s*\()\b(?!\s*\()")
_WORDS = {"and", "or", "unless", "bool", "by", "on", "offset", "inf", "nan", "without", "ignoring"}


def names_in(query: str) -> set[str]:
    """Metrics that a PromQL query reads."""
    bare = _SELECTORS.sub(" ", _STRINGS.sub('""', query))
    return {name for name in _NAMES.findall(bare) if name.lower() not in _WORDS}


def definitions() -> dict[str, tuple[str, ...]]:
    """Labels of every metric of ours by its name as it is exposed, without the endings of a histogram."""
    found = {reading.name: reading.labels for reading in READINGS}
    for one in vars(metrics).values():
        if isinstance(one, Counter | Gauge | Histogram):
            found[one._name + ("_total" if isinstance(one, Counter) else "")] = tuple(one._labelnames)
    return found


def histograms() -> dict[str, tuple[float, ...]]:
    """Upper bounds of the buckets of each histogram."""
    kinds = [one for one in vars(metrics).values() if isinstance(one, Histogram)]
    return {one._name: tuple(one._upper_bounds) for one in kinds}


def exposed() -> set[str]:
    """Every name of ours that a page may show."""
    of_histograms = {name + end for name in histograms() for end in ("_bucket", "_sum", "_count")}
    return (definitions().keys() - histograms().keys()) | of_histograms


@cache
def external() -> dict[str, str]:
    """Exporter of every name that is not ours."""
    document = yaml.safe_load((FOLDER / "external.yaml").read_text())
    return {name: exporter for exporter, one in document.items() for name in one["names"]}


def rules() -> Iterator[dict[str, Any]]:
    """All recording and alerting rules."""
    for path in sorted(RULES.glob("*.yaml")):
        for group in yaml.safe_load(path.read_text())["groups"]:
            yield from group["rules"]


def recorded() -> dict[str, list[str]]:
    """Queries of each recorded name."""
    found: dict[str, list[str]] = {}
    for rule in rules():
        if "record" in rule:
            found.setdefault(rule["record"], []).append(rule["expr"])
    return found


def queries() -> Iterator[tuple[str, str, str]]:
    """Place, query and needed exporter of every query of the dashboards."""
    for dashboard in read_dashboards():
        for panel in dashboard.panels:
            for query in panel.queries.values():
                yield f"{dashboard.uid}: {panel.title}", query, panel.needs


def promtool(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run promtool; skips the test where it is not installed."""
    return subprocess.run(
        [installed("promtool", "prometheus"), *map(str, arguments)], capture_output=True, text=True, check=False
    )
