"""What can be compared: a configuration of the repository, its graphs in the engines' precision, another repository."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from google.protobuf import text_format

from deployments.engines.hardware import Hardware
from deployments.engines.precision import with_precision
from deployments.engines.recipe import load_recipes
from deployments.models.catalogue import REPOSITORY
from deployments.models.errors import CatalogueError
from deployments.models.manifest import version_directory_of
from deployments.models.triton_config import read_config
from serving.adapters.triton.contract import CONTRACT
from serving.adapters.triton.endpoint import write_endpoint
from serving.adapters.triton.server import TritonConfig, TritonServer

ENGINE_PRECISION: Final = "fp16"
_CPU: Final = "cpu"
_READY_S: Final = 180.0
_LARGE: Final = ("*.onnx", "*.plan")


@dataclass(frozen=True, slots=True)
class Variant:
    """A repository and the configuration of it that Triton takes.

    Attributes:
        name: as the caller named it.
        repository: folder of the built models.
        config_name: which `configs/<name>.pbtxt` counts.
    """

    name: str
    repository: Path
    config_name: str = _CPU


def find_variant(name: str, folder: Path, repository: Path = REPOSITORY) -> Variant:
    """The variant of a name.

    Args:
        name: `cpu`; a GPU's hardware, such as `sm90`, on a machine that has it; `fp16`, the graphs in the precision of
            their engines, run by ONNX Runtime on the CPU; or the path of another model repository.
        folder: empty; what has to be made is made in it.

    Raises:
        CatalogueError: there is no such variant, or a recipe is not valid.
        EngineError: a graph does not convert.
    """
    if name == _CPU or name in {one.value for one in Hardware}:
        return Variant(name, repository, name)
    if name == ENGINE_PRECISION:
        return Variant(name, _in_engine_precision(repository, folder))
    if Path(name).is_dir():
        missing = [model for model in CONTRACT if not (Path(name) / model).is_dir()]
        if missing:
            raise CatalogueError(f"{name}: is no whole model repository: it lacks {', '.join(missing)}")
        return Variant(name, Path(name).resolve())
    known = ", ".join((_CPU, ENGINE_PRECISION, *(one.value for one in Hardware)))
    raise CatalogueError(f"{name}: is no folder, and none of {known}")


@contextmanager
def served(variant: Variant, runtime_dir: Path) -> Iterator[Path]:
    """Run a Triton of its own with the variant; gives the folder by which clients find it.

    Raises:
        ModelUnavailable: it does not start; the message quotes its log.
        InternalFault: no tritonserver is installed.
    """
    server = TritonServer(TritonConfig(variant.repository, runtime_dir, config_name=variant.config_name))
    try:
        endpoint = server.start()
        server.wait_ready(_READY_S)
        write_endpoint(runtime_dir, endpoint)
        yield runtime_dir
    finally:
        server.stop()


def _in_engine_precision(repository: Path, folder: Path) -> Path:
    """A copy of the repository whose graphs have the precision of their engines; what is large is linked."""
    recipes = load_recipes(repository)
    for model in CONTRACT:
        source = repository / model
        shutil.copytree(source, folder / model, ignore=shutil.ignore_patterns(*_LARGE, "__pycache__"))
        version = version_directory_of(model, repository)
        target = folder / model / version.name
        graphs = recipes.get(model, {})
        for graph in version.glob("*.onnx"):
            if graph.name in graphs:
                with_precision(graph, target / graph.name, graphs[graph.name])
            else:
                (target / graph.name).symlink_to(graph.resolve())
        _point_at(folder / model / "configs" / f"{_CPU}.pbtxt", tuple(graphs))
    return folder


def _point_at(path: Path, graphs: tuple[str, ...]) -> None:
    """Have a config's parameters name these graphs: a CPU's `decoder` may be one of 8 bits, an engine's is not."""
    config = read_config(path)
    for graph in graphs:
        if (parameter := Path(graph).stem) in config.parameters:
            config.parameters[parameter].string_value = graph
    path.write_text(text_format.MessageToString(config), encoding="utf-8")
