"""The compile gate: every graph that has a recipe is compiled for a kind of GPU, and nothing is kept."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from deployments.engines.compiling import compile_graph
from deployments.engines.precision import with_precision
from deployments.engines.recipe import GraphRecipe, load_recipes
from deployments.engines.toolchain import Toolchain
from deployments.models.catalogue import REPOSITORY
from deployments.models.errors import EngineError
from deployments.models.manifest import version_directory_of


@dataclass(frozen=True, slots=True)
class Proof:
    """What came of one graph.

    Attributes:
        problem: why it does not compile, with the node at fault; empty: it does.
        layers: of the network; 0 where it does not compile.
    """

    model: str
    graph: str
    precision: str
    problem: str = ""
    layers: int = 0
    plan_bytes: int = 0
    seconds: float = 0.0


def compile_all(
    toolchain: Toolchain,
    names: Sequence[str] = (),
    progress: Callable[[Proof], None] | None = None,
    repository: Path = REPOSITORY,
) -> list[Proof]:
    """Compile the graphs as they lie there, whether or not a manifest knows them.

    Raises:
        CatalogueError: a recipe is not valid.
    """
    proofs = []
    for model, recipe in load_recipes(repository).items():
        if names and model not in names:
            continue
        folder = version_directory_of(model, repository)
        for graph, wanted in recipe.items():
            proofs.append(_proof(model, folder / graph, wanted, toolchain))
            if progress:
                progress(proofs[-1])
    return proofs


def _proof(model: str, graph: Path, recipe: GraphRecipe, toolchain: Toolchain) -> Proof:
    started = time.monotonic()
    try:
        if not graph.is_file():
            raise EngineError(f"{graph.name}: is not built: viva models build {model}")
        with tempfile.TemporaryDirectory(prefix="viva-gate-") as folder:
            precise = Path(folder) / graph.name
            with_precision(graph, precise, recipe)
            compiled = compile_graph(precise, recipe, toolchain)
    except EngineError as error:
        return Proof(model, graph.name, recipe.precision, str(error), seconds=_since(started))
    return Proof(
        model,
        graph.name,
        recipe.precision,
        layers=compiled.layers,
        plan_bytes=len(compiled.plan),
        seconds=_since(started),
    )


def _since(started: float) -> float:
    return round(time.monotonic() - started, 2)
