"""The page's words in English and Chinese: `locale/en.json` and `locale/zh.json` hold the same keys."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

from serving.domain.competency import Language
from serving.report.formats import humanised

LANGUAGE_TAG: Final[Mapping[Language, str]] = {"en": "en", "zh": "zh-Hans"}


class Wording:
    """Words of one language, in groups (`ui`, `competency`, `reason`, ...)."""

    def __init__(self, language: Language, groups: Mapping[str, Mapping[str, str]]) -> None:
        self.language = language
        self.tag = LANGUAGE_TAG[language]
        self.groups = groups

    def __call__(self, key: str, **values: str) -> str:
        """Sentence `key` of the page with its `{places}` filled; KeyError for an unknown key."""
        return self.groups["ui"][key].format_map(values)

    def name(self, group: str, name: str) -> str:
        """Translation of a name that comes from an assessment, or the name itself made readable."""
        return self.groups[group].get(name) or humanised(name)

    def part(self, name: str) -> str:
        """Name of a contribution: a feature of any answer, or a dimension of the competency."""
        return self.groups["contribution"].get(name) or self.name("dimension", name)


@cache
def wording(language: Language) -> Wording:
    """Words of `language`; reads the data file once."""
    source = files("serving.report") / "locale" / f"{language}.json"
    return Wording(language, json.loads(source.read_text(encoding="utf-8")))
