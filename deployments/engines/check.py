"""Proves that GPU configs, recipes, engines and the client's contract say the same of every model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tritonclient.grpc import model_config_pb2

from deployments.engines.build import damaged
from deployments.engines.hardware import Hardware
from deployments.engines.manifest import EngineManifest, fingerprint_of, plan_path, read_manifest
from deployments.engines.recipe import GraphRecipe, Recipe, load_recipes
from deployments.models import manifest as models
from deployments.models.artifacts import Tensor
from deployments.models.catalogue import REPOSITORY
from deployments.models.check import OUTER_GRAPH, compare, described, expected
from deployments.models.errors import CatalogueError
from deployments.models.triton_config import read_config
from serving.adapters.triton.contract import CONTRACT

CONFIG: Final = "config.pbtxt"
_PLAN: Final = "tensorrt_plan"
_BATCH: Final = "batch"


def check_configs(repository: Path = REPOSITORY) -> list[str]:
    """Every disagreement between a GPU config and its model's recipe, as one readable line.

    That names and shapes are those of the contract is `check_models`' to say, of this config as of any other.

    Raises:
        CatalogueError: a recipe is not valid.
    """
    recipes = load_recipes(repository)
    return [
        f"{path.parent.name}: {CONFIG}: {problem}"
        for path in sorted(repository.glob(f"*/{CONFIG}"))
        for problem in _config_problems(path, recipes.get(path.parent.name))
    ]


def check_engines(hardware: Hardware, repository: Path = REPOSITORY) -> list[str]:
    """Every reason why Triton could not serve the models of `repository` on a kind of GPU.

    Raises:
        CatalogueError: a recipe is not valid.
    """
    problems = []
    for model, recipe in load_recipes(repository).items():
        folder = models.version_directory_of(model, repository)
        for graph, wanted in recipe.items():
            plan = plan_path(folder / graph, hardware)
            found = _engine_problems(plan, graph, wanted, hardware)
            problems += [f"{model}: {plan.name}: {problem}" for problem in found]
    return problems


def _config_problems(path: Path, recipe: Recipe | None) -> Iterator[str]:
    try:
        config = read_config(path)
    except CatalogueError:
        return  # told by check_models
    if config.platform != _PLAN:
        return
    if recipe is None or OUTER_GRAPH not in recipe:
        yield f"is for an engine, and engines.yaml has no {OUTER_GRAPH}"
        return
    wanted = {one.compute_capability: plan_path(Path(OUTER_GRAPH), one).name for one in Hardware}
    if dict(config.cc_model_filenames) != wanted:
        yield f"cc_model_filenames must be {', '.join(f'{cc}: {name}' for cc, name in wanted.items())}"
    yield from _profile_problems(config, recipe[OUTER_GRAPH])


def _profile_problems(config: model_config_pb2.ModelConfig, graph: GraphRecipe) -> Iterator[str]:
    # The first is that of everyday requests; others may have room for fewer rows, and callers keep to it.
    most = graph.profiles[0][_BATCH][2] if graph.profiles and _BATCH in graph.profiles[0] else 0
    if config.max_batch_size > most:
        yield f"max_batch_size is {config.max_batch_size}, the engine takes {most} at most"
    wanted = [str(place) for place in range(len(graph.profiles))]
    for group in config.instance_group:
        if group.kind != model_config_pb2.ModelInstanceGroup.KIND_GPU:
            yield "an engine runs on KIND_GPU"
        if len(wanted) > 1 and list(group.profile) != wanted:
            yield f"instance_group.profile must be {', '.join(wanted)}: Triton loads the first alone otherwise"


def _engine_problems(plan: Path, graph: str, recipe: GraphRecipe, hardware: Hardware) -> Iterator[str]:
    manifest = read_manifest(plan)
    if manifest is None:
        yield f"is not built: viva models build --hardware {hardware.value}"
        return
    if damaged(manifest, plan):
        yield "is missing or not what its manifest says"
    if not manifest.runnable:
        yield f"was compiled by {manifest.builder} as proof, Triton cannot load it"
    if manifest.compute_capability != hardware.compute_capability:
        yield f"is for compute capability {manifest.compute_capability}"
    if manifest.fingerprint != fingerprint_of(manifest, recipe):
        yield "was compiled by another recipe than engines.yaml's"
    built = models.read_manifest(plan.parent)
    beside = built.artifacts.get(graph) if built else None
    if beside is None or beside.sha256 != manifest.graph_sha256:
        yield f"was compiled from another {graph} than the one beside it"
    if graph == OUTER_GRAPH:
        yield from _binding_problems(manifest)


def _binding_problems(manifest: EngineManifest) -> Iterator[str]:
    contract = CONTRACT[manifest.model]
    kinds: tuple[tuple[str, tuple[Tensor, ...]], ...] = (("input", manifest.inputs), ("output", manifest.outputs))
    for (kind, tensors), specs in zip(kinds, (contract.inputs, contract.outputs), strict=True):
        yield from compare(kind, expected(specs), described(tensors))
