"""`model_repository/<model>/engines.yaml`: which graphs of a model become engines, in which precision, for what shapes.

model.onnx:
  precision: fp16            # of weights and products; fp32 leaves the graph as it is
  fp32_ops: [GRU]            # kinds of nodes that stay in float32
  fp32_nodes: [norm/Sqrt]    # and single ones
  profiles:                  # least, usual and most of each dim that the graph leaves open
    - {batch: [1, 8, 32], tokens: [1, 24, 256]}
    - {batch: [1, 1, 8], tokens: [257, 512, 4096]}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from deployments.models.catalogue import REPOSITORY
from deployments.models.errors import CatalogueError

FILE = "engines.yaml"

Precision = Literal["fp32", "fp16"]
Extent = tuple[Annotated[int, Field(ge=0)], Annotated[int, Field(ge=1)], Annotated[int, Field(ge=1)]]
"""Least, usual and most of a dim; engines are tuned for the usual one."""


@dataclass(frozen=True, slots=True)
class GraphRecipe:
    """What becomes of one ONNX graph.

    Attributes:
        profiles: shapes to tune for, by the names of the graph's dims; a request must fit into one of them.
        fp32_ops, fp32_nodes: islands of float32.
    """

    precision: Precision
    profiles: tuple[Mapping[str, Extent], ...]
    fp32_ops: tuple[str, ...] = ()
    fp32_nodes: tuple[str, ...] = ()

    __pydantic_config__ = ConfigDict(extra="forbid")


Recipe = Mapping[str, GraphRecipe]
"""The graphs of one model, by the name of their file."""

_ADAPTER = TypeAdapter(dict[str, GraphRecipe])


def load_recipes(repository: Path = REPOSITORY) -> dict[str, Recipe]:
    """The recipe of every model that has engines, by name.

    Raises:
        CatalogueError: one line that names the file and the field at fault.
    """
    return {path.parent.name: load_recipe(path) for path in sorted(repository.glob(f"*/{FILE}"))}


def load_recipe(path: Path) -> Recipe:
    """One `engines.yaml`. Raises CatalogueError."""
    label = f"{path.parent.name}/{FILE}"
    try:
        document: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        graphs: Recipe = _ADAPTER.validate_python(document)
    except (OSError, yaml.YAMLError) as error:
        raise CatalogueError(f"{label}: {' '.join(str(error).split())}") from error
    except ValidationError as error:
        first = error.errors()[0]
        raise CatalogueError(f"{label}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    for graph, recipe in graphs.items():
        for place, dims in enumerate(recipe.profiles):
            for dim, extent in dims.items():
                if list(extent) != sorted(extent):
                    where = f"{graph}.profiles.{place}.{dim}"
                    raise CatalogueError(f"{label}: {where}: {', '.join(map(str, extent))} is not least, usual, most")
    return graphs
