"""Competency rubrics: what each competency means, its dimensions, and what its points are worth. Data, validated.

A rubric file is `rubrics/<competency>.yaml`: `name`, `title` and `definition` per language, `dimensions` (name, weight,
behavioural `indicators` per language), `contrary` behaviours per language, and `weights` that differ from the default.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from serving.domain.competency import COMPETENCIES, LANGUAGES, Language

# Points out of 10 that a feature at its full value (1.0) is worth. `fit` is shared out to the dimensions by their
# weights. With the base of 2.5 a perfect answer passes 10 only slightly and an empty one stays low.
DEFAULT_WEIGHTS: Mapping[str, float] = {
    "fit": 3.6,
    "relevance": 0.8,
    "action": 1.0,
    "result": 1.0,
    "specificity": 0.9,
    "structure": 0.8,
    "reasoning": 0.5,
    "reflection": 0.4,
    "detail": 0.6,
    "vagueness": -1.6,
    "off_topic": -0.8,
    "repetition": -1.2,
    "contrary": -2.0,
}


@dataclass(frozen=True, slots=True)
class RubricDimension:
    """A named side of a competency; `weight` is its share of the competency's fit, the shares sum to 1."""

    name: str
    weight: float
    indicators: Mapping[Language, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Rubric:
    """One competency. `weights` holds a value for every feature of `DEFAULT_WEIGHTS`."""

    name: str
    title: Mapping[Language, str]
    definition: Mapping[Language, str]
    dimensions: tuple[RubricDimension, ...]
    contrary: Mapping[Language, tuple[str, ...]]
    weights: Mapping[str, float] = field(default_factory=lambda: DEFAULT_WEIGHTS)

    def anchor_groups(self, language: Language) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Sentences to embed, by the group name under which scoring looks them up."""
        indicators = [(f"{self.name}/{side.name}", side.indicators[language]) for side in self.dimensions]
        return (*indicators, (f"{self.name}/contrary", self.contrary[language]))


@cache
def load_rubrics() -> Mapping[str, Rubric]:
    """All rubrics by competency, in the order of `COMPETENCIES`.

    Raises:
        ValueError: names the file and what is wrong with it.
    """
    folder = files("serving.signals.scoring").joinpath("rubrics")
    return {
        name: parse_rubric(yaml.safe_load(folder.joinpath(f"{name}.yaml").read_text(encoding="utf-8")), f"{name}.yaml")
        for name in COMPETENCIES
    }


def parse_rubric(data: Any, source: str) -> Rubric:
    """Validate one parsed file. Raises `ValueError` that begins with `source`."""

    def check(condition: bool, message: str) -> None:
        if not condition:
            raise ValueError(f"{source}: {message}")

    required = {"name", "title", "definition", "dimensions", "contrary"}
    check(isinstance(data, dict), "is not a mapping")
    check(required <= data.keys() <= required | {"weights"}, f"needs the keys {sorted(required)}, optionally weights")
    check(source in ("", f"{data['name']}.yaml"), f"name {data['name']!r} differs from the file's")

    def by_language(value: Any, where: str, kind: type) -> dict[Language, Any]:
        check(isinstance(value, dict) and set(value) == set(LANGUAGES), f"{where} needs {', '.join(LANGUAGES)}")
        for language in LANGUAGES:
            texts = value[language] if kind is tuple else [value[language]]
            ok = isinstance(texts, list) and texts and all(isinstance(text, str) and text.strip() for text in texts)
            check(bool(ok), f"{where}.{language} must hold non-empty text")
        return {language: kind(value[language]) for language in LANGUAGES}

    check(isinstance(data["dimensions"], list) and 2 <= len(data["dimensions"]) <= 4, "needs 2 to 4 dimensions")
    dimensions = []
    for at, side in enumerate(data["dimensions"]):
        keys = {"name", "weight", "indicators"}
        check(isinstance(side, dict) and set(side) == keys, f"dimensions[{at}] needs {sorted(keys)}")
        weight = side["weight"]
        check(isinstance(weight, int | float) and 0 < weight <= 1, f"dimensions[{at}].weight must be in (0, 1]")
        indicators = by_language(side["indicators"], f"dimensions[{at}].indicators", tuple)
        dimensions.append(RubricDimension(str(side["name"]), float(weight), indicators))
    names = [side.name for side in dimensions]
    check(len(set(names)) == len(names), "dimension names repeat")
    reserved = {*DEFAULT_WEIGHTS, "base", "bound"} & set(names)
    check(not reserved, f"dimension names {sorted(reserved)} are taken by features")
    total = sum(side.weight for side in dimensions)
    check(abs(total - 1.0) < 1e-9, f"dimension weights sum to {total}, not 1")
    weights = data.get("weights", {})
    check(isinstance(weights, dict) and weights.keys() <= DEFAULT_WEIGHTS.keys(), "weights names an unknown feature")
    for name, value in weights.items():
        sign = DEFAULT_WEIGHTS[name] > 0
        check(isinstance(value, int | float) and (value >= 0) == sign, f"weights.{name} must keep its sign")
    return Rubric(
        data["name"],
        by_language(data["title"], "title", str),
        by_language(data["definition"], "definition", str),
        tuple(dimensions),
        by_language(data["contrary"], "contrary", tuple),
        {**DEFAULT_WEIGHTS, **{name: float(value) for name, value in weights.items()}},
    )
