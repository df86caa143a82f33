"""Files: resources that people write in YAML or JSON with the contract's field names, and results written whole."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

import click

from deployments.cli.output import Failure

if TYPE_CHECKING:
    from google.protobuf.message import Message

M = TypeVar("M", bound="Message")

RESOURCE_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


def read_resource(path: Path, message: M, *, id_field: str = "") -> tuple[M, str]:
    """Fill a message from a file.

    Args:
        id_field: a key beside those of the message, which holds the resource's id.

    Returns:
        The message, and the id: empty without an `id_field`.

    Raises:
        Failure: the file cannot be read, is no YAML or holds something else; says where.
    """
    from google.protobuf.json_format import ParseDict, ParseError

    fields = _read_mapping(path)
    one_id = fields.pop(id_field, "") if id_field else ""
    if id_field and (not isinstance(one_id, str) or not one_id):
        raise Failure(f"FIELD_REQUIRED: {path} needs the key {id_field}, a text")
    try:
        return ParseDict(fields, message), one_id
    except (ParseError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise Failure(f"FIELD_INVALID: {path}: {_line(error)}") from None


@contextmanager
def written_whole(path: Path) -> Iterator[TextIO]:
    """A file to write text to, which is at `path` when the block ends well, and is not there when it does not."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    try:
        with partial.open("w", encoding="utf-8") as file:
            yield file
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _read_mapping(path: Path) -> dict[str, Any]:
    import yaml

    class Loader(yaml.SafeLoader):
        """YAML whose times stay texts, as they are in JSON."""

    Loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    try:
        found = yaml.load(path.read_text(encoding="utf-8-sig"), Loader)
    except (OSError, UnicodeDecodeError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise Failure(f"FIELD_INVALID: {path} is not YAML: {_line(error)}") from None
    if not isinstance(found, dict) or not all(isinstance(key, str) for key in found):
        raise Failure(f"FIELD_INVALID: {path} must hold a mapping of fields to values")
    return found


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
