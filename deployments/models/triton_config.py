"""A model's configuration, as Triton reads it."""

from __future__ import annotations

from pathlib import Path

from google.protobuf import text_format
from tritonclient.grpc.model_config_pb2 import ModelConfig

from deployments.models.errors import CatalogueError


def read_config(path: Path) -> ModelConfig:
    """One `config.pbtxt`.

    Raises:
        CatalogueError: it does not parse; the message has the place.
        OSError: it is not there.
    """
    try:
        return text_format.Parse(path.read_text(encoding="utf-8"), ModelConfig())
    except text_format.ParseError as error:
        raise CatalogueError(f"does not parse: {error}") from error
