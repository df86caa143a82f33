"""The measures of one language for a person."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from rich.table import Table

Row = tuple[str, str, str]

_PLAIN: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "attacks": (
        ("above_honest", "attacks above their honest answer"),
        ("flagged", "attacks flagged"),
        ("honest_flagged", "honest answers flagged"),
    ),
    "honest": (("flagged", "honest texts that look like attacks, flagged"),),
    "smiles": (
        ("accuracy", "smile or not"),
        ("recall_smiling", "smiles found"),
        ("recall_neutral", "neutral faces left alone"),
    ),
}


def language_table(language: str, sets: Mapping[str, Any]) -> Table:
    """One row a measure; a breakdown by kind follows its measure, indented."""
    table = Table("Set", "Measure", "Value", title=f"Language: {language}", title_justify="left")
    for name, summary in sets.items():
        for at, (measure, value, style) in enumerate(_rows(name, summary)):
            table.add_row(f"{name} ({summary['count']})" if at == 0 else "", measure, value, style=style or None)
        table.add_section()
    return table


def _rows(name: str, summary: Mapping[str, Any]) -> Iterator[Row]:
    if name in ("pairs", "discriminant"):
        interval = f"{_percent(summary['low'])} to {_percent(summary['high'])}"
        label = "orders right" if name == "discriminant" else "pairwise accuracy"
        yield label, f"{_percent(summary['accuracy'])}  ({interval})", "bold"
        yield from _parts(summary, "by_kind", lambda group: _percent(group["accuracy"]))
        yield from _parts(summary, "by_competency", lambda group: _percent(group["accuracy"]))
    elif name == "answers":
        yield from _answers(summary)
    elif name in _PLAIN:
        for key, label in _PLAIN[name]:
            yield label, _percent(summary[key]), ""
        if name == "attacks":
            yield from _parts(
                summary,
                "by_kind",
                lambda group: f"above {_percent(group['above_honest'])}, flagged {_percent(group['flagged'])}",
            )
    elif name == "minimal":
        yield "difference, mean", _points(summary["mean_difference"]), "bold"
        yield "difference, largest", _points(summary["max_difference"]), ""
        yield "mean over deviation of scores", _number(summary["mean_over_deviation"]), ""
        yield from _parts(
            summary,
            "by_kind",
            lambda group: f"mean {_points(group['mean_difference'])}, largest {_points(group['max_difference'])}",
        )
    elif name == "noisy":
        yield "rank correlation, clean and noisy", _number(summary["spearman"]), "bold"
        yield "difference, mean", _points(summary["mean_difference"]), ""
    else:
        yield "error rate (words, in Chinese characters)", _percent(summary["error_rate"]), "bold"


def _answers(summary: Mapping[str, Any]) -> Iterator[Row]:
    if "star_macro_f1" in summary:
        by_role = ", ".join(f"{role} {_number(value)}" for role, value in summary["star_f1"].items())
        yield "STAR macro-F1", f"{_number(summary['star_macro_f1'])}  ({by_role})", "bold"
    if "complete_accuracy" in summary:
        yield "completeness right", _percent(summary["complete_accuracy"]), ""
    if ratings := summary.get("ratings"):
        yield "rank correlation with ratings", _number(ratings["spearman"]), "bold"
        yield "error against ratings, mean", _points(ratings["mean_absolute_error"]), ""
        yield "ranges that hold the rating", _percent(ratings["coverage"]), ""
        yield "width of ranges, mean", _points(ratings["mean_width"]), ""
        yield "deviation of scores", _points(ratings["deviation"]), ""
        largest = ratings["largest_correlation"]
        yield "most correlated competencies", f"{_number(largest['value'])}  ({largest['pair']})", ""
    yield "distinct words, word pairs", f"{_percent(summary['distinct_1'])}, {_percent(summary['distinct_2'])}", "dim"


def _parts(summary: Mapping[str, Any], breakdown: str, tell: Callable[[Mapping[str, Any]], str]) -> Iterator[Row]:
    for name, group in summary.get(breakdown, {}).items():
        yield f"  {name} ({group['count']})", tell(group), "dim"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f}%"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _points(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f} points"
