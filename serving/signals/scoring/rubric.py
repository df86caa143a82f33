"""Competency rubrics: what each competency means, its sides, and what each level of it looks like. Data, validated.

They are behaviourally anchored rating scales (Smith and Kendall 1963): five levels, each tied to behaviour that a rater
can recognise. A file is `rubrics/<competency>.yaml`, with these keys, texts in every language:

- `name`, `title`, `definition`;
- `dimensions`: 2 to 4 sides, each with `name`, `title`, `weight` and `indicators`, sentences as candidates say them;
- `contrary`: sentences that show the contrary;
- `red_flags`: behaviour that is a warning whatever else was said;
- `anchors`: the levels 1 to 5, each with the `text` that a rater goes by and an `example` as a candidate would say it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Final

from serving.domain.competency import COMPETENCIES, LANGUAGES, Language
from serving.signals.scoring.rubric_file import RubricReader, load_rubric_file, one_form

LEVELS: Final = (1, 2, 3, 4, 5)
CONTRARY: Final = "contrary"  # group of sentences beside the dimensions, so no dimension's name
_INDICATORS_MIN, _CONTRARY_MIN = 6, 8


@dataclass(frozen=True, slots=True)
class Anchor:
    """What an answer at one level looks like.

    Attributes:
        level: 1 (lowest) to 5.
        text: for a rater.
        example: as a candidate would say it, 1 to 3 sentences.
    """

    level: int
    text: Mapping[Language, str]
    example: Mapping[Language, str]


@dataclass(frozen=True, slots=True)
class RubricDimension:
    """A named side of a competency; `weight` is its share of the competency, the shares sum to 1."""

    name: str
    title: Mapping[Language, str]
    weight: float
    indicators: Mapping[Language, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Rubric:
    """One competency; `anchors` from the lowest level to the highest."""

    name: str
    title: Mapping[Language, str]
    definition: Mapping[Language, str]
    dimensions: tuple[RubricDimension, ...]
    contrary: Mapping[Language, tuple[str, ...]]
    red_flags: Mapping[Language, tuple[str, ...]]
    anchors: tuple[Anchor, ...]

    def anchor_groups(self, language: Language) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Sentences to embed, by the group name under which scoring looks them up."""
        indicators = [(f"{self.name}/{side.name}", side.indicators[language]) for side in self.dimensions]
        return (*indicators, (f"{self.name}/{CONTRARY}", (*self.contrary[language], *self.red_flags[language])))

    def levels(self, language: Language) -> tuple[str, ...]:
        """What a rater goes by, from the lowest level to the highest."""
        return tuple(anchor.text[language] for anchor in self.anchors)


@cache
def load_rubrics() -> Mapping[str, Rubric]:
    """All rubrics by competency, in the order of `COMPETENCIES`. Raises what `read_rubrics` raises."""
    return read_rubrics(files("serving.signals.scoring").joinpath("rubrics"))


def read_rubrics(folder: Traversable) -> Mapping[str, Rubric]:
    """Read and check a folder that holds one file for each competency, and nothing else in YAML.

    Raises:
        ValueError: one line; begins with the file's name and names the key that is wrong.
    """
    expected = [f"{name}.yaml" for name in COMPETENCIES]
    found = sorted(path.name for path in folder.iterdir() if path.name.endswith((".yaml", ".yml")))
    for source in found:
        if source not in expected:
            raise ValueError(f"{source}: is no competency's file; expected are {', '.join(expected)}")
    sources = {name: f"{name}.yaml" for name in COMPETENCIES}
    rubrics = {
        name: parse_rubric(load_rubric_file(folder.joinpath(source)), source) for name, source in sources.items()
    }
    _refuse_shared_sentences(rubrics)
    return rubrics


def _refuse_shared_sentences(rubrics: Mapping[str, Rubric]) -> None:
    """Eight competencies are eight only as long as none speaks in another's sentences."""
    owners: dict[str, str] = {}
    for name, rubric in rubrics.items():
        for language in LANGUAGES:
            for group, sentences in rubric.anchor_groups(language):
                for sentence in sentences:
                    owner = owners.setdefault(one_form(sentence), name)
                    if owner != name:
                        side = group.removeprefix(f"{name}/")
                        raise ValueError(f"{name}.yaml: {side} ({language}) repeats {owner}.yaml: {sentence!r}")


def parse_rubric(data: Any, source: str) -> Rubric:
    """Check one parsed file, `source`.

    Raises:
        ValueError: one line; begins with `source` and names the key that is wrong.
    """
    reader = RubricReader(source)
    keys = ("name", "title", "definition", "dimensions", CONTRARY, "red_flags", "anchors")
    values = reader.keys(data, "", keys)
    if source != f"{values['name']}.yaml":
        reader.fail(f"name is {values['name']!r}, it must be the file's")
    return Rubric(
        reader.name(values["name"], "name"),
        reader.by_language(values["title"], "title", reader.label),
        reader.by_language(values["definition"], "definition", reader.label),
        _dimensions(reader, values["dimensions"]),
        reader.by_language(values[CONTRARY], CONTRARY, reader.sentences(_CONTRARY_MIN)),
        reader.by_language(values["red_flags"], "red_flags", reader.sentences(3, 6)),
        _anchors(reader, values["anchors"]),
    )


def _dimensions(reader: RubricReader, value: Any) -> tuple[RubricDimension, ...]:
    found: list[RubricDimension] = []
    for at, entry in enumerate(reader.items(value, "dimensions", 2, 4)):
        key = f"dimensions[{at}]"
        side = reader.keys(entry, key, ("name", "title", "weight", "indicators"))
        name = reader.name(side["name"], f"{key}.name")
        if name == CONTRARY or name in (other.name for other in found):
            reader.fail(f"{key}.name is {name}, which is taken")
        title = reader.by_language(side["title"], f"{key}.title", reader.label)
        weight = reader.share(side["weight"], f"{key}.weight")
        indicators = reader.by_language(side["indicators"], f"{key}.indicators", reader.sentences(_INDICATORS_MIN))
        found.append(RubricDimension(name, title, weight, indicators))
    reader.shares_sum_to_one([side.weight for side in found], "weights of dimensions")
    return tuple(found)


def _anchors(reader: RubricReader, value: Any) -> tuple[Anchor, ...]:
    entries = [
        reader.keys(entry, f"anchors[{at}]", ("level", "text", "example"))
        for at, entry in enumerate(reader.items(value, "anchors", 1))
    ]
    levels = [entry["level"] for entry in entries]
    # 1.0 and true equal 1, but are no levels.
    if any(type(level) is not int for level in levels) or sorted(levels) != list(LEVELS):
        has = ", ".join(str(level) for level in levels)
        reader.fail(f"anchors needs the levels 1 to 5 once each, it has {has}")
    found = []
    for entry in sorted(entries, key=lambda entry: int(entry["level"])):
        key = f"anchors[{levels.index(entry['level'])}]"
        text = reader.by_language(entry["text"], f"{key}.text", reader.sentence)
        found.append(
            Anchor(entry["level"], text, reader.by_language(entry["example"], f"{key}.example", reader.sentence))
        )
    return tuple(found)
