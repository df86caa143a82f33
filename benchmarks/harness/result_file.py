"""Results as JSON files, written whole and read back strictly."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from benchmarks.harness.core import BenchError
from benchmarks.harness.result import SCHEMA, Result

_ADAPTER: Final = TypeAdapter(Result)


def write(result: Result, path: Path) -> None:
    """Write a result as JSON, in whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.write_bytes(_ADAPTER.dump_json(result, indent=1))
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def read(path: Path) -> Result:
    """Read a result.

    Raises:
        BenchError: the file cannot be read, or is none of this schema; names the key.
    """
    try:
        result = _ADAPTER.validate_json(path.read_bytes())
    except OSError as error:
        raise BenchError(f"{path}: {error.strerror}") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise BenchError(f"{path}: {where}: {first['msg']}; is it a result of `viva bench run`?") from None
    if result.schema != SCHEMA:
        raise BenchError(f"{path}: schema is {result.schema}, this version reads {SCHEMA}")
    return result
