"""Results for people: tables for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.table import Table

from benchmarks.harness.compare import Ratio
from benchmarks.harness.core import Outcome
from benchmarks.harness.result import Run
from benchmarks.harness.statistics import Percentile

_SHOWN: Final = (50.0, 95.0, 99.0)


def run_table(run: Run) -> Table:
    """The figures of a run, a line for each modality and priority."""
    table = Table(box=None, pad_edge=False)
    table.add_column("Answers", no_wrap=True)
    for title in ("sent", "ok", "else", "ok/s", "good/s"):
        table.add_column(title, justify="right", no_wrap=True)
    for wanted in _SHOWN:
        table.add_column(f"p{wanted:g} s", justify="right", no_wrap=True)
    for group in run.groups:
        table.add_row(
            group.name,
            str(group.count),
            str(group.outcomes[Outcome.OK]),
            str(group.count - group.outcomes[Outcome.OK]),
            f"{group.throughput_per_s:.3g}",
            f"{group.goodput_per_s:.3g}",
            *(_percentile(one) for one in group.latency if one.percentile in _SHOWN),
        )
    return table


def run_lines(run: Run) -> list[str]:
    """Verdicts, and what the generator and the scores showed."""
    lines = [f"{verdict.state:8}  {verdict.slo}: {verdict.detail}" for verdict in run.verdicts]
    if other := {outcome: count for outcome, count in run.total.outcomes.items() if count and outcome != Outcome.OK}:
        codes = ", ".join(f"{code} {count}" for code, count in run.total.codes.items() if code != "OK")
        lines.append(
            "else: " + ", ".join(f"{count} {outcome.value}" for outcome, count in other.items()) + f" ({codes})"
        )
    own = run.generator
    lines.append(
        f"generator: {own.cpu_share:.0%} of a core, sent {1000 * own.lateness_p50_s:.1f} ms late (p50), "
        f"{1000 * own.lateness_p99_s:.1f} ms (p99)"
    )
    if own.void:
        lines.append(f"VOID: {own.void}")
    if run.compared:
        lines.append(f"scores: {run.compared} answers were scored repeatedly, {run.unequal_scores} of them unequally")
    return lines


def ratio_table(ratios: Sequence[Ratio], base: str) -> Table:
    """Ratios to the first result."""
    table = Table(box=None, pad_edge=False)
    for title in ("Target", "Figure", base, "this", "ratio", "interval", "better"):
        table.add_column(title, justify="left" if title in ("Target", "Figure", "better") else "right")
    for one in ratios:
        if one.ratio is None or one.low is None or one.high is None:
            cells = ("-", "-", "-", "too few samples")
        else:
            interval = f"{one.low:.3f} to {one.high:.3f} ({one.coverage:.0%})" if one.coverage else "one run"
            cells = (f"{one.base_median:.3g}", f"{one.median:.3g}", f"{one.ratio:.3f}", interval)
        table.add_row(one.target, f"{one.figure.name}, {one.figure.unit}", *cells, one.figure.better)
    return table


def _percentile(found: Percentile) -> str:
    return f"n<{found.needed}" if found.value_s is None else f"{found.value_s:.3g}"
