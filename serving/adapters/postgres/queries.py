"""Named queries of the `.sql` files beside this one, where a person can EXPLAIN them."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import LiteralString, cast

_NAME = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)


@cache
def load(file: str) -> dict[str, LiteralString]:
    """Queries of `sql/{file}.sql` by name; comment lines stay with their query."""
    text = (files(__package__) / "sql" / f"{file}.sql").read_text(encoding="utf-8")
    parts = _NAME.split(text)[1:]
    # Ours and not a caller's: files of the package.
    return {name: cast(LiteralString, query.strip()) for name, query in zip(parts[::2], parts[1::2], strict=True)}
