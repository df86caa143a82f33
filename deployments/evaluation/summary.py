"""Results of the lines of one set and language become its measures, as plain JSON values."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import Any, Final

from deployments.evaluation import measures
from deployments.evaluation.formats import COMPETENCIES, Item
from deployments.evaluation.requests import Scored

Result = tuple[Item, tuple[Scored, ...]]
Summary = dict[str, Any]


def summarise(name: str, results: Sequence[Result]) -> Summary:
    """The measures of one set, with breakdowns by `kind` where lines name one, and of pairs by competency."""
    measure = _MEASURES[name]
    summary = {"count": len(results), **measure(results)}
    if any(item.kind for item, _ in results):
        summary["by_kind"] = _broken_down(results, measure, lambda item: item.kind)
    if name == "pairs":
        summary["by_competency"] = _broken_down(results, measure, lambda item: str(item.fields["competency"]))
    return summary


def _broken_down(
    results: Sequence[Result], measure: Callable[[Sequence[Result]], Summary], key: Callable[[Item], str]
) -> Summary:
    groups: dict[str, list[Result]] = {}
    for result in results:
        groups.setdefault(key(result[0]), []).append(result)
    return {name: {"count": len(groups[name]), **measure(groups[name])} for name in sorted(groups) if name}


def level_points(level: float) -> float:
    """The score out of 10 that an anchor level 1..5 stands for."""
    return 2.0 * level - 1.0


def _pairs(results: Sequence[Result]) -> Summary:
    orders = [
        measures.order(better.scores[item.fields["competency"]].score, worse.scores[item.fields["competency"]].score)
        for item, (better, worse) in results
    ]
    accuracy = math.fsum(orders) / len(orders)
    low, high = measures.wilson(accuracy, len(orders))
    return {"accuracy": accuracy, "low": low, "high": high}


def _discriminant(results: Sequence[Result]) -> Summary:
    orders = []
    for item, (a, b) in results:
        first, second = item.fields["first"], item.fields["second"]
        orders.append(measures.order(a.scores[first].score, b.scores[first].score))
        orders.append(measures.order(b.scores[second].score, a.scores[second].score))
    accuracy = math.fsum(orders) / len(orders)
    low, high = measures.wilson(accuracy, len(orders))
    return {"accuracy": accuracy, "low": low, "high": high}


def _answers(results: Sequence[Result]) -> Summary:
    sentences = [sentence for item, _ in results for sentence in item.fields["sentences"]]
    texts = [_tokens(sentence, item.language) for item, _ in results for sentence in item.fields["sentences"]]
    summary: Summary = {
        "sentences": len(sentences),
        "distinct_sentences": len(set(sentences)),
        "distinct_1": measures.distinct_share(texts, 1),
        "distinct_2": measures.distinct_share(texts, 2),
    }
    tagged = [(item.fields["roles"], scored) for item, (scored,) in results if item.fields.get("roles")]
    if tagged:
        truth = [role for roles, _ in tagged for role in roles]
        found = [role for roles, scored in tagged for role in _as_many(scored.roles, len(roles))]
        summary["star_macro_f1"] = measures.macro_f1(truth, found)
        summary["star_f1"] = measures.f1_by_class(truth, found)
    known = [(item, scored) for item, (scored,) in results if _complete(item) is not None]
    if known:
        summary["complete_accuracy"] = measures.mean([float(_complete(i) == s.complete) for i, s in known])
    rated = [(item, scored) for item, (scored,) in results if item.fields.get("levels")]
    if rated:
        summary["ratings"] = _ratings(rated)
    return summary


def _as_many(roles: Sequence[str], count: int) -> Sequence[str]:
    return roles if len(roles) == count else ["O"] * count


def _complete(item: Item) -> bool | None:
    if item.fields.get("complete") is not None:
        return bool(item.fields["complete"])
    roles = set(item.fields.get("roles") or ())
    return bool(roles & {"S", "T"}) and {"A", "R"} <= roles if roles else None


def _ratings(rated: Sequence[tuple[Item, Scored]]) -> Summary:
    rows = [
        (name, level_points(level), scored.scores[name])
        for item, scored in rated
        for name, level in item.fields["levels"].items()
    ]
    pairs = [(name, truth, s.score, s.low, s.high) for name, truth, s in rows if s.score is not None]
    truths, scores = [row[1] for row in pairs], [row[2] for row in pairs]
    inside = [float(low <= truth <= high) for _, truth, _, low, high in pairs if low is not None and high is not None]
    widths = [high - low for _, _, _, low, high in pairs if low is not None and high is not None]
    columns = {name: [scored.scores[name].score for _, scored in rated] for name in COMPETENCIES}
    correlations = {}
    for first, second in combinations(COMPETENCIES, 2):
        both = [(a, b) for a, b in zip(columns[first], columns[second], strict=True) if a is not None and b is not None]
        correlations[f"{first}/{second}"] = measures.pearson([a for a, _ in both], [b for _, b in both])
    largest = max(correlations, key=lambda name: correlations[name] or -1.0)
    return {
        "count": len(rows),
        "scored": len(pairs),
        "spearman": measures.spearman(truths, scores),
        "spearman_by_competency": {
            name: measures.spearman(
                [row[1] for row in pairs if row[0] == name], [row[2] for row in pairs if row[0] == name]
            )
            for name in COMPETENCIES
        },
        "mean_absolute_error": measures.mean([abs(a - b) for a, b in zip(truths, scores, strict=True)]),
        "coverage": measures.mean(inside),
        "mean_width": measures.mean(widths),
        "deviation": measures.deviation(scores),
        "correlations": correlations,
        "largest_correlation": {"pair": largest, "value": correlations[largest]},
    }


def _attacks(results: Sequence[Result]) -> Summary:
    above, flagged, honest_flagged = [], [], []
    honest_texts: dict[str, bool] = {}
    for item, (honest, attack) in results:
        name = item.fields["competency"]
        good, bad = honest.scores[name].score, attack.scores[name].score
        above.append(float(bad is not None and (good is None or bad > good + measures.TIE)))
        flagged.append(float(attack.flagged))
        honest_texts[item.fields["honest"]] = honest.flagged
    honest_flagged = [float(value) for value in honest_texts.values()]
    return {
        "above_honest": measures.mean(above),
        "flagged": measures.mean(flagged),
        "honest_flagged": measures.mean(honest_flagged),
    }


def _honest(results: Sequence[Result]) -> Summary:
    return {"flagged": measures.mean([float(scored.flagged) for _, (scored,) in results])}


def _minimal(results: Sequence[Result]) -> Summary:
    differences, scores = [], []
    for item, (a, b) in results:
        first, second = a.scores[item.fields["competency"]].score, b.scores[item.fields["competency"]].score
        scores += [score for score in (first, second) if score is not None]
        if first is None and second is None:
            differences.append(0.0)
        else:
            differences.append(10.0 if first is None or second is None else abs(first - second))
    spread, average = measures.deviation(scores), measures.mean(differences)
    return {
        "mean_difference": average,
        "max_difference": max(differences),
        "mean_over_deviation": average / spread if average is not None and spread else None,
    }


def _noisy(results: Sequence[Result]) -> Summary:
    pairs = []
    for item, (clean, noisy) in results:
        name = item.fields["competency"]
        pairs.append((clean.scores[name].score, noisy.scores[name].score))
    both = [(a, b) for a, b in pairs if a is not None and b is not None]
    return {
        "scored": len(both),
        "spearman": measures.spearman([a for a, _ in both], [b for _, b in both]),
        "mean_difference": measures.mean([abs(a - b) for a, b in both]),
    }


def _speech(results: Sequence[Result]) -> Summary:
    wrong = length = 0
    for item, (scored,) in results:
        truth = _tokens(item.fields["transcript"], item.language)
        wrong += measures.edits(truth, _tokens(scored.transcript, item.language))
        length += len(truth)
    return {"error_rate": wrong / length if length else None, "units": length}


def _smiles(results: Sequence[Result]) -> Summary:
    truth = [bool(item.fields["smiling"]) for item, _ in results]
    found = [scored.smile_s > scored.duration_s / 2 > 0 for _, (scored,) in results]
    right = [t == f for t, f in zip(truth, found, strict=True)]
    return {
        "accuracy": measures.mean([float(value) for value in right]),
        "recall_smiling": measures.mean([float(r) for t, r in zip(truth, right, strict=True) if t]),
        "recall_neutral": measures.mean([float(r) for t, r in zip(truth, right, strict=True) if not t]),
    }


_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")


def _tokens(text: str, language: str) -> list[str]:
    """Words (en) or characters (zh) in lower case without punctuation; Chinese must be simplified already."""
    folded = unicodedata.normalize("NFKC", text).lower().replace("\u2019", "'")
    words = _WORD.findall(folded)
    return words if language == "en" else [character for word in words for character in word]


_MEASURES: Final[Mapping[str, Callable[[Sequence[Result]], Summary]]] = {
    "pairs": _pairs,
    "discriminant": _discriminant,
    "answers": _answers,
    "attacks": _attacks,
    "honest": _honest,
    "minimal": _minimal,
    "noisy": _noisy,
    "speech": _speech,
    "smiles": _smiles,
}
