"""From objectives to rules: the share of bad events over several windows, and alerts on how fast they burn the budget.

Burn rates and windows are those of https://sre.google/workbook/alerting-on-slos/ ("Multiwindow, Multi-Burn-Rate
Alerts"): a page for 2% of a month's budget in an hour or 5% in six, a ticket for 10% in one day or in three.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

RUNBOOKS: Final = "docs/runbooks"  # in this repository: put the address of yours in front
WINDOWS: Final = ("5m", "30m", "1h", "2h", "6h", "1d", "3d", "30d")
_RATIO: Final = "viva:slo_errors:ratio_rate"


@dataclass(frozen=True, slots=True)
class Burn:
    """Fires when both windows burn the budget `rate` times as fast as it would last a month."""

    rate: float
    long: str
    short: str


@dataclass(frozen=True, slots=True)
class Alert:
    name: str
    severity: str
    burns: tuple[Burn, Burn]


ALERTS: Final = (
    Alert("VivaErrorBudgetBurnsFast", "page", (Burn(14.4, "1h", "5m"), Burn(6, "6h", "30m"))),
    Alert("VivaErrorBudgetBurnsSlowly", "ticket", (Burn(3, "1d", "2h"), Burn(1, "3d", "6h"))),
)
_MOST_BURN: Final = max(burn.rate for alert in ALERTS for burn in alert.burns)


@dataclass(frozen=True, slots=True)
class Objective:
    """What was promised, and how it is measured.

    Attributes:
        objective: least share of good events.
        bad, total: PromQL of events a second, with `$window` for the range.
    """

    name: str
    objective: float
    promise: str
    bad: str
    total: str

    def __post_init__(self) -> None:
        if not 1 - 1 / _MOST_BURN < self.objective < 1:  # a faster burn than all events being bad could never be seen
            raise ValueError(f"{self.name}: objective is {self.objective}, it must be between 0.931 and 1")
        for key in ("bad", "total"):
            if "$window" not in getattr(self, key):
                raise ValueError(f"{self.name}: {key} names no $window")

    @property
    def budget(self) -> float:
        """Share of events that may be bad."""
        return round(1 - self.objective, 6)


def objectives(document: Sequence[Mapping[str, Any]]) -> tuple[Objective, ...]:
    """Those of a parsed file. Raises ValueError, or TypeError for a key that is unknown or missing."""
    return tuple(Objective(**one) for one in document)


def rules(found: Sequence[Objective]) -> dict[str, Any]:
    """A rule file of Prometheus: a group for each objective."""
    return {"groups": [_group(one) for one in found]}


def _group(one: Objective) -> dict[str, Any]:
    recorded = [
        {
            "record": f"{_RATIO}{window}",
            "expr": f"({one.bad.replace('$window', window)}) / ({one.total.replace('$window', window)})",
            "labels": {"slo": one.name},
        }
        for window in WINDOWS
    ]
    derived = [
        {"record": name, "expr": expression, "labels": {"slo": one.name}}
        for name, expression in (
            ("viva:slo_burn:rate1h", f'{_RATIO}1h{{slo="{one.name}"}} / {one.budget:g}'),
            ("viva:slo_error_budget_left:ratio", f'1 - {_RATIO}30d{{slo="{one.name}"}} / {one.budget:g}'),
        )
    ]
    return {"name": f"viva-slo-{one.name}", "rules": [*recorded, *derived, *(_alert(one, alert) for alert in ALERTS)]}


def _alert(one: Objective, alert: Alert) -> dict[str, Any]:
    return {
        "alert": alert.name,
        "expr": "\nor\n".join(_burning(one, burn) for burn in alert.burns),
        "labels": {"severity": alert.severity, "slo": one.name},
        "annotations": {
            "summary": f"The error budget of {one.name} is being used up.",
            "description": f"{one.promise} {{{{ $value | humanizePercentage }}}} of the last hours' events were bad; "
            f"{one.budget:.1%} may be.",
            "runbook_url": f"{RUNBOOKS}/{alert.name}.md",
        },
    }


def _burning(one: Objective, burn: Burn) -> str:
    limit = f"{burn.rate * one.budget:g}"
    return " and ".join(f'{_RATIO}{window}{{slo="{one.name}"}} > {limit}' for window in (burn.long, burn.short))
