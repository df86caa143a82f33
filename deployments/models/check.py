"""Proves that configs, ONNX graphs, manifests and the client's contract say the same of every model.

The contract (`serving/adapters/triton/contract.py`) is what the typed client is written against; everything else is
compared with it. A graph in a file named `model.onnx` is the whole outer model and must match as well; models that
keep several graphs inside one outer model name them otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from tritonclient.grpc import model_config_pb2

from deployments.models.artifacts import Graph, Tensor
from deployments.models.catalogue import REPOSITORY, ModelSource, load_source
from deployments.models.errors import CatalogueError
from deployments.models.manifest import damaged_artifacts, read_manifest, version_directory
from deployments.models.triton_config import read_config
from serving.adapters.triton.contract import CONTRACT, ModelContract, TensorSpec

OUTER_GRAPH = "model.onnx"
"""The graph that is the whole outer model."""

Described = tuple[str, tuple[int, ...]]
"""Triton's data type and dims without the batch."""


def check_models(repository: Path = REPOSITORY) -> list[str]:
    """Every disagreement as one readable line; an empty list means that all agree."""
    problems = []
    # A leading underscore or dot marks code that models share, or a build in progress: no model.
    present = {path.name for path in repository.iterdir() if path.is_dir() and path.name[0] not in "_."}
    problems += [f"{name}: in the repository but not in the contract" for name in sorted(present - set(CONTRACT))]
    for name, contract in CONTRACT.items():
        if name not in present:
            problems.append(f"{name}: in the contract but not in the repository")
        else:
            problems += [f"{name}: {problem}" for problem in _check_model(repository / name, contract)]
    return problems


def _check_model(directory: Path, contract: ModelContract) -> Iterator[str]:
    configs = sorted((directory / "configs").glob("*.pbtxt")) + sorted(directory.glob("config.pbtxt"))
    if not configs:
        yield "has no configs/*.pbtxt"
    for path in configs:
        label = path.relative_to(directory)
        yield from (f"{label}: {problem}" for problem in _check_config(path, directory.name, contract))
    if not (directory / "source.yaml").exists():
        yield "has no source.yaml"
        return
    try:
        source = load_source(directory / "source.yaml")
    except CatalogueError as error:
        yield str(error)
        return
    yield from _check_build(source, directory.parent, contract)


def _check_config(path: Path, model: str, contract: ModelContract) -> Iterator[str]:
    try:
        config = read_config(path)
    except CatalogueError as error:
        yield str(error)
        return
    if config.name != model:
        yield f"is for the model {config.name!r}"
    if config.max_batch_size < 1:
        yield "max_batch_size must be at least 1: the batch dimension comes from it"
    if not config.platform and not config.backend:
        yield "names neither a backend nor a platform"
    yield from compare("input", expected(contract.inputs), _configured(config.input))
    yield from compare("output", expected(contract.outputs), _configured(config.output))


def _check_build(source: ModelSource, repository: Path, contract: ModelContract) -> Iterator[str]:
    directory = version_directory(source, repository)
    manifest = read_manifest(directory)
    if manifest is None:
        yield "is not built"
        return
    if manifest.fingerprint != source.fingerprint:
        yield "is built from another recipe than its source.yaml"
    for name in damaged_artifacts(manifest, directory):
        yield f"{source.directory}/{name} is missing or not what the manifest says"
    outer = manifest.artifacts.get(OUTER_GRAPH)
    if outer and outer.graph:
        yield from (f"{OUTER_GRAPH}: {problem}" for problem in _check_graph(outer.graph, contract))


def _check_graph(graph: Graph, contract: ModelContract) -> Iterator[str]:
    if graph.domains:
        yield f"uses operators beyond the standard: {', '.join(graph.domains)}"
    for tensor in (*graph.inputs, *graph.outputs):
        if not tensor.dims or isinstance(tensor.dims[0], int):
            yield f"{tensor.name} has no variable batch dimension"
    yield from compare("input", expected(contract.inputs), described(graph.inputs))
    yield from compare("output", expected(contract.outputs), described(graph.outputs))


def expected(specs: Sequence[TensorSpec]) -> dict[str, Described]:
    """What the contract says, by name."""
    return {spec.name: (spec.datatype, spec.dims) for spec in specs}


def _configured(
    tensors: Iterable[model_config_pb2.ModelInput | model_config_pb2.ModelOutput],
) -> dict[str, Described]:
    names = model_config_pb2.DataType
    return {
        tensor.name: (
            names.Name(tensor.data_type).removeprefix("TYPE_").replace("STRING", "BYTES"),
            tuple(tensor.dims),
        )
        for tensor in tensors
    }


def described(tensors: Sequence[Tensor]) -> dict[str, Described]:
    """ONNX tensors as Triton would name them: no batch dimension, -1 where a dim varies."""
    return {
        tensor.name: (tensor.datatype, tuple(dim if isinstance(dim, int) else -1 for dim in tensor.dims[1:]))
        for tensor in tensors
    }


def compare(kind: str, wanted: dict[str, Described], found: dict[str, Described]) -> Iterator[str]:
    """Every disagreement about the tensors of one kind (input or output), as a readable line."""
    for name in sorted(wanted.keys() - found.keys()):
        yield f"{kind} {name} is missing"
    for name in sorted(found.keys() - wanted.keys()):
        yield f"{kind} {name} is not in the contract"
    for name in sorted(wanted.keys() & found.keys()):
        if wanted[name] != found[name]:
            yield f"{kind} {name} is {_text(found[name])}, the contract says {_text(wanted[name])}"


def _text(found: Described) -> str:
    datatype, dims = found
    return f"{datatype} [{', '.join(map(str, dims))}]"
