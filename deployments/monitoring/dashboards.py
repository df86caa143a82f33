"""Grafana dashboards from a table of panels: JSON of the classic schema, which Grafana 9 and later import."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

_SOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}
_WIDTHS: Final = {"stat": 6, "timeseries": 12}  # of 24 columns
_HEIGHTS: Final = {"stat": 4, "timeseries": 8}
_SCHEMA: Final = 38
_CHOICE: Final = {"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus"}


@dataclass(frozen=True, slots=True)
class Panel:
    """One picture.

    Attributes:
        queries: PromQL by legend.
        unit: of Grafana: `s`, `bytes`, `percentunit`, `short`, `reqps`, `dateTimeFromNow`.
        needs: exporter whose names it uses beside ours and Triton's: `dcgm`, `node_exporter`; empty for none.
    """

    title: str
    queries: Mapping[str, str]
    unit: str = "short"
    kind: str = "timeseries"
    description: str = ""
    needs: str = ""


@dataclass(frozen=True, slots=True)
class Dashboard:
    """A page of pictures; `uid` is its file's name and the end of its address."""

    uid: str
    title: str
    panels: tuple[Panel, ...] = field(default_factory=tuple)


def dashboards(document: Sequence[Mapping[str, Any]]) -> tuple[Dashboard, ...]:
    """Those of a parsed file. Raises TypeError for a key that is unknown or missing."""
    return tuple(Dashboard(**{**one, "panels": tuple(Panel(**panel) for panel in one["panels"])}) for one in document)


def to_json(dashboard: Dashboard) -> dict[str, Any]:
    """The dashboard as Grafana imports it."""
    return {
        "uid": dashboard.uid,
        "title": dashboard.title,
        "tags": ["viva"],
        "schemaVersion": _SCHEMA,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": [_CHOICE]},
        "panels": [_panel(panel, place, at) for at, (panel, place) in enumerate(_placed(dashboard.panels), start=1)],
    }


def _placed(panels: Sequence[Panel]) -> list[tuple[Panel, dict[str, int]]]:
    """Panels in rows from left to right; one that does not fit begins the next row."""
    placed, x, y, height = [], 0, 0, 0
    for panel in panels:
        width = _WIDTHS[panel.kind]
        if x + width > 24:
            x, y, height = 0, y + height, 0
        placed.append((panel, {"x": x, "y": y, "w": width, "h": _HEIGHTS[panel.kind]}))
        x, height = x + width, max(height, _HEIGHTS[panel.kind])
    return placed


def _panel(panel: Panel, place: Mapping[str, int], at: int) -> dict[str, Any]:
    return {
        "id": at,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.description,
        "datasource": _SOURCE,
        "gridPos": dict(place),
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "targets": [
            {"refId": chr(ord("A") + index), "datasource": _SOURCE, "expr": query, "legendFormat": legend}
            for index, (legend, query) in enumerate(panel.queries.items())
        ],
    }
