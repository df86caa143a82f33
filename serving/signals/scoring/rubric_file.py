"""Strict reading of a rubric file: what is missing, unknown, empty or said twice is refused and named in one line."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from importlib.resources.abc import Traversable
from typing import Any, Final, NoReturn, TypeVar

import yaml

from serving.domain.competency import LANGUAGES, Language
from serving.signals.text.language import HAN

T = TypeVar("T")
_HAN: Final = re.compile(f"[{HAN}]")
_NAME: Final = re.compile(r"[a-z]+(?:_[a-z]+)*")
_Loader: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def load_rubric_file(path: Traversable) -> Any:
    """What a YAML file holds. Raises `ValueError` that begins with the file's name."""
    try:
        text = path.read_text(encoding="utf-8")
        # YAML lets the later of two equal keys win, silently.
        _refuse_repeated_keys(yaml.compose(text, Loader=_Loader), path.name)
        return yaml.load(text, Loader=_Loader)
    except FileNotFoundError:
        raise ValueError(f"{path.name}: is missing") from None
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise ValueError(f"{path.name}: is not YAML in UTF-8: {' '.join(str(error).split())}") from error


def _refuse_repeated_keys(node: yaml.Node | None, source: str) -> None:
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse_repeated_keys(item, source)
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise ValueError(f"{source}: line {key.start_mark.line + 1} has the key {key.value} again")
                seen.add(key.value)
            _refuse_repeated_keys(value, source)


def one_form(text: str) -> str:
    """A sentence as it is compared with others: case, spaces and the end mark make no other sentence of it."""
    return " ".join(text.lower().split()).rstrip(".。!！")


class RubricReader:
    """Reads the values of one file. Every method raises `ValueError`: the file's name, the key, and what is wrong.

    Remembers the sentences that it read, because one that stands in two places cannot tell them apart.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._places: dict[str, str] = {}

    def fail(self, message: str) -> NoReturn:
        raise ValueError(f"{self._source}: {message}")

    def keys(self, value: Any, key: str, names: Sequence[str]) -> Mapping[str, Any]:
        """A mapping with exactly these keys; `key` is empty for the file itself."""
        where = f"{key} " if key else ""
        if not isinstance(value, dict):
            self.fail(f"{where}must be a mapping with the keys {', '.join(names)}")
        if missing := [name for name in names if name not in value]:
            self.fail(f"{where}lacks the key {missing[0]}")
        if unknown := [name for name in value if name not in names]:
            self.fail(f"{where}has the unknown key {unknown[0]}; known are {', '.join(names)}")
        return value

    def items(self, value: Any, key: str, least: int, most: int | None = None) -> Sequence[Any]:
        """A list of a length within the bounds, both included."""
        if not isinstance(value, list):
            self.fail(f"{key} must be a list")
        if len(value) < least or (most is not None and len(value) > most):
            self.fail(f"{key} needs {least} {f'to {most}' if most else 'or more'} entries, it has {len(value)}")
        return value

    def name(self, value: Any, key: str) -> str:
        """A name in snake_case."""
        if not isinstance(value, str) or not _NAME.fullmatch(value):
            self.fail(f"{key} is {value!r}, it must be a name in snake_case")
        return value

    def share(self, value: Any, key: str) -> float:
        """A share of a whole, in (0, 1]."""
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
            self.fail(f"{key} is {value!r}, it must be a number above 0, at most 1")
        return float(value)

    def shares_sum_to_one(self, shares: Sequence[float], key: str) -> None:
        total = math.fsum(shares)
        if abs(total - 1.0) > 1e-9:
            self.fail(f"{key} sum to {total:g}, they must sum to 1")

    def by_language(self, value: Any, key: str, read: Callable[[Any, str, Language], T]) -> dict[Language, T]:
        """Read each language's value with `read(value, key, language)`."""
        values = self.keys(value, key, LANGUAGES)
        return {language: read(values[language], f"{key}.{language}", language) for language in LANGUAGES}

    def label(self, value: Any, key: str, language: Language) -> str:
        """Text in a language, which may stand in several places."""
        if not isinstance(value, str) or not value.strip():
            self.fail(f"{key} must be text and not empty")
        if (_HAN.search(value) is not None) != (language == "zh"):
            self.fail(f"{key} is not in the language {language}: {value!r}")
        return value.strip()

    def sentence(self, value: Any, key: str, language: Language) -> str:
        """Text in a language that stands nowhere else in the file."""
        text = self.label(value, key, language)
        place = self._places.setdefault(one_form(text), key)
        if place != key:
            self.fail(f"{key} repeats {place}: {text!r}")
        return text

    def sentences(self, least: int, most: int | None = None) -> Callable[[Any, str, Language], tuple[str, ...]]:
        """For `by_language`: a list of sentences of a length within the bounds."""

        def read(value: Any, key: str, language: Language) -> tuple[str, ...]:
            items = self.items(value, key, least, most)
            return tuple(self.sentence(item, f"{key}[{at}]", language) for at, item in enumerate(items))

        return read
