"""Package data of the text signals: YAML beside the code, read once and never changed."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import yaml

_loader: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@cache
def load_yaml(package: str, name: str) -> Any:
    """Parse `name` under `package`. The object is shared by all callers: read it, do not change it."""
    text = files(package).joinpath(name).read_text(encoding="utf-8")
    return yaml.load(text, Loader=_loader)


def load_data(name: str) -> Any:
    """Parse `serving/signals/text/data/<name>.yaml`."""
    return load_yaml("serving.signals.text", f"data/{name}.yaml")


@cache
def load_words(name: str, language: str) -> frozenset[str]:
    """The words of `data/<name>.yaml` for one language; an entry may hold several, separated by spaces."""
    return frozenset(word for entry in load_data(name)[language] for word in str(entry).split())
