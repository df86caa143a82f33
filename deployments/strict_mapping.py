"""Frozen dataclasses from mappings, strictly: every key is known, every value of its field's type."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")


class ConfigError(ValueError):
    """A value that cannot be used; the message names the key."""


def check(ok: bool, key: str, value: object, limit: str) -> None:
    """Raise ConfigError unless a value is in its range."""
    if not ok:
        raise ConfigError(f"{key} is {value!r}, it must be {limit}")


def read(kind: type[T], values: Mapping[str, Any]) -> T:
    """A dataclass, and those below it, of a parsed document.

    Raises:
        ConfigError: an unknown key, a value of the wrong type, or one that a class refuses; names the key.
    """
    built = _build(kind, values, "")
    assert isinstance(built, kind)
    return built


def _build(kind: type, values: Any, prefix: str) -> Any:
    if not isinstance(values, Mapping):
        raise ConfigError(f"{prefix.rstrip('.') or 'the configuration'} must be a mapping of keys to values")
    hints = typing.get_type_hints(kind)
    unknown = sorted(set(map(str, values)) - hints.keys())
    if unknown:
        raise ConfigError(f"unknown key {prefix}{unknown[0]}; known are {', '.join(prefix + key for key in hints)}")
    converted = {key: _convert(hints[key], value, prefix + key) for key, value in values.items()}
    try:
        return kind(**converted)
    except ConfigError:
        raise
    except ValueError as error:  # of a class that knows its own keys, but not where they stand
        raise ConfigError(f"{prefix}{error}") from None


def _convert(hint: Any, value: Any, key: str) -> Any:
    if dataclasses.is_dataclass(hint):
        return _build(typing.cast(type, hint), value, key + ".")
    if typing.get_origin(hint) is tuple:  # tuple[str, ...], or of a dataclass
        element = typing.get_args(hint)[0]
        kind, word = (Mapping, "mappings") if dataclasses.is_dataclass(element) else (str, "strings")
        if isinstance(value, list) and all(isinstance(item, kind) for item in value):
            return tuple(_convert(element, item, f"{key}[{index}]") for index, item in enumerate(value))
        raise ConfigError(f"{key} must be a list of {word}")
    if typing.get_origin(hint) is not None:  # Mapping[str, str]
        if isinstance(value, Mapping) and all(isinstance(item, str) for pair in value.items() for item in pair):
            return dict(value)
        raise ConfigError(f"{key} must be a mapping of strings")
    if hint is Path and isinstance(value, str):
        return Path(value)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if (
        isinstance(value, bool) is not (hint is bool)
        or not isinstance(value, hint)
        or isinstance(hint, types.UnionType)
    ):
        raise ConfigError(f"{key} is {value!r}, it must be of type {hint.__name__}")
    return value
