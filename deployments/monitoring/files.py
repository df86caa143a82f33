"""The files of this folder: what is written by hand, and what is made of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import yaml

from deployments.monitoring import dashboards, slo

FOLDER: Final = Path(__file__).parent
RULES: Final = FOLDER / "rules"
DASHBOARDS: Final = FOLDER / "dashboards"
_MADE: Final = "# Made of slos.yaml by `python -m deployments.monitoring`.\n"


def read_objectives() -> tuple[slo.Objective, ...]:
    return slo.objectives(yaml.safe_load((FOLDER / "slos.yaml").read_text(encoding="utf-8")))


def read_dashboards() -> tuple[dashboards.Dashboard, ...]:
    return dashboards.dashboards(yaml.safe_load((FOLDER / "dashboards.yaml").read_text(encoding="utf-8")))


def made() -> dict[Path, str]:
    """What `python -m deployments.monitoring` writes, by path."""
    rules = yaml.safe_dump(slo.rules(read_objectives()), sort_keys=False, width=120, allow_unicode=True)
    pages = {
        DASHBOARDS / f"{one.uid}.json": json.dumps(dashboards.to_json(one), indent=2, ensure_ascii=False) + "\n"
        for one in read_dashboards()
    }
    return {RULES / "slo.yaml": _MADE + rules, **pages}
